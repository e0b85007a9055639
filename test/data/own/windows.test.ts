/** Own recordings as windows: every layout, splits without leaks, and one line for everything that can be wrong. */
import { describe, expect, it } from 'vitest';
import { type OwnOptions, SPLIT_NAMES } from '../../../host/data/own/options.ts';
import { loadOwn, ownSignalFault } from '../../../host/data/own/windows.ts';
import type { Signal } from '../../../host/data/signal.ts';
import { wav } from '../formats/wavWriter.ts';
import { arrayFiles, folderWith, motion, motionLog, optionsOf, sound, tone, toneFiles } from './folders.ts';

type Files = Parameters<typeof folderWith>[0];

const splitsOf = (path: string, signal: Signal, options: Partial<OwnOptions> = {}) =>
  SPLIT_NAMES.map((split) => loadOwn(optionsOf(path, options), signal, split));

const logs = (count = 6): Files =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`person${i}.csv`, motionLog(i)]));

const LAYOUTS: [string, Files, Signal, Partial<OwnOptions>, string[]][] = [
  ['WAV files in folders', toneFiles({ takes: 3 }), sound(1000), { hop: 500 }, ['high', 'low']],
  ['WAV files of speakers', toneFiles(), sound(1000), { hop: 500, group: '/([a-z]+)_' }, ['high', 'low']],
  [
    'CSV files in folders',
    Object.fromEntries(
      ['rest', 'walk'].flatMap((label, k) =>
        Array.from({ length: 5 }, (_, i) => [`${label}/${i}.csv`, motionLog(9 * k + i)]),
      ),
    ),
    motion(40),
    { columns: ['x', 'y', 'z'], hop: 20, time: { column: 'time', unit: 'ms' } },
    ['rest', 'walk'],
  ],
  [
    'CSV files with labels',
    logs(),
    motion(40),
    { columns: ['x', 'y', 'z'], label: 'activity', hop: 20, time: { column: 'time', unit: 'ms' } },
    ['rest', 'walk'],
  ],
  [
    'arrays with groups',
    arrayFiles(
      Array.from({ length: 60 }, (_, i) => i % 3),
      Array.from({ length: 60 }, (_, i) => Math.floor(i / 6)),
    ),
    motion(8),
    {},
    ['0', '1', '2'],
  ],
  [
    'arrays without groups',
    arrayFiles(
      Array.from({ length: 60 }, (_, i) => i % 2),
      null,
    ),
    motion(8),
    {},
    ['0', '1'],
  ],
];

describe.each(LAYOUTS)('%s', (_, files, signal, options, classes) => {
  const path = folderWith(files);
  const splits = splitsOf(path, signal, options);

  it('give windows of every class in every split', () => {
    for (const { labels, classNames, samples } of splits) {
      expect(classNames).toEqual(classes);
      expect([...new Set(labels)].sort()).toEqual([...classes.keys()]);
      expect(samples.length).toBe(labels.length * signal.shape[1] * signal.shape[2]);
    }
  });

  it('have no group, file or overlapping window in two splits', () => {
    for (const [i, one] of splits.entries())
      for (const other of splits.slice(i + 1)) {
        expect(one.groups.filter((group) => other.groups.includes(group))).toEqual([]);
        expect(one.records.filter((record) => other.records.includes(record))).toEqual([]);
      }
  });

  it('keep about a fifth each for validation and test', () => {
    const total = splits.reduce((sum, { labels }) => sum + labels.length, 0);
    for (const { labels } of splits.slice(1)) {
      expect(labels.length / total).toBeGreaterThan(0.09);
      expect(labels.length / total).toBeLessThan(0.34);
    }
  });

  it('are the same in another run, and split in another way with another seed', () => {
    expect(splitsOf(path, signal, options)).toEqual(splits);
    const others = [2, 3, 4, 5].map((seed) => splitsOf(path, signal, { ...options, seed })[2]!.groups);
    expect(others.some((groups) => groups.join() !== splits[2]!.groups.join())).toBe(true);
  });
});

