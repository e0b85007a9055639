/**
 * Synthetic ECG with labelled ectopic beats, so that everything runs where no recordings are at hand.
 *
 * The dynamical model of McSharry, Clifford, Tarassenko & Smith (IEEE Trans. Biomed. Eng. 50(3), 2003; "ECGSYN"): a
 * phase runs around a cycle per beat, and each wave pulls the voltage z towards a Gaussian around its angle,
 *
 *   dz/dt = -omega sum_i a_i dtheta_i exp(-dtheta_i^2 / (2 b_i^2)) - (z - z0(t)),   z0: respiration.
 *
 * Two liberties: the phase is integrated on the limit cycle itself (the model's attractor), and the factor omega keeps
 * a wave's height when a beat comes early. Ectopic beats are our addition: other waves, early arrival, a pause after.
 *
 * AT_REST gives caricatures that every network tells apart: for trying a pipeline, not for judging a network.
 * AMBULATORY is hard enough to rank networks: hearts differ, classes overlap, electrodes are noisy. No figure of either
 * is about people.
 */

import * as json from '../../system/json.ts';
import { Random } from '../../system/random.ts';
import {
  BEAT_LABELS,
  type BeatWindows,
  beatSignalFault,
  cutBeats,
  type LabelledBeat,
  MILLIVOLT_ZERO,
  noneLeftOut,
  UNITS_PER_MILLIVOLT,
} from '../beats.ts';
import type { DataSet, Request } from '../dataset.ts';
import { accountOf, addLeftOut, type Part, type Split } from '../part.ts';
import type { Signal } from '../signal.ts';
import { joinWindows, partInTime } from '../windows.ts';

/** Angle (rad), strength and width (rad) of one wave. */
type Wave = { angle: number; strength: number; width: number };
type Waves = Record<'p' | 'q' | 'r' | 's' | 't', Wave>;

interface Beat extends LabelledBeat {
  waves: Wave[];
}

/** Values are drawn evenly between the two. */
type Range = readonly [low: number, high: number];

/** Which hearts there are, how much their beats vary, and what the electrodes add. */
interface Conditions {
  /** first letters of the record names */
  name: string;
  /** train and later share theirs */
  patients: Record<Exclude<Split, 'later'>, number>;
  /** relative deviation of the waves from heart to heart, and from beat to beat */
  variation: { hearts: number; beats: number };
  /** relative deviation of the interval from beat to beat, on top of respiration */
  jitter: number;
  /** share of S, V and F among beats that may be ectopic; arrival in normal intervals, times a draw of the spread */
  ectopic: { label: number; share: number; arrival: number; spread: Range }[];
  /** P wave of S beats, in the strength of the heart's own */
  ectopicP: Range;
  /** how ventricular the waves of V and of F beats are, from 0 (normal) to 1 */
  ventricularShare: { v: Range; f: Range };
  /** deviation of the noise, mV */
  noise: Range;
  /** amplitude of each of the two sines that the baseline wanders by, mV */
  wander: Range;
}

const SECONDS = 400;
/** Integration steps per output sample. */
const STEPS = 4;
const MILLIVOLT_PER_Z = 4;

const degrees = (angle: number): number => (angle * Math.PI) / 180;

/** Table I of the paper. */
const NORMAL: Waves = {
  p: { angle: degrees(-70), strength: 1.2, width: 0.25 },
  q: { angle: degrees(-15), strength: -5, width: 0.1 },
  r: { angle: 0, strength: 30, width: 0.1 },
  s: { angle: degrees(15), strength: -7.5, width: 0.1 },
  t: { angle: degrees(100), strength: 0.75, width: 0.4 },
};

/** Starts in a ventricle: no P, a wide QRS, T against it. */
const VENTRICULAR: Waves = {
  p: { angle: degrees(-70), strength: 0, width: 0.25 },
  q: { angle: degrees(-25), strength: -1.5, width: 0.2 },
  r: { angle: 0, strength: 6.5, width: 0.27 },
  s: { angle: degrees(35), strength: -2.5, width: 0.25 },
  t: { angle: degrees(110), strength: -0.9, width: 0.45 },
};

const [, S, V, F] = BEAT_LABELS.keys();

/** Its bytes are in committed test vectors: a change of any number or of the order of draws changes those. */
export const AT_REST: Conditions = {
  name: 'synthetic',
  patients: { train: 8, validation: 3, test: 4 },
  variation: { hearts: 0.15, beats: 0.04 },
  jitter: 0.02,
  ectopic: [
    { label: S!, share: 0.06, arrival: 0.66, spread: [0.93, 1.07] },
    { label: V!, share: 0.1, arrival: 0.62, spread: [0.93, 1.07] },
    { label: F!, share: 0.04, arrival: 0.88, spread: [0.93, 1.07] },
  ],
  ectopicP: [-0.6, -0.6],
  ventricularShare: { v: [1, 1], f: [0.35, 0.65] },
  noise: [0.01, 0.04],
  wander: [0, 0],
};

