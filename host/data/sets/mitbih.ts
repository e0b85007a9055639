/**
 * MIT-BIH Arrhythmia Database (Moody & Mark 2001; Goldberger et al. 2000): one lead, AAMI classes, inter-patient split.
 *
 * A record is read from `wfdb/NNN.hea` and what that names or, packed to one lead without loss, from
 * `mlii/NNN.{hea,d8.gz}`; its beats are in `NNN.atr` beside the header. Records of other databases under these names
 * are read as well, with any sampling rate and converter.
 */

import { join } from 'node:path';
import * as json from '../../system/json.ts';
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
import { gunzip } from '../formats/inflate.ts';
import { accountOf, addLeftOut, describeLeftOut, type Part, type Split } from '../part.ts';
import { rateFault, resample } from '../resample.ts';
import { type Annotation, decodeAnnotations, refuseRedefinitions, timeResolution } from '../wfdb/annotation.ts';
import { findFile, namesIn, readFile, recordsIn } from '../wfdb/files.ts';
import { chooseLead, type Lead, leadOf, readHeader, readLead } from '../wfdb/record.ts';
import { checkSignal, invalidOf } from '../wfdb/signal.ts';
import { joinWindows, partInTime } from '../windows.ts';

/** Split of de Chazal et al. 2004: no patient in both halves but one, paced records (102 104 107 217) in neither. */
export const DS1 = '101 106 108 109 112 114 115 116 118 119 122 124 201 203 205 207 208 209 215 220 223 230'.split(' ');
export const DS2 = '100 103 105 111 113 117 121 123 200 202 210 212 213 214 219 221 222 228 231 232 233 234'.split(' ');

/** Whole patients of DS1 kept for choosing hyper-parameters: N 8318, S 203, V 607, F 30 beats. */
export const VALIDATION = ['118', '124', '205', '223'];

/** 201 (DS1) is the same person as 202 (DS2): training on it would leak a test patient. */
const SAME_PERSON_AS_TEST = ['201'];

/** Whose record it is: elsewhere a record is a patient. */
export const patientOf = (record: string): string => (record === '202' ? '201' : record);

/** Records of the database that no split has. */
const WHY_UNUSED: Record<string, string> = {
  ...Object.fromEntries(['102', '104', '107', '217'].map((record) => [record, 'paced'])),
  201: 'the person of 202',
};

export const TRAINING = DS1.filter((record) => !VALIDATION.includes(record) && !SAME_PERSON_AS_TEST.includes(record));

/** Share of a training record, in time, that is trained on. The rest is `later`: same patients, beats never seen. */
const TRAINED_SHARE = 0.75;

/** AAMI EC57 class of each beat symbol; other annotations (rhythm, noise) are not beats. */
const AAMI: Record<string, string> = {
  ...Object.fromEntries([...'NLRej'].map((symbol) => [symbol, 'N'])),
  ...Object.fromEntries([...'AaJS'].map((symbol) => [symbol, 'S'])),
  ...Object.fromEntries([...'VE'].map((symbol) => [symbol, 'V'])),
  F: 'F',
  ...Object.fromEntries([...'/fQ'].map((symbol) => [symbol, 'Q'])),
};

export const aamiClass = (symbol: string): string | undefined => AAMI[symbol];

interface MitbihRecord {
  lead: Lead;
  /** beats and everything else that was annotated; times in seconds */
  annotations: (Annotation & { seconds: number })[];
}

/** Where records are, in the order in which they are looked for. */
const PLACES = ['mlii', 'wfdb'] as const;

/** Records with a header, packed or not. */
const recordsOf = (folder: string): string[] => [...new Set(PLACES.flatMap((place) => recordsIn(join(folder, place))))];

/** Throws for a record that cannot be read, naming the file, and for a lead that it does not have. */
export function readRecord(folder: string, record: string, wanted?: string): MitbihRecord {
  const packed = readPacked(folder, record, wanted);
  const place = join(folder, packed ? 'mlii' : 'wfdb');
  const lead = packed ?? readLead(place, record, wanted);
  const { bytes, path } = readFile(place, `${record}.atr`, `says where the beats of record ${record} are`);
  const annotations = decodeAnnotations(bytes, path);
  refuseRedefinitions(annotations, path);
  const ticks = timeResolution(annotations, path) ?? readHeader(place, record).header.sampleRate;
  return { lead, annotations: annotations.map((one) => ({ ...one, seconds: one.time / ticks })) };
}

