/**
 * A folder of somebody's own recordings as labelled windows, split so that nothing of a group is in two splits.
 *
 *   subfolders       one a class, with WAV or CSV files below
 *   tables           CSV files with a column of labels; a stretch of one label is cut for itself
 *   arrays           windows that are cut already: x, y and perhaps groups, as NumPy saves them
 */
import { join } from 'node:path';
import { counted } from '../../system/counted.ts';
import { fault } from '../formats/fault.ts';
import { rateFault, resample } from '../resample.ts';
import { lengthOf, type Samples, type Signal, samplesOf } from '../signal.ts';
import { type OwnArrays, readArrays } from './arrays.ts';
import { findFiles, groupsOf, type OwnFile, type OwnFolder } from './files.ts';
import type { OwnOptions, SplitName } from './options.ts';
import { type Recording, readSound, readTable } from './recording.ts';
import { type Counts, splitGroups } from './splits.ts';

export interface OwnWindows {
  signal: Signal;
  /** [n][width * channels] */
  samples: Samples;
  /** [n] index into classNames */
  labels: Uint8Array;
  groups: string[];
  /** [n] file that a window is from */
  records: string[];
  /** [n] seconds from the start of the file to the window */
  times: Float64Array;
  classNames: string[];
  /** recordings and stretches of one label that are shorter than a window */
  short: number;
  /** files of the split that gave no window */
  withoutWindows: string[];
  /** groups that no split has */
  inNoSplit: string[];
  /** what a reader of the figures should know */
  assumed: string[];
}

/** Classes that one byte can tell apart. */
const MOST_CLASSES = 255;

/** How far the rate that a time column gives may be off. */
const RATE_TOLERANCE = 0.05;

/** What keeps a folder of recordings from giving windows of this kind: the field, and what was expected. */
export function ownSignalFault({ shape: [height], event, rate }: Signal): [field: string, expected: string] | null {
  if (event !== null) return ['event', 'null, as a label is about its whole window'];
  if (rate !== null && height !== 1) return ['shape', 'one row, as recordings have'];
  return null;
}

/** The labels of a folder, in order, without reading more than it has to. */
export function ownLabels(options: OwnOptions): string[] {
  const folder = findFiles(options.path);
  if (folder.kind !== 'arrays' && options.label === null) return classFolders(folder);
  const labels =
    folder.kind === 'arrays'
      ? readArrays(folder).labels
      : folder.files.flatMap((file) => readTable(file, options).stretches.map(({ label }) => label));
  return inOrder(labels, options.path);
}

/** Windows of one split. Throws UsageError, one line that says which file and what to do. */
export function loadOwn(options: OwnOptions, signal: Signal, split: SplitName): OwnWindows {
  const folder = findFiles(options.path);
  const all = folder.kind === 'arrays' ? arrayPieces(folder, signal) : recordedPieces(folder, options, signal);
  const counts = countsOf(all.pieces, all.classNames);
  const splits = splitGroups(counts, all.classNames, options, options.path);
  const chosen = all.pieces.filter(({ group }) => splits.get(group) === split);
  const saturated = chosen.reduce((sum, piece) => sum + piece.saturated, 0);
  return {
    ...joined(chosen, signal, all.classNames),
    short: chosen.reduce((sum, { short }) => sum + short, 0),
    withoutWindows: chosen.filter(({ labels }) => labels.length === 0).map(({ record }) => record),
    inNoSplit: [...counts.keys()].filter((group) => !splits.has(group)),
    assumed: [
      ...all.assumed,
      ...chosen.flatMap(({ assumed }) => assumed),
      ...(saturated > 0
        ? [`${counted(saturated, 'sample')} beyond the range of input.scale, saturated as a converter would`]
        : []),
    ],
  };
}

/** The windows of one file, or of one array window. */
interface Piece {
  record: string;
  group: string;
  samples: Samples;
  /** by window: index of its class, and seconds */
  labels: number[];
  times: number[];
  short: number;
  saturated: number;
  assumed: string[];
}

interface Pieces {
  pieces: Piece[];
  classNames: string[];
  assumed: string[];
}

function countsOf(pieces: readonly Piece[], classes: readonly string[]): Counts {
  const counts: Counts = new Map();
  for (const { group, labels } of pieces) {
    const some = counts.get(group) ?? classes.map(() => 0);
    for (const label of labels) some[label]!++;
    counts.set(group, some);
  }
  return counts;
}