/** Chosen by training on it: docs/recordings.md says what networks reach. */
export const AMBULATORY: Conditions = {
  name: 'ambulatory',
  patients: { train: 16, validation: 6, test: 12 },
  variation: { hearts: 0.25, beats: 0.12 },
  jitter: 0.05,
  ectopic: [
    { label: S!, share: 0.08, arrival: 0.78, spread: [0.85, 1.15] },
    { label: V!, share: 0.1, arrival: 0.75, spread: [0.8, 1.3] },
    { label: F!, share: 0.05, arrival: 0.88, spread: [0.85, 1.15] },
  ],
  ectopicP: [-0.6, 0.6],
  ventricularShare: { v: [0.65, 1], f: [0.25, 0.7] },
  noise: [0.03, 0.12],
  wander: [0.05, 0.4],
};

const TRAINED_SECONDS = 0.75 * SECONDS;

/** Windows of a split of the data set `data`, patient by patient in time order. */
function load(data: string, split: Split, conditions: Conditions, { signal, seed }: Request): Part {
  const sets = patientsOf(split, conditions).map((patient) =>
    inSplit(synthesizePatient(patient, conditions, seed, signal), split),
  );
  const set = joinWindows(sets);
  const leftOut = sets.reduce((sum, one) => addLeftOut(sum, one.leftOut), noneLeftOut());
  return { ...set, account: accountOf(set, { data, split, folder: null, unit: 'beat', leftOut }) };
}

function inSplit(windows: BeatWindows, split: Split): BeatWindows {
  if (split !== 'train' && split !== 'later') return windows;
  const { set, across } = partInTime(windows, split === 'train' ? 'before' : 'behind', TRAINED_SECONDS);
  return { ...set, leftOut: addLeftOut(windows.leftOut, { border: across }) };
}

/** Numbers from 0: first those of train and later, then of validation, then of test. */
function patientsOf(split: Split, { patients: { train, validation, test } }: Conditions): number[] {
  const [from, count] = {
    train: [0, train],
    later: [0, train],
    validation: [train, validation],
    test: [train + validation, test],
  }[split] as [number, number];
  return Array.from({ length: count }, (_, i) => from + i);
}

function synthesizePatient(patient: number, conditions: Conditions, seed: number, signal: Signal): BeatWindows {
  const { lead, beats } = synthesizeLead(patient, conditions, seed, signal.rate!);
  const record = `${conditions.name}${String(patient).padStart(2, '0')}`;
  return cutBeats({ record, group: record }, lead, beats, signal);
}

/** The whole recording that a patient's windows are cut from: ADC units at `rate` Hz, and the beats in it. */
export function synthesizeLead(
  patient: number,
  conditions: Conditions,
  seed: number,
  rate: number,
): { lead: Int16Array; beats: LabelledBeat[] } {
  const random = new Random(seed, patient);
  const beats = rhythm(conditions, random);
  return { lead: voltage(beats, conditions, random, rate), beats: beats.filter(({ time }) => time < SECONDS) };
}

/** Even between the two; a range of one value takes no number from the generator. */
function draw([low, high]: Range, random: Random): number {
  return low === high ? low : random.uniform(low, high);
}

/** When beats come, of which class, with which waves. */
function rhythm(conditions: Conditions, random: Random): Beat[] {
  const { variation, jitter, ectopic: kinds } = conditions;
  const own = varied(NORMAL, variation.hearts, random);
  const ventricular = varied(VENTRICULAR, variation.hearts, random);
  const interval = random.uniform(0.65, 1.1);
  const respiration = random.uniform(0.02, 0.06);
  const beats: Beat[] = [];
  let time = 0.5;
  let pause = 0; // after an early beat the next one comes where it would have been
  while (time < SECONDS) {
    const ectopic = pause > 0 ? undefined : chooseEctopic(kinds, random.uniform());
    const regular = interval * (1 + respiration * Math.sin(2 * Math.PI * 0.25 * time) + jitter * random.normal());
    const arrival = ectopic ? ectopic.arrival * draw(ectopic.spread, random) : 1;
    time += regular * arrival + pause;
    pause = ectopic ? Math.max(0, regular * (1 - arrival)) : 0;
    const label = ectopic?.label ?? 0;
    const shape = shapeOf(BEAT_LABELS[label]!, own, ventricular, conditions, random);
    beats.push({ time, label, waves: Object.values(varied(shape, variation.beats, random)) });
  }
  return beats;
}

/** Maps [0, 1) to one of the ectopic kinds by its share, mostly to none. */
function chooseEctopic(kinds: Conditions['ectopic'], chance: number): Conditions['ectopic'][number] | undefined {
  let below = 0;
  return kinds.find(({ share }) => {
    below += share;
    return chance < below;
  });
}

