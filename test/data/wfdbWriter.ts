/**
 * Writes WFDB records of a made-up heart for the tests: header, signal files and annotations, each field as asked for.
 * Specification: WFDB Applications Guide, header(5), signal(5), annot(5).
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const SECONDS = 40;
/** Seconds; multiples of 0.1, whole samples at most rates. The first and the last are too near the ends. */
export const BEATS = Array.from({ length: 43 }, (_, i) => 1 + Math.round(9 * i) / 10);

/** A lead in millivolts: a narrow peak at each beat, a rounder one behind it, slow wander. Nothing above 40 Hz. */
export function heart(time: number): number {
  const bump = (at: number, height: number, width: number): number =>
    height * Math.exp(-((time - at) ** 2) / (2 * width ** 2));
  const beats = BEATS.reduce((sum, beat) => sum + bump(beat, 1.2, 0.02) + bump(beat + 0.25, 0.3, 0.05), 0);
  return beats + 0.1 * Math.sin(0.7 * time) - 0.1;
}

export interface SignalSpec {
  file?: string;
  format?: number;
  /** behind the format: x2, :5, +24 */
  modifiers?: string;
  /** as written in the header */
  gain?: string;
  /** what the converter does */
  perMillivolt?: number;
  zero?: number;
  /** ADC zero as written in the header */
  writtenZero?: number;
  samplesPerFrame?: number;
  /** frames in the file before the record */
  early?: number;
  name?: string;
  voltage?(time: number): number;
  /** fields of the signal line that are written, of 9 */
  fields?: number;
  /** samples to replace: frame -> value */
  replaced?: Record<number, number>;
  /** to be written in place of the right ones */
  initialValue?: number;
  checksum?: number;
}

export interface RecordSpec {
  name?: string;
  /** frames per second */
  rate?: number;
  seconds?: number;
  /** second from which the record is cut from the heart's life */
  from?: number;
  signals?: SignalSpec[];
  /** bytes before the samples of each file */
  preamble?: number;
  /** the record line, from its right one */
  recordLine?(line: string): string;
  /** the whole header, from its right one */
  header?(text: string): string;
  /** null: none are written */
  annotations?: Uint8Array | null;
}

export const MLII: SignalSpec = { name: 'MLII' };
export const V5: SignalSpec = { name: 'V5', voltage: (time) => 0.3 - 0.5 * heart(time) };

/** Writes `NAME.hea`, its signal files and `NAME.atr`. */
export function writeRecord(folder: string, spec: RecordSpec = {}): void {
  const { name = '100', rate = 360, seconds = SECONDS, from = 0, preamble = 0, signals = [MLII, V5] } = spec;
  mkdirSync(folder, { recursive: true });
  const frames = Math.round(rate * seconds);
  const lines = [`${name} ${signals.length} ${rate} ${frames}`];
  if (spec.recordLine) lines[0] = spec.recordLine(lines[0]!);
  const files = new Map<string, number[][][]>();
  for (const signal of signals) {
    const { file = `${name}.dat`, early = 0, fields = 9 } = signal;
    const written = samplesOf(signal, rate, frames, from, early);
    const sum = written.flat().reduce((total, sample) => (total + sample) | 0, 0);
    files.set(file, [...(files.get(file) ?? []), written]);
    const line = [
      file,
      `${signal.format ?? 212}${signal.modifiers ?? ''}`,
      signal.gain ?? '200',
      11,
      signal.writtenZero ?? signal.zero ?? 1024,
      signal.initialValue ?? written[0]![0],
      signal.checksum ?? (sum << 16) >> 16,
      0,
      signal.name ?? '',
    ];
    lines.push(line.slice(0, fields).join(' ').trim());
  }
  for (const [file, interleaved] of files) {
    const { format = 212 } = signals.find((signal) => (signal.file ?? `${name}.dat`) === file)!;
    const samples = interleaved[0]!.flatMap((_, frame) => interleaved.flatMap((signal) => signal[frame]!));
    const values = format === 8 ? differences(interleaved, signals) : samples;
    writeFileSync(join(folder, file), Buffer.concat([Buffer.alloc(preamble, 0x5a), encode(format, values)]));
  }
  const text = `${lines.join('\n')}\n`;
  writeFileSync(join(folder, `${name}.hea`), spec.header ? spec.header(text) : text);
  const annotations = spec.annotations === undefined ? annotate(beatsAt(rate)) : spec.annotations;
  if (annotations) writeFileSync(join(folder, `${name}.atr`), annotations);
}

