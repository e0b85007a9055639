/**
 * WFDB records: header (.hea), signals (.dat, formats 212 and 16), annotations (.atr, MIT format).
 * Specification: WFDB Applications Guide, header(5), signal(5), annot(5).
 *
 * Samples are ADC units as stored; millivolts = (sample - baseline) / gain.
 */

export interface SignalHeader {
  fileName: string;
  format: number;
  gain: number; // ADC units per millivolt
  baseline: number; // ADC units at 0 mV
  adcZero: number;
  firstSample: number;
  /** sum of all samples, as a signed 16-bit number */
  checksum: number;
  description: string; // lead name
}

export interface RecordHeader {
  name: string;
  sampleRate: number; // Hz
  sampleCount: number; // per signal
  signals: SignalHeader[];
}

export interface Annotation {
  sample: number; // position in the record
  symbol: string; // 'N', 'V', '+', ...
  subtype: number;
  channel: number;
  number: number;
  aux: string;
}

export function parseHeader(text: string, where: string): RecordHeader {
  const lines = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  const [name, signalCount, sampleRate, sampleCount] = (lines[0] ?? '').split(/\s+/);
  if (!name || !(Number(signalCount) > 0) || lines.length <= Number(signalCount))
    throw new Error(
      `${where}: expected a record line and one line per signal, got ${lines.length} lines, signal count "${signalCount}"; check that this is a WFDB header`,
    );
  return {
    name,
    sampleRate: Number.parseFloat(sampleRate ?? '250'),
    sampleCount: Number(sampleCount ?? 0),
    signals: lines.slice(1, 1 + Number(signalCount)).map(parseSignalLine),
  };
}

/** `100.dat 212 200(1024)/mV 11 1024 995 -22131 0 MLII`; what is left out has the defaults of header(5). */
function parseSignalLine(line: string): SignalHeader {
  const [fileName = '', format = '0', gainText = '', , zero = '0', first = zero, checksum = '0', , ...description] =
    line.split(/\s+/);
  const gain = Number.parseFloat(gainText) || 200;
  const baseline = /\((-?\d+)\)/.exec(gainText)?.[1] ?? zero;
  return {
    fileName,
    format: Number.parseInt(format, 10),
    gain,
    baseline: Number(baseline),
    adcZero: Number(zero),
    firstSample: Number(first),
    checksum: Number(checksum),
    description: description.join(' '),
  };
}

/** All signals of one .dat file, [signal][sample]. Signals of a record are interleaved sample by sample. */
export function decodeSignals(bytes: Uint8Array, header: RecordHeader, where: string): Int16Array[] {
  const format = header.signals[0]!.format;
  if (header.signals.some((signal) => signal.format !== format))
    throw new Error(`${where}: expected one format for all signals, got several; split the record per file`);
  const interleaved = decodeFormat(bytes, format, where);
  const count = header.signals.length;
  const length = header.sampleCount || Math.floor(interleaved.length / count);
  if (interleaved.length < length * count)
    throw new Error(
      `${where}: expected ${length * count} samples as in the header, got ${interleaved.length}; the file is cut short, fetch it again`,
    );
  const signals = header.signals.map(() => new Int16Array(length));
  signals.forEach((signal, s) => {
    for (let i = 0; i < length; i++) signal[i] = interleaved[i * count + s]!;
  });
  return signals;
}

function decodeFormat(bytes: Uint8Array, format: number, where: string): Int16Array {
  if (format === 212) return decode212(bytes);
  if (format === 16) return decode16(bytes);
  throw new Error(`${where}: expected signal format 212 or 16, got ${format}; convert it with xform`);
}

/** Two 12-bit two's complement samples in three bytes: low byte, both high nibbles (first sample low), low byte. */
function decode212(bytes: Uint8Array): Int16Array {
  const samples = new Int16Array(Math.floor((bytes.length * 2) / 3));
  for (let i = 0, at = 0; i < samples.length; i += 2, at += 3) {
    const high = bytes[at + 1]!;
    samples[i] = signExtend12(((high & 0x0f) << 8) | bytes[at]!);
    if (i + 1 < samples.length) samples[i + 1] = signExtend12(((high & 0xf0) << 4) | bytes[at + 2]!);
  }
  return samples;
}

const signExtend12 = (value: number): number => (value << 20) >> 20;

function decode16(bytes: Uint8Array): Int16Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Int16Array.from({ length: bytes.length >> 1 }, (_, i) => view.getInt16(2 * i, true));
}

/** Compares first sample and checksum with the header; a mismatch means another lead, a damaged file or a wrong decoder. */
export function checkSignal(signal: Int16Array, header: SignalHeader, where: string): void {
  if (signal[0] !== header.firstSample)
    throw new Error(
      `${where}: signal "${header.description}" expected first sample ${header.firstSample}, got ${signal[0]}; fetch the record again`,
    );
  let sum = 0;
  for (const sample of signal) sum = (sum + sample) | 0;
  sum = (sum << 16) >> 16;
  if (sum !== (header.checksum << 16) >> 16)
    throw new Error(
      `${where}: signal "${header.description}" expected checksum ${header.checksum}, got ${sum}; fetch the record again`,
    );
}

/** Annotation codes of ecgcodes.h by number; the rest are the bookkeeping codes below. */
const SYMBOLS = ' ,N,L,R,a,V,F,J,A,S,E,j,/,Q,~,,|,,s,T,*,D,",=,p,B,^,t,+,u,?,!,[,],e,n,@,x,f,(,),r'.split(',');
const SKIP = 59;
const NUM = 60;
const SUB = 61;
const CHN = 62;
const AUX = 63;

/** Each annotation is a 16-bit word: code in the upper 6 bits, samples since the one before in the lower 10. */
export function decodeAnnotations(bytes: Uint8Array, where: string): Annotation[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const annotations: Annotation[] = [];
  let sample = 0;
  let channel = 0;
  let number = 0;
  let at = 0;
  while (at + 2 <= bytes.length) {
    const word = view.getUint16(at, true);
    at += 2;
    if (word === 0) return annotations;
    const code = word >> 10;
    const value = word & 0x3ff;
    const last = annotations.at(-1);
    if (code === SKIP) {
      if (at + 4 > bytes.length) break;
      // A 32-bit interval in PDP-11 order: upper half first, each half little-endian.
      sample += (view.getInt16(at, true) << 16) | view.getUint16(at + 2, true);
      at += 4;
    } else if (code === NUM) {
      number = value;
      if (last) last.number = value;
    } else if (code === SUB) {
      if (last) last.subtype = signExtend10(value);
    } else if (code === CHN) {
      channel = value;
      if (last) last.channel = value;
    } else if (code === AUX) {
      if (at + value > bytes.length) break;
      if (last) last.aux = String.fromCharCode(...bytes.subarray(at, at + value)).replace(/\0+$/, '');
      at += value + (value & 1);
    } else {
      sample += value;
      // NUM and CHN hold until they change, SUB and AUX belong to one annotation.
      annotations.push({ sample, symbol: SYMBOLS[code] || '?', subtype: 0, channel, number, aux: '' });
    }
  }
  throw new Error(
    `${where}: expected a zero word at the end of the annotations, got the end of the file at byte ${bytes.length}; fetch it again`,
  );
}

const signExtend10 = (value: number): number => (value << 22) >> 22;