describe('windows', () => {
  it('of sound are its own samples, from where their times say', () => {
    const files = toneFiles({ takes: 3 });
    const [train] = splitsOf(folderWith(files), sound(1000), { hop: 700 });
    const { records, times, samples } = train!;
    for (const [i, record] of records.entries()) {
      const start = Math.round(times[i]! * 8000);
      expect(start % 700).toBe(0);
      const pcm = new Int16Array(Uint8Array.from(files[record]!.subarray(44 + 2 * start)).buffer).subarray(0, 1000);
      expect(samples.slice(1000 * i, 1000 * (i + 1))).toEqual(pcm);
    }
  });

  it('of tables are rows, channel by channel, in steps of input.scale', () => {
    const rows = '1.0,2.0,3.0\n1.5,2.5,-3.5\n';
    const files = Object.fromEntries(
      ['a', 'b'].flatMap((label) => [1, 2, 3].map((i) => [`${label}/${i}.csv`, `x,y,z\n${rows}`])),
    );
    const [train] = splitsOf(folderWith(files), motion(2));
    expect(Array.from(train!.samples.slice(0, 6))).toEqual([1000, 2000, 3000, 1500, 2500, -3500]);
  });

  it('span no gap in time and no change of label', () => {
    const steps = Array.from(
      { length: 100 },
      (_, t) => `${20 * t + (t >= 30 ? 5000 : 0)},${t < 60 ? 'rest' : 'walk'},${t / 10},0,0`,
    );
    const log = `time,activity,x,y,z\n${steps.join('\n')}`;
    const path = folderWith({ 'a.csv': log, 'b.csv': log, 'c.csv': log });
    const options = { label: 'activity', time: { column: 'time', unit: 'ms' }, columns: ['x', 'y', 'z'] } as const;
    const [train] = splitsOf(path, motion(20), { ...options, columns: [...options.columns], hop: 5 });
    const starts = Array.from(train!.times, (time) => Math.round(time * 50));
    expect([...new Set(starts)]).toEqual([0, 5, 10, 30, 35, 40, 60, 65, 70, 75, 80]);
    expect(train!.assumed).toEqual([`${train!.records[0]}: 1 gap in time, which no window spans`]);
  });

  it('that are too short are padded with silence or left out, if the task says so', () => {
    const files = { ...toneFiles({ takes: 3 }), 'low/short_1.wav': wav([1, 2, 3]) };
    const path = folderWith(files);
    const padded = splitsOf(path, sound(1000), { short: 'pad' });
    const holder = padded.find(({ records }) => records.includes('low/short_1.wav'))!;
    const at = holder.records.indexOf('low/short_1.wav') * 1000;
    expect(Array.from(holder.samples.slice(at, at + 5))).toEqual([1, 2, 3, 0, 0]);
    const skipped = splitsOf(path, sound(1000), { short: 'skip' });
    expect(skipped.some(({ records }) => records.includes('low/short_1.wav'))).toBe(false);
    expect(skipped.reduce((sum, { short }) => sum + short, 0)).toBe(1);
  });

  it('of another rate are resampled, if the task says so', () => {
    const files = {
      ...toneFiles({ takes: 3 }),
      ...prefixed('fast', toneFiles({ takes: 1, rate: 16000, samples: 8000 })),
    };
    const splits = splitsOf(folderWith(files), sound(1000), { resample: true });
    const lengths = splits.flatMap(({ records }) => records);
    for (const name of Object.keys(files))
      expect(lengths.filter((one) => one === name).length, name).toBeGreaterThan(2);
  });

  it('that do not fit the scale saturate, and the account says so', () => {
    const splits = splitsOf(folderWith(toneFiles()), { ...sound(1000), scale: 1 / 65536 / 2 }, {});
    expect(Math.max(...splits[0]!.samples)).toBe(32767);
    expect(splits[0]!.assumed.join()).toMatch(/samples beyond the range of input\.scale, saturated/);
  });

  it('of 8 bits have a zero point', () => {
    const signal = { ...sound(1000), type: 'i8', scale: 1 / 128, zeroPoint: -1 } as const;
    const [train] = splitsOf(folderWith(toneFiles()), signal);
    expect(train!.samples).toBeInstanceOf(Int8Array);
    expect(
      Math.abs(Array.from(train!.samples).reduce((sum, sample) => sum + sample, 0) / train!.samples.length + 1),
    ).toBeLessThan(0.1);
  });

  it.each<[string, Partial<Signal>, string | undefined]>([
    ['one position', { event: { name: 'beat', at: 1 } }, 'event'],
    ['several rows', { shape: [2, 10, 1] }, 'shape'],
    ['nothing unusual', {}, undefined],
  ])('with %s are told apart by their signal', (_, signal, field) => {
    expect(ownSignalFault({ ...sound(100), ...signal })?.[0]).toBe(field);
  });
});

