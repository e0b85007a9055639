/**
 * Free Spoken Digit Dataset: ten digits at 8 kHz, 50 takes of each by six speakers.
 *
 * Clips are `recordings/DIGIT_SPEAKER_TAKE.wav`, as distributed, or packed in `recordings.i16le.gz`, int16 one after
 * another, with `index.csv` that says which is where.
 */
import { join } from 'node:path';
import * as json from '../../system/json.ts';
import type { DataSet, Request } from '../dataset.ts';
import { gunzip } from '../formats/inflate.ts';
import { readWav } from '../formats/wav.ts';
import { accountOf, type LeftOut, type Part, type Split } from '../part.ts';
import { resample } from '../resample.ts';
import { lengthOf, type Signal, samplesOf } from '../signal.ts';
import { quantized } from '../sliding.ts';
import { findFile, namesIn, readFile, readText } from '../wfdb/files.ts';

const RATE = 8000; // Hz
const LABELS = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'] as const;
const FULL_SCALE = 32768;

/** Speakers that are not trained on. */
const VALIDATION = ['nicolas'];
const TEST = ['lucas', 'yweweler'];

/** Takes by which clips are split where speakers may be in every split: the official test takes are 0 to 4. */
const VALIDATED_TAKES = [5, 9] as const;
const TESTED_TAKES = [0, 4] as const;

interface Clip {
  file: string;
  digit: number;
  speaker: string;
  take: number;
}

const NAME = /^(\d)_(\w+?)_(\d+)\.wav$/;

function clipOf(file: string): Clip | null {
  const [, digit, speaker, take] = NAME.exec(file) ?? [];
  return speaker === undefined ? null : { file, digit: Number(digit), speaker, take: Number(take) };
}

function load(split: Split, { folder, signal, options }: Request): Part {
  const { clips, samplesOfClip } = findFile(folder, 'recordings.i16le.gz') ? packed(folder) : recordings(folder);
  if (clips.length === 0)
    throw new Error(
      `fsdd: expected clips in ${folder}, as recordings/0_george_0.wav, got none; ` +
        'set HTPW_DATA to the folder that holds fsdd/',
    );
  const splitOf = options.by === 'take' ? splitByTake : splitBySpeaker;
  const chosen = clips.filter((clip) => splitOf(clip) === split);
  if (chosen.length === 0) throw new Error(`fsdd: no clip of the ${split} split in ${folder}; add its speakers`);
  const length = lengthOf(signal);
  const samples = samplesOf(signal, chosen.length * length);
  let long = 0;
  chosen.forEach((clip, i) => {
    const sound = resampled(samplesOfClip(clip), signal);
    if (sound.length > length) long++;
    samples.set(centred(sound, signal), i * length);
  });
  const set = {
    signal,
    samples,
    labels: Uint8Array.from(chosen, ({ digit }) => digit),
    groups: chosen.map(({ speaker }) => speaker),
    records: chosen.map(({ file }) => file),
    times: new Float64Array(chosen.length),
    classNames: LABELS,
  };
  const leftOut: LeftOut = {};
  const assumed = long > 0 ? [`${long} clips longer than a window: their middle was taken`] : [];
  return { ...set, account: accountOf(set, { data: 'fsdd', split, folder, unit: 'clip', leftOut, assumed }) };
}

const splitBySpeaker = ({ speaker }: Clip): Split =>
  TEST.includes(speaker) ? 'test' : VALIDATION.includes(speaker) ? 'validation' : 'train';

function splitByTake({ take }: Clip): Split {
  if (take >= TESTED_TAKES[0] && take <= TESTED_TAKES[1]) return 'test';
  return take >= VALIDATED_TAKES[0] && take <= VALIDATED_TAKES[1] ? 'validation' : 'train';
}

interface Clips {
  clips: Clip[];
  /** int16 at RATE */
  samplesOfClip(clip: Clip): ArrayLike<number>;
}

