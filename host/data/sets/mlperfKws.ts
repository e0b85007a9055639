/**
 * MLPerf Tiny, keyword spotting: MFCC features of Speech Commands as the benchmark hands them in, int8, 49 frames of 10
 * coefficients. For judging a network of others; the files hold test clips only, and nobody says who speaks.
 *
 * One file a clip, `kws01/tst_000000_Stop_7.bin`, as distributed, or all of them in `kws01_mfcc_int8.bin` with
 * `kws01_labels.csv` that says which is which.
 */
import { join } from 'node:path';
import * as json from '../../system/json.ts';
import type { DataSet, Request } from '../dataset.ts';
import { accountOf, type Part, type Split } from '../part.ts';
import { findFile, namesIn, readFile, readText } from '../wfdb/files.ts';

const SHAPE = [49, 10, 1] as const;
const BYTES = SHAPE[0] * SHAPE[1];

/** In the order of the benchmark. */
const LABELS = 'down go left no off on right stop up yes silence unknown'.split(' ');

const [PACKED, INDEX, PLACE] = ['kws01_mfcc_int8.bin', 'kws01_labels.csv', 'kws01'];
const CLIP = /^tst_\d+_\w+?_(\d+)\.bin$/;

interface Clip {
  file: string;
  label: number;
  features: Int8Array;
}

const clipFiles = (folder: string): string[] =>
  namesIn(join(folder, PLACE))
    .filter((name) => CLIP.test(name))
    .sort();

const int8 = (bytes: Uint8Array): Int8Array => Int8Array.from(bytes, (byte) => (byte << 24) >> 24);

/** Throws for a class that the benchmark does not have. */
function labelOf(text: string | undefined, where: string): number {
  const label = Number(text);
  if (LABELS[label] === undefined)
    throw new Error(`${where}: expected a class below ${LABELS.length}, got "${text}"; fetch it again`);
  return label;
}

function singleClips(folder: string): Clip[] {
  return clipFiles(folder).map((file) => {
    const { bytes, path } = readFile(join(folder, PLACE), file, 'holds features');
    if (bytes.length !== BYTES)
      throw new Error(`${path}: expected ${BYTES} bytes of features, got ${bytes.length}; fetch it again`);
    return { file, label: labelOf(CLIP.exec(file)![1], path), features: int8(bytes) };
  });
}

function packedClips(folder: string): Clip[] {
  const { bytes, path } = readFile(folder, PACKED, 'holds features');
  const { text, path: index } = readText(folder, INDEX, `says what ${PACKED} holds`);
  const rows = text
    .split(/\r?\n/)
    .map((line) => line.split(','))
    .filter(([number]) => /^\d+$/.test(number!));
  if (bytes.length !== rows.length * BYTES)
    throw new Error(`${path}: expected ${BYTES} bytes for each of ${rows.length} clips, got ${bytes.length}`);
  return rows.map(([, file = '', label], i) => ({
    file,
    label: labelOf(label, `${index}: ${file}`),
    features: int8(bytes.subarray(i * BYTES, (i + 1) * BYTES)),
  }));
}

function load(split: Split, { folder, signal }: Request): Part {
  const clips = findFile(folder, PACKED) === null ? singleClips(folder) : packedClips(folder);
  if (clips.length === 0)
    throw new Error(
      `mlperf-tiny: expected features in ${folder}, as ${PLACE}/tst_000000_Stop_7.bin, got none; ` +
        'set HTPW_DATA to the folder that holds mlperf-tiny/',
    );
  const samples = new Int8Array(clips.length * BYTES);
  clips.forEach(({ features }, i) => {
    samples.set(features, i * BYTES);
  });
  const set = {
    signal,
    samples,
    labels: Uint8Array.from(clips, ({ label }) => label),
    groups: clips.map(({ file }) => file),
    records: clips.map(({ file }) => file),
    times: new Float64Array(clips.length),
    classNames: LABELS,
  };
  return { ...set, account: accountOf(set, { data: 'mlperf-tiny', split, folder, unit: 'clip' }) };
}

export const mlperfKws: DataSet = {
  name: 'mlperf-tiny',
  title: 'MLPerf Tiny, features of keywords',
  licence: '(c) EEMBC, no other licence named; the sound is CC BY 4.0',
  citation: 'Banbury et al., MLPerf Tiny Benchmark, NeurIPS 2021; Warden 2018',
  files: [],
  about: 'MLPerf Tiny, keyword spotting: the test clips of the benchmark. There is nothing to train on.',
  unit: 'clip',
  group: 'clip',
  labels: LABELS,
  splits: ['test'],
  options: json.fields({}),
  isThere: (folder) => findFile(folder, PACKED) !== null || clipFiles(folder).length > 0,
  signalFault: ({ shape, type, rate, event }) => {
    if (String(shape) !== String(SHAPE)) return ['shape', `${JSON.stringify(SHAPE)}, as the features have`];
    if (type !== 'i8') return ['type', '"i8", as the features are'];
    if (rate !== null) return ['rate', 'none, as frames are rows'];
    return event === null ? null : ['event', 'null, as a label is about the whole clip'];
  },
  load,
};
