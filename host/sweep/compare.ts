/**
 * Two methods of a sweep against each other, from their records alone: macro-F1 as the mean over seeds, and the
 * difference with an interval in which both are judged on the same resamples of groups.
 */
import { readdirSync } from 'node:fs';
import { SPLITS, type Split } from '../data/part.ts';
import { type Interval, intervalOf, type Resampled } from '../evaluate/bootstrap.ts';
import { UsageError } from '../system/errors.ts';
import { shownPath } from '../system/shownPath.ts';
import { type RunRecord, readRecord, type SplitResult } from './record.ts';
import { commonWindows, differenceSample, meanOf, meanSample, Samples } from './samples.ts';

/** Of a program on a split, in both methods. */
export interface Comparison {
  program: string;
  split: Split;
  windows: number;
  groups: number;
  /** of what a group is: patient, subject, speaker */
  group: string;
  /** that both have */
  seeds: number[];
  /** macro-F1, mean over the seeds */
  first: Interval;
  second: Interval;
  /** first minus second, on the same resamples */
  difference: Interval;
  /** that the program takes; of an image of several, those that it shares with no other */
  bytes: [first: number, second: number];
}

export interface Comparisons {
  methods: [first: string, second: string];
  rows: Comparison[];
  /** of all images, or add-ons, that have the programs: mean over the seeds */
  bytes: [first: number, second: number];
}

/** All records in a folder, by name. Throws UsageError where there is none. */
export function readRecords(folder: string): RunRecord[] {
  const names = namesIn(folder).filter((name) => name.endsWith('.json') && !name.endsWith('.failed.json'));
  if (names.length === 0)
    throw new UsageError(`${shownPath(folder)}: expected records of a sweep, got none; htpw sweep makes them`);
  return names.toSorted().map((name) => readRecord(folder, name.slice(0, -'.json'.length)));
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** A program that a run was trained for. */
interface Judged {
  record: RunRecord;
  program: string;
  seed: number;
  splits: Partial<Record<Split, SplitResult>>;
}

/** Of all programs, splits and seeds that both methods have. Throws UsageError where there are none. */
export function compare(folder: string, methods: readonly [string, string], only?: Split): Comparisons {
  const records = readRecords(folder);
  const samples = new Samples(folder);
  const [first, second] = methods.map((method) => judgedOf(records, method, folder)) as [Judged[], Judged[]];
  const programs = [...new Set(first.map(({ program }) => program))];
  const pairs = programs.flatMap((program) => {
    const both = [first, second].map((all) => all.filter((one) => one.program === program)) as [Judged[], Judged[]];
    const seeds = both[0].map(({ seed }) => seed).filter((seed) => both[1].some((other) => other.seed === seed));
    const [a, b] = both.map((all) => seeds.map((seed) => all.find((one) => one.seed === seed)!)) as [
      Judged[],
      Judged[],
    ];
    return seeds.length > 0 ? [{ program, seeds, a, b }] : [];
  });
  const rows = pairs.flatMap(({ program, seeds, a, b }) =>
    SPLITS.filter((split) => (only ?? split) === split && split !== 'validation' && a[0]!.splits[split]).map(
      (split): Comparison => ({
        program,
        split,
        ...differenceOf(samples, folder, split, a, b),
        seeds,
        bytes: [meanOf(a.map(bytesOf)), meanOf(b.map(bytesOf))],
      }),
    ),
  );
  if (rows.length === 0)
    throw new UsageError(
      `${shownPath(folder)}: expected a program and a seed that both ${methods.join(' and ')} have, got none; ` +
        'run more of the sweep',
    );
  const total = (side: 'a' | 'b'): number => imageBytes(pairs.flatMap((pair) => pair[side]));
  return { methods: [...methods], rows, bytes: [total('a'), total('b')] };
}

function judgedOf(records: readonly RunRecord[], method: string, folder: string): Judged[] {
  const judged = records
    .filter((record) => record.method === method)
    .flatMap((record) =>
      record.results.map(({ program, splits }): Judged => ({ record, program, seed: record.seed, splits })),
    )
    .toSorted((a, b) => a.seed - b.seed);
  if (judged.length === 0) {
    const known = [...new Set(records.map((record) => record.method))];
    throw new UsageError(`${shownPath(folder)}: expected one of the methods ${known.join(', ')}, got "${method}"`);
  }
  const twice = judged.find(({ program, seed }, i) =>
    judged.slice(0, i).some((other) => other.program === program && other.seed === seed),
  );
  if (twice)
    throw new UsageError(
      `${shownPath(folder)}: method ${method}: expected one run of ${twice.program} a seed, got several of seed ` +
        `${twice.seed}; choose a method that has one`,
    );
  return judged;
}

function differenceOf(
  samples: Samples,
  folder: string,
  split: Split,
  first: readonly Judged[],
  second: readonly Judged[],
): Omit<Comparison, 'program' | 'split' | 'seeds' | 'bytes'> {
  const all = [...first, ...second].map(({ splits }) => splits[split]!);
  const name = commonWindows(all, `${shownPath(folder)}: ${first[0]!.program} ${split}`);
  const { windows, groups } = samples.windows(name);
  const [a, b] = [first, second].map((side) =>
    meanSample(side.map(({ record, program }) => samples.macroF1(record, program, split))),
  ) as [Resampled, Resampled];
  return {
    windows: windows.labels.length,
    groups: groups.names.length,
    group: windows.group,
    first: intervalOf(a),
    second: intervalOf(b),
    difference: intervalOf(differenceSample(a, b)),
  };
}

function bytesOf({ record: { image, addOn }, program }: Judged): number {
  if (addOn) return addOn.bytes;
  return image.programs.length === 1 ? image.bytes : image.programs.find(({ name }) => name === program)!.own;
}

/** Of all images, each once; mean over the seeds. */
function imageBytes(all: readonly Judged[]): number {
  const runs = [...new Set(all.map(({ record }) => record))];
  const seeds = new Set(all.map(({ seed }) => seed));
  const sum = runs.reduce((total, { image, addOn }) => total + (addOn?.bytes ?? image.bytes), 0);
  return Math.round(sum / seeds.size);
}
