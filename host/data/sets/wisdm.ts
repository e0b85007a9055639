/**
 * WISDM 2019: 51 people, 18 activities of three minutes each, the accelerometer of a phone at 20 Hz.
 *
 * A subject is read from `raw/phone/accel/data_NNNN_accel_phone.txt`, as distributed, with or without the folders
 * above it, or from `NNNN.i16le.gz` and `segments.csv`: int16 triples of x, y and z in mm/s^2, and where each activity
 * begins.
 */
import { join } from 'node:path';
import * as json from '../../system/json.ts';
import type { DataSet, Request } from '../dataset.ts';
import { gunzip } from '../formats/inflate.ts';
import { accountOf, addLeftOut, type Part, type Split } from '../part.ts';
import { motionSignalFault, type Stretch, shortOf, slide } from '../sliding.ts';
import { namesIn, readFile, readText } from '../wfdb/files.ts';
import { joinWindows, partInTime, type WindowSet } from '../windows.ts';

const RATE = 20; // Hz

/** By the letters of the database. */
const ACTIVITIES: Record<string, string> = {
  A: 'walking',
  B: 'jogging',
  C: 'stairs',
  D: 'sitting',
  E: 'standing',
  F: 'typing',
  G: 'teeth',
  H: 'soup',
  I: 'chips',
  J: 'pasta',
  K: 'drinking',
  L: 'sandwich',
  M: 'kicking',
  O: 'catch',
  P: 'dribbling',
  Q: 'writing',
  R: 'clapping',
  S: 'folding',
};
const LETTERS = Object.keys(ACTIVITIES);
const LABELS = Object.values(ACTIVITIES);

/** Of 1600 to 1650; all others are trained on. */
const VALIDATION = ['1607', '1616', '1626', '1636', '1644', '1649'];
const TEST = ['1603', '1608', '1613', '1619', '1623', '1628', '1631', '1634', '1637', '1640', '1645', '1650'];

/** Share of each activity of a training subject, in time, that is trained on; the rest is `later`. */
const TRAINED_SHARE = 0.7;

const PLACES = ['', 'raw/phone/accel', 'wisdm-dataset/raw/phone/accel'];
const TEXT = /^data_(\d{4})_accel_phone\.txt$/;
const PACKED = /^(\d{4})\.i16le\.gz$/;

/** Subject -> its file, from the folder of the data set on. */
function subjectsIn(folder: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const place of PLACES)
    for (const name of namesIn(join(folder, place)).sort()) {
      const subject = (TEXT.exec(name) ?? PACKED.exec(name))?.[1];
      if (subject !== undefined && !found.has(subject)) found.set(subject, join(place, name));
    }
  return found;
}

function load(split: Split, { folder, signal, options }: Request): Part {
  const present = subjectsIn(folder);
  if (present.size === 0)
    throw new Error(
      `wisdm: expected recordings in ${folder}, as raw/phone/accel/data_1600_accel_phone.txt, got none; ` +
        'set HTPW_DATA to the folder that holds wisdm/',
    );
  const isIn = (subject: string): boolean =>
    split === 'test'
      ? TEST.includes(subject)
      : split === 'validation'
        ? VALIDATION.includes(subject)
        : !TEST.includes(subject) && !VALIDATION.includes(subject);
  const subjects = [...present.keys()].filter(isIn).sort();
  const stretches = subjects.flatMap((subject) => stretchesOf(folder, subject, present.get(subject)!));
  if (stretches.length === 0)
    throw new Error(
      `wisdm: no subject of the ${split} split in ${folder}: got ${[...present.keys()].join(' ')}; add one`,
    );
  let leftOut = shortOf(stretches, signal);
  const sets = stretches.map((stretch): WindowSet => {
    const all = slide(stretch, options.hop as number, signal, LABELS);
    if (split !== 'train' && split !== 'later') return all;
    const border = stretch.start + (TRAINED_SHARE * stretch.values.length) / 3 / RATE;
    const { set, across } = partInTime(all, split === 'train' ? 'before' : 'behind', border);
    leftOut = addLeftOut(leftOut, { border: across });
    return set;
  });
  const set = joinWindows(sets);
  const absent = (split === 'test' ? TEST : split === 'validation' ? VALIDATION : []).filter(
    (one) => !present.has(one),
  );
  const account = accountOf(set, { data: 'wisdm', split, folder, unit: 'window', leftOut, records: subjects, absent });
  return { ...set, account };
}

