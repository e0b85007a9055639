/**
 * Constants of the runtime that C and Python repeat, because they cannot import assembly/: each stands there under the
 * name that it has here.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as F from '../../assembly/format.ts';
import { OPERATORS } from '../../host/operators/registry.ts';
import { instantiate } from '../../host/runtime/node.ts';
import { IMAGE, WORKSPACE } from '../../host/runtime/runtime.ts';

const read = (path: string) => readFileSync(path, 'utf8');
/** Of format.ts, and the codes of operators: AVERAGE_POOL of averagePool. */
const constants: Record<string, number> = {
  ...F,
  ...Object.fromEntries(
    Object.entries(OPERATORS).map(([kind, { code }]) => [kind.replaceAll(/[A-Z]/g, '_$&').toUpperCase(), code]),
  ),
};
const numbers = (text: string, pattern: RegExp) =>
  [...text.matchAll(pattern)].map(([, name, value]) => [name, Number(value)] as const);

describe('boards/common/htpw.c', () => {
  const text = read('boards/common/htpw.c');
  const c = [...numbers(text, /\b([A-Z_]+) = (\d+)\b/g), ...numbers(text, /^#define ([A-Z_]+) (\d+)u\b/gm)];
  const ofArena = numbers(read('assembly/arena.ts'), /^const (\w+_AT): u32 = (\d+);/gm);

  it('has the constants of format.ts that it repeats', () => {
    const ofFormat = c.filter(([name]) => name in constants);
    expect(ofFormat.map(([name]) => name)).toContain('HEADER_TOTAL_AT');
    expect(ofFormat).toEqual(ofFormat.map(([name]) => [name, constants[name]]));
  });

  it('has the places of arena.ts that it repeats', () => {
    const places = new Map(ofArena.map(([name, value]) => [`ARENA_${name}`, value]));
    const repeated = c.filter(([name]) => places.has(name));
    expect(repeated.map(([name]) => name)).toEqual(['ARENA_IMAGE_AT', 'ARENA_PROGRAM_AT']);
    expect(repeated).toEqual(repeated.map(([name]) => [name, places.get(name)]));
  });

  it('lends open as much as it asks for, and reads the offset of a refusal where it lies', () => {
    const { workspaceBytes } = instantiate('scalar') as unknown as { workspaceBytes(): number };
    const { WORKSPACE_WORDS, REFUSED_AT } = Object.fromEntries(c);
    expect(4 * WORKSPACE_WORDS).toBe(workspaceBytes());
    const [[, table]] = numbers(read('assembly/crc32.ts'), /export const (CRC_TABLE_BYTES): u32 = (\d+)/g);
    expect(read('assembly/open.ts')).toContain('POSITION_AT: usize = CRC_TABLE_BYTES;');
    expect(4 * REFUSED_AT).toBe(table);
    expect(IMAGE - WORKSPACE, 'what host/runtime lends').toBeGreaterThanOrEqual(workspaceBytes());
  });
});

describe('zephyr/cmake/htpw_image.py', () => {
  it('has the constants of format.ts, each under its name', () => {
    const repeated = numbers(read('zephyr/cmake/htpw_image.py'), /^([A-Z_]+) = (\d+)$/gm);
    expect(repeated.length).toBeGreaterThan(5);
    expect(repeated).toEqual(repeated.map(([name]) => [name, constants[name]]));
  });
});

describe('the commands of the agent', () => {
  const agent = read('boards/common/agent.c');
  const page = read('docs/protocol.md');
  const commands = /define FOR_EACH_COMMAND\(OF\) (.*)/.exec(agent)![1].match(/(?<=OF\()\w+/g)!;
  const named = (text: string, pattern: RegExp) =>
    [...new Set([...text.matchAll(pattern)].map(([, name]) => name))].sort();

  it('are those of docs/protocol.md, and those that the client sends', () => {
    expect(commands.length).toBeGreaterThan(5);
    expect(named(page, /^\| `(\w+)[^`]*`\s+\| .*`ok/gm)).toEqual([...commands].sort());
    expect(named(read('host/agent/protocol.ts'), /this\.(?:ask|timed|command)\(['`](\w+)/g)).toEqual(
      [...commands].sort(),
    );
  });

  it('are refused by the names of docs/protocol.md, of which the client explains some', () => {
    const cells = [...page.slice(page.indexOf('## Errors')).matchAll(/^\| ([^|]*)\|/gm)].map(([, cell]) => cell);
    const sent = [...named(agent, /reply_error\("(\w+)"/g), 'FAULT'].sort(); // that of bare.c
    expect(named(cells.join(), /`([A-Z_]+)[` ]/g)).toEqual(sent);
    const causes = named(read('host/agent/protocol.ts'), /^ {2}([A-Z_]+): '/gm);
    expect(sent).toEqual(expect.arrayContaining(causes));
  });
});
