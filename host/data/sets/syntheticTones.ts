/**
 * Synthetic sounds in place of spoken words: a hum, the same twice, a whistle, a hiss. Every speaker has a pitch and a
 * colour of voice. So that what takes sound runs where no recordings are at hand.
 */
import * as json from '../../system/json.ts';
import { Random } from '../../system/random.ts';
import type { DataSet, Request } from '../dataset.ts';
import { accountOf, type Part, type Split } from '../part.ts';
import { lengthOf, type Signal } from '../signal.ts';
import { quantized } from '../sliding.ts';

const LABELS = ['hum', 'twice', 'whistle', 'hiss'] as const;
/** Clips of each word of each speaker. */
const TAKES = 20;
const LOUDNESS = 0.3; // of full scale, 1

/** Speakers from one number up to another. */
const SPEAKERS: Partial<Record<Split, [from: number, to: number]>> = {
  train: [0, 8],
  validation: [8, 11],
  test: [11, 15],
};

function load(split: Split, { signal, seed }: Request): Part {
  const [from, to] = SPEAKERS[split]!;
  const clips = Array.from({ length: (to - from) * LABELS.length * TAKES }, (_, i) => ({
    speaker: from + Math.floor(i / (LABELS.length * TAKES)),
    label: Math.floor(i / TAKES) % LABELS.length,
    take: i % TAKES,
  }));
  const length = lengthOf(signal);
  const samples = new Int16Array(clips.length * length);
  const voices = new Map(clips.map(({ speaker }) => [speaker, voiceOf(new Random(seed, speaker))]));
  clips.forEach(({ speaker, label, take }, i) => {
    const random = new Random(seed, 1000 * (speaker + 1) + 100 * label + take);
    samples.set(spoken(LABELS[label]!, voices.get(speaker)!, signal, random), i * length);
  });
  const set = {
    signal,
    samples,
    labels: Uint8Array.from(clips, ({ label }) => label),
    groups: clips.map(({ speaker }) => `speaker${speaker}`),
    records: clips.map(({ speaker, label, take }) => `${LABELS[label]}_speaker${speaker}_${take}`),
    times: new Float64Array(clips.length),
    classNames: LABELS,
  };
  return { ...set, account: accountOf(set, { data: 'synthetic-tones', split, folder: null, unit: 'clip' }) };
}

interface Voice {
  /** Hz */
  pitch: number;
  /** amplitude of each harmonic */
  harmonics: number[];
}

function voiceOf(random: Random): Voice {
  const harmonics = Array.from({ length: 5 }, (_, k) => random.uniform(0.3, 1) / (k + 1));
  return { pitch: random.uniform(90, 180), harmonics };
}

/** One clip: silence, the word, silence, and noise over all of it. */
function spoken(word: (typeof LABELS)[number], voice: Voice, signal: Signal, random: Random): Int16Array {
  const [length, rate] = [lengthOf(signal), signal.rate!];
  const [start, duration] = [random.uniform(0.02, 0.2) * length, random.uniform(0.5, 0.75) * length];
  const [loudness, noise] = [LOUDNESS * random.uniform(0.5, 1.5), random.uniform(0.002, 0.02)];
  const pitch = voice.pitch * (word === 'whistle' ? 4 : 1) * random.uniform(0.9, 1.1);
  let phase = 0;
  return Int16Array.from({ length }, (_, p) => {
    const at = (p - start) / duration;
    phase += (2 * Math.PI * pitch) / rate;
    const tone = sound(word, phase, voice, random);
    return quantized(loudness * envelope(word, at) * tone + noise * random.normal(), signal);
  });
}

/** A whistle has no overtones, a hiss no pitch. */
function sound(word: (typeof LABELS)[number], phase: number, { harmonics }: Voice, random: Random): number {
  if (word === 'hiss') return 0.5 * random.normal();
  if (word === 'whistle') return Math.sin(phase);
  return harmonics.reduce((sum, amplitude, k) => sum + amplitude * Math.sin((k + 1) * phase), 0);
}

/** 0 outside of the word; a word said twice has a pause in the middle. */
function envelope(word: (typeof LABELS)[number], at: number): number {
  if (at < 0 || at > 1) return 0;
  return word === 'twice' ? Math.max(0, Math.sin(3 * Math.PI * at)) : Math.sin(Math.PI * at);
}

export const syntheticTones: DataSet = {
  name: 'synthetic-tones',
  title: 'Synthetic tones',
  licence: 'Apache-2.0',
  citation: 'of this project',
  files: [],
  about: 'Synthetic tones in place of words: no figure here is about people. Speakers are in one split each.',
  unit: 'clip',
  group: 'speaker',
  labels: LABELS,
  splits: ['train', 'validation', 'test'],
  options: json.fields({}),
  isThere: () => true,
  signalFault: ({ shape: [height, , channels], type, rate, event }) => {
    if (height !== 1 || channels !== 1) return ['shape', 'one row and one channel, as these data are mono'];
    if (type !== 'i16') return ['type', '"i16", as these data are raw samples'];
    if (rate === null || rate < 2000) return ['rate', 'at least 2000 samples a second'];
    return event === null ? null : ['event', 'null, as a label is about the whole clip'];
  },
  load,
};