/** One for each activity of a subject, in the order of the recording. */
const stretchesOf = (folder: string, subject: string, file: string): Stretch[] =>
  PACKED.test(file) ? packedStretches(folder, subject, file) : textStretches(folder, subject, file);

/** Lines are `1600,A,252207666810782,-0.36476135,8.793503,1.0550842;`. */
function textStretches(folder: string, subject: string, file: string): Stretch[] {
  const { text, path } = readText(folder, file, `holds subject ${subject}`);
  const runs: { letter: string; start: number; values: number[] }[] = [];
  text.split('\n').forEach((raw, i) => {
    const line = raw.trim().replace(/;$/, '');
    if (line === '') return;
    const [who, letter = '', , ...axes] = line.split(',');
    const values = axes.map(Number);
    if (who !== subject || !LETTERS.includes(letter) || values.length !== 3 || !values.every(Number.isFinite))
      throw new Error(
        `${path}: line ${i + 1}: expected "${subject},A,time,x,y,z;", got "${line.slice(0, 60)}"; fetch the file again`,
      );
    const run = runs.at(-1);
    if (run?.letter === letter) run.values.push(...values);
    else {
      const before = run ? run.start + run.values.length / 3 / RATE : 0;
      runs.push({ letter, start: before, values });
    }
  });
  return runs.map(({ letter, start, values }) => stretchOf(subject, letter, start, values));
}

function packedStretches(folder: string, subject: string, file: string): Stretch[] {
  const { bytes, path } = readFile(folder, file, `holds subject ${subject}`);
  const raw = gunzip(bytes, path);
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const { text } = readText(folder, 'segments.csv', `says what subject ${subject} does when`);
  const segments = text.split(/\r?\n/).map((line) => line.split(','));
  return segments
    .filter(([who]) => who === subject)
    .map(([, letter = '', offset, samples]) => {
      const [first, count] = [Number(offset), Number(samples)];
      if (!LETTERS.includes(letter) || !(first >= 0 && count > 0 && 6 * (first + count) <= raw.length))
        throw new Error(
          `${path}: expected activity "${letter}" of ${samples} samples from ${offset} on, got none; fetch it again`,
        );
      const values = Float64Array.from({ length: 3 * count }, (_, i) => view.getInt16(6 * first + 2 * i, true) / 1000);
      return stretchOf(subject, letter, first / RATE, values);
    });
}

const stretchOf = (subject: string, letter: string, start: number, values: ArrayLike<number>): Stretch => ({
  record: subject,
  group: subject,
  label: LETTERS.indexOf(letter),
  start,
  values,
});

export const wisdm: DataSet = {
  name: 'wisdm',
  title: 'WISDM Smartphone and Smartwatch Activity and Biometrics 2019',
  licence: 'CC BY 4.0',
  citation: 'Weiss, Yoneda & Hayajneh, IEEE Access 7, 2019; doi 10.24432/C5HK59',
  files: [
    {
      url:
        'https://archive.ics.uci.edu/static/public/507/' +
        'wisdm+smartphone+and+smartwatch+activity+and+biometrics+dataset.zip',
      path: 'wisdm-dataset.zip',
      bytes: null,
      sha256: null,
    },
  ],
  about:
    `WISDM 2019, accelerometer of the phone, by subject: ${VALIDATION.join(' ')} for validation, ${TEST.join(' ')} for ` +
    'the test, the first seven tenths of each activity of all others for training, as far as they are at hand.',
  unit: 'window',
  group: 'subject',
  labels: LABELS,
  splits: ['train', 'later', 'validation', 'test'],
  options: json.fields({ hop: json.optional(json.wholeNumber(1, 4096), 64) }),
  isThere: (folder) => subjectsIn(folder).size > 0,
  signalFault: (signal) => motionSignalFault(signal, 3, RATE),
  load,
};