function joined(pieces: readonly Piece[], signal: Signal, classNames: string[]) {
  const samples = samplesOf(
    signal,
    pieces.reduce((sum, piece) => sum + piece.samples.length, 0),
  );
  let at = 0;
  for (const piece of pieces) {
    samples.set(piece.samples, at);
    at += piece.samples.length;
  }
  return {
    signal,
    samples,
    labels: Uint8Array.from(pieces.flatMap(({ labels }) => labels)),
    groups: pieces.flatMap(({ group, labels }) => labels.map(() => group)),
    records: pieces.flatMap(({ record, labels }) => labels.map(() => record)),
    times: Float64Array.from(pieces.flatMap(({ times }) => times)),
    classNames,
  };
}

// ---- classes

/** Folders in the folder, each of which has recordings. */
function classFolders({ path, files, folders }: OwnFolder): string[] {
  const loose = files.find(({ folder }) => folder === null);
  if (loose)
    throw fault(loose.path, 'lies in no folder of a class; put it in one, or name the column of labels in "label"');
  const empty = folders.find((name) => !files.some(({ folder }) => folder === name));
  if (empty !== undefined)
    throw fault(join(path, empty), 'expected recordings of this class, got none; add some or remove the folder');
  return inOrder(folders, path);
}

/** Each once, numbers as numbers. Throws for fewer than two classes, and for more than labels can tell apart. */
export function inOrder(labels: readonly string[], path: string): string[] {
  const names = [...new Set(labels)].sort(new Intl.Collator('en', { numeric: true }).compare);
  if (names.length < 2)
    throw fault(
      path,
      `expected two classes or more, got ${names.length === 0 ? 'none' : `"${names[0]}" alone`}; add another`,
    );
  if (names.length > MOST_CLASSES)
    throw fault(path, `expected ${MOST_CLASSES} classes at most, got ${names.length}; is "label" the right column?`);
  return names;
}

// ---- recordings

function recordedPieces(folder: OwnFolder, options: OwnOptions, signal: Signal): Pieces {
  const groups = groupsOf(folder, options.group);
  const byFolder = options.label === null ? classFolders(folder) : null;
  const recordings = folder.files.map((file) => readRecording(folder, file, options, signal.shape[2]));
  const labels = recordings.flatMap(({ stretches }) => stretches.map(({ label }) => label));
  const classNames = byFolder ?? inOrder(labels, folder.path);
  const isTimed = recordings.some(({ rate }) => rate !== null);
  const assumed = isTimed ? [] : [`no time column: rows are taken to come at ${signal.rate} Hz, as the task says`];
  const pieces = recordings.map((recording, i) => cut(recording, groups[i]!, classNames, options, signal));
  return { pieces, classNames, assumed };
}

export const readRecording = ({ kind }: OwnFolder, file: OwnFile, options: OwnOptions, channels: number): Recording =>
  kind === 'wav' ? readSound(file, options, channels) : readTable(file, options);

/** Every window of a recording. */
function cut(recording: Recording, group: string, classes: string[], options: OwnOptions, signal: Signal): Piece {
  const { name, path, gaps } = recording;
  const [, width, count] = signal.shape;
  if (recording.channels.length !== count)
    throw fault(
      path,
      `expected ${counted(count, 'channel')} as input.shape says, got ${recording.channelNames.join(', ')}; ` +
        'name them in "columns", or mend input.shape',
    );
  const { channels, stretches } = atRate(recording, options, signal);
  const hop = options.hop ?? width;
  const wanted = stretches.map((stretch) => ({ ...stretch, starts: startsIn(stretch, width, hop, options.short) }));
  if (options.short === 'refuse' && options.label === null && wanted.every(({ starts }) => starts.length === 0))
    throw fault(
      path,
      `expected ${width} positions (${(width / signal.rate!).toFixed(3)} s) or more for a window, got ` +
        `${channels[0]!.length}; record more, shorten the window, or set "short" to "pad" or "skip"`,
    );
  const windows = wanted.flatMap(({ starts, label, end }) => starts.map((start) => ({ start, end, label })));
  const samples = samplesOf(signal, windows.length * width * count);
  const convert = new Converter(signal);
  windows.forEach(({ start, end }, i) => {
    for (let t = 0; t < width; t++)
      for (let c = 0; c < count; c++)
        samples[(i * width + t) * count + c] = convert.limited(
          start + t < end ? channels[c]![start + t]! : convert.zero,
        );
  });
  return {
    record: name,
    group,
    samples,
    labels: windows.map(({ label }) => classes.indexOf(label)),
    times: windows.map(({ start }) => start / signal.rate!),
    short: wanted.filter(({ starts }) => starts.length === 0).length,
    saturated: convert.saturated,
    assumed: gaps > 0 ? [`${name}: ${counted(gaps, 'gap')} in time, which no window spans`] : [],
  };
}

