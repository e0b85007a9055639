/** Recordings of a folder, read: channels over time, with a label for each stretch of them. */
import { readInput } from '../../system/files.ts';
import { type ColumnKind, type CsvTable, readCsv } from '../formats/csv.ts';
import { fault, quoted } from '../formats/fault.ts';
import { monoOf, readWav } from '../formats/wav.ts';
import type { OwnFile } from './files.ts';
import type { OwnOptions, TimeUnit } from './options.ts';

export interface Recording {
  /** from the folder on */
  name: string;
  path: string;
  /** Hz; null where the file does not say */
  rate: number | null;
  /** [channels][length] in the units of the file: of sound, parts of full scale */
  channels: (Float32Array | Float64Array)[];
  /** names of columns */
  channelNames: string[];
  /** stretches of one label without a gap in time, in order */
  stretches: Stretch[];
  /** breaks in the time column */
  gaps: number;
}

export interface Stretch {
  label: string;
  /** positions, `end` not included */
  start: number;
  end: number;
}

type Reading = Pick<OwnOptions, 'columns' | 'label' | 'time' | 'delimiter' | 'mono'>;

/** `channels` is how many a window has: one takes the first of several, or their mean. */
export function readSound(
  { name, path, folder }: OwnFile,
  { mono }: Pick<OwnOptions, 'mono'>,
  channels = 1,
  bytes: Uint8Array = readInput(path),
): Recording {
  const wav = readWav(bytes, path);
  if (channels > 1 && channels !== wav.channels.length)
    throw fault(path, `expected ${channels} channels as the task says, got ${wav.channels.length}; mend input.shape`);
  return {
    name,
    path,
    rate: wav.rate,
    channels: channels === 1 ? [monoOf(wav, mono)] : wav.channels,
    channelNames: wav.channels.map((_, i) => `channel ${i + 1}`),
    stretches: [{ label: folder ?? '', start: 0, end: wav.frames }],
    gaps: 0,
  };
}

/** A table with one column a channel. */
export function readTable(
  { name, path, folder }: OwnFile,
  reading: Reading,
  bytes: Uint8Array = readInput(path),
): Recording {
  const roles = { label: -1, time: -1 };
  const table = readCsv(bytes, path, {
    ...(reading.delimiter !== null && { delimiter: reading.delimiter }),
    kinds: (names, firstRow) => kindsOf(path, names, firstRow, reading, roles),
  });
  const wanted = reading.columns?.map((column) => table.names.indexOf(column));
  const numbers = [...table.columns.keys()].filter((i) => i !== roles.time && table.columns[i] instanceof Float64Array);
  const channels = wanted ?? numbers;
  const times = roles.time < 0 ? null : secondsOf(path, table, roles.time, reading.time!.unit);
  const rate = times && rateOf(times);
  const breaks = times ? breaksIn(times, rate!) : [];
  return {
    name,
    path,
    rate,
    channels: channels.map((i) => table.columns[i] as Float64Array),
    channelNames: channels.map((i) => table.names[i]!),
    stretches: stretchesOf(table, roles.label < 0 ? null : (table.columns[roles.label] as string[]), folder, breaks),
    gaps: breaks.length,
  };
}

/** Which columns are read as what. Throws for a column that is not there, or that is no number where one is needed. */
function kindsOf(
  path: string,
  names: readonly string[],
  firstRow: readonly string[],
  { columns, label, time }: Reading,
  roles: { label: number; time: number },
): ColumnKind[] {
  const find = (name: string, what: string): number => {
    const at = names.indexOf(name);
    if (at >= 0) return at;
    const list = names.map((one) => quoted(one)).join(', ');
    throw fault(path, `${what}: expected a column ${quoted(name)}, got ${list}; mend the task or the file`);
  };
  roles.label = label === null ? -1 : find(label, 'label');
  roles.time = time === null ? -1 : find(time.column, 'time');
  const channels = columns?.map((column) => find(column, 'columns'));
  const kinds = names.map((_, i): ColumnKind => {
    if (i === roles.label) return 'text';
    if (i === roles.time) return time!.unit === 'date' ? 'text' : 'number';
    if (channels) return channels.includes(i) ? 'number' : 'skip';
    return /^[+-]?[.,]?\d/.test(firstRow[i]!.trim()) ? 'number' : 'skip';
  });
  if (!kinds.some((kind, i) => kind === 'number' && i !== roles.time))
    throw fault(path, 'expected a column of numbers as a channel, got none; name the columns in "columns"');
  return kinds;
}

const SECONDS: Record<Exclude<TimeUnit, 'date'>, number> = { s: 1, ms: 1e-3, us: 1e-6, ns: 1e-9 };

/** Throws for times that do not rise, and for what is no date. */
function secondsOf(path: string, { columns, lines }: CsvTable, column: number, unit: TimeUnit): Float64Array {
  const cells = columns[column]!;
  const seconds = Float64Array.from(cells as ArrayLike<number>, (_, i) =>
    unit === 'date' ? Date.parse(cells[i] as string) / 1000 : (cells[i] as number) * SECONDS[unit],
  );
  for (let i = 0; i < seconds.length; i++) {
    if (Number.isNaN(seconds[i]))
      throw fault(path, `line ${lines[i]}: expected a date and time, got ${quoted(String(cells[i]))}; mend that line`);
    if (i > 0 && seconds[i]! < seconds[i - 1]!)
      throw fault(
        path,
        `line ${lines[i]}: expected a time behind the one before, got ${cells[i]}; sort the rows by time`,
      );
  }
  return seconds;
}

/** Of the median step: a few that are late do not change it. */
function rateOf(seconds: Float64Array): number | null {
  const steps = seconds.slice(1).map((second, i) => second - seconds[i]!);
  const median = steps.sort()[steps.length >> 1];
  return median !== undefined && median > 0 ? 1 / median : null;
}

/** Periods without a row that make a gap. */
const GAP = 4;

/** Rows that come too late to belong to what is before them. */
function breaksIn(seconds: Float64Array, rate: number | null): number[] {
  if (rate === null) return [];
  return [...seconds.keys()].filter((i) => i > 0 && (seconds[i]! - seconds[i - 1]!) * rate > GAP);
}

function stretchesOf(table: CsvTable, labels: string[] | null, folder: string | null, breaks: number[]): Stretch[] {
  const borders = new Set(breaks);
  const stretches: Stretch[] = [];
  for (let row = 0; row < table.rows; row++) {
    const label = labels?.[row] ?? folder ?? '';
    const last = stretches.at(-1);
    if (last && last.label === label && !borders.has(row)) last.end = row + 1;
    else stretches.push({ label, start: row, end: row + 1 });
  }
  return stretches.filter(({ label }) => labels === null || label !== ''); // rows without a label are not used
}
