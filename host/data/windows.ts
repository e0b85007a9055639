/** Labelled windows of a data set: what a device is given, what it should answer, and whose window it is. */
import { lengthOf, type Samples, type Signal, samplesOf } from './signal.ts';

/** n windows, in the order of their records and of time in each. */
export interface WindowSet {
  signal: Signal;
  /** [n][height * width * channels], as the device is given them */
  samples: Samples;
  /** [n] index into classNames */
  labels: Uint8Array;
  /** [n] who or what a window is from: patient, subject, speaker; windows of one group are alike */
  groups: string[];
  /** [n] record or file that it is from; a record belongs to one group */
  records: string[];
  /** [n] seconds from the start of the record to what the label is about, or to the first position of the window */
  times: Float64Array;
  classNames: readonly string[];
}

/** Seconds of the record that a window covers, from and to; a window without a rate covers its time alone. */
export function spanOf({ signal, times }: Pick<WindowSet, 'signal' | 'times'>, window: number): [number, number] {
  const { rate, event, shape } = signal;
  if (rate === null) return [times[window]!, times[window]!];
  const before = event?.at ?? 0;
  return [times[window]! - before / rate, times[window]! + (shape[1] - before) / rate];
}

/** The values of one window; a view, not a copy. */
export function windowAt({ signal, samples }: WindowSet, window: number): Samples {
  const length = lengthOf(signal);
  return samples.subarray(window * length, (window + 1) * length);
}

/** All windows of sets of one signal and the same classes, one set after another. */
export function joinWindows(sets: readonly WindowSet[]): WindowSet {
  const [{ signal, classNames }] = sets as [WindowSet];
  const count = sets.reduce((sum, set) => sum + set.labels.length, 0);
  const joined: WindowSet = {
    signal,
    samples: samplesOf(signal, count * lengthOf(signal)),
    labels: new Uint8Array(count),
    groups: sets.flatMap((set) => set.groups),
    records: sets.flatMap((set) => set.records),
    times: new Float64Array(count),
    classNames,
  };
  let at = 0;
  for (const set of sets) {
    joined.samples.set(set.samples, at * lengthOf(signal));
    joined.labels.set(set.labels, at);
    joined.times.set(set.times, at);
    at += set.labels.length;
  }
  return joined;
}

/** Windows by index, in the order given; everything else of the set stays. */
export function selectWindows<T extends WindowSet>(set: T, indices: ArrayLike<number>): T {
  const chosen = Array.from(indices);
  const length = lengthOf(set.signal);
  const samples = samplesOf(set.signal, chosen.length * length);
  chosen.forEach((window, i) => {
    samples.set(windowAt(set, window), i * length);
  });
  return {
    ...set,
    samples,
    labels: Uint8Array.from(chosen, (i) => set.labels[i]!),
    groups: chosen.map((i) => set.groups[i]!),
    records: chosen.map((i) => set.records[i]!),
    times: Float64Array.from(chosen, (i) => set.times[i]!),
  };
}

/** Windows per class. */
export function countClasses(set: Pick<WindowSet, 'classNames' | 'labels'>): number[] {
  const counts = set.classNames.map(() => 0);
  for (const label of set.labels) counts[label]!++;
  return counts;
}

/**
 * Windows before a border in time, seconds since the start of their record, or behind it. Those that straddle it are in
 * neither, and counted.
 */
export function partInTime<T extends WindowSet>(
  set: T,
  part: 'before' | 'behind',
  border: number,
): { set: T; across: number } {
  const spans = Array.from(set.labels.keys(), (i) => spanOf(set, i));
  const all = [...spans.keys()];
  const before = all.filter((i) => spans[i]![1] <= border);
  const behind = all.filter((i) => spans[i]![0] >= border);
  return {
    set: selectWindows(set, part === 'before' ? before : behind),
    across: all.length - before.length - behind.length,
  };
}

/** Where two splits share what they must not: groups, unless `sameGroups`, records, and overlapping windows. */
export function leaksBetween(first: WindowSet, second: WindowSet, sameGroups = false): string[] {
  const leaks: string[] = [];
  const groups = new Set(first.groups);
  const shared = [...new Set(second.groups)].filter((group) => groups.has(group));
  if (!sameGroups && shared.length > 0) leaks.push(`group ${shared.join(', ')}`);
  const spans = new Map<string, [number, number][]>();
  first.records.forEach((record, i) => {
    const known = spans.get(record) ?? [];
    known.push(spanOf(first, i));
    spans.set(record, known);
  });
  for (const [i, record] of second.records.entries()) {
    const [from, to] = spanOf(second, i);
    const isInside = ([start, end]: [number, number]): boolean => (from < end && start < to) || from === start;
    if (spans.get(record)?.some(isInside)) {
      leaks.push(`record ${record} at ${from.toFixed(3)} s`);
      break;
    }
  }
  return leaks;
}
