/**
 * MIT-BIH Arrhythmia Database (Moody & Mark 2001; Goldberger et al. 2000): one lead, AAMI classes, inter-patient split.
 *
 * A record is read from `wfdb/NNN.{hea,dat,atr}` or, packed to one lead without loss, from `mlii/NNN.{hea,d8.gz,atr}`.
 */

import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
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
import { decimate } from './resample.ts';
import {
  type Annotation,
  checkSignal,
  decodeAnnotations,
  decodeSignals,
  parseHeader,
  type RecordHeader,
} from './wfdb.ts';

/** Split of de Chazal et al. 2004: no patient in both halves but one, paced records (102 104 107 217) in neither. */
export const DS1 = '101 106 108 109 112 114 115 116 118 119 122 124 201 203 205 207 208 209 215 220 223 230'.split(' ');
export const DS2 = '100 103 105 111 113 117 121 123 200 202 210 212 213 214 219 221 222 228 231 232 233 234'.split(' ');

/** Whole patients of DS1 kept for choosing hyper-parameters: N 8318, S 203, V 607, F 30 beats. */
export const VALIDATION = ['118', '124', '205', '223'];

/** 201 (DS1) is the same person as 202 (DS2): training on it would leak a test patient. */
export const SAME_PERSON_AS_TEST = ['201'];

export const TRAINING = DS1.filter((record) => !VALIDATION.includes(record) && !SAME_PERSON_AS_TEST.includes(record));

/** Share of a training record, in time, that is trained on. The rest is `later`: the same patients, but beats never seen. */
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

export interface MitbihRecord {
  header: RecordHeader;
  lead: Int16Array; // at header.sampleRate, ADC units
  leadName: string;
  annotations: Annotation[];
}

/** Folder that holds `wfdb/` and `mlii/`. */
export function mitbihFolder(root?: string): string {
  const base = root ?? process.env.HTPW_DATA ?? resolve(process.cwd(), '../shared/data');
  return join(base, 'mitbih');
}

export function hasMitbih(root?: string): boolean {
  const folder = mitbihFolder(root);
  return existsSync(join(folder, 'mlii')) || existsSync(join(folder, 'wfdb'));
}

const isPresent = (folder: string, record: string): boolean =>
  existsSync(join(folder, 'mlii', `${record}.d8.gz`)) || existsSync(join(folder, 'wfdb', `${record}.dat`));

export function readRecord(folder: string, record: string): MitbihRecord {
  const packed = join(folder, 'mlii', `${record}.d8.gz`);
  const usePacked = existsSync(packed);
  const stem = join(folder, usePacked ? 'mlii' : 'wfdb', record);
  const header = parseHeader(readFileSync(`${stem}.hea`, 'latin1'), `${stem}.hea`);
  const annotations = decodeAnnotations(readFileSync(`${stem}.atr`), `${stem}.atr`);
  const channel = leadChannel(header);
  const signal = header.signals[channel]!;
  const lead = usePacked
    ? unpackLead(gunzipSync(readFileSync(packed)), header.sampleCount, packed)
    : decodeSignals(readFileSync(`${stem}.dat`), header, `${stem}.dat`)[channel]!;
  checkSignal(lead, signal, usePacked ? packed : `${stem}.dat`);
  return { header, lead, leadName: signal.description, annotations };
}

/** Modified limb lead II where there is one (it is channel 1 in record 114), else the first channel. */
function leadChannel(header: RecordHeader): number {
  return Math.max(
    0,
    header.signals.findIndex((signal) => signal.description === 'MLII'),
  );
}

/** First differences as signed bytes, starting from 0; 0x80 means that an int16 with the value itself follows. */
export function unpackLead(bytes: Uint8Array, sampleCount: number, where: string): Int16Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const lead = new Int16Array(sampleCount);
  let value = 0;
  let at = 0;
  for (let i = 0; i < sampleCount; i++) {
    const escaped = bytes[at] === 0x80;
    if (at + (escaped ? 3 : 1) > bytes.length)
      throw new Error(`${where}: expected ${sampleCount} samples, got ${i}; the file is cut short, fetch it again`);
    value = escaped ? view.getInt16(at + 1, true) : value + view.getInt8(at);
    at += escaped ? 3 : 1;
    lead[i] = value;
  }
  return lead;
}

function recordBeats(folder: string, record: string): BeatSet {
  const { header, lead, annotations } = readRecord(folder, record);
  const beats: LabelledBeat[] = [];
  for (const { sample, symbol } of annotations) {
    const label = (CLASS_NAMES as readonly string[]).indexOf(aamiClass(symbol) ?? '');
    if (label >= 0) beats.push({ time: sample / header.sampleRate, label });
  }
  return cutWindows(record, decimate(lead, header.sampleRate / SAMPLE_RATE), beats);
}

/** Part of a set before or after the end of the trained share; windows that straddle the border are in neither. */
function partInTime(set: BeatSet, part: 'train' | 'later', seconds: number): BeatSet {
  const border = TRAINED_SHARE * seconds;
  const reach = WINDOW / 2 / SAMPLE_RATE;
  const chosen = Array.from(set.labels.keys()).filter((i) =>
    part === 'train' ? set.times[i]! + reach <= border : set.times[i]! - reach >= border,
  );
  return selectBeats(set, chosen);
}

const RECORD_SECONDS = 650_000 / 360;

/** Beats of a split, record by record in time order. Records that are not in the folder are left out: see BeatSet.records. */
export function loadMitbih(split: Split, root?: string): BeatSet {
  const folder = mitbihFolder(root);
  if (!hasMitbih(root))
    throw new Error(
      `mitbih: expected the records in ${folder}, got nothing; set HTPW_DATA to the folder that holds mitbih/, or use --data synthetic`,
    );
  const names = { train: TRAINING, later: TRAINING, validation: VALIDATION, test: DS2 }[split];
  const sets = names
    .filter((record) => isPresent(folder, record))
    .map((record) => {
      const set = recordBeats(folder, record);
      return split === 'train' || split === 'later' ? partInTime(set, split, RECORD_SECONDS) : set;
    });
  return joinBeatSets(sets);
}
