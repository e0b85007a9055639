/** A first look at a folder of recordings: what is in it, and what its columns and file names seem to mean. */
import { readInput } from '../../system/files.ts';
import { checkJson } from '../../system/json.ts';
import { type CsvTable, numberOf, readCsv } from '../formats/csv.ts';
import { fault } from '../formats/fault.ts';
import { readArrays } from './arrays.ts';
import { classFolders, inOrder } from './classes.ts';
import { shapeOfArrays } from './cutArrays.ts';
import { findFiles, groupsOf, type Kind, type OwnFolder } from './files.ts';
import { OWN_OPTIONS, type OwnOptions, TIME_UNITS, type TimeUnit } from './options.ts';
import { type Recording, readSound, readTable } from './recording.ts';

export interface Look {
  kind: Kind;
  /** what was made out; the rest as it is where nothing is said */
  options: OwnOptions;
  classes: string[];
  /** Hz; null where nothing tells, and for arrays */
  rate: number | null;
  /** all of them, where they differ */
  rates: number[];
  channelNames: string[];
  /** largest magnitude of each channel */
  peaks: number[];
  /** of a window that is cut already */
  shape: [number, number, number] | null;
  stretches: LookedAt[];
}

/** A stretch of one label in one file, or one window of arrays. */
export interface LookedAt {
  label: string;
  file: string;
  group: string;
  /** positions at the rate of its file */
  length: number;
  seconds: number | null;
}

/** Throws UsageError, one line, for what nothing could be learned from. */
export function lookAt(path: string): Look {
  const folder = findFiles(path);
  return folder.kind === 'arrays' ? lookAtArrays(folder) : lookAtRecordings(folder);
}

const optionsFor = (path: string, options: Partial<OwnOptions> = {}): OwnOptions =>
  checkJson({ path, ...options }, path, OWN_OPTIONS);

function lookAtArrays(folder: OwnFolder): Look {
  const { x, shape, labels, groups } = readArrays(folder);
  const [height, width, channels] = shapeOfArrays(shape);
  return {
    kind: 'arrays',
    options: optionsFor(folder.path),
    classes: inOrder(labels, folder.path),
    rate: null,
    rates: [],
    channelNames: Array.from({ length: channels }, (_, i) => `channel ${i + 1}`),
    peaks: Array.from({ length: channels }, (_, c) => peakOf(x, c, channels)),
    shape: [height, width, channels],
    stretches: labels.map((label, i) => ({
      label,
      file: groups[i]!,
      group: groups[i]!,
      length: width,
      seconds: null,
    })),
  };
}

function peakOf(values: ArrayLike<number>, first = 0, step = 1): number {
  let peak = 0;
  for (let i = first; i < values.length; i += step) peak = Math.max(peak, Math.abs(values[i]!));
  return peak;
}

function lookAtRecordings(folder: OwnFolder): Look {
  const { path, kind, files } = folder;
  const columns = kind === 'table' ? columnsOf(folder) : {};
  const reading = optionsFor(path, columns);
  const recordings = files.map((file) => seenOf(kind === 'wav' ? readSound(file, reading) : readTable(file, reading)));
  if (reading.label === null) classFolders(folder);
  const labels = recordings.flatMap(({ stretches }) => stretches.map(({ label }) => label));
  const classes = inOrder(labels, path);
  const group = groupPattern(folder, recordings, classes);
  const groups = groupsOf(folder, group);
  const rates = [...new Set(recordings.flatMap(({ rate }) => (rate === null ? [] : [nearRound(rate)])))];
  const [first] = recordings as [Seen];
  return {
    kind,
    options: { ...reading, group },
    classes,
    rate: rates.length === 0 ? null : mostCommon(recordings.flatMap(({ rate }) => rate ?? []).map(nearRound)),
    rates: rates.sort((a, b) => a - b),
    channelNames: first.channelNames,
    peaks: first.peaks.map((_, c) => recordings.reduce((most, { peaks }) => Math.max(most, peaks[c]!), 0)),
    shape: null,
    stretches: recordings.flatMap(({ name, rate, stretches }, i) =>
      stretches.map(({ label, start, end }) => ({
        label,
        file: name,
        group: groups[i]!,
        length: end - start,
        seconds: rate === null ? null : (end - start) / rate,
      })),
    ),
  };
}

/** What is kept of a recording: not its samples. */
type Seen = Omit<Recording, 'channels'> & { peaks: number[] };

function seenOf({ channels, ...recording }: Recording): Seen {
  return { ...recording, peaks: channels.map((channel) => peakOf(channel)) };
}

/** 49.93 Hz is meant to be 50: rates of tables come from times that jitter. */
function nearRound(rate: number): number {
  const round = rate >= 10 ? Math.round(rate) : Number(rate.toPrecision(2));
  return Math.abs(round / rate - 1) < 0.03 ? round : Number(rate.toPrecision(3));
}

function mostCommon(rates: readonly number[]): number {
  const count = (rate: number): number => rates.filter((one) => one === rate).length;
  return rates.toSorted((a, b) => count(b) - count(a))[0]!;
}

// ---- columns