/** The same files with another beginning of their names behind the folder. */
const prefixed = (prefix: string, files: Record<string, Uint8Array>) =>
  Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name.replace('/', `/${prefix}`), bytes]));

describe('stated splits', () => {
  const files = toneFiles();
  const group = '/([a-z]+)_';

  it('are kept to, and groups that they do not name are in none', () => {
    const splits = { train: ['anna'], validation: ['cleo'], test: ['dora'] };
    const read = splitsOf(folderWith(files), sound(1000), { group, splits });
    expect(read.map(({ groups }) => [...new Set(groups)])).toEqual([['anna'], ['cleo'], ['dora']]);
    expect(read[0]!.inNoSplit).toEqual(['ben']);
  });

  it.each<[string, OwnOptions['splits'], RegExp]>([
    [
      'a group in two',
      { train: ['anna'], validation: ['anna'], test: ['ben'] },
      /splits\.train: expected groups of no other split, got "anna" twice/,
    ],
    [
      'none in one',
      { train: ['anna'], validation: [], test: ['ben'] },
      /splits\.validation: expected a group or more, got none/,
    ],
    [
      'a group that is not there',
      { train: ['anna'], validation: ['zoe'], test: ['ben'] },
      /splits\.validation: expected groups of this folder, got "zoe"; they are anna, ben/,
    ],
  ])('with %s are refused', (_, splits, message) => {
    expect(() => splitsOf(folderWith(files), sound(1000), { group, splits })).toThrow(message);
  });
});

