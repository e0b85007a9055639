/**
 * WFDB headers (.hea): the record line, then one line per signal or, in a record of several segments, per segment.
 * Specification: WFDB Applications Guide, header(5). A field is read, or refused with its name and value; what is left
 * out has the default of the specification, or is null where the specification gives none.
 */

export interface SignalHeader {
  fileName: string;
  /** of signal(5): 212, 16, ... */
  format: number;
  /** samples of this signal in each frame of the record: its rate is so many times the record's */
  samplesPerFrame: number;
  /** frames at the beginning of the file that lie before the record */
  skew: number;
  /** bytes of the file before the first sample */
  byteOffset: number;
  /** ADC units per physical unit; null: uncalibrated */
  gain: number | null;
  /** ADC units at 0 physical units */
  baseline: number;
  units: string;
  adcResolution: number | null; // bits
  adcZero: number;
  /** first sample, in formats of differences the value before it */
  initialValue: number | null;
  /** sum of all samples of the file as a signed 16-bit number; null also for 0, which stands for "not computed" */
  checksum: number | null;
  blockSize: number;
  /** lead name, or "" */
  description: string;
}

interface SegmentHeader {
  /** "~" where nothing was recorded */
  name: string;
  sampleCount: number; // frames
}

export interface RecordHeader {
  name: string;
  signalCount: number;
  /** frames per second: samples per second of every signal that has one sample per frame */
  sampleRate: number;
  /** frames; null when the header does not say */
  sampleCount: number | null;
  /** of an analog tape or the like: ticks per second, and the tick at the first sample */
  counter: { rate: number; base: number };
  /** as written, HH:MM:SS and DD/MM/YYYY */
  baseTime: string | null;
  baseDate: string | null;
  signals: SignalHeader[];
  /** null: the record is one piece */
  segments: SegmentHeader[] | null;
  /** lines that begin with #, without it */
  comments: string[];
}

const DEFAULT_RATE = 250;
const FLOAT = '[+-]?(?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][+-]?\\d+)?';