function startsIn({ start, end }: { start: number; end: number }, width: number, hop: number, short: string): number[] {
  if (end - start < width) return short === 'pad' ? [start] : [];
  return Array.from({ length: Math.floor((end - start - width) / hop) + 1 }, (_, i) => start + i * hop);
}

/** Channels in integers of the signal, at its rate; the stretches with them. */
function atRate(recording: Recording, { resample: isWanted }: OwnOptions, signal: Signal) {
  const { path, channels, stretches } = recording;
  const convert = new Converter(signal);
  const integers = channels.map((channel) => Float64Array.from(channel, (value) => convert.integer(value)));
  const [from, to] = [recording.rate ?? signal.rate!, signal.rate!];
  const isTable = channels[0] instanceof Float64Array;
  if (from === to || (isTable && Math.abs(from / to - 1) <= RATE_TOLERANCE)) return { channels: integers, stretches };
  if (!isWanted)
    throw fault(
      path,
      `expected a rate of ${to} Hz as the task says, got ${shownRate(from)}; ` +
        'set "resample" to true, convert the file or leave it out',
    );
  const unfit = rateFault(from);
  if (unfit) throw fault(path, unfit);
  const moved = (position: number): number => Math.round((position * to) / from);
  const resampled = integers.map((channel) => resample(channel, from, to));
  return {
    channels: resampled,
    stretches: stretches.map((one) => ({
      ...one,
      start: moved(one.start),
      end: Math.min(moved(one.end), resampled[0]!.length),
    })),
  };
}

const shownRate = (rate: number): string => `${Number(rate.toPrecision(4))} Hz`;

/** From values of the world to integers of the signal: real value = scale * (integer - zeroPoint). */
class Converter {
  /** how many did not fit */
  saturated = 0;
  readonly zero: number;
  private readonly least: number;
  private readonly most: number;

  constructor(private readonly signal: Signal) {
    const half = signal.type === 'i8' ? 128 : 32768;
    [this.least, this.most] = [-half, half - 1];
    this.zero = signal.zeroPoint;
  }

  integer(value: number): number {
    return Math.round(value / this.signal.scale) + this.signal.zeroPoint;
  }

  limited(integer: number): number {
    const inside = Math.min(Math.max(integer, this.least), this.most);
    // full scale itself, +1.0 of a converter, is one step too many and no fault
    if (inside !== integer && integer !== this.most + 1) this.saturated++;
    return inside;
  }
}

// ---- arrays

function arrayPieces(folder: OwnFolder, signal: Signal): Pieces {
  const arrays = readArrays(folder);
  const expected = shapeOfArrays(arrays.shape);
  if (expected.some((extent, axis) => extent !== signal.shape[axis]))
    throw fault(
      arrays.path,
      `x: expected windows of ${signal.shape.join(' x ')} as input.shape says, got ${arrays.shape.join(' x ')}; ` +
        `set input.shape to [${expected.join(', ')}]`,
    );
  const classNames = inOrder(arrays.labels, arrays.path);
  const length = lengthOf(signal);
  const pieces = arrays.labels.map((label, i) => arrayPiece(arrays, i, length, classNames.indexOf(label), signal));
  const assumed = arrays.hasGroups
    ? []
    : ['no "groups" in the arrays: runs of windows that follow one another are split as groups'];
  return { pieces, classNames, assumed };
}

/** Height, width, channels of a window of an array: [width], [width, channels] or all three. */
export function shapeOfArrays(shape: readonly number[]): [number, number, number] {
  if (shape.length === 1) return [1, shape[0]!, 1];
  if (shape.length === 2) return [1, shape[0]!, shape[1]!];
  return [shape[0]!, shape[1]!, shape[2]!];
}

function arrayPiece({ x, groups }: OwnArrays, i: number, length: number, label: number, signal: Signal): Piece {
  const convert = new Converter(signal);
  const samples = samplesOf(signal, length);
  for (let j = 0; j < length; j++) samples[j] = convert.limited(convert.integer(x[i * length + j]!));
  return {
    record: `window ${i}`,
    group: groups[i]!,
    samples,
    labels: [label],
    times: [0],
    short: 0,
    saturated: convert.saturated,
    assumed: [],
  };
}