describe('faults', () => {
  const good = toneFiles();
  const labelled = { columns: ['x', 'y', 'z'], label: 'activity' };
  const table = (line: number, text: string) => {
    const lines = motionLog(1).split('\n');
    lines[line - 1] = text;
    return lines.join('\n');
  };

  it.each<[string, Files, Signal, Partial<OwnOptions>, RegExp]>([
    ['an empty folder', {}, sound(1000), {}, /expected WAV, CSV or NumPy files below this folder, got none; add some/],
    ['one class', { 'low/a.wav': good['low/anna_1.wav']! }, sound(1000), {}, /two classes or more, got "low" alone/],
    [
      'a class without files',
      { ...good, 'empty/notes.md': '' },
      sound(1000),
      {},
      /empty: expected recordings of this class, got none/,
    ],
    [
      'a file outside of the classes',
      { ...good, 'x.wav': good['low/anna_1.wav']! },
      sound(1000),
      {},
      /x\.wav: lies in no folder of a class/,
    ],
    [
      'two kinds of files',
      { ...good, 'low/a.csv': 'x\n1' },
      sound(1000),
      {},
      /files of one kind, got "high\/anna_1\.wav" and "low\/a\.csv"/,
    ],
    [
      'MP3',
      { ...good, 'low/a.mp3': '' },
      sound(1000),
      {},
      /low\/a\.mp3: expected WAV, CSV or NumPy, got another kind; convert it/,
    ],
    [
      'mixed rates',
      { ...good, 'low/a.wav': wav(tone(300, 4000, 1), { rate: 16000 }) },
      sound(1000),
      {},
      /low\/a\.wav: expected a rate of 8000 Hz as the task says, got 16000 Hz; set "resample" to true/,
    ],
    [
      'a file that is too short',
      { ...good, 'low/a.wav': wav([1, 2, 3]) },
      sound(1000),
      {},
      /low\/a\.wav: expected 1000 positions \(0\.125 s\) or more for a window, got 3; record more/,
    ],
    [
      'a file that is no WAV',
      { ...good, 'low/a.wav': 'hello' },
      sound(1000),
      {},
      /low\/a\.wav: expected a WAV recording/,
    ],
    [
      'stereo for two channels of four',
      { ...good, 'low/a.wav': wav([1, 2, 3, 4], { channels: 4 }) },
      { ...sound(1), shape: [1, 1, 2] },
      {},
      /expected 2 channels as the task says, got 1; mend input\.shape/,
    ],
    [
      'two groups of a class',
      toneFiles({ speakers: ['anna', 'ben'], takes: 1 }),
      sound(1000),
      {},
      /class "high" has no window in (train|validation|test): expected 3 groups or more .*got 2 \(high\/anna_1\.wav, high\/ben_1\.wav\); record more/,
    ],
    [
      'a pattern that does not fit',
      good,
      sound(1000),
      { group: '^(x+)' },
      /high\/anna_1\.wav: expected a name that "group" fits/,
    ],
    [
      'NaN',
      { ...logs(), 'p.csv': table(3, '20,rest,1,NaN,3') },
      motion(40),
      labelled,
      /p\.csv: line 3, "y": expected a number, got "NaN"/,
    ],
    [
      'a column that is not there',
      logs(),
      motion(40),
      { ...labelled, columns: ['x', 'q', 'z'] },
      /person0\.csv: columns: expected a column "q", got "time", "activity", "x"/,
    ],
    ['a label column that is not there', logs(), motion(40), { label: 'what' }, /label: expected a column "what"/],
    [
      'too many channels',
      logs(),
      motion(40),
      { label: 'activity' },
      /expected 3 channels as input\.shape says, got time, x, y, z; name them in "columns"/,
    ],
    [
      'time that goes back',
      { ...logs(), 'p.csv': table(9, '-1,rest,1,2,3') },
      motion(40),
      { ...labelled, time: { column: 'time', unit: 'ms' } },
      /p\.csv: line 9: expected a time behind the one before, got -1; sort/,
    ],
    [
      'a wrong unit of time',
      logs(),
      motion(40),
      { ...labelled, time: { column: 'time', unit: 's' } },
      /expected a rate of 50 Hz as the task says, got 0\.05 Hz/,
    ],
    [
      'arrays of another shape',
      arrayFiles([0, 1, 0, 1], null),
      motion(9),
      {},
      /x: expected windows of 1 x 9 x 3 as input\.shape says, got 8 x 3; set input\.shape to \[1, 8, 3\]/,
    ],
    [
      'arrays without labels',
      { 'x.npy': arrayFiles([0, 1], null)['x.npy'] },
      motion(8),
      {},
      /expected arrays x \(windows\), y \(labels\).*got "x"/,
    ],
    [
      'labels that are too few',
      { ...arrayFiles([0, 1, 0], null), 'y.npy': arrayFiles([0, 1], null)['y.npy'] },
      motion(8),
      {},
      /y: expected 3, one a window of x, got an array of 2/,
    ],
  ])('%s is one line that says which file and what to do', (_, files, signal, options, message) => {
    const path = folderWith(files);
    const load = () => splitsOf(path, signal, options);
    expect(load).toThrow(message);
    expect(load).toThrow(/^[^\n]{20,700}$/);
  });

  it.each<[Record<string, unknown>, RegExp]>([
    [
      { shares: { validation: 0.5, test: 0.5 } },
      /options: shares: expected shares above 0 and 0\.9 together at most, got 0\.5 and 0\.5/,
    ],
    [{ shares: { validation: 0, test: 0.2 } }, /shares above 0/],
    [{ group: '(' }, /options: group: expected a regular expression, got "\("/],
    [{ group: '^[a-z]+' }, /options: group: expected one capture group.*got 0/],
    [{ hop: 0 }, /options: hop: expected a whole number from 1/],
    [{ hopp: 1 }, /options: hopp: unknown; did you mean "hop"/],
    [{ short: 'cut' }, /options: short: expected one of refuse, pad, skip/],
  ])('%j is refused before any file is read', (options, message) => {
    expect(() => optionsOf('nowhere', options as Partial<OwnOptions>)).toThrow(message);
  });

  it('a folder that is not there is named', () => {
    expect(() => loadOwn(optionsOf('nowhere/at all'), sound(10), 'train')).toThrow(
      /^nowhere\/at all: no such folder; give/,
    );
  });
});
