/** A file that is wanted several times at once is made once, and nobody who died leaves others waiting. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeEach, describe, expect, it } from 'vitest';
import { claim, makeOnce } from '../../host/system/once.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'once-'));
  file = join(folder, 'file');
});

/** Counts in `calls` how often it was called, and takes a while. */
const slowly = (content: string, calls: string[]) => async (path: string) => {
  calls.push(content);
  await new Promise((resolve) => setTimeout(resolve, 60));
  writeFileSync(path, content);
};

/** A process of its own that makes `file`, appending a line to `log` each time that it begins to. */
const DIST = pathToFileURL(join(process.cwd(), 'dist', 'host', 'system', 'once.js')).href;
const maker = (path: string, log: string, milliseconds: number) =>
  spawn(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `import { appendFileSync, writeFileSync } from 'node:fs';
       import { makeOnce } from ${JSON.stringify(DIST)};
       await makeOnce(${JSON.stringify(path)}, async (temporary) => {
         appendFileSync(${JSON.stringify(log)}, 'made\\n');
         console.log('making');
         await new Promise((resolve) => setTimeout(resolve, ${milliseconds}));
         writeFileSync(temporary, 'whole');
       });`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );

/** The number of a process that has ended. */
const deadPid = () => spawnSync(process.execPath, ['-e', '']).pid;

describe('a file that is made once', () => {
  it('is made by one of many calls at the same time, and left without lock or temporary file', async () => {
    const calls: string[] = [];
    await Promise.all(Array.from({ length: 6 }, (_, i) => makeOnce(file, slowly(`${i}`, calls))));
    expect(calls).toHaveLength(1);
    expect([readFileSync(file, 'utf8'), readdirSync(folder)]).toEqual([calls[0], ['file']]);
  });

  it('is made by one of several processes, and is there when each of them ends', async () => {
    const log = join(folder, 'log');
    const ended = Array.from({ length: 3 }, () => once(maker(file, log, 300), 'exit'));
    expect((await Promise.all(ended)).map(([code]) => code)).toEqual([0, 0, 0]);
    expect([readFileSync(log, 'utf8'), readFileSync(file, 'utf8')]).toEqual(['made\n', 'whole']);
  });

  it('is made by the next one where making it fails, and each has its own error', async () => {
    const failing = (message: string) =>
      makeOnce(file, async () => {
        throw new Error(message);
      });
    const results = await Promise.allSettled([failing('first'), failing('second'), makeOnce(file, slowly('good', []))]);
    expect(results.map(({ status }) => status).slice(-1)).toEqual(['fulfilled']);
    expect(results.flatMap((result) => (result.status === 'rejected' ? [result.reason.message] : []))[0]).toBe('first');
    expect([readFileSync(file, 'utf8'), readdirSync(folder)]).toEqual(['good', ['file']]);
  });

  it.each(['SIGKILL', 'SIGTERM'] as const)('does not wait for a process that %s has ended', async (signal) => {
    const child = maker(file, join(folder, 'log'), 60_000);
    await once(child.stdout, 'data');
    const waiting = makeOnce(file, slowly('mine', []));
    child.kill(signal);
    await waiting;
    expect(readFileSync(file, 'utf8')).toBe('mine');
    expect(existsSync(`${file}.lock`)).toBe(false);
  });

  it('waits for a process that runs, and for one that has not written its number yet, but not for ever', async () => {
    writeFileSync(`${file}.lock`, '');
    const calls: string[] = [];
    const waiting = makeOnce(file, slowly('mine', calls));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(calls).toEqual([]);
    writeFileSync(`${file}.lock`, String(process.ppid));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(calls).toEqual([]);
    const past = new Date(Date.now() - 700_000);
    utimesSync(`${file}.lock`, past, past);
    await waiting;
    expect(calls).toEqual(['mine']);
  });

  it('waits for ever for a process that runs, where that is said', async () => {
    writeFileSync(`${file}.lock`, String(process.ppid));
    const past = new Date(Date.now() - 700_000);
    utimesSync(`${file}.lock`, past, past);
    const calls: string[] = [];
    const waiting = makeOnce(file, slowly('mine', calls), Number.POSITIVE_INFINITY);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(calls).toEqual([]);
    writeFileSync(`${file}.lock`, String(deadPid()));
    await waiting;
    expect(calls).toEqual(['mine']);
  });

  it('takes the lock of a process that ended long before', async () => {
    writeFileSync(`${file}.lock`, String(deadPid()));
    await makeOnce(file, slowly('mine', []));
    expect(readFileSync(file, 'utf8')).toBe('mine');
  });

  it('is not made again when it is there', async () => {
    writeFileSync(file, 'old');
    const calls: string[] = [];
    await makeOnce(file, slowly('new', calls));
    expect([calls, readFileSync(file, 'utf8')]).toEqual([[], 'old']);
  });
});

describe('what one process alone is at', () => {
  it("is nobody else's until it is given back", () => {
    const release = claim(file)!;
    expect(claim(file)).toBeNull();
    release();
    expect(existsSync(file)).toBe(false);
    claim(file)!();
  });

  it.each([
    ['a process that has ended', () => String(deadPid())],
    ['one with this number, before', () => String(process.pid)],
    ['a machine that has been started again', () => '1', 1],
    ['one that died before it could say its number', () => '', 1],
  ])('is left behind by %s, and taken at once', (_, content, time?: number) => {
    writeFileSync(file, content());
    if (time !== undefined) utimesSync(file, time, time);
    claim(file)!();
    expect(readdirSync(folder)).toEqual([]);
  });
});
