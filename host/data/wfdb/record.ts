/**
 * One lead of a WFDB record as a voltage over its whole length, from however many files and segments.
 * Specification: WFDB Applications Guide, header(5), signal(5).
 */

import { MILLIVOLT_ZERO, UNITS_PER_MILLIVOLT } from '../beats.ts';
import { readFile, readText } from './files.ts';
import { parseHeader, type RecordHeader, type SignalHeader } from './header.ts';
import { checkSignal, decodeSignal, NULL_FORMAT, type RawSignal } from './signal.ts';

export interface Lead {
  /** as the header calls it, or "signal 0" */
  name: string;
  /** number of the signal in its record, from 0: what annotations refer to */
  channel: number;
  rate: number; // samples per second
  /** 1 / UNITS_PER_MILLIVOLT mV above -MILLIVOLT_ZERO of them, whatever the converter was; NaN: no sample */
  samples: Float64Array;
  /** whether a gain was given; else the default of header(5) was taken */
  calibrated: boolean;
  /** frames that the files have behind those that the header counts: they are not read */
  unread: number;
}

/** Physical units of a voltage, in millivolts. */
const MILLIVOLTS: Record<string, number> = { nv: 1e-6, uv: 1e-3, µv: 1e-3, μv: 1e-3, mv: 1, v: 1e3 };

/** Of a lead: a week at 360 Hz. Segments can claim any length without a file behind it. */
const MOST_SAMPLES = 2 ** 28;

/** ADC units per millivolt of a signal without a gain, of header(5). */
const DEFAULT_GAIN = 200;

/** Throws when the folder has no header of the record, and for a header of another one. */
export function readHeader(folder: string, record: string): { header: RecordHeader; path: string } {
  const { text, path } = readText(folder, `${record}.hea`, `describes record ${record}`);
  const header = parseHeader(text, path);
  if (header.name.toLowerCase() !== record.toLowerCase())
    throw new Error(`${path}: record name: expected "${record}", as the file's, got "${header.name}"; rename one`);
  return { header, path };
}

/** The wanted lead by name or number, else modified limb lead II, else the first. Throws for one that there is not. */
export function readLead(folder: string, record: string, wanted?: string): Lead {
  const { header, path } = readHeader(folder, record);
  return header.segments ? joinSegments(folder, header, path, wanted) : readPiece(folder, header, path, wanted);
}

function readPiece(folder: string, header: RecordHeader, path: string, wanted?: string): Lead {
  const channel = chooseLead(header.signals, path, wanted);
  const signal = header.signals[channel]!;
  if (signal.format === NULL_FORMAT)
    throw new Error(`${path}: lead "${nameOf(signal, channel)}": expected samples, got format 0, which has none`);
  return leadOf(readSignal(folder, header, channel, path), header, channel, path);
}

/** Segment after segment. Where the lead was not recorded, there is no sample. */
function joinSegments(folder: string, header: RecordHeader, path: string, wanted?: string): Lead {
  const segments = header.segments!;
  const pieces = segments.map(({ name, sampleCount }, i) =>
    name === '~' ? null : readSegmentHeader(folder, header, name, sampleCount, `${path}: segment ${i}`),
  );
  const model = pieces.find((piece) => piece !== null);
  if (!model) throw new Error(`${path}: expected segments with signals, got only empty ones ("~")`);
  checkTotals(header, model.header, path);
  // A first segment without samples lists all signals by name; the others have some of them, in any order.
  const isVariable = pieces[0] === model && segments[0]!.sampleCount === 0;
  const channel = chooseLead(model.header.signals, path, wanted);
  const name = nameOf(model.header.signals[channel]!, channel);
  const each = model.header.signals[channel]!.samplesPerFrame;
  const length = segments.reduce((sum, { sampleCount }) => sum + sampleCount * each, 0);
  if (length > MOST_SAMPLES)
    throw new Error(`${path}: expected at most ${MOST_SAMPLES} samples of a lead, got ${length}; cut the record`);
  const leads = segments.map(({ sampleCount }, i) => {
    const piece = pieces[i];
    const index = piece && (isVariable ? findLead(piece.header.signals, name) : channel);
    const signal = index === null || index === undefined ? undefined : piece!.header.signals[index];
    if (sampleCount === 0 || !signal || signal.format === NULL_FORMAT)
      return { samples: new Float64Array(sampleCount * each).fill(Number.NaN), calibrated: true, unread: 0 };
    if (nameOf(signal, index!) !== name || signal.samplesPerFrame !== each)
      throw new Error(
        `${piece!.path}: signal ${index}: expected "${name}" with ${each} samples per frame, ` +
          `as in the segments before, got "${nameOf(signal, index!)}" with ${signal.samplesPerFrame}; ` +
          'name the signals in a layout segment',
      );
    return leadOf(readSignal(folder, piece!.header, index!, piece!.path), piece!.header, index!, piece!.path);
  });
  return {
    name,
    channel,
    rate: header.sampleRate * each,
    samples: concatenate(leads.map(({ samples }) => samples)),
    calibrated: leads.every(({ calibrated }) => calibrated),
    unread: leads.reduce((sum, { unread }) => sum + unread, 0),
  };
}

