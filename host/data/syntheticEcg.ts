/**
 * Synthetic ECG with labelled ectopic beats, so that everything runs where no recordings are at hand.
 *
 * The dynamical model of McSharry, Clifford, Tarassenko & Smith (IEEE Trans. Biomed. Eng. 50(3), 2003; "ECGSYN"): a phase runs
 * around a cycle per beat, and each wave pulls the voltage z towards a Gaussian around its angle,
 *
 *   dz/dt = -omega sum_i a_i dtheta_i exp(-dtheta_i^2 / (2 b_i^2)) - (z - z0(t)),   z0: respiration.
 *
 * Two liberties: the phase is integrated on the limit cycle itself (the model's attractor), and the factor omega keeps a wave's
 * height when a beat comes early. Ectopic beats are our addition: other waves, early arrival, a pause after. They are caricatures,
 * easier than real ones: good for exercising the pipeline, not for judging a network.
 */

import {
  type BeatSet,
  CLASS_NAMES,
  cutWindows,
  joinBeatSets,
  type LabelledBeat,
  SAMPLE_RATE,
  selectBeats,
  WINDOW,
} from './beats.ts';
import type { Split } from './dataset.ts';
import { Random } from './random.ts';

/** Angle (rad), strength and width (rad) of one wave. */
type Wave = { angle: number; strength: number; width: number };
type Waves = Record<'p' | 'q' | 'r' | 's' | 't', Wave>;

interface Beat extends LabelledBeat {
  waves: Wave[];
}

const SECONDS = 400;
/** Integration steps per output sample. */
const STEPS = 4;
const ADC_PER_MILLIVOLT = 200;
const ADC_ZERO = 1024;
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

/** Share of S, V and F among all beats; arrival as a share of the normal interval. */
const ECTOPIC = [
  { label: CLASS_NAMES.indexOf('S'), share: 0.06, arrival: 0.66 },
  { label: CLASS_NAMES.indexOf('V'), share: 0.1, arrival: 0.62 },
  { label: CLASS_NAMES.indexOf('F'), share: 0.04, arrival: 0.88 },
];

const PATIENTS: Record<Split, number[]> = {
  train: [0, 1, 2, 3, 4, 5, 6, 7],
  later: [0, 1, 2, 3, 4, 5, 6, 7],
  validation: [8, 9, 10],
  test: [11, 12, 13, 14],
};
const TRAINED_SECONDS = 0.75 * SECONDS;

export function loadSynthetic(split: Split, seed: number): BeatSet {
  return joinBeatSets(
    PATIENTS[split].map((patient) => {
      const set = synthesizePatient(patient, seed);
      if (split !== 'train' && split !== 'later') return set;
      const reach = WINDOW / 2 / SAMPLE_RATE;
      const border = TRAINED_SECONDS;
      const wanted = (time: number): boolean => (split === 'train' ? time + reach <= border : time - reach >= border);
      return selectBeats(
        set,
        Array.from(set.labels.keys()).filter((i) => wanted(set.times[i]!)),
      );
    }),
  );
}

export function synthesizePatient(patient: number, seed: number): BeatSet {
  const { lead, beats } = synthesizeLead(patient, seed);
  return cutWindows(`synthetic${String(patient).padStart(2, '0')}`, lead, beats);
}

/** The whole recording that a patient's windows are cut from: ADC units at SAMPLE_RATE, and the beats in it. */
export function synthesizeLead(patient: number, seed: number): { lead: Int16Array; beats: LabelledBeat[] } {
  const random = new Random(seed, patient);
  const beats = rhythm(random);
  return { lead: voltage(beats, random), beats };
}

/** When beats come, of which class, with which waves. */
function rhythm(random: Random): Beat[] {
  const own = varied(NORMAL, 0.15, random);
  const ventricular = varied(VENTRICULAR, 0.15, random);
  const interval = random.uniform(0.65, 1.1);
  const respiration = random.uniform(0.02, 0.06);
  const beats: Beat[] = [];
  let time = 0.5;
  let pause = 0; // after an early beat the next one comes where it would have been
  while (time < SECONDS) {
    const ectopic = pause > 0 ? undefined : chooseEctopic(random.uniform());
    const regular = interval * (1 + respiration * Math.sin(2 * Math.PI * 0.25 * time) + 0.02 * random.normal());
    const arrival = ectopic ? ectopic.arrival * random.uniform(0.93, 1.07) : 1;
    time += regular * arrival + pause;
    pause = ectopic ? regular * (1 - arrival) : 0;
    const label = ectopic?.label ?? 0;
    beats.push({ time, label, waves: wavesOf(CLASS_NAMES[label]!, own, ventricular, random) });
  }
  return beats;
}

/** Maps [0, 1) to one of the ectopic kinds by its share, mostly to none. */
function chooseEctopic(draw: number): (typeof ECTOPIC)[number] | undefined {
  let below = 0;
  return ECTOPIC.find(({ share }) => {
    below += share;
    return draw < below;
  });
}

function wavesOf(name: (typeof CLASS_NAMES)[number], own: Waves, ventricular: Waves, random: Random): Wave[] {
  const shape = {
    N: own,
    S: { ...own, p: { ...own.p, strength: -0.6 * own.p.strength, angle: own.p.angle * 0.8 } },
    V: ventricular,
    F: blend(own, ventricular, random.uniform(0.35, 0.65)),
  }[name];
  return Object.values(varied(shape, 0.04, random));
}

function varied(waves: Waves, deviation: number, random: Random): Waves {
  const vary = ({ angle, strength, width }: Wave): Wave => ({
    angle,
    strength: strength * (1 + deviation * random.normal()),
    width: width * (1 + 0.5 * deviation * random.normal()),
  });
  return { p: vary(waves.p), q: vary(waves.q), r: vary(waves.r), s: vary(waves.s), t: vary(waves.t) };
}

/** Waves between those of two shapes; share 0 is the first. */
function blend(first: Waves, second: Waves, share: number): Waves {
  const mix = (a: number, b: number): number => a + share * (b - a);
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

/** Integrates z and gives ADC units at SAMPLE_RATE, with baseline wander and noise. */
function voltage(beats: readonly Beat[], random: Random): Int16Array {
  const noise = random.uniform(0.01, 0.04); // mV
  const lead = new Int16Array(SECONDS * SAMPLE_RATE);
  const step = 1 / (SAMPLE_RATE * STEPS);
  let z = 0;
  let current = 0;
  for (let i = 0; i < lead.length * STEPS; i++) {
    const time = i * step;
    while (current + 1 < beats.length && time > (beats[current]!.time + beats[current + 1]!.time) / 2) current++;
    const breath = 0.005 * Math.sin(2 * Math.PI * 0.25 * time);
    z += step * (pull(time, current, beats) - (z - breath));
    if (i % STEPS === 0) {
      const millivolts = MILLIVOLT_PER_Z * z + noise * random.normal();
      lead[i / STEPS] = ADC_ZERO + Math.round(ADC_PER_MILLIVOLT * millivolts);
    }
  }
  return lead;
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
