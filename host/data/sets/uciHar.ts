/**
 * UCI HAR: 30 people, six activities, accelerometer and gyroscope of a phone at the waist, windows of 128 samples at
 * 50 Hz that overlap by half. Nine channels: body acceleration, gyroscope, total acceleration, each x, y and z.
 *
 * Read as distributed, from `UCI HAR Dataset/{train,test}/`, or packed, from `{train,test}.i16le.gz` and
 * `{train,test}_labels.u8.bin`: rows of int16 in units of 2.5e-4, without subjects.
 */
import { join } from 'node:path';
import * as json from '../../system/json.ts';
import type { DataSet, Request } from '../dataset.ts';
import { gunzip } from '../formats/inflate.ts';
import { accountOf, type LeftOut, type Part, type Split } from '../part.ts';
import { lengthOf, type Signal, samplesOf } from '../signal.ts';
import { motionSignalFault, quantized } from '../sliding.ts';
import { findFile, readFile, readText } from '../wfdb/files.ts';
import { selectWindows, type WindowSet } from '../windows.ts';

const LABELS = ['walking', 'upstairs', 'downstairs', 'sitting', 'standing', 'laying'] as const;
const [RATE, WIDTH, CHANNELS] = [50, 128, 9];
const UNIT = 2.5e-4; // of packed values, g or rad/s
const HOP_SECONDS = WIDTH / 2 / RATE;
const SIGNALS = ['body_acc', 'body_gyro', 'total_acc'].flatMap((name) =>
  ['x', 'y', 'z'].map((axis) => `${name}_${axis}`),
);

/** Of the 21 subjects of the official training set. */
const VALIDATION = ['27', '28', '29', '30'];

/** Packed rows follow one another; a block of them is trained on or validated on as a whole. */
const BLOCK = 100;
const isValidated = (block: number): boolean => block % 6 === 5;

const OFFICIAL = 'UCI HAR Dataset';

/** What a file of windows holds, before it is quantised. */
interface Rows {
  count: number;
  value(row: number, position: number, channel: number): number;
  labels: number[];
  groups: string[];
  records: string[];
  times: number[];
}

function load(split: Split, { folder, signal }: Request): Part {
  const half = split === 'test' ? 'test' : 'train';
  const isPacked = findFile(folder, `${OFFICIAL}/${half}`) === null;
  if (isPacked && findFile(folder, `${half}.i16le.gz`) === null)
    throw new Error(
      `uci-har: expected "${OFFICIAL}" or ${half}.i16le.gz in ${folder}, got neither; ` +
        'set HTPW_DATA to the folder that holds uci-har/',
    );
  const rows = isPacked ? packedRows(folder, half) : officialRows(join(folder, OFFICIAL), half);
  const all = windowsOf(rows, signal);
  const chosen = [...rows.labels.keys()].filter((row) => {
    if (split === 'test') return true;
    const inValidation = isPacked ? isValidated(Math.floor(row / BLOCK)) : VALIDATION.includes(rows.groups[row]!);
    return inValidation === (split === 'validation') && !(isPacked && overlapsOther(row));
  });
  const set = selectWindows(all, chosen);
  if (chosen.length === 0) throw new Error(`uci-har: no window of the ${split} split in ${folder}; fetch it again`);
  const border = isPacked && split !== 'test' ? rows.count - chosenOfBoth(rows.count) : 0;
  const leftOut: LeftOut = border > 0 ? { border } : {};
  const assumed = isPacked ? [`no subjects in ${folder}: blocks of ${BLOCK} windows stand for them`] : [];
  return { ...set, account: accountOf(set, { data: 'uci-har', split, folder, unit: 'window', leftOut, assumed }) };
}

/** The first row of a block that follows one of the other split: it shares half of its samples with the row before. */
const overlapsOther = (row: number): boolean => {
  const block = Math.floor(row / BLOCK);
  return row % BLOCK === 0 && block > 0 && isValidated(block) !== isValidated(block - 1);
};

const chosenOfBoth = (count: number): number =>
  Array.from({ length: count }, (_, row) => row).filter((row) => !overlapsOther(row)).length;

function windowsOf(rows: Rows, signal: Signal): WindowSet {
  const samples = samplesOf(signal, rows.count * lengthOf(signal));
  let at = 0;
  for (let row = 0; row < rows.count; row++)
    for (let p = 0; p < WIDTH; p++)
      for (let c = 0; c < CHANNELS; c++) samples[at++] = quantized(rows.value(row, p, c), signal);
  const { groups, records } = rows;
  const [labels, times] = [Uint8Array.from(rows.labels), Float64Array.from(rows.times)];
  return { signal, samples, labels, groups, records, times, classNames: LABELS };
}

