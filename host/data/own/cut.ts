/** Recordings cut into windows: stretches of one label, at the rate of the signal, in its integers. */
import { counted } from '../../system/counted.ts';
import { fault } from '../formats/fault.ts';
import { rateFault, resample } from '../resample.ts';
import { type Signal, samplesOf } from '../signal.ts';
import { classFolders, inOrder } from './classes.ts';
import { groupsOf, type OwnFile, type OwnFolder } from './files.ts';
import type { OwnOptions } from './options.ts';
import { Converter, type Piece, type Pieces } from './pieces.ts';
import { type Recording, readSound, readTable } from './recording.ts';

/** How far the rate that a time column gives may be off. */
const RATE_TOLERANCE = 0.05;

/** One recording is held at a time. */
export function recordedPieces(folder: OwnFolder, options: OwnOptions, signal: Signal): Pieces {
  const groups = groupsOf(folder, options.group);
  const byFolder = options.label === null ? classFolders(folder) : null;
  const labels = new Set<string>();
  let isTimed = false;
  const pieces = folder.files.map((file, i) => {
    const recording = readRecording(folder, file, options, signal.shape[2]);
    for (const { label } of recording.stretches) labels.add(label);
    isTimed ||= recording.rate !== null;
    return cut(recording, groups[i]!, options, signal);
  });
  const assumed = isTimed ? [] : [`no time column: rows are taken to come at ${signal.rate} Hz, as the task says`];
  return { pieces, classNames: byFolder ?? inOrder([...labels], folder.path), assumed };
}

const readRecording = ({ kind }: OwnFolder, file: OwnFile, options: OwnOptions, channels: number): Recording =>
  kind === 'wav' ? readSound(file, options, channels) : readTable(file, options);

/** Every window of a recording. */
export function cut(recording: Recording, group: string, options: OwnOptions, signal: Signal): Piece {
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
    labels: windows.map(({ label }) => label),
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
