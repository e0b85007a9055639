/** What the verbs that read data say of it: records and windows used, what was left out, and what they refuse. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { pack } from '../../host/image/pack.ts';
import { unpack } from '../../host/image/unpack.ts';
import { ImageView } from '../../host/records/view.ts';
import { TINY_INPUT_BYTES, tinyModel } from '../boards/tinyImage.ts';
import { htpw as command, type Said } from '../cli/command.ts';
import { ecgData } from './ecg.ts';
import { annotate, beatsAt, writeRecord } from './wfdbWriter.ts';

const ECG = 'models/ecg-beats.htpw';
const CONFIG = 'models/configs/ecg-beats.json';
const folder = mkdtempSync(join(tmpdir(), 'htpw-verbs-'));
const TINY = join(folder, 'tiny.htpw');
writeFileSync(TINY, pack(tinyModel()));

/** The ECG network with other names for its classes, of the same length. */
const REORDERED = join(folder, 'reordered.htpw');
writeFileSync(REORDERED, reordered(readFileSync(ECG)));

function reordered(image: Uint8Array): Uint8Array {
  const { model, ...rest } = unpack(new ImageView(image));
  return pack({ ...model, metadata: { ...model.metadata, labels: ['N', 'V', 'S', 'F'] } }, rest);
}

/** One test record with two more beats that give no window, and one to validate on. */
const whole = join(folder, 'whole');
writeRecord(join(whole, 'mitbih', 'wfdb'), {
  annotations: annotate([...beatsAt(360), { time: 3600, code: 13 }, { time: 999_999 }]),
});
writeRecord(join(whole, 'mitbih', 'wfdb'), { name: '118' });
/** None to test on. */
const poor = join(folder, 'poor');
writeRecord(join(poor, 'mitbih', 'wfdb'), { name: '118' });
/** None to validate on. */
const invalid = join(folder, 'unvalidated');
writeRecord(join(invalid, 'mitbih', 'wfdb'));

/** A command line where the data sets lie in the folder `data`. */
async function htpw(data: string, ...words: string[]): Promise<Said> {
  vi.stubEnv('HTPW_DATA', data);
  try {
    return await command(...words);
  } finally {
    vi.unstubAllEnvs();
  }
}

describe('what eval says', () => {
  it('counts records, windows and what was left out, in text', async () => {
    const { out, error } = await htpw(whole, 'eval', ECG, '--data', 'mitbih');
    expect(error).toBe('');
    const lines = out.split('\n');
    expect(lines.slice(0, 2)).toEqual([`${ECG}, mitbih test`, 'ecg-beats, test: 41 beats, 1 patient']);
    expect(lines).toContain('mitbih test: 41 windows of 1 record, lead MLII');
    expect(lines).toContain(
      'left out: 2 beats too near an end of the record, 1 annotated outside the record, 1 of class Q or of a code without a class',
    );
    expect(lines).toContain('mitbih validation: 41 windows of 1 record, lead MLII');
    expect(out).not.toContain('note:');
    expect(lines.filter((line) => line.startsWith('in no split:')).length).toBeLessThanOrEqual(1);
  });

  it('counts them in JSON, of the lead that was asked for', async () => {
    const result = JSON.parse((await htpw(whole, 'eval', ECG, '--data', 'mitbih', '--lead', 'V5', '--json')).out);
    expect(result).toMatchObject({ data: 'mitbih', trainedOn: 'mitbih', n: 41 });
    expect(result.account).toMatchObject({
      split: 'test',
      windows: 41,
      records: ['100'],
      leads: { V5: ['100'] },
      leftOut: { edge: 2, outside: 1, unclassified: 1, invalid: 0 },
    });
    expect(result.validationAccount).toMatchObject({ split: 'validation', windows: 41, records: ['118'] });
  });

  it('tells why figures are low on other data than a network was trained on', async () => {
    const { out } = await htpw(whole, 'eval', ECG, '--data', 'synthetic-easy');
    expect(out).toMatch(
      /^note: this network was trained on mitbih; what synthetic-easy holds is unlike .*\nLow figures/m,
    );
  });
});

