/** `htpw new`: what it makes of a folder is what the folder then gives, and its files say why. */
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { OWN_OPTIONS, SPLIT_NAMES } from '../../../host/data/own/options.ts';
import { loadOwn } from '../../../host/data/own/windows.ts';
import { checkJson, parseJson } from '../../../host/system/json.ts';
import { openTask, readTask } from '../../../host/task/task.ts';
import { htpw, ONE_LINE } from '../../cli/command.ts';
import { wav } from '../formats/wavWriter.ts';
import { arrayFiles, folderWith, motionLog, place, tone, toneFiles } from './folders.ts';

const logs = (options?: Parameters<typeof motionLog>[1]) =>
  Object.fromEntries([1, 2, 3, 4, 5].map((i) => [`person${i}.csv`, motionLog(i, options)]));

/** Rows every 20.2 ms, 49.5 Hz, which is taken for 50; stretches of 191 rows, which is a window and almost two by time. */
const lateLog = (seed: number): string =>
  motionLog(seed, { rows: 4 * 191 })
    .split('\n')
    .map((line, i) => line.replace(/^(\d+),\w+/, (_, time) => `${1.01 * time},${i % 382 < 191 ? 'rest' : 'walk'}`))
    .join('\n');

async function propose(from: string, ...more: string[]) {
  const out = mkdtempSync(join(place, 'out '));
  const said = await htpw('new', 'my-task', '--from', from, '-o', out, '--json', ...more);
  expect(said.error).toBe('');
  const read = (kind: string) => {
    const path = join(out, `my-task.${kind}.json`);
    const text = readFileSync(path, 'utf8');
    // biome-ignore lint/suspicious/noExplicitAny: files of the test's own making
    return { text, value: parseJson(path, Buffer.from(text)) as any };
  };
  return { out, summary: JSON.parse(said.out), task: read('task'), training: read('train') };
}

const BLOCKS = Array.from({ length: 60 }, (_, i) => Math.floor(i / 4));
const FOLDERS: [string, Parameters<typeof folderWith>[0]][] = [
  ['WAV files, a folder a word', toneFiles()],
  ['WAV files at a higher rate', toneFiles({ rate: 16000, samples: 12000 })],
  ['CSV files with labels and time in ms', logs()],
  ['CSV files whose clock is late', Object.fromEntries([1, 2, 3, 4, 5].map((i) => [`p${i}.csv`, lateLog(i)]))],
  [
    'CSV files without a header',
    Object.fromEntries(Object.entries(logs()).map(([name, text]) => [name, text.slice(text.indexOf('\n') + 1)])),
  ],
  [
    'arrays with groups',
    arrayFiles(
      BLOCKS.map((block) => block % 3),
      BLOCKS,
    ),
  ],
];

describe.each(FOLDERS)('a folder of %s', (_, files) => {
  it('gives a task whose windows are those of the summary, class by class and split by split', async () => {
    const { out, summary } = await propose(folderWith(files));
    const task = readTask(join(out, 'my-task.task.json'));
    const options = checkJson(task.data.options, 'options', OWN_OPTIONS);
    for (const split of SPLIT_NAMES) {
      const { labels, classNames, assumed } = loadOwn(options, task.input, split);
      expect(assumed.filter((line) => line.includes('saturated'))).toEqual([]);
      expect(classNames).toEqual(Object.keys(task.classes));
      const counts = classNames.map((__, c) => labels.filter((label) => label === c).length);
      expect(counts).toEqual(summary.classes.map((one: { splits: Record<string, number> }) => one.splits[split]));
      expect(Math.min(...counts)).toBeGreaterThan(0);
    }
  });

  it('gives a training configuration for those windows', async () => {
    const { training, summary } = await propose(folderWith(files));
    const { task, windowsPerEpoch, network } = training.value;
    expect(task).toBe('./my-task.task.json');
    for (const { name, splits } of summary.classes) {
      expect(windowsPerEpoch[name]).toBeGreaterThan(0);
      expect(windowsPerEpoch[name]).toBeLessThanOrEqual(splits.train);
    }
    expect(network.widths.length).toBe(network.strides.length);
  });

  it('gives files whose comments say why', async () => {
    const { task, training } = await propose(folderWith(files));
    for (const { text } of [task, training]) expect(text.match(/^ *\/\/ \S.{10,}$/gm)!.length).toBeGreaterThan(4);
  });
});

