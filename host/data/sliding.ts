/** From a continuous recording of several channels to windows that follow one another, for data sets of activities. */
import type { LeftOut } from './part.ts';
import { lengthOf, type Signal, samplesOf } from './signal.ts';
import type { WindowSet } from './windows.ts';

/** A stretch of a recording in which one thing goes on. */
export interface Stretch {
  record: string;
  group: string;
  /** index into the labels of the data set */
  label: number;
  /** seconds since the start of the record */
  start: number;
  /** [positions][channels], real values in the unit of the signal */
  values: ArrayLike<number>;
}

/** Integers of a signal: rounded, and as far from zero as its type goes. */
export function quantized(value: number, { scale, zeroPoint, type }: Signal): number {
  const most = type === 'i8' ? 127 : 32767;
  return Math.min(Math.max(Math.round(value / scale) + zeroPoint, -most - 1), most);
}

/** Windows of the width of the signal, each `hop` positions behind the one before. */
export function slide(stretch: Stretch, hop: number, signal: Signal, classNames: readonly string[]): WindowSet {
  const [, width, channels] = signal.shape;
  const positions = Math.floor(stretch.values.length / channels);
  const count = positions < width ? 0 : Math.floor((positions - width) / hop) + 1;
  const samples = samplesOf(signal, count * lengthOf(signal));
  for (let window = 0; window < count; window++)
    for (let i = 0; i < width * channels; i++)
      samples[window * width * channels + i] = quantized(stretch.values[window * hop * channels + i]!, signal);
  return {
    signal,
    samples,
    labels: new Uint8Array(count).fill(stretch.label),
    groups: Array(count).fill(stretch.group),
    records: Array(count).fill(stretch.record),
    times: Float64Array.from({ length: count }, (_, window) => stretch.start + (window * hop) / signal.rate!),
    classNames,
  };
}

/** Stretches that are shorter than a window, as an account says. */
export const shortOf = (stretches: readonly Stretch[], { shape: [, width, channels] }: Signal): LeftOut => ({
  short: stretches.filter(({ values }) => values.length < width * channels).length,
});

/** What keeps recordings of `channels` at `rate` Hz, as they are, from being cut into such windows. */
export function motionSignalFault(signal: Signal, channels: number, rate: number): [string, string] | null {
  const [height, , got] = signal.shape;
  if (height !== 1 || got !== channels) return ['shape', `one row and ${channels} channels`];
  if (signal.rate !== rate) return ['rate', `${rate}, as the recordings have`];
  if (signal.event !== null) return ['event', 'null, as a label is about the whole window'];
  return null;
}
