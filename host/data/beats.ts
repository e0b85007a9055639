/**
 * From a continuous lead to labelled windows, one per beat.
 *
 * A window is long enough (2.67 s) to show the beats before and after, since prematurity is what tells S from N; the beat in
 * question lies at its centre. Samples stay raw int16: the device's own STANDARDIZE makes the z-score.
 */

export const SAMPLE_RATE = 120; // Hz
export const WINDOW = 320; // samples
export const BEAT_POSITION = 160; // sample of the window at which the annotated beat lies

/** AAMI EC57 classes that are learned; Q (paced, unclassifiable) is left out, as usual with paced records excluded. */
export const CLASS_NAMES = ['N', 'S', 'V', 'F'] as const;

export interface BeatSet {
  /** [n][WINDOW] ADC units */
  samples: Int16Array;
  /** [n] index into classNames */
  labels: Uint8Array;
  /** [n] record that the beat is from */
  records: string[];
  /** [n] seconds since the start of the record */
  times: Float64Array;
  classNames: readonly string[];
  /** beats whose window would leave the record */
  dropped: number;
}

export interface LabelledBeat {
  time: number; // seconds
  label: number; // index into CLASS_NAMES
}

/** Windows of one record: lead at SAMPLE_RATE. */
export function cutWindows(record: string, lead: Int16Array, beats: readonly LabelledBeat[]): BeatSet {
  const starts = beats.map((beat) => Math.round(beat.time * SAMPLE_RATE) - BEAT_POSITION);
  const inside = beats.map((_, i) => i).filter((i) => starts[i]! >= 0 && starts[i]! + WINDOW <= lead.length);
  const samples = new Int16Array(inside.length * WINDOW);
  inside.forEach((beat, i) => {
    samples.set(lead.subarray(starts[beat]!, starts[beat]! + WINDOW), i * WINDOW);
  });
  return {
    samples,
    labels: Uint8Array.from(inside, (i) => beats[i]!.label),
    records: inside.map(() => record),
    times: Float64Array.from(inside, (i) => beats[i]!.time),
    classNames: CLASS_NAMES,
    dropped: beats.length - inside.length,
  };
}

export function joinBeatSets(sets: readonly BeatSet[]): BeatSet {
  const count = sets.reduce((sum, set) => sum + set.labels.length, 0);
  const joined: BeatSet = {
    samples: new Int16Array(count * WINDOW),
    labels: new Uint8Array(count),
    records: sets.flatMap((set) => set.records),
    times: new Float64Array(count),
    classNames: CLASS_NAMES,
    dropped: sets.reduce((sum, set) => sum + set.dropped, 0),
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

/** Beats by index, in the order given. */
export function selectBeats(set: BeatSet, indices: ArrayLike<number>): BeatSet {
  const chosen = Array.from(indices);
  const samples = new Int16Array(chosen.length * WINDOW);
  chosen.forEach((beat, i) => {
    samples.set(set.samples.subarray(beat * WINDOW, (beat + 1) * WINDOW), i * WINDOW);
  });
  return {
    samples,
    labels: Uint8Array.from(chosen, (i) => set.labels[i]!),
    records: chosen.map((i) => set.records[i]!),
    times: Float64Array.from(chosen, (i) => set.times[i]!),
    classNames: set.classNames,
    dropped: set.dropped,
  };
}

/** Beats per class. */
export function countClasses(set: BeatSet): number[] {
  const counts = set.classNames.map(() => 0);
  for (const label of set.labels) counts[label]!++;
  return counts;
}
