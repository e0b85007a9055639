/**
 * Apnea-ECG (Penzel et al. 2000): nights of 32 people in 70 records, every minute with or without apnea, as intervals
 * between beats or as the ECG itself.
 *
 * Beats are in `NNN.qrs`, the ECG in `NNN.dat` of 16 bits at 100 Hz, labels of a minute in `NNN.apn`; those of the
 * records that the challenge held back in `x-answers.txt`, a line "x01 NNNAA..." each.
 */

import * as json from '../../system/json.ts';
import { MILLIVOLT_ZERO, UNITS_PER_MILLIVOLT } from '../beats.ts';
import type { DataSet, Request } from '../dataset.ts';
import { accountOf, addLeftOut, type LeftOut, type Part, type Split } from '../part.ts';
import { resample } from '../resample.ts';
import { type Signal, samplesOf } from '../signal.ts';
import { quantized } from '../sliding.ts';
import { decodeAnnotations, timeResolution } from '../wfdb/annotation.ts';
import { findFile, readFile, readText, recordsIn } from '../wfdb/files.ts';
import { readHeader, readLead } from '../wfdb/record.ts';
import { joinWindows, type WindowSet } from '../windows.ts';

const LABELS = ['normal', 'apnea'] as const;
const MINUTE = 60; // seconds

/**
 * Records of one person, who is called by the first: rows of the database's own table of age, sex, height and weight
 * that are equal, which makes its 32 people. Its learning and test sets share most of them, so neither is a split here.
 */
const PEOPLE = (
  'a01 a14,a02 x14,a03 x19,a04 a12,a05 a10 a20 x07,a06 x15,a07 a16 x01 x30,a08 a13 x20,a09 a18,a11,a15 x27 x28,a17 x12,' +
  'a19 x05 x08 x25,b01 x03,b02 b03 x16 x21,b04 c08,b05 x11,c01 x35,c02 c09,c03 x04,c04 x29,c05 x33,c06,c07 x34,c10 x18,' +
  'x02,x06 x24,x09 x23,x10,x13 x26,x17 x22,x31 x32'
)
  .split(',')
  .map((records) => records.split(' '));

const VALIDATION = ['a02', 'a08', 'a11', 'b05', 'c10', 'x10'];
const TEST = ['a03', 'a07', 'a09', 'a17', 'a19', 'b02', 'c03', 'c07', 'x09', 'x17'];

const personOf = new Map(PEOPLE.flatMap((records) => records.map((record) => [record, records[0]!])));

/** Of people in this split, in the order of the database. */
function recordsOfSplit(split: Split): string[] {
  const isIn = (person: string): boolean =>
    split === 'test'
      ? TEST.includes(person)
      : split === 'validation'
        ? VALIDATION.includes(person)
        : !TEST.includes(person) && !VALIDATION.includes(person);
  return PEOPLE.filter(([person]) => isIn(person!)).flat();
}

function load(split: Split, request: Request): Part {
  const { folder, signal, options } = request;
  const present = recordsIn(folder).filter((record) => personOf.has(record) && isLabelled(folder, record));
  if (present.length === 0)
    throw new Error(
      `apnea-ecg: expected records in ${folder}, as a01.hea, a01.qrs and a01.apn, got none; ` +
        'set HTPW_DATA to the folder that holds apnea-ecg/',
    );
  const names = recordsOfSplit(split);
  const records = names.filter((record) => present.includes(record));
  if (records.length === 0)
    throw new Error(
      `apnea-ecg: no record of the ${split} split in ${folder}: expected one of ${names.join(' ')}; add one`,
    );
  let leftOut: LeftOut = {};
  const sets = records.map((record) => {
    const series = options.signal === 'ecg' ? ecgOf(folder, record, signal) : intervalsOf(folder, record, signal);
    const { set, edge } = minutesOf(record, series, labelsOf(folder, record), signal);
    leftOut = addLeftOut(leftOut, { edge });
    return set;
  });
  const set = joinWindows(sets);
  const absent = names.filter((record) => !records.includes(record));
  return { ...set, account: accountOf(set, { data: 'apnea-ecg', split, folder, unit: 'minute', leftOut, absent }) };
}

const ANSWERS = 'x-answers.txt';

const isLabelled = (folder: string, record: string): boolean =>
  findFile(folder, `${record}.apn`) !== null || answersFor(folder, record) !== null;

/** "NNAA...", a letter a minute; null where nobody gives any. */
function answersFor(folder: string, record: string): string | null {
  if (findFile(folder, ANSWERS) === null) return null;
  const { text } = readText(folder, ANSWERS, 'says which minutes have apnea');
  return new RegExp(`^${record}\\s+([NA]+)\\s*$`, 'm').exec(text)?.[1] ?? null;
}

/** Second at which a minute begins, and its label. */
type Minute = [start: number, label: number];