/** [frame][samplesPerFrame] ADC units */
function samplesOf(signal: SignalSpec, rate: number, frames: number, from: number, early: number): number[][] {
  const { perMillivolt = 200, zero = 1024, samplesPerFrame = 1, voltage = heart, replaced = {} } = signal;
  return Array.from({ length: frames }, (_, frame) =>
    Array.from({ length: samplesPerFrame }, (_, s) => {
      const time = from + (frame - early + s / samplesPerFrame) / rate;
      return replaced[frame] ?? Math.round(voltage(time) * perMillivolt) + zero;
    }),
  );
}

/** Of a file in format 8: from the sample before of the same signal, the first from 0 above the initial value. */
function differences(interleaved: number[][][], signals: SignalSpec[]): number[] {
  const last = interleaved.map((signal, s) => signals[s]!.initialValue ?? signal[0]![0]!);
  return interleaved[0]!.flatMap((_, frame) =>
    interleaved.flatMap((signal, s) =>
      signal[frame]!.map((sample) => {
        const difference = sample - last[s]!;
        last[s] = sample;
        return difference;
      }),
    ),
  );
}

/** Samples as the format stores them; two's complement, little-endian, unless said otherwise. */
export function encode(format: number, samples: readonly number[]): Uint8Array {
  const bytes: number[] = [];
  const push = (value: number, count: number): void => {
    for (let i = 0; i < count; i++) bytes.push((value >> (8 * i)) & 0xff);
  };
  const group = (size: number, write: (values: number[]) => void): void => {
    for (let i = 0; i < samples.length; i += size) write(Array.from({ length: size }, (_, k) => samples[i + k] ?? 0));
  };
  const single: Record<number, (sample: number) => void> = {
    8: (sample) => push(sample, 1),
    16: (sample) => push(sample, 2),
    24: (sample) => push(sample, 3),
    32: (sample) => push(sample, 4),
    61: (sample) => bytes.push((sample >> 8) & 0xff, sample & 0xff), // big-endian
    80: (sample) => push(sample + 128, 1),
    160: (sample) => push(sample + 32768, 2),
  };
  if (single[format]) for (const sample of samples) single[format](sample);
  else if (format === 212)
    group(2, ([a, b]) => bytes.push(a! & 0xff, ((a! >> 8) & 0xf) | ((b! >> 4) & 0xf0), b! & 0xff));
  else if (format === 310)
    group(3, ([a, b, c]) => {
      push(((a! & 0x3ff) << 1) | ((c! & 0x1f) << 11), 2);
      push(((b! & 0x3ff) << 1) | (((c! >> 5) & 0x1f) << 11), 2);
    });
  else if (format === 311) group(3, ([a, b, c]) => push((a! & 0x3ff) | ((b! & 0x3ff) << 10) | ((c! & 0x3ff) << 20), 4));
  else push(0, 4 * samples.length); // an unknown one, to be refused
  return Uint8Array.from(bytes);
}

export const [N, V, Q, NOTE] = [1, 5, 13, 22];
const [SKIP, NUM, SUB, CHN, AUX] = [59, 60, 61, 62, 63];

export interface Mark {
  time: number; // ticks
  code?: number;
  number?: number;
  subtype?: number;
  channel?: number;
  aux?: string;
}

/** The beats as normal ones, in ticks of a rate. */
export const beatsAt = (rate: number): Mark[] => BEATS.map((beat) => ({ time: Math.round(beat * rate), code: N }));

export const timeResolution = (text: string): Mark => ({ time: 0, code: NOTE, aux: text });

/** Annotations in MIT format, as a writer would: SKIP where the interval needs it. */
export function annotate(marks: readonly Mark[]): Uint8Array {
  const words: number[] = [];
  const push = (code: number, value: number): number => words.push((code << 10) | (value & 0x3ff));
  let time = 0;
  for (const mark of marks) {
    const interval = mark.time - time;
    const isLong = interval < 0 || interval > 0x3ff;
    if (isLong) {
      push(SKIP!, 0);
      words.push((interval >> 16) & 0xffff, interval & 0xffff);
    }
    push(mark.code ?? N!, isLong ? 0 : interval);
    time = mark.time;
    if (mark.subtype !== undefined) push(SUB!, mark.subtype);
    if (mark.channel !== undefined) push(CHN!, mark.channel);
    if (mark.number !== undefined) push(NUM!, mark.number);
    if (mark.aux !== undefined) {
      push(AUX!, mark.aux.length);
      const letters = Buffer.from(`${mark.aux}${mark.aux.length & 1 ? '\0' : ''}`, 'latin1');
      for (let i = 0; i < letters.length; i += 2) words.push(letters.readUInt16LE(i));
    }
  }
  words.push(0);
  return new Uint8Array(Uint16Array.from(words).buffer);
}
