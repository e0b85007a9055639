/**
 * Data sets beside ECG: tiny files in the formats of the distributions, the recordings themselves where HTPW_DATA has
 * them, and for all of them that nothing leaks from one split to another.
 */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { SPLITS } from '../../host/data/part.ts';
import { DATA_SETS, folderOf } from '../../host/data/registry.ts';
import { lengthOf } from '../../host/data/signal.ts';
import { countClasses, leaksBetween, type WindowSet, windowAt } from '../../host/data/windows.ts';
import { openTask, readTask, type Task, type TaskData, taskNames } from '../../host/task/task.ts';

const root = mkdtempSync(join(tmpdir(), 'htpw-sets-'));
const put = (path: string, content: string | Uint8Array): void => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
};
const int16 = (values: number[]): Uint8Array => gzipSync(new Uint8Array(Int16Array.from(values).buffer));

/** Mono PCM of 16 bits. */
function wav(rate: number, samples: number[]): Uint8Array {
  const bytes = Buffer.alloc(44 + 2 * samples.length);
  bytes.write('RIFF', 0, 'latin1');
  bytes.writeUInt32LE(36 + 2 * samples.length, 4);
  bytes.write('WAVEfmt ', 8, 'latin1');
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(rate, 24);
  bytes.writeUInt32LE(2 * rate, 28);
  bytes.writeUInt16LE(2, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write('data', 36, 'latin1');
  bytes.writeUInt32LE(2 * samples.length, 40);
  samples.forEach((sample, i) => {
    bytes.writeInt16LE(sample, 44 + 2 * i);
  });
  return new Uint8Array(bytes);
}

/** Of every pair of splits; known people may speak in all of them, but no file of theirs stands in two. */
function leaksOf({ set, load }: TaskData, ofKnown = false): string[] {
  const parts = set.splits.map((split) => [split, load(split)] as const);
  return parts.flatMap(([first, a], i) =>
    parts.slice(i + 1).flatMap(([second, b]) => {
      const sameGroups = ofKnown || (first === 'train' && second === 'later');
      return leaksBetween(a, b, sameGroups).map((leak) => `${first} and ${second}: ${leak}`);
    }),
  );
}

describe('leaksBetween', () => {
  const windows = (group: string, record: string, time: number): WindowSet => ({
    signal: { ...readTask('synthetic-motion').input, rate: 64 },
    samples: new Int16Array(64 * 3),
    labels: Uint8Array.of(0),
    groups: [group],
    records: [record],
    times: Float64Array.of(time),
    classNames: ['one'],
  });

  it.each<[string, WindowSet, WindowSet, boolean, string[]]>([
    ['a group', windows('a', 'r1', 0), windows('a', 'r2', 0), false, ['group a']],
    ['a group that may be shared', windows('a', 'r1', 0), windows('a', 'r2', 0), true, []],
    ['half a window', windows('a', 'r1', 0), windows('b', 'r1', 0.5), false, ['record r1 at 0.500 s']],
    ['windows that touch', windows('a', 'r1', 0), windows('b', 'r1', 1), false, []],
    ['the same clip', windows('a', 'r1', 0), windows('b', 'r1', 0), false, ['record r1 at 0.000 s']],
  ])('sees %s', (_, first, second, sameGroups, leaks) => {
    expect(leaksBetween(first, second, sameGroups)).toEqual(leaks);
  });
});

describe.each(taskNames().map((name) => [name, readTask(name)] as [string, Task]))('task %s', (_, task) => {
  const set = DATA_SETS.find(({ name }) => name === task.data.set)!;
  const isThere = set.isThere(folderOf(set));

  it.skipIf(!isThere)(
    'has every class in every split, and leaks nothing from one to another',
    { timeout: 300_000 },
    () => {
      const data = openTask(task);
      for (const split of set.splits) {
        const part = data.load(split);
        expect(part.account).toMatchObject({ data: set.name, split, windows: part.labels.length });
        expect(part.samples.length).toBe(part.labels.length * lengthOf(task.input));
        // the sample of Speech Commands has no recording of noise
        const occurring = part.classNames.filter((name, c) => name !== 'silence' || countClasses(part)[c]! > 0);
        expect(countClasses(part).filter((count) => count > 0).length).toBe(occurring.length);
      }
      // judged on other takes of known speakers, as the task says of itself
      expect(leaksOf(data, task.data.options.by === 'take')).toEqual([]);
    },
  );
});

describe('every data set', () => {
  it.each(DATA_SETS.map((set) => [set.name, set] as const))(
    '%s says whose it is, and what may be done with it',
    (_, set) => {
      for (const said of [set.title, set.licence, set.citation, set.about]) expect(said.length).toBeGreaterThan(5);
      expect(set.splits.every((split) => SPLITS.includes(split))).toBe(true);
      if (set.labels) expect(new Set(set.labels).size).toBe(set.labels.length);
    },
  );

  it.each(taskNames().map((name) => [name, readTask(name)] as const))(
    'of %s refuses windows of another kind, by field',
    (_, task) => {
      const signal = { ...task.input, shape: [2, 8, 1] as const };
      const wrong = { ...task, input: signal };
      expect(() => openTask(wrong, { root: '/nowhere' }).load('train')).toThrow(
        /input\.shape: expected .*, got \[2,8,1\]/,
      );
    },
  );

  it.each(['uci-har', 'fsdd', 'wisdm', 'cifar10', 'speech-commands'])(
    '%s names its folder and what it expected there, where it is not',
    (name) => {
      const task = taskNames()
        .map((one) => readTask(one))
        .find(({ data }) => data.set === name)!;
      expect(() => openTask(task, { root: '/nowhere' }).load('test')).toThrow(
        new RegExp(`^${name}: expected .* in /nowhere/${name}.*; set HTPW_DATA`),
      );
    },
  );
});

describe('WISDM', () => {
  const task = readTask('wisdm');
  const line = (subject: string, letter: string, i: number): string =>
    `${subject},${letter},${5e7 * i},${i / 100},-9.8,0.5;`;
  const subject = (id: string, walking: number): string =>
    [
      ...Array.from({ length: walking }, (_, i) => line(id, 'A', i)),
      ...Array.from({ length: 100 }, (_, i) => line(id, 'S', i)),
    ].join('\n');
  for (const [id, walking] of [
    ['1600', 700],
    ['1607', 400],
    ['1603', 400],
  ] as const)
    put(`wisdm/wisdm-dataset/raw/phone/accel/data_${id}_accel_phone.txt`, `${subject(id, walking)}\n`);
  const data = openTask(task, { root });

  it('cuts text as it is distributed, activity by activity, and says what is too short', () => {
    const test = data.load('test');
    expect([test.labels.length, new Set(test.groups), test.account.leftOut]).toEqual([
      5,
      new Set(['1603']),
      { short: 1 },
    ]);
    expect(Array.from(test.times)).toEqual([0, 3.2, 6.4, 9.6, 12.8].map((time) => expect.closeTo(time, 9)));
    const steps = [0.64, -9.8, 0.5].map((value) => Math.round(value / 0.15625));
    expect(Array.from(windowAt(test, 1).subarray(0, 3))).toEqual(steps);
  });

  it('trains on the first seven tenths of an activity, and keeps apart what straddles the border', () => {
    const [train, later] = [data.load('train'), data.load('later')];
    expect([train.labels.length, later.labels.length, train.account.leftOut.border]).toEqual([6, 1, 2]);
    expect(leaksOf(data)).toEqual([]);
  });

  it('reads packed subjects alike', () => {
    const other = mkdtempSync(join(tmpdir(), 'htpw-wisdm-'));
    mkdirSync(join(other, 'wisdm'));
    const values = Array.from({ length: 400 }, (_, i) => [10 * i, -9800, 500]).flat();
    writeFileSync(join(other, 'wisdm/1603.i16le.gz'), int16(values));
    writeFileSync(join(other, 'wisdm/segments.csv'), 'subject,activity_code,offset_samples,samples\n1603,A,0,400\n');
    expect(openTask(task, { root: other }).load('test').samples).toEqual(data.load('test').samples);
    writeFileSync(join(other, 'wisdm/segments.csv'), '1603,A,0,401\n');
    expect(() => openTask(task, { root: other }).load('test')).toThrow(/1603\.i16le\.gz: expected activity "A" of 401/);
  });

  it('names file and line of what is damaged', () => {
    const other = mkdtempSync(join(tmpdir(), 'htpw-wisdm-'));
    mkdirSync(join(other, 'wisdm'));
    writeFileSync(join(other, 'wisdm/data_1603_accel_phone.txt'), `${line('1603', 'A', 0)}\n1603,A,5,1,x,2;\n`);
    expect(() => openTask(task, { root: other }).load('test')).toThrow(
      /data_1603_accel_phone\.txt: line 2: expected "1603,A,time,x,y,z;", got "1603,A,5,1,x,2"/,
    );
  });
});

describe('UCI HAR', () => {
  const task = readTask('uci-har');
  const signals = ['body_acc', 'body_gyro', 'total_acc'].flatMap((name) =>
    ['x', 'y', 'z'].map((axis) => `${name}_${axis}`),
  );
  const half = (name: string, subjects: number[]): void => {
    const folder = `uci-har/UCI HAR Dataset/${name}`;
    signals.forEach((signal, c) => {
      const row = (i: number): string =>
        Array.from({ length: 128 }, (_, p) => ` ${(c + i / 8 + p / 1000).toExponential(7)}`).join(' ');
      put(`${folder}/Inertial Signals/${signal}_${name}.txt`, `${subjects.map((_, i) => row(i)).join('\n')}\n`);
    });
    put(`${folder}/subject_${name}.txt`, `${subjects.join('\n')}\n`);
    put(`${folder}/y_${name}.txt`, `${subjects.map((_, i) => (i % 6) + 1).join('\n')}\n`);
  };
  half('train', [1, 1, 3, 27, 27, 30]);
  half('test', [2, 2, 4]);
  const data = openTask(task, { root });

  it('reads the nine channels as they are distributed, with subjects', () => {
    const test = data.load('test');
    expect([test.groups, Array.from(test.labels)]).toEqual([
      ['2', '2', '4'],
      [0, 1, 2],
    ]);
    expect(Array.from(windowAt(test, 1).subarray(0, 9))).toEqual(
      Array.from({ length: 9 }, (_, c) => Math.min(127, Math.round((c + 1 / 8) * 32))),
    );
    expect([data.load('train').groups, data.load('validation').groups]).toEqual([
      ['1', '1', '3'],
      ['27', '27', '30'],
    ]);
    expect(leaksOf(data)).toEqual([]);
  });

  it('splits packed rows in blocks, without those that overlap a neighbour of the other split', () => {
    const other = mkdtempSync(join(tmpdir(), 'htpw-har-'));
    mkdirSync(join(other, 'uci-har'));
    for (const [name, count] of [
      ['train', 700],
      ['test', 2],
    ] as const) {
      writeFileSync(join(other, `uci-har/${name}.i16le.gz`), int16(Array(count * 128 * 9).fill(4000)));
      writeFileSync(
        join(other, `uci-har/${name}_labels.u8.bin`),
        Uint8Array.from({ length: count }, (_, i) => 1 + (i % 6)),
      );
    }
    const packed = openTask(task, { root: other });
    const [train, validation] = [packed.load('train'), packed.load('validation')];
    expect([train.labels.length, validation.labels.length, train.account.leftOut]).toEqual([599, 99, { border: 2 }]);
    expect(new Set(train.samples)).toEqual(new Set([32])); // 1 g
    expect(leaksOf(packed)).toEqual([]);
  });

  it('names file and line of what is damaged', () => {
    put('uci-har/UCI HAR Dataset/test/y_test.txt', '1\n7\n2\n');
    expect(() => data.load('test')).toThrow(/y_test\.txt: line 2: expected a label from 1 to 6, got 7/);
    put('uci-har/UCI HAR Dataset/test/y_test.txt', '1\n2\n');
    expect(() => data.load('test')).toThrow(/expected 2 windows in every file, got 3, 3/);
  });
});

describe('FSDD', () => {
  const task = readTask('spoken-digits');
  const speakers = ['george', 'nicolas', 'lucas'];
  const sound = Array.from({ length: 4000 }, (_, i) => Math.round(8000 * Math.sin(i / 5)));
  for (const speaker of speakers)
    for (const take of [0, 5, 12]) put(`fsdd/recordings/3_${speaker}_${take}.wav`, wav(8000, sound));
  const data = openTask(task, { root });

  it('puts a clip in the middle of its window, and a speaker in one split', () => {
    const test = data.load('test');
    expect([test.labels, new Set(test.groups)]).toEqual([Uint8Array.of(3, 3, 3), new Set(['lucas'])]);
    const window = windowAt(test, 0);
    expect([window[1999], Math.max(...window)]).toEqual([0, expect.closeTo(8000, -3)]); // half a second of one
    expect(leaksOf(data)).toEqual([]);
  });

  it('splits by take on request, the official takes for the test', () => {
    const byTake = openTask({ ...task, data: { ...task.data, options: { by: 'take' } } }, { root });
    expect(byTake.load('test').records).toEqual(speakers.map((speaker) => `3_${speaker}_0.wav`).sort());
    expect(byTake.load('validation').records).toEqual(speakers.map((speaker) => `3_${speaker}_5.wav`).sort());
    expect(() => openTask({ ...task, data: { ...task.data, options: { by: 'digit' } } }, { root })).toThrow(
      'data set fsdd: options: by: expected one of speaker, take, got "digit"',
    );
  });

  it('reads packed clips alike', () => {
    const other = mkdtempSync(join(tmpdir(), 'htpw-fsdd-'));
    mkdirSync(join(other, 'fsdd'));
    writeFileSync(join(other, 'fsdd/recordings.i16le.gz'), int16([...Array(7).fill(0), ...sound]));
    const index = 'file,digit,speaker,take,offset_samples,samples\n3_lucas_0.wav,3,lucas,0,7,4000\n';
    writeFileSync(join(other, 'fsdd/index.csv'), index);
    const packed = openTask(task, { root: other }).load('test');
    expect(windowAt(packed, 0)).toEqual(windowAt(data.load('test'), 0));
  });
});

describe('CIFAR-10', () => {
  const task = readTask('cifar10');
  /** Planes of one value each: red 10, green 20, blue 255; the first pixel has a red of its own. */
  const record = (label: number): number[] => [
    label,
    label,
    ...Array(1023).fill(10),
    ...Array(1024).fill(20),
    ...Array(1024).fill(255),
  ];
  const put3 = (name: string, labels: number[]): void =>
    put(`cifar10/cifar-10-batches-bin/${name}`, Uint8Array.from(labels.flatMap(record)));
  [1, 2, 3, 4, 5].forEach((batch) => {
    put3(`data_batch_${batch}.bin`, [batch, 9]);
  });
  put3('test_batch.bin', [0]);
  const data = openTask(task, { root });

  it('gives pixels row by row with their colours together, less 128', () => {
    const validation = data.load('validation');
    expect([Array.from(validation.labels), data.load('train').labels.length]).toEqual([[5, 9], 8]);
    expect(Array.from(windowAt(validation, 0).subarray(0, 6))).toEqual([5 - 128, -108, 127, -118, -108, 127]);
    expect(leaksOf(data)).toEqual([]);
  });

  it('names what is damaged', () => {
    put('cifar10/cifar-10-batches-bin/test_batch.bin', new Uint8Array(5000));
    expect(() => data.load('test')).toThrow(/test_batch\.bin: expected records of 3073 bytes, got 5000 bytes/);
    put3('test_batch.bin', [10]);
    expect(() => data.load('test')).toThrow(/record 1: expected a label below 10, got 10/);
  });
});

describe('Speech Commands', () => {
  const task = readTask('keywords');
  const tone = Array.from({ length: 16_000 }, (_, i) => Math.round(8000 * Math.sin(i / 10)));
  for (const [word, speaker] of [
    ['yes', '0a'],
    ['cat', '0a'],
    ['yes', '1b'],
    ['wow', '2c'],
  ])
    put(`speech-commands/${word}/${speaker}_nohash_0.wav`, wav(16_000, tone));
  put('speech-commands/validation_list.txt', 'yes/1b_nohash_0.wav\n');
  put('speech-commands/testing_list.txt', 'wow/2c_nohash_0.wav\n');
  for (const name of ['running_tap', 'exercise_bike', 'pink_noise'])
    put(`speech-commands/_background_noise_/${name}.wav`, wav(16_000, [...tone, ...tone, 1, 2, 3]));
  const data = openTask(task, { root });

  it('follows the official lists; other words are unknown, and each recording of noise is in one split', () => {
    const said = (split: 'train' | 'validation' | 'test') => {
      const { records, labels, times } = data.load(split);
      return records.map((record, i) => `${record} ${Object.keys(task.classes)[labels[i]!]} ${times[i]}`);
    };
    expect(said('train')).toEqual([
      'yes/0a_nohash_0.wav yes 0',
      'cat/0a_nohash_0.wav unknown 0',
      '_background_noise_/pink_noise.wav silence 0',
      '_background_noise_/pink_noise.wav silence 1',
    ]);
    expect(said('test').slice(0, 2)).toEqual([
      'wow/2c_nohash_0.wav unknown 0',
      '_background_noise_/running_tap.wav silence 0',
    ]);
    expect(leaksOf(data)).toEqual([]);
  });

  it('keeps a second of sound at the rate of the task', () => {
    const window = windowAt(data.load('validation'), 0);
    expect([window.length, Math.max(...window)]).toEqual([4000, expect.closeTo(8000, -3)]);
  });
});
