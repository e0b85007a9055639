/**
 * Speech Commands v2: 35 words of one second at 16 kHz by 2,618 speakers, and recordings of noise.
 *
 * `WORD/SPEAKER_nohash_N.wav`, split by `validation_list.txt` and `testing_list.txt` as distributed, or by the column
 * `official_split` of an `index.csv`. The label `silence` is for seconds of `_background_noise_/`, of which each file
 * is in one split.
 */
import { join } from 'node:path';
import * as json from '../../system/json.ts';
import type { DataSet, Request } from '../dataset.ts';
import { readWav } from '../formats/wav.ts';
import { accountOf, type Part, type Split } from '../part.ts';
import { resample } from '../resample.ts';
import { lengthOf, type Signal, samplesOf } from '../signal.ts';
import { quantized } from '../sliding.ts';
import { findFile, namesIn, readFile, readText } from '../wfdb/files.ts';

const RATE = 16_000; // Hz
const WORDS = (
  'yes no up down left right on off stop go zero one two three four five six seven eight nine bed bird cat dog happy ' +
  'house marvin sheila tree wow backward follow forward learn visual'
).split(' ');
const SILENCE = 'silence';
const LABELS = [...WORDS, SILENCE];

const NOISE = '_background_noise_';
/** Recordings of noise that are not trained on. */
const NOISE_SPLITS: Record<string, Split> = { 'running_tap.wav': 'test', 'exercise_bike.wav': 'validation' };

/** What a window is cut from. */
interface Clip {
  /** from the folder of the data set on */
  file: string;
  label: number;
  group: string;
  /** seconds into the file */
  start: number;
}

function load(split: Split, { folder, signal }: Request): Part {
  const splitOf = splitsIn(folder);
  const clips = [...wordsIn(folder).filter(({ file }) => splitOf(file) === split), ...noiseIn(folder, split)];
  if (clips.length === 0)
    throw new Error(
      `speech-commands: expected clips of the ${split} split in ${folder}, as yes/0a7c2a8d_nohash_0.wav, got none; ` +
        'set HTPW_DATA to the folder that holds speech-commands/',
    );
  const length = lengthOf(signal);
  const samples = samplesOf(signal, clips.length * length);
  const read = reader(folder, signal);
  clips.forEach((clip, i) => {
    const sound = read(clip.file);
    const from = Math.round(clip.start * signal.rate!);
    for (let p = 0; p < length; p++) samples[i * length + p] = quantized(sound[from + p] ?? 0, signal);
  });
  const set = {
    signal,
    samples,
    labels: Uint8Array.from(clips, ({ label }) => label),
    groups: clips.map(({ group }) => group),
    records: clips.map(({ file }) => file),
    times: Float64Array.from(clips, ({ start }) => start),
    classNames: LABELS,
  };
  const assumed =
    noiseIn(folder, split).length === 0 ? [`no recording of noise for ${split}: no window of silence`] : [];
  return { ...set, account: accountOf(set, { data: 'speech-commands', split, folder, unit: 'clip', assumed }) };
}

function wordsIn(folder: string): Clip[] {
  return WORDS.flatMap((word, label) =>
    namesIn(join(folder, word))
      .sort()
      .flatMap((name): Clip[] => {
        const [, speaker] = /^(\w+?)_nohash_\d+\.wav$/.exec(name) ?? [];
        return speaker === undefined ? [] : [{ file: `${word}/${name}`, label, group: speaker, start: 0 }];
      }),
  );
}

/** Seconds of noise, one behind another. */
function noiseIn(folder: string, split: Split): Clip[] {
  const names = namesIn(join(folder, NOISE)).filter((name) => name.endsWith('.wav'));
  return names
    .sort()
    .filter((name) => (NOISE_SPLITS[name] ?? 'train') === split)
    .flatMap((name) => {
      const file = `${NOISE}/${name}`;
      const { bytes, path } = readFile(folder, file, 'holds noise');
      const seconds = Math.floor(readWav(bytes, path).frames / RATE);
      return Array.from({ length: seconds }, (_, start) => ({
        file,
        label: LABELS.indexOf(SILENCE),
        group: name,
        start,
      }));
    });
}

/** Which split a clip is in. */
function splitsIn(folder: string): (file: string) => Split {
  const lists = findFile(folder, 'validation_list.txt') !== null;
  const splits = new Map<string, Split>();
  if (lists)
    for (const [name, split] of [
      ['validation_list.txt', 'validation'],
      ['testing_list.txt', 'test'],
    ] as const)
      for (const line of readText(folder, name, 'says how clips are split').text.split(/\r?\n/))
        splits.set(line.trim(), split);
  else if (findFile(folder, 'index.csv') !== null)
    for (const line of readText(folder, 'index.csv', 'says how clips are split').text.split(/\r?\n/)) {
      const [file = '', , , split = ''] = line.split(',');
      splits.set(file, { val: 'validation', test: 'test' }[split] as Split);
    }
  else
    throw new Error(
      `speech-commands: expected validation_list.txt and testing_list.txt in ${folder}, got neither; ` +
        'set HTPW_DATA to the folder that holds speech-commands/, or fetch them',
    );
  return (file) => splits.get(file) ?? 'train';
}

/** Sound of a file at the rate of the signal, full scale 1; the last one stays at hand. */
function reader(folder: string, { rate }: Signal): (file: string) => ArrayLike<number> {
  let last: { file: string; sound: ArrayLike<number> } | null = null;
  return (file) => {
    if (last?.file === file) return last.sound;
    const { bytes, path } = readFile(folder, file, 'holds a clip');
    const wav = readWav(bytes, path);
    if (wav.rate !== RATE)
      throw new Error(`${path}: expected ${RATE} Hz, as every clip has, got ${wav.rate}; fetch it again`);
    const [channel] = wav.channels as [Float32Array];
    const integers = channel.map((value) => value * 32_768); // the filter rounds to whole numbers
    const sound = rate === RATE ? channel : resample(integers, RATE, rate!).map((value) => value / 32_768);
    last = { file, sound };
    return sound;
  };
}

export const speechCommands: DataSet = {
  name: 'speech-commands',
  title: 'Speech Commands v2',
  licence: 'CC BY 4.0',
  citation: 'Warden, Speech Commands: A Dataset for Limited-Vocabulary Speech Recognition, arXiv 1804.03209, 2018',
  files: [
    {
      url: 'http://download.tensorflow.org/data/speech_commands_v0.02.tar.gz',
      path: 'speech_commands_v0.02.tar.gz',
      bytes: null,
      sha256: null,
    },
  ],
  about:
    'Speech Commands v2, by speaker: the official lists. Each recording of noise, of which silence is made, is in one ' +
    'split.',
  unit: 'clip',
  group: 'speaker',
  labels: LABELS,
  splits: ['train', 'validation', 'test'],
  options: json.fields({}),
  isThere: (folder) => ['validation_list.txt', 'index.csv'].some((name) => findFile(folder, name) !== null),
  signalFault: ({ shape: [height, , channels], type, rate, event }) => {
    if (height !== 1 || channels !== 1) return ['shape', 'one row and one channel, as the clips are mono'];
    if (type !== 'i16') return ['type', '"i16", as the clips are raw samples'];
    if (rate === null || rate < 1000 || rate > RATE) return ['rate', `1000 to ${RATE} samples a second`];
    return event === null ? null : ['event', 'null, as a label is about the whole clip'];
  },
  load,
};
