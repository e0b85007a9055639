/**
 * UniMiB-SHAR (Micucci et al. 2017): nine activities and eight kinds of falls of 30 people, three seconds of a phone's
 * accelerometer at 50 Hz. MATLAB files: `acc_data.mat` has a window a row, x then y then z; `acc_labels.mat` class,
 * subject and trial.
 */
import { join } from 'node:path';
import * as json from '../../system/json.ts';
import type { DataSet, Request } from '../dataset.ts';
import { readMat } from '../formats/mat.ts';
import { accountOf, type Part, type Split } from '../part.ts';
import { lengthOf, samplesOf } from '../signal.ts';
import { motionSignalFault, quantized } from '../sliding.ts';
import { findFile, readFile } from '../wfdb/files.ts';

const RATE = 50; // Hz
/** Positions of a window of the files, with a peak of acceleration in the middle. */
const POSITIONS = 151;

/** In the order of the files, from 1. */
const LABELS = (
  'StandingUpFS StandingUpFL Walking Running GoingUpS Jumping GoingDownS LyingDownFS SittingDown FallingForw ' +
  'FallingRight FallingBack HittingObstacle FallingWithPS FallingBackSC Syncope FallingLeft'
).split(' ');

/** Of 1 to 30; all others are trained on. */
const VALIDATION = [5, 11, 19, 25];
const TEST = [3, 8, 14, 17, 22, 28];

const PLACES = ['', 'data', 'UniMiB-SHAR/data'];
const FILES = ['acc_data.mat', 'acc_labels.mat'] as const;

const placeOf = (folder: string): string | undefined =>
  PLACES.map((place) => join(folder, place)).find((place) => FILES.every((name) => findFile(place, name) !== null));

/** A matrix with so many columns, row by row. */
function matrixOf(place: string, file: (typeof FILES)[number], columns: number): ArrayLike<number> {
  const { bytes, path } = readFile(place, file, 'holds windows of UniMiB-SHAR');
  const name = file.slice(0, -'.mat'.length);
  const value = readMat(bytes, path).get(name);
  if (value?.kind !== 'numbers' || value.shape.length !== 2 || value.shape[1] !== columns)
    throw new Error(`${path}: expected a matrix "${name}" of ${columns} columns, got none; fetch it again`);
  return value.values;
}

function load(split: Split, { folder, signal }: Request): Part {
  const place = placeOf(folder);
  if (place === undefined)
    throw new Error(
      `unimib-shar: expected ${FILES.join(' and ')} in ${folder}, or in data/ there, got none; ` +
        'set HTPW_DATA to the folder that holds unimib-shar/',
    );
  const data = matrixOf(place, FILES[0], 3 * POSITIONS);
  const said = matrixOf(place, FILES[1], 3);
  const count = said.length / 3;
  if (data.length !== count * 3 * POSITIONS)
    throw new Error(`${place}: expected as many windows as labels, ${count}, got ${data.length / 3 / POSITIONS}`);
  const all = Array.from({ length: count }, (_, i) => {
    const [label, subject, trial] = [said[3 * i]!, said[3 * i + 1]!, said[3 * i + 2]!];
    if (LABELS[label - 1] === undefined)
      throw new Error(`${place}: window ${i + 1}: expected a class from 1 to ${LABELS.length}, got ${label}`);
    return { i, label: label - 1, subject, record: `${subject}/${LABELS[label - 1]}/${trial}/${i}` };
  });
  const isIn = (subject: number): boolean =>
    split === 'test'
      ? TEST.includes(subject)
      : split === 'validation'
        ? VALIDATION.includes(subject)
        : !TEST.includes(subject) && !VALIDATION.includes(subject);
  const chosen = all.filter(({ subject }) => isIn(subject));
  if (chosen.length === 0) throw new Error(`unimib-shar: no window of the ${split} split in ${place}; fetch it again`);
  const [, width] = signal.shape;
  const before = Math.floor((POSITIONS - width) / 2);
  const samples = samplesOf(signal, chosen.length * lengthOf(signal));
  chosen.forEach(({ i }, k) => {
    for (let p = 0; p < width; p++)
      for (let c = 0; c < 3; c++)
        samples[(k * width + p) * 3 + c] = quantized(data[(3 * i + c) * POSITIONS + before + p]!, signal);
  });
  const set = {
    signal,
    samples,
    labels: Uint8Array.from(chosen, ({ label }) => label),
    groups: chosen.map(({ subject }) => String(subject)),
    records: chosen.map(({ record }) => record),
    times: new Float64Array(chosen.length),
    classNames: LABELS,
  };
  return { ...set, account: accountOf(set, { data: 'unimib-shar', split, folder, unit: 'window' }) };
}

export const unimibShar: DataSet = {
  name: 'unimib-shar',
  title: 'UniMiB SHAR',
  licence: 'CC BY-NC-SA 4.0',
  citation: 'Micucci, Mobilio & Napoletano, Applied Sciences 7(10), 2017',
  files: [],
  about:
    `UniMiB-SHAR by subject: ${VALIDATION.join(' ')} for validation, ${TEST.join(' ')} for the test, all others for ` +
    'training.',
  unit: 'window',
  group: 'subject',
  labels: LABELS,
  splits: ['train', 'validation', 'test'],
  options: json.fields({}),
  isThere: (folder) => placeOf(folder) !== undefined,
  signalFault: (signal) =>
    motionSignalFault(signal, 3, RATE) ??
    (signal.shape[1] > POSITIONS ? ['shape', `at most ${POSITIONS} positions, as the files have`] : null),
  load,
};