describe('what is made out', () => {
  it('of sound: speakers in file names are groups, and higher rates come down to 8 kHz', async () => {
    const { task, summary } = await propose(folderWith(toneFiles({ rate: 16000, samples: 12000 })));
    const { options } = task.value.data;
    expect(new RegExp(options.group, 'u').exec('low/anna_1.wav')![1]).toBe('anna');
    expect(options).toMatchObject({ resample: true, hop: 3000 });
    expect(task.value.input).toMatchObject({ rate: 8000, shape: [1, 6000, 1], type: 'i16' });
    expect(summary.classes[0]).toMatchObject({ name: 'high', files: 8, groups: 4, seconds: 6 });
  });

  it.each([
    [2000, 'standardize'],
    [4000, 'log-mel'],
    [5512, 'log-mel'],
    [7000, 'log-mel'],
    [8000, 'log-mel'],
    [11_025, 'log-mel'],
    [48_000, 'log-mel'],
  ])('of sound at %d Hz: a front end that takes it, %s', async (rate, kind) => {
    const { out } = await propose(folderWith(toneFiles({ rate, samples: rate / 2 })));
    expect(readTask(join(out, 'my-task.task.json')).frontEnd.kind).toBe(kind);
  });

  it('of clips of several lengths: a window that nine of ten fit into, the shorter ones padded', async () => {
    const files = {
      ...toneFiles({ takes: 5 }),
      'low/anna_9.wav': wav(tone(300, 9000, 1)),
      'low/ben_9.wav': wav(tone(300, 900, 2)),
    };
    const { task } = await propose(folderWith(files));
    expect([task.value.input.shape, task.value.data.options.short]).toEqual([[1, 4000, 1], 'pad']);
  });

  it('of a folder elsewhere: its path from the task on, from wherever it is read', async () => {
    const { out, task } = await propose(folderWith(toneFiles()));
    expect(task.value.data.options.path).toMatch(/^\.\.\/folder \d+$/);
    const part = openTask(readTask(join(out, 'my-task.task.json'))).load('train');
    expect(part.labels.length).toBeGreaterThan(0);
  });

  it('of tables: channels, label, time and its unit, rate, and a scale that holds the largest value', async () => {
    const { task } = await propose(folderWith(logs()));
    expect(task.value.data.options).toMatchObject({
      columns: ['x', 'y', 'z'],
      label: 'activity',
      time: { column: 'time', unit: 'ms' },
      group: null,
    });
    const { input, frontEnd } = task.value;
    expect(input).toMatchObject({ rate: 50, type: 'i16', shape: [1, expect.any(Number), 3] });
    expect(frontEnd.kind).toBe('standardize');
    // z is noise alone, 0.3 to 0.5 at most: a spread that counts in every channel
    expect(frontEnd.floor * input.scale).toBeGreaterThan(0.3 / 20 / 1.2);
    expect(frontEnd.floor * input.scale).toBeLessThan((0.5 / 20) * 1.2);
    expect(task.value.input.shape[1]).toBeLessThanOrEqual(100); // a stretch of one label has 100 rows
  });

  it.each<[string, number, string]>([
    ['timestamp_ns', 1e6, 'ns'],
    ['t', 1e-3, 's'],
    ['time (us)', 1e3, 'us'],
  ])('of a column "%s": its unit', async (name, factor, unit) => {
    const scaled = (text: string) =>
      text
        .split('\n')
        .map((line, i) =>
          i === 0 ? line.replace('time', name) : line.replace(/^\d+/, (ms) => String(Number(ms) * factor)),
        )
        .join('\n');
    const files = Object.fromEntries(Object.entries(logs()).map(([file, text]) => [file, scaled(text)]));
    const { task } = await propose(folderWith(files));
    expect(task.value.data.options.time).toEqual({ column: name, unit });
    expect(task.value.input.rate).toBe(50);
  });
});

describe('the command', () => {
  it('prints a table for people and says what comes next', async () => {
    const out = mkdtempSync(join(place, 'out '));
    const { code, out: said } = await htpw('new', 'tones', '--from', folderWith(toneFiles()), '-o', out);
    expect(code).toBe(0);
    expect(said).toMatch(/^class +files +groups +seconds +windows +train +validation +test\nhigh +8 +4 +4\.0/);
    expect(said).toMatch(/\nnext: htpw train --config .*tones\.train\.json\n$/);
  });

  it('replaces nothing without --force', async () => {
    const out = mkdtempSync(join(place, 'out '));
    const words = ['new', 'tones', '--from', folderWith(toneFiles()), '-o', out];
    await htpw(...words);
    const { code, error } = await htpw(...words);
    expect([code, error]).toEqual([2, expect.stringMatching(ONE_LINE)]);
    expect(error).toMatch(/tones\.task\.json: is there already; .*--force/);
    expect((await htpw(...words, '--force')).code).toBe(0);
  });

  it.each<[string, () => string[], RegExp]>([
    ['a folder that is not there', () => ['--from', 'nowhere'], /nowhere: no such folder/],
    ['a folder with nothing in it', () => ['--from', folderWith({})], /expected WAV, CSV or NumPy files/],
    ['one class', () => ['--from', folderWith({ 'low/a.wav': toneFiles()['low/anna_1.wav']! })], /two classes or more/],
    [
      'too few files',
      () => ['--from', folderWith(toneFiles({ speakers: ['anna'], takes: 2 }))],
      /expected 3 groups or more/,
    ],
    [
      'tables without a time',
      () => [
        '--from',
        folderWith(
          Object.fromEntries(Object.entries(logs()).map(([name, text]) => [name, text.replace(/^[^,]*,/gm, '')])),
        ),
      ],
      /expected a column of times/,
    ],
    [
      'tables without labels',
      () => ['--from', folderWith({ 'a.csv': 'x,y\n1,2\n3,4\n' })],
      /a\.csv: lies in no folder of a class, and no column of labels/,
    ],
  ])('%s is one line, and nothing is written', async (_, words, message) => {
    const out = mkdtempSync(join(place, 'out '));
    const { code, error } = await htpw('new', 'x', '-o', out, ...words());
    expect([code, error]).toEqual([2, expect.stringMatching(ONE_LINE)]);
    expect(error).toMatch(message);
    expect(existsSync(join(out, 'x.task.json'))).toBe(false);
  });

  it('a name that is a path is refused', async () => {
    expect((await htpw('new', '../x', '--from', '.')).error).toMatch(/name: expected letters, digits/);
  });
});