/** The share of F is drawn for every beat, whatever its class: AT_REST's bytes rest on it. */
function shapeOf(
  name: (typeof BEAT_LABELS)[number],
  own: Waves,
  ventricular: Waves,
  { ectopicP, ventricularShare }: Conditions,
  random: Random,
): Waves {
  const fused = blend(own, ventricular, draw(ventricularShare.f, random));
  if (name === 'F') return fused;
  if (name === 'V') return blend(own, ventricular, draw(ventricularShare.v, random));
  if (name === 'N') return own;
  const p = { ...own.p, strength: draw(ectopicP, random) * own.p.strength, angle: own.p.angle * 0.8 };
  return { ...own, p };
}

function varied(waves: Waves, deviation: number, random: Random): Waves {
  const vary = ({ angle, strength, width }: Wave): Wave => ({
    angle,
    strength: strength * (1 + deviation * random.normal()),
    width: width * (1 + 0.5 * deviation * random.normal()),
  });
  return { p: vary(waves.p), q: vary(waves.q), r: vary(waves.r), s: vary(waves.s), t: vary(waves.t) };
}

/** Waves between those of two shapes; share 0 is the first, 1 the second. */
function blend(first: Waves, second: Waves, share: number): Waves {
  const mix = (a: number, b: number): number => (share === 1 ? b : a + share * (b - a));
  const wave = (a: Wave, b: Wave): Wave => ({
    angle: mix(a.angle, b.angle),
    strength: mix(a.strength, b.strength),
    width: mix(a.width, b.width),
  });
  return {
    p: wave(first.p, second.p),
    q: wave(first.q, second.q),
    r: wave(first.r, second.r),
    s: wave(first.s, second.s),
    t: wave(first.t, second.t),
  };
}

/** Integrates z and gives ADC units at `rate` Hz, with baseline wander and noise. */
function voltage(beats: readonly Beat[], conditions: Conditions, random: Random, rate: number): Int16Array {
  const noise = draw(conditions.noise, random);
  const wander = baseline(conditions.wander, random);
  const lead = new Int16Array(SECONDS * rate);
  const step = 1 / (rate * STEPS);
  let z = 0;
  let current = 0;
  for (let i = 0; i < lead.length * STEPS; i++) {
    const time = i * step;
    while (current + 1 < beats.length && time > (beats[current]!.time + beats[current + 1]!.time) / 2) current++;
    const breath = 0.005 * Math.sin(2 * Math.PI * 0.25 * time);
    z += step * (pull(time, current, beats) - (z - breath));
    if (i % STEPS === 0) {
      const millivolts = MILLIVOLT_PER_Z * z + wander(time) + noise * random.normal();
      lead[i / STEPS] = MILLIVOLT_ZERO + Math.round(UNITS_PER_MILLIVOLT * millivolts);
    }
  }
  return lead;
}

/** Millivolts over seconds: two sines of 0.1 to 0.6 Hz, as electrodes wander with breath and movement. */
function baseline(range: Range, random: Random): (time: number) => number {
  if (range[1] === 0) return () => 0;
  const sines = Array.from({ length: 2 }, () => ({
    amplitude: draw(range, random),
    frequency: random.uniform(0.1, 0.6),
    phase: random.uniform(0, 2 * Math.PI),
  }));
  return (time) =>
    sines.reduce((sum, { amplitude, frequency, phase }) => {
      return sum + amplitude * Math.sin(2 * Math.PI * frequency * time + phase);
    }, 0);
}

/** Sum over the waves. The phase is 0 at the beat and +-pi halfway to its neighbours. */
function pull(time: number, current: number, beats: readonly Beat[]): number {
  const beat = beats[current]!;
  const before = beat.time - (beats[current - 1]?.time ?? beat.time - 1);
  const after = (beats[current + 1]?.time ?? beat.time + 1) - beat.time;
  const omega = (2 * Math.PI) / (time < beat.time ? before : after);
  const phase = omega * (time - beat.time);
  let sum = 0;
  for (const { angle, strength, width } of beat.waves) {
    const difference = phase - angle;
    sum -= omega * strength * difference * Math.exp(-(difference * difference) / (2 * width * width));
  }
  return sum;
}

const described = (name: string, conditions: Conditions): DataSet => ({
  name,
  title: `Synthetic ECG, ${conditions === AT_REST ? 'at rest' : 'ambulatory'}`,
  licence: 'Apache-2.0',
  citation: 'McSharry, Clifford, Tarassenko & Smith, IEEE Trans. Biomed. Eng. 50(3), 2003',
  files: [],
  about:
    'Synthetic ECG of a dynamical model (McSharry, Clifford, Tarassenko & Smith 2003): no figure here is about people.',
  unit: 'beat',
  group: 'patient',
  labels: BEAT_LABELS,
  splits: ['train', 'later', 'validation', 'test'],
  options: json.fields({}),
  isThere: () => true,
  signalFault: (signal) =>
    beatSignalFault(signal) ??
    (Number.isInteger(signal.rate) ? null : ['rate', 'a whole number of samples a second, as these data are made']),
  load: (split, request) => load(name, split, conditions, request),
});

/** Hard enough to rank networks. */
export const synthetic = described('synthetic', AMBULATORY);
/** Every network gets it right: for trying out a pipeline. */
export const syntheticEasy = described('synthetic-easy', AT_REST);
