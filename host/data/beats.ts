/**
 * From a continuous ECG lead to labelled windows, one per beat, for every data set of beats.
 *
 * Samples stay raw int16: the device's own STANDARDIZE makes the z-score. A window should show the beats before and
 * after, since prematurity is what tells S from N; the beat in question lies at its event.
 */
import type { LeftOut } from './part.ts';
import type { Signal } from './signal.ts';
import type { WindowSet } from './windows.ts';

/** What a sample of a window means, whatever the converter of a recording was: that of the MIT-BIH records. */
export const UNITS_PER_MILLIVOLT = 200;
export const MILLIVOLT_ZERO = 1024; // units at 0 mV

/** AAMI EC57 classes that are learned; Q (paced, unclassifiable) is left out, as usual with paced records excluded. */
export const BEAT_LABELS = ['N', 'S', 'V', 'F'] as const;

export interface LabelledBeat {
  time: number; // seconds
  label: number; // index into BEAT_LABELS
}

/** Windows of a data set of beats, and the annotated beats that gave none. */
export interface BeatWindows extends WindowSet {
  leftOut: LeftOut;
}

export const noneLeftOut = (): LeftOut => ({
  edge: 0,
  invalid: 0,
  outside: 0,
  otherLead: 0,
  unclassified: 0,
  border: 0,
});

/** What keeps a lead from being cut into such windows: the field of a task's input, and what was expected. */
export function beatSignalFault({ shape, type, scale, zeroPoint, rate, event }: Signal): [string, string] | null {
  const [height, , channels] = shape;
  if (height !== 1 || channels !== 1) return ['shape', 'one row and one channel, as these data have one lead'];
  if (type !== 'i16') return ['type', '"i16", as these data are raw samples'];
  if (Math.abs(scale * UNITS_PER_MILLIVOLT - 1) > 1e-9) return ['scale', `${1 / UNITS_PER_MILLIVOLT} mV a step`];
  if (zeroPoint !== 0) return ['zeroPoint', '0, as these data have int16 samples'];
  if (rate === null) return ['rate', 'samples a second, to which the lead is resampled'];
  if (event === null) return ['event', 'the position of the beat in its window'];
  return null;
}

/** Of whom a lead is, and which record. */
interface Source {
  record: string;
  group: string;
}

/**
 * Windows of one record: `lead` at the rate of the signal, whole units inside int16, NaN where the recording has no
 * sample.
 */
export function cutBeats(
  { record, group }: Source,
  lead: Int16Array | Float64Array,
  beats: readonly LabelledBeat[],
  signal: Signal,
): BeatWindows {
  const [, width] = signal.shape;
  const [rate, at] = [signal.rate!, signal.event!.at]; // beatSignalFault
  const leftOut = noneLeftOut();
  const starts = beats.map((beat) => Math.round(beat.time * rate) - at);
  const whole = [...beats.keys()].filter((beat) => {
    const reason = reasonAgainst(lead, beats[beat]!.time * rate, starts[beat]!, width);
    if (reason) leftOut[reason]!++;
    return reason === null;
  });
  const samples = new Int16Array(whole.length * width);
  whole.forEach((beat, i) => {
    samples.set(lead.subarray(starts[beat]!, starts[beat]! + width), i * width);
  });
  return {
    signal,
    samples,
    labels: Uint8Array.from(whole, (i) => beats[i]!.label),
    groups: whole.map(() => group),
    records: whole.map(() => record),
    times: Float64Array.from(whole, (i) => beats[i]!.time),
    classNames: BEAT_LABELS,
    leftOut,
  };
}

/** Of a beat, in samples of the lead, and its window from `start` on. */
function reasonAgainst(lead: Int16Array | Float64Array, beat: number, start: number, width: number): string | null {
  if (beat < 0 || beat >= lead.length) return 'outside';
  if (start < 0 || start + width > lead.length) return 'edge';
  for (let i = start; i < start + width; i++) if (Number.isNaN(lead[i])) return 'invalid';
  return null;
}