/** `where` names the file in errors. */
export function parseHeader(text: string, where: string): RecordHeader {
  const lines = text
    .split(/\r?\n|\r/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const comments = lines.filter((line) => line.startsWith('#')).map((line) => line.slice(1).trim());
  const [first, ...rest] = lines.filter((line) => !line.startsWith('#'));
  const { segmentCount, ...record } = parseRecordLine(first ?? '', where);
  const count = segmentCount ?? record.signalCount;
  if (rest.length < count)
    throw new Error(
      `${where}: expected ${count} ${segmentCount === null ? 'signal' : 'segment'} lines, ` +
        `as its first line says, got ${rest.length}; fetch the file again`,
    );
  const own = rest.slice(0, count); // header(5): extra lines are not read
  return {
    ...record,
    signals: segmentCount === null ? own.map((line, i) => parseSignalLine(line, `${where}: signal ${i}`)) : [],
    segments: segmentCount === null ? null : own.map((line, i) => parseSegmentLine(line, `${where}: segment ${i}`)),
    comments,
  };
}

/** `100/2 2 360/360(0) 650000 0:0:0 0/0/0`; all but name and number of signals may be left out. */
function parseRecordLine(line: string, where: string) {
  const [nameField = '', signals, rates, samples, baseTime = null, baseDate = null] = line.split(/\s+/);
  // without the record line, a signal line would be the first
  const [, name, segments] = /^([\w-]+)(?:\/([^/]*))?$/.exec(nameField) ?? [];
  if (name === undefined || signals === undefined)
    throw new Error(
      `${where}: expected a record line (name of letters and digits, number of signals, rate, ...), ` +
        `got "${line.slice(0, 60)}"; check that this is a WFDB header`,
    );
  const field = reader(where);
  const rate = new RegExp(`^(${FLOAT})(?:/(${FLOAT})(?:\\((${FLOAT})\\))?)?$`).exec(rates ?? String(DEFAULT_RATE));
  if (!rate || !(Number(rate[1]) > 0))
    throw field.refused('sampling frequency', 'a number above 0, as 360 or 360/360(0)', rates);
  const sampleRate = Number(rate[1]);
  const counterRate = Number(rate[2] ?? 0);
  return {
    name,
    segmentCount: segments === undefined ? null : field.count('number of segments', segments, 1),
    signalCount: field.count('number of signals', signals, 1),
    sampleRate,
    sampleCount: samples === undefined ? null : field.count('number of samples', samples, 0) || null,
    counter: { rate: counterRate > 0 ? counterRate : sampleRate, base: Number(rate[3] ?? 0) },
    baseTime,
    baseDate,
  };
}

/** `100.dat 212x1:0+0 200(1024)/mV 11 1024 995 -22131 0 MLII`; all but file name and format may be left out. */
function parseSignalLine(line: string, where: string): SignalHeader {
  const [, head = '', description = ''] = /^((?:\S+\s*){1,8})(.*)$/.exec(line) ?? [];
  const [fileName = '', format, gain, resolution, zero, initial, checksum, block] = head.trim().split(/\s+/);
  if (format === undefined)
    throw new Error(`${where}: expected a file name and a format, got "${line.slice(0, 60)}"; correct the header`);
  const field = reader(where);
  const adcZero = field.integer('ADC zero', zero ?? '0');
  return {
    fileName,
    ...parseFormat(format, where),
    ...parseGain(gain, adcZero, where),
    adcResolution: field.count('ADC resolution', resolution ?? '0', 0) || null,
    adcZero,
    initialValue: initial === undefined ? null : field.integer('initial value', initial),
    checksum: field.integer('checksum', checksum ?? '0') || null,
    blockSize: field.integer('block size', block ?? '0'),
    description: description.trim(),
  };
}

/** `212`, with `xN` samples per frame, `:N` frames of skew and `+N` bytes of offset, in any order. */
function parseFormat(text: string, where: string) {
  const field = reader(where);
  const [, format, modifiers = ''] = /^(\d+)((?:[x:+][^x:+]*)*)$/.exec(text) ?? [];
  if (format === undefined)
    throw field.refused('format', 'a number, with xN, :N and +N behind it where they apply', text);
  const values = new Map<string, string>();
  for (const [modifier, sign, value] of modifiers.matchAll(/([x:+])([^x:+]*)/g)) {
    if (values.has(sign!)) throw field.refused('format', `one "${sign}" at most`, text);
    values.set(sign!, value === '' ? modifier : value!);
  }
  return {
    format: Number(format),
    samplesPerFrame: field.count('samples per frame', values.get('x') ?? '1', 1),
    skew: field.count('skew', values.get(':') ?? '0', 0),
    byteOffset: field.count('byte offset', values.get('+') ?? '0', 0),
  };
}

/** `200(1024)/mV`; 0 or nothing means that the signal is not calibrated. */
function parseGain(text: string | undefined, adcZero: number, where: string) {
  const parts = new RegExp(`^(${FLOAT})(?:\\(([+-]?\\d+)\\))?(?:/(\\S+))?$`).exec(text ?? '0');
  if (!parts)
    throw reader(where).refused('ADC gain', 'a number, with (baseline) and /units behind it where they apply', text);
  const [, gain, baseline, units = 'mV'] = parts;
  const field = reader(where);
  if (!Number.isFinite(Number(gain))) throw field.refused('ADC gain', 'a finite number', text);
  return {
    gain: Number(gain) === 0 ? null : Number(gain),
    baseline: baseline === undefined ? adcZero : field.integer('baseline', baseline),
    units,
  };
}

function parseSegmentLine(line: string, where: string): SegmentHeader {
  const [name = '', count] = line.split(/\s+/);
  const field = reader(where);
  if (/[/\\]/.test(name)) throw field.refused('name', 'that of a record in the same folder', name);
  return { name, sampleCount: field.count('number of samples', count ?? '', 0) };
}

/** Reads numbers of a line; what is none is refused with the field's name. */
function reader(where: string) {
  const refused = (name: string, expected: string, got: string | undefined): Error =>
    new Error(`${where}: ${name}: expected ${expected}, got "${(got ?? '').slice(0, 60)}"; correct the header`);
  const integer = (name: string, text: string): number => {
    if (!/^[+-]?\d+$/.test(text) || Math.abs(Number(text)) > 2 ** 31)
      throw refused(name, 'a whole number of 32 bits', text);
    return Number(text);
  };
  const count = (name: string, text: string, least: number): number => {
    if (!/^\+?\d+$/.test(text) || Number(text) < least || !Number.isSafeInteger(Number(text)))
      throw refused(name, `a whole number from ${least} on`, text);
    return Number(text);
  };
  return { refused, integer, count };
}