/** The lead of a packed record; null where there is none, or where the lead that is wanted is not the packed one. */
function readPacked(folder: string, record: string, wanted?: string): Lead | null {
  const place = join(folder, 'mlii');
  const isThere = (file: string): boolean => findFile(folder, file) !== null;
  const isUnpacked = isThere(`wfdb/${record}.hea`);
  if (!isThere(`mlii/${record}.d8.gz`) && (isUnpacked || !isThere(`mlii/${record}.hea`))) return null;
  const { bytes, path } = readFile(place, `${record}.d8.gz`, `holds record ${record}`);
  const { header, path: headerPath } = readHeader(place, record);
  if (header.segments || header.sampleCount === null)
    throw new Error(`${headerPath}: expected one piece and its number of samples, as ${path} is packed; pack it again`);
  const channel = chooseLead(header.signals, headerPath);
  const signal = header.signals[channel]!;
  if (wanted !== undefined && chooseLead(header.signals, headerPath, wanted) !== channel) {
    if (isUnpacked) return null;
    throw new Error(`${path}: expected lead "${wanted}", got ${signal.description} alone; add wfdb/${record}.hea`);
  }
  const samples = unpackLead(gunzip(bytes, path), header.sampleCount * signal.samplesPerFrame, path);
  const raw = { samples, invalid: invalidOf(signal.format), unread: 0 };
  checkSignal(raw, signal, path);
  return leadOf(raw, header, channel, headerPath);
}

/** First differences as signed bytes, starting from 0; 0x80 means that an int16 with the value itself follows. */
export function unpackLead(bytes: Uint8Array, sampleCount: number, where: string): Int32Array {
  const refused = (got: number | 'more'): Error =>
    new Error(`${where}: expected ${sampleCount} samples, got ${got}; fetch it and its header again`);
  if (bytes.length < sampleCount) throw refused(bytes.length); // a sample takes a byte at least
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const lead = new Int32Array(sampleCount);
  let value = 0;
  let at = 0;
  for (let i = 0; i < sampleCount; i++) {
    const escaped = bytes[at] === 0x80;
    if (at + (escaped ? 3 : 1) > bytes.length) throw refused(i);
    value = escaped ? view.getInt16(at + 1, true) : value + view.getInt8(at);
    at += escaped ? 3 : 1;
    lead[i] = value;
  }
  if (at < bytes.length) throw refused('more');
  return lead;
}

/** Windows of one record, its length in seconds, and what else is to be said of it. */
function recordBeats(record: string, { folder, signal, options }: Request) {
  const { lead, annotations } = readRecord(folder, record, options.lead as string | undefined);
  const fault = rateFault(lead.rate);
  if (fault) throw new Error(`mitbih: record ${record}: ${fault}`);
  const { beats, leftOut } = beatsOf(annotations, lead.channel);
  const samples = resample(lead.samples, lead.rate, signal.rate!);
  checkRange(samples, record, lead);
  const set = cutBeats({ record, group: patientOf(record) }, samples, beats, signal);
  return { set: { ...set, leftOut: addLeftOut(set.leftOut, leftOut) }, seconds: lead.samples.length / lead.rate, lead };
}

/**
 * Beats of the classes that are learned. Where beats are annotated on several signals, those of the lead count; where
 * they are all on signal 0, as in this database, they are about the heart, whatever the lead. Codes without a symbol of
 * their own may be beats.
 */
function beatsOf(annotations: MitbihRecord['annotations'], channel: number) {
  const leftOut = noneLeftOut();
  const all = annotations.filter(({ symbol }) => aamiClass(symbol) !== undefined || symbol.length > 1);
  const isPerLead = all.some((beat) => beat.channel !== 0);
  const beats: LabelledBeat[] = [];
  for (const beat of all) {
    const label = (BEAT_LABELS as readonly string[]).indexOf(aamiClass(beat.symbol) ?? '');
    if (isPerLead && beat.channel !== channel) leftOut.otherLead!++;
    else if (label < 0) leftOut.unclassified!++;
    else beats.push({ time: beat.seconds, label });
  }
  return { beats, leftOut };
}

/** A window is int16. What does not fit was not measured on a body, or the header is wrong; so with what is flat. */
function checkRange(samples: Float64Array, record: string, { name }: Lead): void {
  const millivolts = (sample: number): string => ((sample - MILLIVOLT_ZERO) / UNITS_PER_MILLIVOLT).toFixed(0);
  const refused = (expected: string, got: string): Error =>
    new Error(
      `mitbih: record ${record}: lead "${name}": expected ${expected}, got ${got}; ` +
        'check gain and baseline in its header',
    );
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const sample of samples) {
    if (sample < LOWEST || sample > HIGHEST)
      throw refused(`${millivolts(LOWEST)} to ${millivolts(HIGHEST)} mV`, `${millivolts(sample)} mV`);
    if (sample < least) least = sample;
    if (sample > most) most = sample;
  }
  if (most >= least && most - least < LEAST_RANGE)
    throw refused(
      `beats of ${LEAST_RANGE / UNITS_PER_MILLIVOLT} mV or more`,
      `${(most - least) / UNITS_PER_MILLIVOLT} mV from the lowest to the highest sample`,
    );
}

const LOWEST = -32768;
const HIGHEST = 32767;
/** Units; the smallest QRS complex is ten times as high. */
const LEAST_RANGE = 4;