function packedRows(folder: string, half: string): Rows {
  const { bytes, path } = readFile(folder, `${half}.i16le.gz`, 'holds the windows');
  const labels = readFile(folder, `${half}_labels.u8.bin`, 'holds the labels').bytes;
  const raw = gunzip(bytes, path);
  const count = raw.length / (2 * WIDTH * CHANNELS);
  if (count !== labels.length)
    throw new Error(`${path}: expected ${labels.length} windows, one a label, got ${count}; fetch both again`);
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  return {
    count,
    value: (row, p, c) => UNIT * view.getInt16(2 * ((row * WIDTH + p) * CHANNELS + c), true),
    labels: Array.from(labels, (label, row) => labelOf(label, `${half}_labels.u8.bin: window ${row + 1}`)),
    groups: Array.from(labels, (_, row) => `${half} rows ${BLOCK * Math.floor(row / BLOCK)} on`),
    records: Array.from(labels, () => `${half} rows`),
    times: Array.from(labels, (_, row) => row * HOP_SECONDS),
  };
}

function officialRows(folder: string, half: string): Rows {
  const columns = SIGNALS.map((name) => table(folder, `${half}/Inertial Signals/${name}_${half}.txt`, WIDTH));
  const subjects = table(folder, `${half}/subject_${half}.txt`, 1).map(([subject]) => String(subject));
  const labels = table(folder, `${half}/y_${half}.txt`, 1).map(([label]) => label!);
  const count = labels.length;
  const counts = [subjects.length, ...columns.map((rows) => rows.length)];
  if (counts.some((other) => other !== count))
    throw new Error(
      `${folder}/${half}: expected ${count} windows in every file, got ${counts.join(', ')}; fetch it again`,
    );
  const seen = new Map<string, number>();
  return {
    count,
    value: (row, p, c) => columns[c]![row]![p]!,
    labels: labels.map((label, row) => labelOf(label, `y_${half}.txt: line ${row + 1}`)),
    groups: subjects,
    records: subjects.map((subject) => `${half} subject ${subject}`),
    times: subjects.map((subject) => {
      const earlier = seen.get(subject) ?? 0;
      seen.set(subject, earlier + 1);
      return earlier * HOP_SECONDS;
    }),
  };
}

function labelOf(label: number, where: string): number {
  if (!Number.isInteger(label) || label < 1 || label > LABELS.length)
    throw new Error(`uci-har: ${where}: expected a label from 1 to ${LABELS.length}, got ${label}; fetch it again`);
  return label - 1;
}

/** Lines of numbers between blanks. */
function table(folder: string, name: string, width: number): number[][] {
  const { text, path } = readText(folder, name, 'is part of the data set');
  return text
    .trimEnd()
    .split('\n')
    .map((line, i) => {
      const row = line.trim().split(/\s+/).map(Number);
      if (row.length !== width || !row.every(Number.isFinite))
        throw new Error(
          `${path}: line ${i + 1}: expected ${width} numbers, got "${line.trim().slice(0, 40)}"; fetch it again`,
        );
      return row;
    });
}

export const uciHar: DataSet = {
  name: 'uci-har',
  title: 'Human Activity Recognition Using Smartphones 1.0',
  licence: 'CC BY 4.0',
  citation: 'Anguita, Ghio, Oneto, Parra & Reyes-Ortiz, ESANN 2013; doi 10.24432/C54S4K',
  files: [
    {
      url: 'https://archive.ics.uci.edu/static/public/240/human+activity+recognition+using+smartphones.zip',
      path: 'uci-har.zip',
      bytes: null,
      sha256: null,
    },
  ],
  about:
    `UCI HAR, by subject: the official test set, subjects ${VALIDATION.join(', ')} of the official training set for ` +
    'validation, all others for training. A packed copy without subjects is split in blocks of windows.',
  unit: 'window',
  group: 'subject',
  labels: LABELS,
  splits: ['train', 'validation', 'test'],
  options: json.fields({}),
  isThere: (folder) => ['train.i16le.gz', `${OFFICIAL}/train`].some((name) => findFile(folder, name) !== null),
  signalFault: (signal) =>
    motionSignalFault(signal, CHANNELS, RATE) ?? (signal.shape[1] === WIDTH ? null : ['shape', `${WIDTH} positions`]),
  load,
};
