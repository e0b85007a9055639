/** What an auxiliary network learns from, is chosen by and is judged by: splits of a task, or raw inputs of a file. */
import type { Split } from '../data/part.ts';
import { lengthOf, type Signal, samplesOf } from '../data/signal.ts';
import { selectWindows, type WindowSet } from '../data/windows.ts';
import type { Port } from '../runtime/ports.ts';
import { Random } from '../system/random.ts';
import type { TaskData } from '../task/task.ts';

export interface Material {
  train: WindowSet;
  /** chooses the cut */
  validation: WindowSet;
  /** reports, and decides nothing, by name */
  judged: Record<string, WindowSet>;
  /** whether labels are those of somebody who knows, and not the answers of the whole network */
  labelled: boolean;
}

/** One training input in five of a file validates. */
const VALIDATES = 5;

/** Windows that a frozen trunk's auxiliary network learns from: more take long, and teach it little. */
export const MOST_WINDOWS = 6000;

/** The splits of a task: train and validation, and later and test where there are such. */
export function materialOf(data: TaskData, most: number, seed: number): Material {
  const load = (split: Split): WindowSet => data.load(split);
  const reported = (['later', 'test'] as const).filter((split) => data.set.splits.includes(split));
  return {
    train: thinned(load('train'), most, seed),
    validation: load('validation'),
    judged: Object.fromEntries(reported.map((split) => [split, load(split)])),
    labelled: true,
  };
}

/** At most so many windows, drawn at random, in their order. */
function thinned(set: WindowSet, most: number, seed: number): WindowSet {
  if (set.labels.length <= most) return set;
  const drawn = new Random(seed, 6).shuffle(Array.from(set.labels.keys())).slice(0, most);
  return selectWindows(
    set,
    drawn.sort((a, b) => a - b),
  );
}

/**
 * Raw inputs of a network and their classes, if they are known. Of those in `range` one in five validates and the others
 * teach; those outside judge. Throws RangeError for a range with too few.
 */
export function materialOfInputs(
  inputs: readonly Uint8Array[],
  port: Port,
  labels: ArrayLike<number> | null,
  classNames: readonly string[],
  [from, to]: [number, number],
): Material {
  if (to - from < 2 * VALIDATES)
    throw new RangeError(`expected at least ${2 * VALIDATES} inputs to learn from, got ${to - from}; give more`);
  const all = windowsOf(inputs, port, labels, classNames);
  const inside = Array.from({ length: to - from }, (_, i) => from + i);
  const outside = Array.from(inputs.keys()).filter((i) => i < from || i >= to);
  return {
    train: selectWindows(
      all,
      inside.filter((_, i) => i % VALIDATES !== 0),
    ),
    validation: selectWindows(
      all,
      inside.filter((_, i) => i % VALIDATES === 0),
    ),
    judged: outside.length > 0 ? { others: selectWindows(all, outside) } : {},
    labelled: labels !== null,
  };
}

function windowsOf(
  inputs: readonly Uint8Array[],
  { shape, type, scale, zeroPoint }: Port,
  labels: ArrayLike<number> | null,
  classNames: readonly string[],
): WindowSet {
  const signal: Signal = {
    name: 'input',
    shape,
    type: type === 'int16' ? 'i16' : 'i8',
    scale,
    zeroPoint,
    rate: null,
    event: null,
  };
  const samples = samplesOf(signal, inputs.length * lengthOf(signal));
  const bytes = new Uint8Array(samples.buffer);
  inputs.forEach((input, i) => {
    bytes.set(input, i * input.length);
  });
  const names = inputs.map((_, i) => String(i));
  return {
    signal,
    samples,
    labels: Uint8Array.from({ length: inputs.length }, (_, i) => labels?.[i] ?? 0),
    groups: names,
    records: names,
    times: new Float64Array(inputs.length),
    classNames,
  };
}