describe('data that is refused with exit code 2 and one line:', () => {
  const verbs: [string, string[]][] = [
    ['eval', ['eval', ECG]],
    ['verify', ['verify', ECG, '--board', 'host']],
    ['verify of an image that takes no samples', ['verify', TINY, '--board', 'host']],
    ['train', ['train', '--config', CONFIG, '-o', join(folder, 'none.htpw')]],
    ['card', ['card', ECG, '--config', CONFIG, '-o', join(folder, 'none.md')]],
  ];
  const none =
    /mitbih: no record of the (test|validation|train) split in .*mitbih: expected one of \d+ .*, got [\d ]+; add one/;
  const rows: [string, string, string[], RegExp][] = [
    ...verbs.map(([name, words]): [string, string, string[], RegExp] => [
      `an unknown name, ${name}`,
      whole,
      [...words, '--data', 'nonsense'],
      /^htpw: (?=.*"nonsense").*mitbih, synthetic, synthetic-easy/,
    ]),
    ...verbs
      .filter(([, words]) => !words.includes(TINY))
      .map(([name, words]): [string, string, string[], RegExp] => [
        `a lead that there is not, ${name}`,
        whole,
        [...words, '--data', 'synthetic', '--lead', 'V5'],
        /data set synthetic: has one lead, got --lead V5/,
      ]),
    ['no test record, eval', poor, ['eval', ECG], none],
    ['no test record, verify', poor, ['verify', ECG, '--board', 'host', '--data', 'mitbih'], none],
    ['no test record, verify without --data', poor, ['verify', ECG, '--board', 'host'], none],
    ['no training record', poor, ['train', '--config', CONFIG, '-o', join(folder, 'none.htpw')], none],
    [
      'no validation record',
      invalid,
      ['eval', ECG],
      /no record of the validation split in .*: expected one of 118 124/,
    ],
    [
      'a data set for an image of another kind',
      whole,
      ['verify', TINY, '--board', 'host', '--data', 'synthetic'],
      /verify: --data synthetic: expected an image that takes windows of a task, got one that takes 32 bytes/,
    ],
    [
      'an image of another kind',
      whole,
      ['eval', TINY, '--data', 'synthetic-easy'],
      /expected an image for one of the tasks .*ecg-beats.*, got one that takes 32 bytes and gives 3; give its own with --task/,
    ],
    [
      'inputs and a data set',
      whole,
      ['verify', ECG, '--board', 'host', '--data', 'synthetic', '--input', ECG],
      /--input is in place of a data set/,
    ],
    [
      'inputs of another size',
      whole,
      ['verify', TINY, '--board', 'host', '--input', CONFIG],
      /ecg-beats\.json: expected inputs of 32 bytes one after another, got \d+ bytes/,
    ],
    [
      'an image whose classes come in another order',
      whole,
      ['eval', REORDERED, '--data', 'synthetic-easy'],
      /reordered\.htpw: labels in its metadata: expected N, S, V, F, as in the data, got N,V,S,F/,
    ],
    [
      'a card with the configuration of another image',
      whole,
      ['card', ECG, '--config', 'models/configs/ecg-beats-int8.json'],
      /ecg-beats\.htpw: name in its metadata: expected "ecg-beats-int8", as in .*ecg-beats-int8\.json, got "ecg-beats"/,
    ],
    ['a card without its configuration', whole, ['card', ECG, '--config', 'missing.json'], /missing\.json/],
  ];

  it.each(rows)('%s', async (_, data, words, message) => {
    const { code, out, error } = await htpw(data, ...words);
    expect(error.trim()).toMatch(message);
    expect([code, out, error.trim().split('\n').length]).toEqual([2, '', 1]);
  });
});

describe('htpw verify', () => {
  it('takes inputs of the user, and says how many', async () => {
    const input = join(folder, 'inputs.bin');
    writeFileSync(
      input,
      Uint8Array.from({ length: 5 * TINY_INPUT_BYTES }, (_, i) => 7 * i),
    );
    const log = join(folder, 'log');
    const words = ['verify', TINY, '--board', 'host', '--input', input, '--windows', '3', '--record', log, '--json'];
    expect(JSON.parse((await htpw(whole, ...words)).out)).toMatchObject({
      windows: 3,
      mismatchingBytes: 0,
      data: `3 of the 5 inputs of ${input}`,
      account: null,
    });
    const inputs = readFileSync(input);
    for (const at of [0, 1, 3])
      expect(readFileSync(log, 'utf8')).toContain(
        inputs.subarray(at * TINY_INPUT_BYTES, (at + 1) * TINY_INPUT_BYTES).toString('hex'),
      );
  });

  it('takes no window twice, and says what they are from', async () => {
    const result = JSON.parse(
      (await htpw(whole, 'verify', ECG, '--board', 'host', '--data', 'mitbih', '--windows', '64', '--json')).out,
    );
    expect(result).toMatchObject({ windows: 41, mismatchingBytes: 0, account: { windows: 41, records: ['100'] } });
  });

  it('takes easy synthetic windows where there are no recordings', async () => {
    const result = JSON.parse((await htpw(folder, 'verify', ECG, '--board', 'host', '--windows', '2', '--json')).out);
    expect(result.account).toMatchObject({
      data: 'synthetic-easy',
      windows: ecgData('synthetic-easy').load('test').labels.length,
    });
  });
});

describe('htpw train', () => {
  it('says what it learned from, and what comes next', { timeout: 300_000 }, async () => {
    const config = JSON.parse(readFileSync('models/configs/ecg-beats-int8.json', 'utf8'));
    config.network = {
      ...config.network,
      stem: { channels: 8, kernel: 7, stride: 2 },
      widths: [8, 8],
      strides: [2, 2],
    };
    const path = join(folder, 'small.json');
    writeFileSync(path, JSON.stringify(config));
    const image = join(folder, 'small.htpw');
    const words = [
      'train',
      '--config',
      path,
      '--data',
      'synthetic-easy',
      '--epochs',
      '1',
      '--subset',
      '64',
      '-o',
      image,
    ];
    const { out, code } = await htpw(whole, ...words);
    expect([code, out]).toEqual([0, expect.stringMatching(/^synthetic-easy train: [\d,]+ windows of 8 records$/m)]);
    const next = /^next: htpw (.*)$/m.exec(out)![1]!;
    expect(next).toBe(`eval ${image} --task ecg-beats --data synthetic-easy`);
    expect((await htpw(whole, ...next.split(' '))).out).not.toContain('note:');
  });
});
