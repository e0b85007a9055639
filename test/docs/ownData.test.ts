/** docs/own-data.md, run: its commands on recordings that are made here, from a folder to an image that verifies. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { canBuild, canRun } from '../boards/runnable.ts';
import { wav } from '../data/formats/wavWriter.ts';
import { motionLog, tone } from '../data/own/folders.ts';

const page = readFileSync('docs/own-data.md', 'utf8');
const run = promisify(execFile);
const htpw = resolve('scripts/htpw.js');
const root = mkdtempSync(join(tmpdir(), 'htpw own data '));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** The words behind htpw of every command of a section. */
function commandsOf(heading: string): string[][] {
  const section = page.split(/^## /m).find((text) => text.startsWith(heading))!;
  return [...section.matchAll(/^npx htpw (.+)$/gm)].map(([, words]) => words!.split(' '));
}

function makeSounds(folder: string): void {
  for (const [word, hertz] of [
    ['yes', 300],
    ['no', 1200],
  ] as const)
    for (const [i, speaker] of ['anna', 'ben', 'cleo', 'dora', 'emil'].entries())
      for (const take of [1, 2])
        write(join(folder, 'recordings', word, `${speaker}_${take}.wav`), wav(tone(hertz, 8000, 10 * i + take)));
}

function makeLogs(folder: string): void {
  for (let person = 0; person < 6; person++)
    write(join(folder, 'logs', `person${person}.csv`), motionLog(person, { rows: 800 }));
}

function write(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

const canDo = canRun('mps2-an500') && canBuild('nucleo-f767zi');

describe.each([
  ['Sounds', makeSounds, 'words'],
  ['Motion', makeLogs, 'moves'],
])('%s, as docs/own-data.md has it', (heading, make, name) => {
  it.skipIf(!canDo)('becomes firmware whose emulated core answers byte for byte as Node does', async () => {
    const cwd = mkdtempSync(join(root, name));
    make(cwd);
    const said: Record<string, string> = {};
    const commands = commandsOf(heading);
    expect(commands.map(([verb]) => verb)).toEqual(['new', 'train', 'eval', 'verify', 'build']);
    for (const words of commands) {
      const more = words[0] === 'train' ? ['--epochs', '40'] : []; // what two easy classes need
      const { stdout } = await run(process.execPath, [htpw, ...words, ...more], { cwd });
      said[words[0]!] = stdout;
    }
    expect(said.eval).toMatch(/^macro-F1 +(1\.000|0\.[89]\d\d) /m);
    expect(said.verify).toMatch(/8 windows, 0 mismatching bytes, 0 mismatching layers/);
    expect(said.build).toMatch(/nucleo-f767zi/);
  });
});
