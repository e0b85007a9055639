/**
 * Synthetic accelerometer recordings of four activities, so that everything runs where no recordings are at hand:
 * gravity in a direction that depends on how the sensor is worn, and movements of a pace and vigour of the subject's
 * own. No figure of them is about people.
 */
import * as json from '../../system/json.ts';
import { Random } from '../../system/random.ts';
import type { DataSet, Request } from '../dataset.ts';
import { accountOf, addLeftOut, type LeftOut, type Part, type Split } from '../part.ts';
import { motionSignalFault, type Stretch, slide } from '../sliding.ts';
import { joinWindows, partInTime } from '../windows.ts';

const RATE = 25; // Hz
const SECONDS = 40; // of each activity
const GRAVITY = 1; // g
const LABELS = ['rest', 'walk', 'run', 'shake'] as const;

/** Steps or shakes a second, amplitude in g along and across gravity, share of the second harmonic. */
const MOVEMENTS: Record<(typeof LABELS)[number], { pace: number; along: number; across: number; second: number }> = {
  rest: { pace: 0, along: 0, across: 0, second: 0 },
  walk: { pace: 1.8, along: 0.25, across: 0.1, second: 0.5 },
  run: { pace: 2.7, along: 0.8, across: 0.25, second: 0.3 },
  shake: { pace: 4.5, along: 0.1, across: 0.6, second: 0.1 },
};

/** Subjects from one number up to another; train and later share theirs. */
const SUBJECTS: Record<Split, [from: number, to: number]> = {
  train: [0, 10],
  later: [0, 10],
  validation: [10, 13],
  test: [13, 18],
};
const TRAINED_SECONDS = 0.75 * SECONDS;

function load(split: Split, { signal, seed, options }: Request): Part {
  const [from, to] = SUBJECTS[split];
  const hop = options.hop as number;
  let leftOut: LeftOut = {};
  const sets = Array.from({ length: to - from }, (_, i) => from + i).flatMap((subject) =>
    stretchesOf(subject, seed).map((stretch) => {
      const all = slide(stretch, hop, signal, LABELS);
      if (split !== 'train' && split !== 'later') return all;
      const { set, across } = partInTime(all, split === 'train' ? 'before' : 'behind', TRAINED_SECONDS);
      leftOut = addLeftOut(leftOut, { border: across });
      return set;
    }),
  );
  const set = joinWindows(sets);
  return {
    ...set,
    account: accountOf(set, { data: 'synthetic-motion', split, folder: null, unit: 'window', leftOut }),
  };
}

/** One recording for each activity of a subject. */
function stretchesOf(subject: number, seed: number): Stretch[] {
  const random = new Random(seed, subject);
  const group = `subject${String(subject).padStart(2, '0')}`;
  const [down, side] = axes(random);
  const [pace, vigour] = [random.uniform(0.85, 1.15), random.uniform(0.7, 1.4)];
  return LABELS.map((name, label) => {
    const movement = MOVEMENTS[name];
    const values = moved(movement, movement.pace * pace, vigour, [down, side], random);
    return { record: `${group}-${name}`, group, label, start: 0, values };
  });
}

/** [positions][x, y, z] in g. */
function moved(
  { along, across, second }: (typeof MOVEMENTS)['rest'],
  pace: number,
  vigour: number,
  [down, side]: [number[], number[]],
  random: Random,
): Float64Array {
  const values = new Float64Array(SECONDS * RATE * 3);
  const [noise, lag] = [random.uniform(0.01, 0.04), random.uniform(0, 2 * Math.PI)];
  let phase = random.uniform(0, 2 * Math.PI);
  for (let p = 0; p < SECONDS * RATE; p++) {
    phase += ((2 * Math.PI * pace) / RATE) * (1 + 0.1 * random.normal()); // nobody steps like a clock
    const up = GRAVITY + vigour * along * (Math.sin(phase) + second * Math.sin(2 * phase));
    const sideways = vigour * across * Math.sin(phase / 2 + lag);
    for (let k = 0; k < 3; k++) values[3 * p + k] = up * down[k]! + sideways * side[k]! + noise * random.normal();
  }
  return values;
}

/** Two unit vectors at right angles: gravity, mostly along y as in a pocket, and a direction across it. */
function axes(random: Random): [number[], number[]] {
  const down = unit([0.4 * random.normal(), 1, 0.4 * random.normal()]);
  const any = [random.normal(), random.normal(), random.normal()];
  const part = any.reduce((sum, value, k) => sum + value * down[k]!, 0);
  return [down, unit(any.map((value, k) => value - part * down[k]!))];
}

function unit(vector: number[]): number[] {
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}

export const syntheticMotion: DataSet = {
  name: 'synthetic-motion',
  title: 'Synthetic accelerometer',
  licence: 'Apache-2.0',
  citation: 'of this project',
  files: [],
  about:
    'Synthetic accelerometer recordings of four activities: no figure here is about people. Ten subjects for training ' +
    '(the first three quarters of each recording), three for validation, five for the test.',
  unit: 'window',
  group: 'subject',
  labels: LABELS,
  splits: ['train', 'later', 'validation', 'test'],
  options: json.fields({ hop: json.optional(json.wholeNumber(1, 4096), 32) }),
  isThere: () => true,
  signalFault: (signal) => motionSignalFault(signal, 3, RATE),
  load,
};
