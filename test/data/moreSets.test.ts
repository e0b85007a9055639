/** Apnea-ECG, PTB-XL, UniMiB-SHAR and the features of MLPerf Tiny: tiny files in the formats of the distributions. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openDataset } from '../../host/data/registry.ts';
import type { Signal } from '../../host/data/signal.ts';
import { leaksBetween, windowAt } from '../../host/data/windows.ts';
import { openTask, readTask, type TaskData } from '../../host/task/task.ts';
import { MatWriter } from './formats/matWriter.ts';
import { annotate, MLII, N, V5, writeRecord } from './wfdbWriter.ts';

const root = mkdtempSync(join(tmpdir(), 'htpw-more-sets-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const put = (path: string, content: string | Uint8Array): void => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
};

/** Between any two splits. */
const leaksOf = ({ set, load }: TaskData): string[] =>
  set.splits.flatMap((first, i) =>
    set.splits.slice(i + 1).flatMap((second) => leaksBetween(load(first), load(second))),
  );

describe('Apnea-ECG', () => {
  const APNEA = 8; // its code
  const MINUTES = 6;
  /** Beats of one interval in each minute: 1 s, 0.9 s, ... */
  const beats = Array.from({ length: MINUTES }, (_, minute) => {
    const interval = 1 - minute / 10;
    return Array.from({ length: Math.floor(60 / interval) }, (__, i) => 60 * minute + interval * (i + 1));
  }).flat();
  const minutes = [N!, N!, APNEA, APNEA, N!, APNEA];
  const put2 = (record: string): void => {
    const ecg = { ...MLII, format: 16, zero: 0, name: 'ECG', file: `${record}.dat` };
    writeRecord(join(root, 'apnea-ecg'), {
      name: record,
      rate: 100,
      seconds: 60 * MINUTES,
      signals: [ecg],
      annotations: null,
    });
    put(`apnea-ecg/${record}.qrs`, annotate(beats.map((time) => ({ time: Math.round(100 * time), code: N }))));
  };
  for (const record of ['a01', 'a03', 'b05']) {
    put2(record);
    put(`apnea-ecg/${record}.apn`, annotate(minutes.map((code, i) => ({ time: 6000 * i, code }))));
  }
  for (const record of ['x19', 'x20']) put2(record);
  put('apnea-ecg/x-answers.txt', `x19 ${'NNAANA'}\n`);
  const task = readTask('apnea');
  const data = openTask(task, { root });

  it('gives intervals between beats round each minute, in milliseconds, and says what lies at the ends', () => {
    const train = data.load('train');
    expect([Array.from(train.labels), train.account.leftOut]).toEqual([[0, 1, 1, 0], { edge: 2 }]);
    const middles = Array.from(train.labels.keys(), (i) => windowAt(train, i)[180]);
    expect(middles).toEqual([900, 800, 700, 600]);
    expect(Array.from(train.times)).toEqual([0, 60, 120, 180]);
  });

  it('has a person in one split with all records of theirs, labelled in either way', () => {
    const test = data.load('test');
    expect([new Set(test.records), new Set(test.groups)]).toEqual([new Set(['a03', 'x19']), new Set(['a03'])]);
    expect(Array.from(test.labels.subarray(4))).toEqual(Array.from(test.labels.subarray(0, 4)));
    expect(data.load('validation').groups.every((person) => person === 'b05')).toBe(true); // of x20 nobody says
    expect(leaksOf(data)).toEqual([]);
  });

  it('passes over intervals that no heart has', () => {
    const faulty = [...beats, 60.1, 125.05].sort((a, b) => a - b).filter((time) => time < 200 || time > 205);
    put('apnea-ecg/a01.qrs', annotate(faulty.map((time) => ({ time: Math.round(100 * time), code: N }))));
    const values = Array.from(data.load('train').samples); // where minutes meet, a beat is 1.4 s late
    expect([Math.min(...values) >= 300, Math.max(...values) <= 1400]).toEqual([true, true]);
  });

  it('gives the ECG itself on request, at the rate of the task', () => {
    const input = { ...task.input, shape: [1, 1500, 1] as const, rate: 50 };
    const ecg = { ...task, input, data: { ...task.data, options: { signal: 'ecg' } } };
    const test = openTask(ecg, { root }).load('validation');
    expect(test.labels.length).toBe(MINUTES);
    const peak = Math.max(...windowAt(test, 0)); // of a heart of 40 s, in uV
    expect(peak).toBeGreaterThan(800);
  });

  it('names what is damaged', () => {
    put('apnea-ecg/b05.apn', annotate([{ time: 0, code: 5 }]));
    expect(() => data.load('validation')).toThrow(/b05\.apn: expected minutes of N and A, got "V"/);
    expect(() => openTask(task, { root: '/nowhere' }).load('test')).toThrow(
      /^apnea-ecg: expected records in .*set HTPW/,
    );
  });
});

