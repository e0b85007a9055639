/** Two methods against each other, from records that are written here. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { keepAnswers, keepWindows, type LabelledWindows, readAnswers, readWindows } from '../../host/sweep/answers.ts';
import { compare, readRecords } from '../../host/sweep/compare.ts';
import { formatted, type RunRecord, recordPath } from '../../host/sweep/record.ts';
import { UsageError } from '../../host/system/errors.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'records-'));
});

const GROUPS = 12;
const EACH = 10;
/** Ten windows of each of twelve groups, of two classes in turn. */
const windows: LabelledWindows = {
  task: 'task',
  data: 'data',
  split: 'later',
  classes: ['no', 'yes'],
  unit: 'window',
  group: 'subject',
  labels: Uint8Array.from({ length: GROUPS * EACH }, (_, i) => i % 2),
  groups: Array.from({ length: GROUPS * EACH }, (_, i) => `subject ${Math.floor(i / EACH)}`),
};

/** Answers wrong where `isWrong` says so. */
const answering = (isWrong: (window: number) => boolean): Uint8Array =>
  windows.labels.map((label, i) => (isWrong(i) ? 1 - label : label));

/** The record of a run of one program and split; `given` stands in place of what it says otherwise. */
function keep(method: string, seed: number, answers: Uint8Array, given: object = {}, of = windows): void {
  const run = `${method}.s${seed}`;
  // in the file behind those of another split
  keepAnswers(folder, run, [new Uint8Array(7), answers]);
  const record = {
    ...{ run, method, seed, addOn: null },
    programs: ['program'],
    image: { sha256: '', bytes: 100 * seed, programs: [{ name: 'program', own: 40, shared: 20 }] },
    results: [{ program: 'program', splits: { later: { windows: keepWindows(folder, of), answersAt: 7 } } }],
    ...given,
  };
  writeFileSync(recordPath(folder, run), formatted(record as unknown as RunRecord));
}

describe('two methods', () => {
  it('of the same answers differ by 0, whatever is resampled', () => {
    const answers = answering((i) => i % 7 === 0);
    keep('a', 1, answers);
    keep('b', 1, answers);
    const [row] = compare(folder, ['a', 'b']).rows;
    expect(row!.difference).toEqual({ value: 0, low: 0, high: 0 });
    expect(row).toMatchObject({ program: 'program', split: 'later', windows: 120, groups: 12, seeds: [1] });
    expect(row!.first.low).toBeLessThan(row!.first.value);
  });

  it('are compared group by group: an advantage that each group shows is sure, though the groups differ widely', () => {
    // in each group some are wrong, and one more of the other method
    const wrong = (more: number) => answering((i) => i % EACH < Math.floor(i / EACH / 2) + more);
    keep('a', 1, wrong(0));
    keep('b', 1, wrong(1));
    const [row] = compare(folder, ['a', 'b']).rows;
    expect(row!.difference.low).toBeGreaterThan(0.05);
    expect(row!.difference.high).toBeLessThan(0.15);
    expect(row!.first.high - row!.first.low).toBeGreaterThan(0.15);
    const [back] = compare(folder, ['b', 'a']).rows;
    expect(back!.difference.value).toBeCloseTo(-row!.difference.value, 12);
  });

  it('are the mean over the seeds that both have', () => {
    const [right, half] = [answering(() => false), answering((i) => i % 4 < 2)];
    keep('a', 1, right);
    keep('a', 2, half);
    keep('a', 3, half);
    keep('b', 1, half);
    keep('b', 2, half);
    const [row] = compare(folder, ['a', 'b']).rows;
    expect(row!.seeds).toEqual([1, 2]);
    expect([row!.first.value, row!.second.value, row!.difference.value]).toEqual([0.75, 0.5, 0.25]);
  });

  it('have the bytes of images, of add-ons, or what a program among several has for itself', () => {
    const answers = answering(() => false);
    const programs = ['other', 'program'].map((name, i) => ({ name, own: 11 + i, shared: 5 }));
    keep('whole', 1, answers);
    keep('added', 1, answers, { addOn: { bytes: 33, sha256: '' } });
    keep('among', 1, answers, { image: { sha256: '', bytes: 200, programs } });
    expect(compare(folder, ['whole', 'added'])).toMatchObject({ rows: [{ bytes: [100, 33] }], bytes: [100, 33] });
    expect(compare(folder, ['among', 'whole'])).toMatchObject({ rows: [{ bytes: [12, 100] }], bytes: [200, 100] });
  });

  it.each<[what: string, make: () => void, says: string]>([
    ['no records', () => rmSync(folder, { recursive: true }), 'expected records of a sweep, got none'],
    ['an unknown method', () => keep('a', 1, windows.labels), 'expected one of the methods a, got "b"'],
    [
      'no seed that both have',
      () => {
        keep('a', 1, windows.labels);
        keep('b', 2, windows.labels);
      },
      'expected a program and a seed that both a and b have, got none',
    ],
    [
      'other recordings',
      () => {
        keep('a', 1, windows.labels);
        keep('b', 1, windows.labels, {}, { ...windows, labels: windows.labels.map((label) => 1 - label) });
      },
      'program later: expected the same windows in all runs, got windows/task.data.later.',
    ],
    [
      'answers that end early',
      () => {
        keep('a', 1, windows.labels);
        keep('b', 1, windows.labels.subarray(1));
      },
      'answers of b.s1: expected 120 of later from 7 on, got 119',
    ],
    [
      'a record that is none',
      () => writeFileSync(recordPath(folder, 'a.s1'), '{ "run": "a.s1" }'),
      'a.s1.json: method: expected a string, got none',
    ],
    [
      'answers that are not compressed',
      () => {
        keep('a', 1, windows.labels);
        keep('b', 1, windows.labels);
        writeFileSync(join(folder, 'b.s1.answers.gz'), 'none');
      },
      'b.s1.answers.gz: incorrect header check',
    ],
    [
      'windows that do not agree',
      () => {
        keep('a', 1, windows.labels, {}, { ...windows, classes: ['one'] });
        keep('b', 1, windows.labels, {}, { ...windows, classes: ['one'] });
      },
      'expected a group and one of 1 classes for each of 120 windows, got others',
    ],
    [
      'a program that a method has twice',
      () => {
        keep('a', 1, windows.labels);
        keep('b', 1, windows.labels, { method: 'a' });
      },
      'method a: expected one run of program a seed, got several of seed 1',
    ],
  ])('with %s are refused in one line', (_, make, says) => {
    make();
    expect(() => compare(folder, ['a', 'b'])).toThrow(UsageError);
    expect(() => compare(folder, ['a', 'b'])).toThrow(says);
  });
});

describe('what is kept of a run', () => {
  it('comes back as it was: labels, groups and answers', () => {
    mkdirSync(folder, { recursive: true });
    const name = keepWindows(folder, windows);
    expect(keepWindows(folder, windows)).toBe(name);
    expect(readWindows(folder, name)).toEqual(windows);
    keepAnswers(folder, 'run', [Uint8Array.of(1, 2), Uint8Array.of(3)]);
    expect(readAnswers(folder, 'run')).toEqual(Uint8Array.of(1, 2, 3));
  });

  it('is found without what failed, in the order of names', () => {
    keep('b', 1, windows.labels);
    keep('a', 1, windows.labels);
    writeFileSync(join(folder, 'c.s1.failed.json'), '{}');
    expect(readRecords(folder).map(({ run }) => run)).toEqual(['a.s1', 'b.s1']);
  });
});
