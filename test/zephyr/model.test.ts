/** htpw_model_load and htpw_model_run: what they give the runtime, and the one line of the log when it refuses. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import * as S from '../../assembly/status.ts';
import { emptyFolder, MODULE, root } from '../paths.ts';
import { onPath, output } from '../programs.ts';
import { STUBS } from './stubbed.ts';

const INCLUDES = [STUBS, join(MODULE, 'include'), join(root, 'boards', 'common'), join(root, 'dist', 'runtime')];
const OPTIONS = ['-DCONFIG_HTPW_LOG_LEVEL=3', '-DCONFIG_HTPW_LIBRARY=""'];

/** What model.c prints, a group for each call of the module. */
function calls(): string[][] {
  const folder = emptyFolder('model');
  try {
    const program = join(folder, 'model');
    const sources = [join(MODULE, 'src', 'model.c'), join(root, 'test', 'zephyr', 'model.c')];
    const flags = ['-std=gnu11', '-Wall', '-Wextra', '-Werror', ...INCLUDES.map((path) => `-I${path}`), ...OPTIONS];
    output('gcc', [...flags, ...sources, '-o', program]);
    const lines = output(program, []).trim().split('\n');
    const groups: string[][] = [[]];
    for (const line of lines) {
      groups.at(-1)!.push(line);
      if (line.startsWith('= ')) groups.push([]);
    }
    return groups.slice(0, -1);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe.skipIf(!onPath('gcc'))('a model of the Zephyr module', () => {
  let said: string[][];
  beforeAll(() => {
    said = calls();
  }, 120_000);

  it('is opened and loaded over its own image and arena, and logs what it is', () => {
    expect(said[0]).toEqual([
      'open image, 4096 bytes',
      'load arena, program 1, 1024 bytes',
      'log: net: program 1 of 2: 7 operators, arena 640 bytes',
      '= 0',
    ]);
  });

  it('is loaded where the arena is just large enough, and refused with both sizes where it is a byte less', () => {
    expect(said[1].at(-1)).toBe('= 0');
    expect(said[2].slice(1)).toEqual([
      'load arena, program 0, 639 bytes',
      'log: net: load program 0: ARENA_TOO_SMALL: needs 640 bytes, has 639 (in a partition: CONFIG_HTPW_ARENA_BYTES)',
      `= ${S.ARENA_TOO_SMALL}`,
    ]);
  });

  it('that has no such program says how many it has', () => {
    expect(said[3].slice(2)).toEqual(['log: net: load program 2 of 2: NO_SUCH_PROGRAM', `= ${S.NO_SUCH_PROGRAM}`]);
  });

  it('that is damaged is not loaded, and says where', () => {
    expect(said[5]).toEqual(['open image, 4096 bytes', 'log: net: open: BAD_CRC at byte 12', `= ${S.BAD_CRC}`]);
  });

  it('runs in its arena, and logs only what went wrong', () => {
    expect(said[4]).toEqual(['invoke arena', '= 0 output']);
    expect(said[6]).toEqual(['invoke arena', 'log: net: run: BAD_CRC', `= ${S.BAD_CRC}`]);
  });
});
