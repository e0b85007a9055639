/** What the verbs print for people: counts agree with their nouns, lines fit a terminal, and programs get JSON. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeAccounts } from '../../host/data/part.ts';
import { pack } from '../../host/image/pack.ts';
import { counted } from '../../host/system/counted.ts';
import { TINY_INPUT_BYTES, tinyModel } from '../boards/tinyImage.ts';
import { emptyFolder } from '../paths.ts';
import { htpw } from './command.ts';

const ECG = 'models/ecg-beats.htpw';
const folder = mkdtempSync(join(tmpdir(), 'htpw-screens-'));
const tiny = join(folder, 'tiny.htpw');
writeFileSync(tiny, pack(tinyModel()));
const inputs = (count: number) => {
  const path = join(folder, `${count}.bin`);
  writeFileSync(path, new Uint8Array(count * TINY_INPUT_BYTES));
  return path;
};

describe('counts', () => {
  it.each([
    [0, '0 windows'],
    [1, '1 window'],
    [2, '2 windows'],
    [1720, '1,720 windows'],
  ])('of %d come as "%s"', (number, words) => {
    expect(counted(number, 'window')).toBe(words);
  });

  it.each([
    [1, '1 inference, 3 bytes'],
    [2, '2 inferences, 6 bytes'],
  ])('agree in what run says of %d', async (count, words) => {
    const output = join(folder, 'scores.bin');
    const { out } = await htpw('run', tiny, '--input', inputs(count), '--output', output);
    expect(out.split('\n')[0]).toBe(`${words} to ${output}`);
  });
});

describe('lines', () => {
  it.each<[string, string[]]>([
    ['inspect', ['inspect', ECG]],
    ['boards', ['boards']],
    ['plan --timeline', ['plan', ECG, '--timeline']],
    ['eval', ['eval', ECG, '--data', 'synthetic-easy']],
    ['clib', ['clib', '-o', emptyFolder('whole')]],
    ['clib --tailor', ['clib', '--tailor', ECG, '-o', emptyFolder('tailored')]],
    ['compress', ['compress', tiny, '-o', join(folder, 'small.htpw'), '--method', 'int4', '--calibration', inputs(8)]],
  ])('of %s have at most 120 columns', async (_, words) => {
    const { code, out } = await htpw(...words);
    expect(code).toBe(0);
    const named = (line: string) => line.includes(folder) || line.includes(tmpdir()); // as long as the names in them
    expect(out.split('\n').filter((line) => line.length > 120 && !named(line))).toEqual([]);
  });
});

describe('accounts of two splits', () => {
  it('say once what is in no split', () => {
    const account = {
      data: 'mitbih',
      folder: 'data/mitbih',
      windows: 2,
      records: ['100'],
      withoutWindows: [],
      absent: [],
      inNoSplit: { '102': 'paced' },
      leads: { MLII: ['100'] },
      assumed: [],
      unit: 'beat',
      leftOut: { edge: 0, invalid: 0, outside: 0, otherLead: 0, unclassified: 0, border: 0 },
    };
    expect(
      describeAccounts([
        { ...account, split: 'test' },
        { ...account, split: 'validation' },
      ]).split('\n'),
    ).toEqual([
      'mitbih test: 2 windows of 1 record, lead MLII',
      'mitbih validation: 2 windows of 1 record, lead MLII',
      'in no split: 102 (paced)',
    ]);
  });
});

describe('every verb', () => {
  const verbs = [...readFileSync('host/cli.ts', 'utf8').matchAll(/^ {2}(\w+)Verb,/gm)].map(([, name]) => name);
  it.each(verbs)('has --json, and --help with an example: %s', (verb) => {
    const { stdout } = spawnSync(process.execPath, ['scripts/htpw.js', verb, '--help'], { encoding: 'utf8' });
    expect(stdout).toMatch(/\n {2}--json /);
    expect(stdout).toMatch(/\nExamples?:\n {2}htpw /);
  });
});