const LABEL_NAMES = /^(label|labels|class|activity|target|category|state|gesture|event)$/i;
const TIME_NAMES = /^(t|time|times|timestamp|time[ _-]?stamp|datetime|date|seconds|sec|ms|elapsed)\b|^time/i;
/** Numbers that say who or which, and not what was measured. */
const NOT_CHANNELS = /^(|id|index|row|sample|n|no|nr|subject|user|person|participant|session|trial|unnamed.*)$/i;

/** What the columns of the first file seem to be. */
function columnsOf({ files }: OwnFolder): Pick<OwnOptions, 'columns' | 'label' | 'time'> {
  const [first] = files as [OwnFolder['files'][number]];
  const table = readCsv(readInput(first.path), first.path, { kinds: (names) => names.map(() => 'text') });
  const { names } = table;
  const cellsOf = (i: number): string[] => table.columns[i] as string[];
  const isText = (i: number): boolean => numberOf(cellsOf(i)[0]!) === null;
  const indices = [...names.keys()];
  const time = timeIn(table, indices, cellsOf);
  const varies = (i: number): boolean => LABEL_NAMES.test(names[i]!) && new Set(cellsOf(i)).size > 1;
  const isLabelled = files.some(({ folder }) => folder === null) || indices.some(varies); // a folder may be a person's
  const label = isLabelled
    ? (indices.find((i) => LABEL_NAMES.test(names[i]!)) ?? indices.find((i) => isText(i) && i !== time?.at))
    : undefined;
  const channels = indices.filter(
    (i) => i !== time?.at && i !== label && !isText(i) && !(table.hasHeader && NOT_CHANNELS.test(names[i]!)),
  );
  if (channels.length === 0)
    throw fault(first.path, `expected columns of numbers beside time and label, got ${names.join(', ')}; add some`);
  return {
    columns: channels.map((i) => names[i]!),
    label: label === undefined ? null : names[label]!,
    time: time && { column: names[time.at]!, unit: time.unit },
  };
}

/** Hz at which people record: it tells which unit a time is in. */
const LIKELY_RATES = [2, 3000] as const;

function timeIn(
  { names }: CsvTable,
  indices: readonly number[],
  cellsOf: (i: number) => string[],
): { at: number; unit: TimeUnit } | null {
  const at = indices.find((i) => TIME_NAMES.test(names[i]!)) ?? indices.find((i) => risesEvenly(cellsOf(i)));
  if (at === undefined) return null;
  const cells = cellsOf(at);
  if (numberOf(cells[0]!) === null) return Number.isNaN(Date.parse(cells[0]!)) ? null : { at, unit: 'date' };
  const step = medianStep(cells);
  const named = /[ _([-](s|ms|us|ns)\)?\]?$/.exec(names[at]!)?.[1] as TimeUnit | undefined;
  const seconds = { s: 1, ms: 1e-3, us: 1e-6, ns: 1e-9 } as Record<TimeUnit, number>;
  const isLikely = (unit: TimeUnit): boolean => {
    const rate = 1 / (step * seconds[unit]);
    return rate >= LIKELY_RATES[0] && rate <= LIKELY_RATES[1];
  };
  const unit = named ?? TIME_UNITS.find((one) => one !== 'date' && isLikely(one));
  return unit === undefined ? null : { at, unit };
}

/** As clocks and counters do, and nothing that is measured. */
function risesEvenly(cells: readonly string[]): boolean {
  if (cells.length < 20) return false;
  const step = medianStep(cells);
  const values = cells.map(numberOf);
  const late = values.filter((value, i) => i > 0 && !(Math.abs(value! - values[i - 1]! - step) < step / 2));
  return step > 0 && late.length < cells.length / 20;
}

function medianStep(cells: readonly string[]): number {
  const values = Float64Array.from(cells, (cell) => numberOf(cell) ?? 0);
  const steps = values.slice(1).map((value, i) => value - values[i]!);
  return steps.sort()[steps.length >> 1] ?? 0;
}

// ---- groups

/** Whose a file is may be any of the first parts of its name. */
const PATTERNS = [0, 1, 2].map((part) => `^(?:.*/)?${'[^/_-]+[_-]'.repeat(part)}([^/_-]+)[_-]`);

/**
 * A pattern for which every class has windows of three groups or more, and most groups are in several classes, as people
 * are and takes are not. Null where there is none: then every file is a group.
 */
function groupPattern(folder: OwnFolder, recordings: readonly Seen[], classes: readonly string[]): string | null {
  for (const pattern of PATTERNS) {
    const form = new RegExp(pattern, 'u');
    if (!folder.files.every(({ name }) => form.test(name))) continue;
    const groups = groupsOf(folder, pattern);
    const members = new Map<string, Set<string>>();
    recordings.forEach(({ stretches }, i) => {
      for (const { label } of stretches) members.set(groups[i]!, (members.get(groups[i]!) ?? new Set()).add(label));
    });
    const sets = [...members.values()];
    const isEnough = classes.every((label) => sets.filter((set) => set.has(label)).length >= 3);
    const isShared = sets.filter((set) => set.size > 1).length > sets.length / 2;
    if (members.size < folder.files.length && isEnough && isShared) return pattern;
  }
  return null;
}