function checkTotals(whole: RecordHeader, model: RecordHeader, path: string): void {
  const frames = whole.segments!.reduce((sum, { sampleCount }) => sum + sampleCount, 0);
  const wrong = [
    { what: 'number of samples', expected: frames, got: whole.sampleCount ?? frames },
    { what: 'number of signals', expected: model.signalCount, got: whole.signalCount },
  ].find(({ expected, got }) => expected !== got);
  if (wrong)
    throw new Error(
      `${path}: ${wrong.what}: expected ${wrong.expected}, as in its segments, got ${wrong.got}; ` +
        'correct one of the headers',
    );
}

function readSegmentHeader(folder: string, whole: RecordHeader, name: string, sampleCount: number, where: string) {
  const piece = readHeader(folder, name);
  const { header } = piece;
  const refused = (what: string, expected: string | number, got: string | number | null): Error =>
    new Error(`${where} ("${name}"): ${what}: expected ${expected}, got ${got}; correct one of the headers`);
  if (header.segments) throw refused('segments', 'none inside a segment', header.segments.length);
  if (header.sampleRate !== whole.sampleRate) throw refused('sampling frequency', whole.sampleRate, header.sampleRate);
  const count = header.sampleCount ?? sampleCount; // what a segment leaves out, the record says
  if (count !== sampleCount) throw refused('number of samples', sampleCount, count);
  return { ...piece, header: { ...header, sampleCount } };
}

/** Number of the wanted signal; without a wish that of MLII (channel 1 in record 114), else 0. */
export function chooseLead(signals: readonly SignalHeader[], where: string, wanted?: string): number {
  const channel = wanted === undefined ? (findLead(signals, 'MLII') ?? 0) : findLead(signals, wanted);
  if (channel === null)
    throw new Error(`${where}: expected a lead "${wanted}", got ${signals.map(nameOf).join(', ')}; choose with --lead`);
  return channel;
}

/** By name, else by a name that differs in capitals only, else by number. */
function findLead(signals: readonly SignalHeader[], wanted: string): number | null {
  const names = signals.map(nameOf);
  const lower = names.map((name) => name.toLowerCase());
  const found = [names.indexOf(wanted), lower.indexOf(wanted.toLowerCase())].find((at) => at >= 0);
  if (found !== undefined) return found;
  return /^\d+$/.test(wanted) && Number(wanted) < signals.length ? Number(wanted) : null;
}

const nameOf = ({ description }: SignalHeader, channel: number): string => description || `signal ${channel}`;

function readSignal(folder: string, { signals, sampleCount }: RecordHeader, channel: number, path: string): RawSignal {
  const { fileName } = signals[channel]!;
  if (fileName === '-')
    throw new Error(`${path}: signal ${channel}: expected a file, got "-", the standard input; save it to a file`);
  const group = signals.filter((signal) => signal.fileName === fileName);
  const first = signals.indexOf(group[0]!);
  if (signals.indexOf(group.at(-1)!) !== first + group.length - 1)
    throw new Error(`${path}: expected all signals of ${fileName} one after another; correct their order`);
  const file = readFile(folder, fileName, `holds signal ${channel} of ${path}`);
  const raw = decodeSignal(file.bytes, group, channel - first, sampleCount, file.path);
  checkSignal(raw, signals[channel]!, file.path);
  return raw;
}

/** Samples as a voltage at their time: without what lies before the record. */
export function leadOf(raw: RawSignal, { sampleRate, signals }: RecordHeader, channel: number, where: string): Lead {
  const signal = signals[channel]!;
  const name = nameOf(signal, channel);
  const millivolts = MILLIVOLTS[signal.units.toLowerCase()];
  if (millivolts === undefined)
    throw new Error(
      `${where}: lead "${name}": expected a voltage in mV, uV, nV or V, got units "${signal.units}"; ` +
        `choose another lead with --lead: ${signals.map(nameOf).join(', ')}`,
    );
  const scale = (UNITS_PER_MILLIVOLT * millivolts) / (signal.gain ?? DEFAULT_GAIN);
  const early = signal.skew * signal.samplesPerFrame;
  const samples = new Float64Array(raw.samples.length).fill(Number.NaN);
  for (let i = early; i < samples.length; i++) {
    const sample = raw.samples[i]!;
    if (sample !== raw.invalid) samples[i - early] = (sample - signal.baseline) * scale + MILLIVOLT_ZERO;
  }
  const rate = sampleRate * signal.samplesPerFrame;
  return { name, channel, rate, samples, calibrated: signal.gain !== null, unread: raw.unread };
}

function concatenate(parts: readonly Float64Array[]): Float64Array {
  const whole = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