describe('PTB-XL', () => {
  const head = 'ecg_id,patient_id,age,scp_codes,strat_fold,filename_lr,filename_hr';
  const rows: [id: number, patient: number, codes: string, fold: number][] = [
    [1, 11, "{'NORM': 100.0, 'SR': 0.0}", 1],
    [2, 11, "{'IMI': 50.0, 'SR': 0.0}", 1],
    [3, 12, "{'NORM': 80.0}", 9],
    [4, 13, "{'AFIB': 0.0}", 10],
    [5, 14, "{'NORM': 100.0}", 10],
  ];
  const file = (id: number): string => `records100/00000/0000${id}_lr`;
  const table = rows.map(([id, patient, codes, fold]) => `${id},${patient}.0,56.0,"${codes}",${fold},${file(id)},hr`);
  put('ptb-xl/ptbxl_database.csv', `${[head, ...table].join('\n')}\n`);
  const leads = (name: string) => [
    { ...V5, format: 16, gain: '1000', perMillivolt: 1000, zero: 0, name: 'I', file: `${name}.dat` },
    { ...MLII, format: 16, gain: '1000', perMillivolt: 1000, zero: 0, name: 'II', file: `${name}.dat` },
  ];
  for (const [id] of rows.slice(0, 4)) {
    const name = `0000${id}_lr`;
    const spec = { name, rate: 100, seconds: 10, signals: leads(name), annotations: null };
    writeRecord(join(root, 'ptb-xl/records100/00000'), spec);
  }
  const task = readTask('ecg-normal');
  const data = openTask(task, { root });

  it('splits by the folds of its authors, and takes NORM for normal', () => {
    expect([data.load('train').groups, Array.from(data.load('train').labels)]).toEqual([
      ['11', '11'],
      [0, 1],
    ]);
    expect(data.load('validation').groups).toEqual(['12']);
    const test = data.load('test');
    expect([test.groups, Array.from(test.labels)]).toEqual([['13'], [1]]);
    expect(test.account.assumed).toEqual(['1 ECGs of the table are not at hand']);
    expect(leaksOf(data)).toEqual([]);
  });

  it('gives the leads that are asked for, in the steps of the task', () => {
    const window = windowAt(data.load('test'), 0);
    expect(window[100]).toBe(Math.round((1.2 + 0.1 * Math.sin(0.7) - 0.1) / 0.005)); // a beat at 1 s
    const input = { ...task.input, shape: [1, 500, 2] as const };
    const two = { ...task, input, data: { ...task.data, options: { leads: ['I', 'II'] } } };
    const both = windowAt(openTask(two, { root }).load('test'), 0);
    expect([both.length, both[201]]).toEqual([1000, window[100]]);
    const one = { ...two, data: { ...task.data, options: { leads: ['I'] } } };
    expect(() => openTask(one, { root }).load('test')).toThrow('ptb-xl: expected 2 leads, one a channel of the input');
  });

  it('names the row that is damaged', () => {
    put('ptb-xl/ptbxl_database.csv', `${head}\n7,1.0,3,"{}",11,x,hr\n`);
    expect(() => data.load('test')).toThrow(/ECG 7: expected a fold from 1 to 10 and a file, got "11" and "x"/);
    put('ptb-xl/ptbxl_database.csv', 'ecg_id,patient_id\n7,1\n');
    expect(() => data.load('test')).toThrow(/expected a column scp_codes, got ecg_id, patient_id/);
  });
});

