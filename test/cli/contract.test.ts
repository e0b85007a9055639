/** What other programs rely on: keys of --json, raw tensors of run, exit codes. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { Runtime } from '../../host/runtime/node.ts';
import { VARIANT_NAMES } from '../../host/runtime/variants.ts';
import { ecgData } from '../data/ecg.ts';
import { htpw as command } from './command.ts';

const MODEL = 'models/ecg-beats.htpw';
const folder = mkdtempSync(join(tmpdir(), 'htpw-'));

/** As a process of its own. */
function htpw(...words: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/htpw.js', ...words], { encoding: 'utf8' });
  return { status, stdout, stderr };
}

function json(...words: string[]) {
  const { status, stdout, stderr } = htpw(...words, '--json');
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

describe('htpw inspect --json', () => {
  const result = json('inspect', MODEL);

  it('attributes every byte of the file to a category', () => {
    const bytes = readFileSync(MODEL).length;
    const categories: Record<string, number> = result.categories;
    expect(result).toMatchObject({ file: MODEL, bytes, sha256Matches: true });
    expect(Object.values(categories).reduce((a, b) => a + b, 0)).toBe(bytes);
    expect(Object.keys(categories).slice(0, 13)).toEqual(
      'header,program,plan,quantisation tables,PW1,stem,depthwise,classifier,generator,basis/head,codes,metadata,trailer'.split(
        ',',
      ),
    );
    expect(Object.entries(categories).filter(([, size]) => size <= 0)).toEqual([]);
  });

  it('names the programs and their RAM', () => {
    expect(result.programs).toMatchObject([
      { name: 'ecg-beats', arenaBytes: new Runtime(readFileSync(MODEL)).arenaBytes() },
    ]);
  });

  it('--hex prints each byte of the file once', () => {
    const dump = htpw('inspect', MODEL, '--hex').stdout;
    const bytes = [...dump.matchAll(/^[0-9a-f]{6} {2}((?:[0-9a-f]{2} ?)+)/gm)].flatMap(([, row]) =>
      row.trim().split(' '),
    );
    expect(Buffer.from(bytes.join(''), 'hex').equals(readFileSync(MODEL))).toBe(true);
  });
});

describe('htpw run', () => {
  const windows = new Uint8Array(
    ecgData('synthetic-easy')
      .load('test')
      .samples.slice(0, 3 * 320).buffer,
  );
  const input = join(folder, 'input.bin');
  writeFileSync(input, windows);

  it.each(VARIANT_NAMES)('writes raw output tensors, one inference after another (%s)', (variant) => {
    const output = join(folder, `${variant}.bin`);
    expect(json('run', MODEL, '--input', input, '--output', output, '--variant', variant)).toMatchObject({
      inferences: 3,
    });
    const runtime = new Runtime(readFileSync(MODEL)).load();
    const expected = [0, 1, 2].map((i) => runtime.run(windows.subarray(640 * i, 640 * (i + 1))));
    expect(readFileSync(output).equals(Buffer.concat(expected))).toBe(true);
  });

  it('refuses an input that is no whole number of inferences', () => {
    const short = join(folder, 'short.bin');
    writeFileSync(short, windows.subarray(0, 639));
    const { status, stderr } = htpw('run', MODEL, '--input', short, '--output', join(folder, 'none.bin'));
    expect(status).toBe(2);
    expect(stderr).toMatch(/short\.bin: expected inputs of 640 bytes one after another, got 639 bytes/);
  });
});

describe('htpw eval --json', () => {
  it('gives macro-F1 with its interval, of the packed image on a split', () => {
    const result = json('eval', MODEL, '--data', 'synthetic-easy', '--split', 'test');
    expect(result).toMatchObject({ task: 'ecg-beats', split: 'test', n: expect.any(Number) });
    for (const key of ['macroF1', 'balancedAccuracy', 'auc']) {
      expect(result[key].low).toBeLessThanOrEqual(result[key].value);
      expect(result[key].high).toBeGreaterThanOrEqual(result[key].value);
    }
    expect(result.versusRest.threshold).toBeGreaterThan(0);
    expect(result.confusion.flat().reduce((a: number, b: number) => a + b, 0)).toBe(result.n);
  });
});

describe('htpw build --tailor', () => {
  it('writes what htpw clib --tailor writes', () => {
    const [built, clib] = ['built', 'clib'].map((name) => join(folder, name));
    const { files } = json('build', '--tailor', MODEL, '-o', built);
    expect(json('clib', '--tailor', MODEL, '-o', clib).files).toEqual(files);
    expect(files).toContain('src/htpw_model.c');
    for (const file of files) expect(readFileSync(join(built, file)).equals(readFileSync(join(clib, file)))).toBe(true);
  });
});

describe('exit codes', () => {
  it.each([
    ['an unknown verb', ['frobnicate']],
    ['a missing option', ['run', MODEL]],
    ['a file that is not there', ['inspect', 'no/such.htpw']],
    ['a file that is no image', ['inspect', 'package.json']],
    ['an unknown split', ['eval', MODEL, '--split', 'all']],
    ['an unknown residency', ['build', 'microbit', '--residency', 'sometimes']],
    ['a build of nothing', ['build']],
    ['a build for a board and for none', ['build', 'microbit', '--tailor', MODEL]],
    ['a folder where firmware has its own', ['build', 'microbit', '-o', 'build/mine']],
  ])('are 2 and one line for %s', async (_, words) => {
    const { code, out, error } = await command(...words);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(error).toMatch(/^htpw: [^\n]+\n$/);
  });

  it('are 0 for --help of every verb, with an example', async () => {
    const verbs = [...htpw('--help').stdout.matchAll(/^ {2}(\w+) .*/gm)]
      .map(([, verb]) => verb)
      .filter((verb) => verb !== 'help');
    expect(verbs.length).toBeGreaterThan(6);
    for (const verb of verbs) {
      const said: unknown[] = [];
      vi.spyOn(process.stdout, 'write').mockImplementation((text) => said.push(text) > 0); // as commander does
      const { code } = await command(verb, '--help');
      expect([verb, code]).toEqual([verb, 0]);
      expect(said.join('')).toMatch(/Examples?:\n {2}htpw /);
    }
  });
});