function recordings(folder: string): Clips {
  const clips = namesIn(join(folder, 'recordings'))
    .sort()
    .flatMap((name) => clipOf(name) ?? []);
  return {
    clips,
    samplesOfClip({ file }) {
      const { bytes, path } = readFile(folder, `recordings/${file}`, 'holds a clip');
      const { channels, rate } = readWav(bytes, path);
      if (rate !== RATE)
        throw new Error(`${path}: expected ${RATE} Hz, as every clip has, got ${rate}; fetch it again`);
      return channels[0]!.map((value) => value * FULL_SCALE);
    },
  };
}

function packed(folder: string): Clips {
  const { bytes, path } = readFile(folder, 'recordings.i16le.gz', 'holds the clips');
  const raw = gunzip(bytes, path);
  const all = new Int16Array(raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.length - (raw.length % 2)));
  const { text } = readText(folder, 'index.csv', 'says which clip is where');
  const places = new Map<string, [number, number]>();
  const clips = text.split(/\r?\n/).flatMap((line) => {
    const [file = '', , , , offset, samples] = line.split(',');
    const clip = clipOf(file);
    if (!clip) return [];
    const [from, count] = [Number(offset), Number(samples)];
    if (!(from >= 0 && count > 0 && from + count <= all.length))
      throw new Error(`${path}: expected ${file} at ${offset}, ${samples} samples long, got the end; fetch both again`);
    if (places.has(file))
      throw new Error(`${path}: expected ${file} once in index.csv, got it twice; fetch both again`);
    places.set(file, [from, count]);
    return [clip];
  });
  return {
    clips,
    samplesOfClip({ file }) {
      const [from, count] = places.get(file)!;
      return all.subarray(from, from + count);
    },
  };
}

const resampled = (samples: ArrayLike<number>, { rate }: Signal): ArrayLike<number> =>
  rate === RATE ? samples : resample(samples, RATE, rate!);

/** The clip in the middle of a window, silence round it; of a longer one, its middle. */
function centred(sound: ArrayLike<number>, signal: Signal): ReturnType<typeof samplesOf> {
  const length = lengthOf(signal);
  const before = Math.floor((length - sound.length) / 2);
  const window = samplesOf(signal, length);
  for (let p = 0; p < length; p++) window[p] = quantized((sound[p - before] ?? 0) / FULL_SCALE, signal);
  return window;
}

export const fsdd: DataSet = {
  name: 'fsdd',
  title: 'Free Spoken Digit Dataset 1.0',
  licence: 'CC BY-SA 4.0',
  citation: 'Jackson, Souza, Flaks, Pan, Nicolas & Thite, Free Spoken Digit Dataset 1.0.8, 2018',
  files: [
    {
      url: 'https://github.com/Jakobovski/free-spoken-digit-dataset/archive/refs/tags/v1.0.10.tar.gz',
      path: 'fsdd.tar.gz',
      bytes: null,
      sha256: null,
    },
  ],
  about:
    `Free Spoken Digit Dataset, by speaker: ${VALIDATION.join(', ')} for validation, ${TEST.join(' and ')} for the ` +
    'test, all others for training, as far as they are at hand.',
  unit: 'clip',
  group: 'speaker',
  labels: LABELS,
  splits: ['train', 'validation', 'test'],
  options: json.fields({ by: json.optional(json.oneOf(['speaker', 'take']), 'speaker') }),
  isThere: (folder) => ['recordings.i16le.gz', 'recordings'].some((name) => findFile(folder, name) !== null),
  signalFault: ({ shape: [height, , channels], type, rate, event }) => {
    if (height !== 1 || channels !== 1) return ['shape', 'one row and one channel, as the clips are mono'];
    if (type !== 'i16') return ['type', '"i16", as the clips are raw samples'];
    if (rate === null || rate < 1000 || rate > RATE) return ['rate', `1000 to ${RATE} samples a second`];
    return event === null ? null : ['event', 'null, as a label is about the whole clip'];
  },
  load,
};