describe('UniMiB-SHAR', () => {
  const writer = new MatWriter();
  const POSITIONS = 151;
  /** class, subject, trial */
  const labels = [
    [3, 1, 1],
    [10, 1, 2],
    [3, 5, 1],
    [17, 3, 1],
    [9, 3, 2],
  ];
  const value = (i: number, axis: number, p: number): number => i + axis / 10 + p / 1000;
  const columnsFirst = (rows: readonly number[][]) => rows[0]!.flatMap((_, c) => rows.map((row) => row[c]!));
  const windows = labels.map((_, i) =>
    [0, 1, 2].flatMap((axis) => Array.from({ length: POSITIONS }, (__, p) => value(i, axis, p))),
  );
  const write = (said: readonly number[][]): void => {
    const matrices = [
      ['acc_data', windows],
      ['acc_labels', said],
    ] as const;
    for (const [name, rows] of matrices)
      put(
        `unimib-shar/data/${name}.mat`,
        writer.file(writer.array(name, [rows.length, rows[0]!.length], columnsFirst(rows))),
      );
  };
  write(labels);
  const data = openTask(readTask('falls'), { root });

  it('gives the middle of its windows, x, y and z of a moment together, and a subject to one split', () => {
    const test = data.load('test');
    expect([test.groups, Array.from(test.labels)]).toEqual([
      ['3', '3'],
      [1, 0],
    ]);
    expect(Array.from(windowAt(test, 0).subarray(0, 3))).toEqual(
      [0, 1, 2].map((axis) => Math.round(1000 * value(3, axis, 3))),
    );
    expect([data.load('train').groups, data.load('validation').groups]).toEqual([['1', '1'], ['5']]);
    expect(leaksOf(data)).toEqual([]);
  });

  it('names what is damaged', () => {
    write([...labels.slice(1), [18, 3, 1]]);
    expect(() => data.load('test')).toThrow(/window 5: expected a class from 1 to 17, got 18/);
    write(labels.slice(1));
    expect(() => data.load('test')).toThrow(/expected as many windows as labels, 4, got 5/);
  });
});

describe('MLPerf Tiny', () => {
  const signal: Signal = {
    name: 'mfcc',
    shape: [49, 10, 1],
    type: 'i8',
    scale: 0.58,
    zeroPoint: 83,
    rate: null,
    event: null,
  };
  const features = (seed: number) => Uint8Array.from({ length: 490 }, (_, i) => i + seed);
  const set = (folder: string) => openDataset('mlperf-tiny', { root: join(root, folder) });
  put('single/mlperf-tiny/kws01/tst_000000_Stop_7.bin', features(0));
  put('single/mlperf-tiny/kws01/tst_000001_Left_2.bin', features(9));
  put('packed/mlperf-tiny/kws01_mfcc_int8.bin', Buffer.concat([features(0), features(9)]));
  put(
    'packed/mlperf-tiny/kws01_labels.csv',
    'index,file,class\n0,tst_000000_Stop_7.bin,7\n1,tst_000001_Left_2.bin,2\n',
  );

  it.each(['single', 'packed'])('gives features as they are, %s', (folder) => {
    const test = set(folder).give('test', signal);
    expect(Array.from(test.labels, (label) => test.classNames[label])).toEqual(['stop', 'left']);
    expect(Array.from(windowAt(test, 1).subarray(118, 121))).toEqual([127, -128, -127]);
  });

  it('has nothing to train on', () => {
    expect(() => set('packed').give('train', signal)).toThrow('mlperf-tiny: expected a split of test, got "train"');
  });

  it('names what is damaged', () => {
    put('single/mlperf-tiny/kws01/tst_000002_Up_12.bin', features(0));
    expect(() => set('single').give('test', signal)).toThrow(/Up_12\.bin: expected a class below 12, got "12"/);
    put('packed/mlperf-tiny/kws01_mfcc_int8.bin', features(0));
    expect(() => set('packed').give('test', signal)).toThrow(/expected 490 bytes for each of 2 clips, got 490/);
  });
});
