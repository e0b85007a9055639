/** Inputs out of sound and tables: cut into windows by the code that training cuts them with. */
import { basename } from 'node:path';
import { type CsvTable, numberOf, readCsv } from '../data/formats/csv.ts';
import { fault } from '../data/formats/fault.ts';
import { cut } from '../data/own/cut.ts';
import type { OwnFile } from '../data/own/files.ts';
import { OWN_OPTIONS, type OwnOptions } from '../data/own/options.ts';
import type { Piece } from '../data/own/pieces.ts';
import { type Recording, readSound, readTable } from '../data/own/recording.ts';
import type { Signal } from '../data/signal.ts';
import { counted } from '../system/counted.ts';
import { checkJson } from '../system/json.ts';
import { Quantizer } from './quantizer.ts';
import { GROUP, LABEL } from './roles.ts';
import { described, type InputSet, signalOf, valuesOf, type Wanted } from './wanted.ts';

/** Windows of sound. Throws UsageError, one line, for an input that takes no sound, or at another rate. */
export function readSoundFile(bytes: Uint8Array, file: OwnFile, wanted: Wanted): InputSet {
  const signal = signalOf(wanted);
  const [rows, , channels] = signal.shape;
  if (rows !== 1)
    throw fault(
      file.path,
      `expected features, as the input takes ${described(wanted.port)}, got sound; ` +
        'compute them as in training and give a .npy',
    );
  if (signal.rate === null) throw fault(file.path, 'the image does not say the rate of its input; give --rate, in Hz');
  const options = optionsFor(file.path, wanted);
  const recording = readSound(file, options, channels, bytes);
  if (recording.rate !== signal.rate && !options.resample)
    throw fault(file.path, `expected ${signal.rate} Hz, got ${recording.rate} Hz; convert it, or give --resample`);
  const seconds = (time: number): string => `${file.name} at ${time.toFixed(2)} s`;
  const set = setOf(cutWhole(recording, signal, options), file, seconds);
  const heard = recording.channelNames.length;
  return heard === channels
    ? set
    : { ...set, notes: [...set.notes, `of ${heard} channels of sound the first is taken`] };
}

/** A table in which a row is an input, with a label in another column perhaps; or one in which a row is a position. */
export function readTableFile(bytes: Uint8Array, file: OwnFile, wanted: Wanted): InputSet {
  const { path } = file;
  const table = readCsv(bytes, path, { kinds: (names, first) => names.map((name, i) => kindOf(name, first[i]!)) });
  const numbers = [...table.columns.keys()].filter((i) => table.columns[i] instanceof Float64Array);
  const signal = signalOf(wanted);
  if (numbers.length === valuesOf(wanted.port)) return rowsOf(table, numbers, file, wanted);
  const [rows, , channels] = signal.shape;
  if (rows !== 1 || numbers.length !== channels)
    throw fault(
      path,
      `expected ${counted(valuesOf(wanted.port), 'column')} of numbers, a row an input` +
        `${rows === 1 ? `, or ${channels}, a row a position` : ''}, got ${numbers.length}; ` +
        'leave out the others, or give a .npy',
    );
  const label = table.names.find((name) => LABEL.test(name)) ?? null;
  const options = { ...optionsFor(path, wanted), label, columns: numbers.map((i) => table.names[i]!) };
  const recording = readTable(file, options, bytes);
  const piece = cutWhole(recording, { ...signal, rate: 1 }, options); // so times are rows
  return setOf(piece, file, (row) => `${file.name}, row ${row + 1}`);
}

/** Every window of a recording. Throws, in words of options, for one that is shorter than a window. */
function cutWhole(recording: Recording, signal: Signal, options: OwnOptions): Piece {
  const length = recording.channels[0]!.length * (recording.rate === null ? 1 : signal.rate! / recording.rate);
  const width = signal.shape[1];
  if (options.short === 'refuse' && Math.round(length) < width)
    throw fault(
      recording.path,
      `expected ${counted(width, 'position')} or more, as the input has, got ${Math.round(length)}; ` +
        'record more, or give --short pad or skip',
    );
  return cut(recording, recording.name, options, signal);
}

const kindOf = (name: string, cell: string): 'text' | 'number' =>
  LABEL.test(name) || GROUP.test(name) || numberOf(cell) === null ? 'text' : 'number';

function rowsOf(table: CsvTable, numbers: readonly number[], file: OwnFile, { port }: Wanted): InputSet {
  const column = (role: RegExp): string[] | null => {
    const at = table.names.findIndex((name) => role.test(name));
    return at < 0 ? null : (table.columns[at] as string[]);
  };
  const quantizer = new Quantizer(port);
  const values = new Float64Array(numbers.length);
  const inputs = Array.from({ length: table.rows }, (_, row) => {
    numbers.forEach((i, at) => {
      values[at] = (table.columns[i] as Float64Array)[row]!;
    });
    return quantizer.bytes(values);
  });
  return {
    inputs,
    labels: column(LABEL) ?? (file.folder === null ? null : inputs.map(() => file.folder!)),
    groups: column(GROUP),
    names: Array.from(table.lines, (line) => `${basename(file.name)}:${line}`),
    notes: quantizer.notes(file.name),
  };
}

const optionsFor = (path: string, { options: { resample, short } }: Wanted): OwnOptions =>
  checkJson({ path, resample, short }, path, OWN_OPTIONS);

/** The windows of a file; labels only where the file or its folder gives them. */
function setOf(
  { samples, labels, saturated, assumed, times }: Piece,
  file: OwnFile,
  at: (time: number) => string,
): InputSet {
  const bytes = new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
  const size = labels.length === 0 ? 0 : bytes.length / labels.length;
  return {
    inputs: labels.map((_, i) => bytes.slice(i * size, (i + 1) * size)),
    labels: labels.every((label) => label === '') ? null : labels,
    groups: labels.map(() => file.name),
    names: labels.map((_, i) => (labels.length === 1 ? file.name : at(times[i]!))),
    notes: [
      ...assumed,
      ...(saturated > 0
        ? [`${file.name}: ${counted(saturated, 'sample')} beyond the range of the input, saturated`]
        : []),
    ],
  };
}