/** Windows of a split, record by record in time order. Throws when there are none. */
function load(split: Split, request: Request): Part {
  const { folder } = request;
  const names = { train: TRAINING, later: TRAINING, validation: VALIDATION, test: DS2 }[split];
  const present = recordsOf(folder);
  if (present.length === 0)
    throw new Error(
      `mitbih: expected the records in ${folder}, as wfdb/100.hea or mlii/100.hea, got nothing; ` +
        'set HTPW_DATA to the folder that holds mitbih/, or use --data synthetic',
    );
  const records = names.filter((record) => present.includes(record));
  if (records.length === 0)
    throw new Error(
      `mitbih: no record of the ${split} split in ${folder}: expected one of ${names.join(' ')}, ` +
        `got ${list(present)}; add one`,
    );
  const read = records.map((record) => {
    const { set, seconds, lead } = recordBeats(record, request);
    return { record, lead, set: inSplit(set, split, TRAINED_SHARE * seconds) };
  });
  const set = joinWindows(read.map(({ set }) => set));
  const leftOut = read.reduce((sum, { set }) => addLeftOut(sum, set.leftOut), noneLeftOut());
  const isUsed = ({ set }: { set: BeatWindows }): boolean => set.labels.length > 0;
  if (set.labels.length === 0)
    throw new Error(
      `mitbih: no window of the ${split} split in ${folder}: expected beats in ${records.join(' ')}, ` +
        `got ${describeLeftOut({ leftOut, unit: 'beat' }) || 'none annotated'}; ` +
        (leftOut.otherLead! > 0 ? 'choose their lead with --lead' : 'add a record'),
    );
  const account = accountOf(set, {
    data: 'mitbih',
    split,
    folder,
    unit: 'beat',
    records: read.filter(isUsed).map(({ record }) => record),
    withoutWindows: read.filter((one) => !isUsed(one)).map(({ record }) => record),
    absent: names.filter((record) => !present.includes(record)),
    inNoSplit: inNoSplit(present),
    leads: groupByLead(read.filter(isUsed)),
    assumed: read.flatMap(({ record, lead }) => assumptions(record, lead)),
    leftOut,
  });
  return { ...set, account };
}

/** Training records are split in time, at `border` seconds. */
function inSplit(windows: BeatWindows, split: Split, border: number): BeatWindows {
  if (split !== 'train' && split !== 'later') return windows;
  const { set, across } = partInTime(windows, split === 'train' ? 'before' : 'behind', border);
  return { ...set, leftOut: addLeftOut(windows.leftOut, { border: across }) };
}

/** The first fifty, and how many more. */
function list(names: readonly string[]): string {
  const more = names.length - 50;
  return names.slice(0, 50).join(' ') + (more > 0 ? ` and ${more} more` : '');
}

/** What a reader of the figures should know that the header does not say, or says otherwise than the files. */
function assumptions(record: string, { name, calibrated, unread }: Lead): string[] {
  return [
    ...(calibrated
      ? []
      : [`${record}: no gain in the header for ${name}, ${UNITS_PER_MILLIVOLT} units per mV assumed`]),
    ...(unread > 0 ? [`${record}: its files go on for ${unread} frames that the header does not count, left out`] : []),
  ];
}

function groupByLead(read: readonly { record: string; lead: Lead }[]): Record<string, string[]> {
  const groups: Record<string, string[]> = {};
  for (const { record, lead } of read) groups[lead.name] = [...(groups[lead.name] ?? []), record];
  return groups;
}

/** Records that no split uses. Segments of others are not records of their own. */
function inNoSplit(present: readonly string[]): Record<string, string> {
  const isSegment = (name: string): boolean => present.some((whole) => name.startsWith(`${whole}_`));
  const unused = present.filter(
    (name) => !TRAINING.includes(name) && !VALIDATION.includes(name) && !DS2.includes(name),
  );
  return Object.fromEntries(
    unused.filter((name) => !isSegment(name)).map((name) => [name, WHY_UNUSED[name] ?? 'no record of the database']),
  );
}

export const mitbih: DataSet = {
  name: 'mitbih',
  title: 'MIT-BIH Arrhythmia Database 1.0.0',
  licence: 'ODC-By 1.0',
  citation:
    'Moody & Mark, IEEE Eng. Med. Biol. 20(3), 2001, doi 10.13026/C2F305; ' +
    'Goldberger et al., Circulation 101(23), 2000 (PhysioNet)',
  files: [],
  about:
    `MIT-BIH Arrhythmia Database, inter-patient: DS1 without ${SAME_PERSON_AS_TEST.join(', ')} (a person of the test ` +
    `set) for training (${TRAINING.join(' ')};\nthe first three quarters of each record), whole records ` +
    `${VALIDATION.join(' ')} of DS1 for validation, DS2 for the test as far as its records are at hand.`,
  unit: 'beat',
  group: 'patient',
  labels: BEAT_LABELS,
  splits: ['train', 'later', 'validation', 'test'],
  hasLeads: true,
  options: json.fields({ lead: json.optional(json.text) }),
  isThere: (folder) => PLACES.some((place) => namesIn(join(folder, place)).length > 0),
  signalFault: beatSignalFault,
  load,
};
