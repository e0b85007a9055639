/**
 * From a continuous lead to labelled windows, one per beat.
 *
 * A window is long enough (2.67 s) to show the beats before and after, since prematurity is what tells S from N; the
 * beat in question lies at its centre. Samples stay raw int16: the device's own STANDARDIZE makes the z-score.
 */

export const SAMPLE_RATE = 120; // Hz
export const WINDOW = 320; // samples
export const BEAT_POSITION = 160; // sample of the window at which the annotated beat lies

/** What a sample of a window means, whatever the converter of a recording was: that of the MIT-BIH records. */
export const UNITS_PER_MILLIVOLT = 200;
export const MILLIVOLT_ZERO = 1024; // units at 0 mV

/** AAMI EC57 classes that are learned; Q (paced, unclassifiable) is left out, as usual with paced records excluded. */
export const CLASS_NAMES = ['N', 'S', 'V', 'F'] as const;

/** Why an annotated beat gives no window. */
export const REASONS = {
  edge: 'too near an end of the record',
  invalid: 'with samples that the file marks as invalid',
  outside: 'annotated outside the record',
  otherLead: 'annotated on another lead',
  unclassified: 'of class Q or of a code without a class',
  border: 'across the border between train and later',
} as const;
export type Reason = keyof typeof REASONS;
export type LeftOut = Record<Reason, number>;

export interface BeatSet {
  /** [n][WINDOW] units of 1 / UNITS_PER_MILLIVOLT mV above -MILLIVOLT_ZERO of them */
  samples: Int16Array;
  /** [n] index into classNames */
  labels: Uint8Array;
  /** [n] record that the beat is from */
  records: string[];
  /** [n] seconds since the start of the record */
  times: Float64Array;
  classNames: readonly string[];
  /** annotated beats that gave no window */
  leftOut: LeftOut;
}

export interface LabelledBeat {
  time: number; // seconds
  label: number; // index into CLASS_NAMES
}

export const noneLeftOut = (): LeftOut => ({
  edge: 0,
  invalid: 0,
  outside: 0,
  otherLead: 0,
  unclassified: 0,
  border: 0,
});

/** Windows of one record: lead at SAMPLE_RATE, whole units inside int16, NaN where the recording has no sample. */
export function cutWindows(record: string, lead: Int16Array | Float64Array, beats: readonly LabelledBeat[]): BeatSet {
  const leftOut = noneLeftOut();
  const starts = beats.map((beat) => Math.round(beat.time * SAMPLE_RATE) - BEAT_POSITION);
  const whole = [...beats.keys()].filter((beat) => {
    const reason = reasonAgainst(lead, beats[beat]!.time * SAMPLE_RATE, starts[beat]!);
    if (reason) leftOut[reason]++;
    return reason === null;
  });
  const samples = new Int16Array(whole.length * WINDOW);
  whole.forEach((beat, i) => {
    samples.set(lead.subarray(starts[beat]!, starts[beat]! + WINDOW), i * WINDOW);
  });
  return {
    samples,
    labels: Uint8Array.from(whole, (i) => beats[i]!.label),
    records: whole.map(() => record),
    times: Float64Array.from(whole, (i) => beats[i]!.time),
    classNames: CLASS_NAMES,
    leftOut,
  };
}

/** Of a beat, in samples of the lead, and its window from `start` on. */
function reasonAgainst(lead: Int16Array | Float64Array, beat: number, start: number): Reason | null {
  if (beat < 0 || beat >= lead.length) return 'outside';
  if (start < 0 || start + WINDOW > lead.length) return 'edge';
  for (let i = start; i < start + WINDOW; i++) if (Number.isNaN(lead[i])) return 'invalid';
  return null;
}

export function joinBeatSets(sets: readonly BeatSet[]): BeatSet {
  const count = sets.reduce((sum, set) => sum + set.labels.length, 0);
  const joined: BeatSet = {
    samples: new Int16Array(count * WINDOW),
    labels: new Uint8Array(count),
    records: sets.flatMap((set) => set.records),
    times: new Float64Array(count),
    classNames: CLASS_NAMES,
    leftOut: sets.reduce((sum, set) => addLeftOut(sum, set.leftOut), noneLeftOut()),
  };
  let at = 0;
  for (const set of sets) {
    joined.samples.set(set.samples, at * WINDOW);
    joined.labels.set(set.labels, at);
    joined.times.set(set.times, at);
    at += set.labels.length;
  }
  return joined;
}

export function addLeftOut(first: LeftOut, second: Partial<LeftOut>): LeftOut {
  const sum = { ...first };
  for (const [reason, count] of Object.entries(second)) sum[reason as Reason] += count;
  return sum;
}

/** Beats by index, in the order given. */
export function selectBeats(set: BeatSet, indices: ArrayLike<number>): BeatSet {
  const chosen = Array.from(indices);
  const samples = new Int16Array(chosen.length * WINDOW);
  chosen.forEach((beat, i) => {
    samples.set(set.samples.subarray(beat * WINDOW, (beat + 1) * WINDOW), i * WINDOW);
  });
  return {
    ...set,
    samples,
    labels: Uint8Array.from(chosen, (i) => set.labels[i]!),
    records: chosen.map((i) => set.records[i]!),
    times: Float64Array.from(chosen, (i) => set.times[i]!),
  };
}

/**
 * `train` is what lies before the border, seconds since the start of the record, `later` what lies behind. Windows that
 * straddle it are in neither.
 */
export function partInTime(set: BeatSet, part: 'train' | 'later', border: number): BeatSet {
  const reach = WINDOW / 2 / SAMPLE_RATE;
  const before = (i: number): boolean => set.times[i]! + reach <= border;
  const behind = (i: number): boolean => set.times[i]! - reach >= border;
  const beats = Array.from(set.labels.keys());
  const across = beats.filter((i) => !before(i) && !behind(i)).length;
  const chosen = selectBeats(set, beats.filter(part === 'train' ? before : behind));
  return { ...chosen, leftOut: addLeftOut(set.leftOut, { border: across }) };
}

/** Beats per class. */
export function countClasses(set: BeatSet): number[] {
  const counts = set.classNames.map(() => 0);
  for (const label of set.labels) counts[label]!++;
  return counts;
}