function labelsOf(folder: string, record: string): Minute[] {
  const answers = answersFor(folder, record);
  if (answers !== null) return Array.from(answers, (letter, i) => [MINUTE * i, letter === 'A' ? 1 : 0]);
  const { times, symbols, path } = annotationsOf(folder, record, 'apn', 'says which minutes have apnea');
  return times.map((time, i) => {
    const label = ['N', 'A'].indexOf(symbols[i]!);
    if (label < 0) throw new Error(`${path}: expected minutes of N and A, got "${symbols[i]}"; fetch the file again`);
    return [time, label];
  });
}

/** Seconds and symbols of an annotation file. */
function annotationsOf(folder: string, record: string, kind: string, why: string) {
  const { bytes, path } = readFile(folder, `${record}.${kind}`, why);
  const annotations = decodeAnnotations(bytes, path);
  const ticks = timeResolution(annotations, path) ?? readHeader(folder, record).header.sampleRate;
  return { times: annotations.map(({ time }) => time / ticks), symbols: annotations.map(({ symbol }) => symbol), path };
}

/** Values at the rate of the signal, from second 0 on. */
type Series = ArrayLike<number>;

/** Seconds between beats; shorter and longer ones are faults of the detector. */
const [SHORTEST, LONGEST] = [0.3, 2];

/** The interval that ends at each beat, in seconds, in between on a straight line; before and behind all, the nearest. */
function intervalsOf(folder: string, record: string, { rate }: Signal): Series {
  const { times, path } = annotationsOf(folder, record, 'qrs', `says where the beats of record ${record} are`);
  const beats: [time: number, interval: number][] = [];
  for (let i = 1; i < times.length; i++) {
    const interval = times[i]! - times[i - 1]!;
    if (interval >= SHORTEST && interval <= LONGEST) beats.push([times[i]!, interval]);
  }
  if (beats.length === 0) throw new Error(`${path}: expected beats, got none; fetch the file again`);
  let next = 0;
  return Float64Array.from({ length: Math.floor(beats.at(-1)![0] * rate!) }, (_, i) => {
    const time = i / rate!;
    while (next < beats.length - 1 && beats[next]![0] < time) next++;
    const [to, after] = beats[next]!;
    const [from, before] = beats[Math.max(next - 1, 0)]!;
    const share = to === from ? 1 : Math.min(Math.max((time - from) / (to - from), 0), 1);
    return before + share * (after - before);
  });
}

/** In mV. */
function ecgOf(folder: string, record: string, { rate }: Signal): Series {
  const { samples, rate: own } = readLead(folder, record);
  const brought = own === rate ? samples : resample(samples, own, rate!);
  return Float64Array.from(brought, (sample) => (sample - MILLIVOLT_ZERO) / UNITS_PER_MILLIVOLT);
}

/** A window round the middle of each minute; what goes beyond the night gives none. */
function minutesOf(record: string, series: Series, minutes: readonly Minute[], signal: Signal) {
  const [, width] = signal.shape;
  const placed = minutes.map(([start, label]) => {
    const first = Math.round((start + MINUTE / 2) * signal.rate! - width / 2);
    return { first, label };
  });
  const kept = placed.filter(({ first }) => first >= 0 && first + width <= series.length);
  const samples = samplesOf(signal, kept.length * width);
  kept.forEach(({ first }, i) => {
    for (let p = 0; p < width; p++) samples[i * width + p] = quantized(series[first + p]!, signal);
  });
  const set: WindowSet = {
    signal,
    samples,
    labels: Uint8Array.from(kept, ({ label }) => label),
    groups: kept.map(() => personOf.get(record)!),
    records: kept.map(() => record),
    times: Float64Array.from(kept, ({ first }) => first / signal.rate!),
    classNames: LABELS,
  };
  return { set, edge: placed.length - kept.length };
}

export const apneaEcg: DataSet = {
  name: 'apnea-ecg',
  title: 'Apnea-ECG Database 1.0.0',
  licence: 'ODC-By 1.0',
  citation: 'Penzel, Moody, Mark, Goldberger & Peter, Computers in Cardiology 27, 2000; doi 10.13026/C23W2R',
  files: [
    {
      url: 'https://physionet.org/static/published-projects/apnea-ecg/apnea-ecg-database-1.0.0.zip',
      path: 'apnea-ecg-database-1.0.0.zip',
      bytes: null,
      sha256: null,
    },
  ],
  about:
    'Apnea-ECG, by person (32 in 70 records, which the learning and test sets of the database share): ' +
    `${VALIDATION.join(' ')} for validation, ${TEST.join(' ')} for the test, each with all records of theirs that are at ` +
    'hand, all others for training.',
  unit: 'minute',
  group: 'person',
  labels: LABELS,
  splits: ['train', 'validation', 'test'],
  options: json.fields({ signal: json.optional(json.oneOf(['intervals', 'ecg']), 'intervals') }),
  isThere: (folder) => recordsIn(folder).some((record) => personOf.has(record)),
  signalFault: ({ shape: [height, , channels], rate, event }) => {
    if (height !== 1 || channels !== 1) return ['shape', 'one row and one channel: intervals in s, or ECG in mV'];
    if (rate === null || rate > 1000) return ['rate', 'up to 1000 values a second'];
    return event === null ? null : ['event', 'null, as a label is about a minute'];
  },
  load,
};
