/** The projects of vitest (test/projects.ts): every test file is in one of them, and the fast ones need no compiler. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

const VITEST = join('node_modules', 'vitest', 'vitest.mjs');

/** As vitest itself lists them. */
const listed: { file: string; projectName: string }[] = JSON.parse(
  execFileSync(process.execPath, [VITEST, 'list', '--filesOnly', '--json'], { encoding: 'utf8' }),
);
const files = (...projects: string[]): string[] =>
  listed.filter(({ projectName }) => projects.includes(projectName)).map(({ file }) => relative('.', file));

/** What a test asks for a compiler or an emulator with. */
const ASKS = /\b(canRun|canBuild|HAS_ARM_COMPILER|onPath|buildFirmware|verifyBoard)\b/;

describe('the projects device, host, boards and zephyr', () => {
  it('hold every test file, each once', () => {
    const found = readdirSync('test', { recursive: true, encoding: 'utf8' }).filter((path) => /\.test\.ts$/.test(path));
    expect(files('device', 'host', 'boards', 'zephyr').sort()).toEqual(found.map((path) => join('test', path)).sort());
  });

  it('have each some files', () => {
    for (const project of ['device', 'host', 'boards', 'zephyr']) expect(files(project), project).not.toEqual([]);
  });

  it('need a compiler or an emulator only for boards and zephyr (else name the file in test/projects.ts)', () => {
    const others = files('device', 'host').filter((file) => file !== join('test', 'projects.test.ts'));
    const asking = others.filter((file) => ASKS.test(readFileSync(file, 'utf8')));
    expect(asking).toEqual([]);
  });
});
