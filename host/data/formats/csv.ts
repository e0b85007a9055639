/**
 * Tables of text: CSV with any delimiter, quotes, with or without a header, decimal commas. csv-parse reads the cells;
 * here is decided what they mean. One row is one moment, one column one channel, time or label.
 */
import { CsvError, parse } from 'csv-parse/sync';
import { describeFile } from '../../system/fileKind.ts';
import { fault, quoted } from './fault.ts';

export interface CsvOptions {
  /** one character, or "whitespace" for any number of blanks and tabs; else what fits the first lines best */
  delimiter?: string;
  /** whether the first line names the columns; else it does when none of its cells is a number, or when they count */
  header?: boolean;
  /** what each column is to be read as; else by the first row: numbers where that has one */
  kinds?: (names: readonly string[], firstRow: readonly string[]) => readonly ColumnKind[];
}

export type ColumnKind = 'number' | 'text' | 'skip';

export interface CsvTable {
  delimiter: string;
  hasHeader: boolean;
  /** from the header, else "column 1" and so on */
  names: string[];
  rows: number;
  /** by column: numbers, text, or null for what was skipped */
  columns: (Float64Array | string[] | null)[];
  /** [rows] line of the file on which a row begins, from 1 */
  lines: Uint32Array;
}

const WHITESPACE = 'whitespace';

/** Some programs end rows with a semicolon, whatever the delimiter is; where it is that, it ends the last cell. */
const RECORD_ENDS = [';\r\n', ';\n', '\r\n', '\n', '\r'];

/** Characters of the longest string there can be, and bytes of the largest file. */
const MOST_BYTES = 2 ** 29 - 24;

/** Lines that the delimiter is told from. */
const LOOKED_AT = 20;
const MOST_LOOKED_AT = 2 ** 16;

/** The whole table. Throws UsageError, one line, for what is none; cells are named by line and column. */
export function readCsv(bytes: Uint8Array, file: string, options: CsvOptions = {}): CsvTable {
  const text = withoutMarks(textOf(bytes, file));
  const delimiter = options.delimiter ?? sniffed(text);
  const table = new Table(file, delimiter, options);
  const isBlank = delimiter === WHITESPACE;
  try {
    parse(isBlank ? text.replace(/[ \t]+/g, '\t').replace(/^\t|\t$/gm, '') : text, {
      delimiter: isBlank ? '\t' : delimiter,
      relax_column_count: true, // said in our words
      skip_empty_lines: true,
      record_delimiter: RECORD_ENDS,
      on_record: (cells: string[], { lines, records }) => {
        table.add(cells, lines, records);
        return null;
      },
    });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const { lines } = error as CsvError & { lines?: number };
    throw fault(file, `line ${lines}: expected cells, quoted or not, got a quote out of place; mend that line`);
  }
  return table.finish();
}

/** UTF-8, with or without a byte order mark. */
function textOf(bytes: Uint8Array, file: string): string {
  if (bytes.length === 0) throw fault(file, 'the file is empty; expected a table of numbers');
  if (bytes.length > MOST_BYTES)
    throw fault(file, `expected ${MOST_BYTES} bytes at most, got ${bytes.length}; cut it into several files`);
  const { kind } = describeFile(bytes);
  if (kind === 'text in UTF-16') throw fault(file, 'this is text in UTF-16; expected UTF-8: save it in that encoding');
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    if (!text.includes('\0')) return text;
  } catch {}
  throw fault(
    file,
    `expected a table in UTF-8, got ${kind === 'text' ? 'another encoding' : kind}; save it as CSV in UTF-8`,
  );
}

/** Without the number sign that NumPy writes before a header, and the semicolon that ends the last row. */
function withoutMarks(text: string): string {
  const plain = (text.startsWith('#') ? text.slice(1) : text).trimEnd();
  return plain.endsWith(';') ? plain.slice(0, -1) : plain;
}

/**
 * The delimiter that gives the same number of cells, two or more, on most of the first lines; of those that do, the one
 * with the most numbers. "1,5;2,5" is two cells with decimal commas, and blanks count when nothing else does.
 */
function sniffed(text: string): string {
  const lines = text.slice(0, MOST_LOOKED_AT).split(/\r\n|\r|\n/, LOOKED_AT);
  if (text.length > MOST_LOOKED_AT && lines.length > 1) lines.pop(); // it may be cut
  const whole = lines.filter((line) => line.trim() !== '');
  if (whole.length === 0) return ',';
  const score = (delimiter: string): number => {
    const rows = whole.map((line) => splitLine(line, delimiter));
    const width = rows.at(-1)!.length;
    if (width < 2) return 0;
    const even = rows.filter((row) => row.length === width).length;
    const numbers = rows.flat().filter((cell) => numberOf(cell) !== null).length;
    return even / rows.length + numbers / rows.flat().length;
  };
  const [best] = [...['\t', ';', '|', ','], WHITESPACE].toSorted((a, b) => score(b) - score(a));
  return score(best!) > 0 ? best! : ',';
}

/** Without regard to quotes: for guesses alone. */
const splitLine = (line: string, delimiter: string): string[] =>
  delimiter === WHITESPACE ? line.trim().split(/[ \t]+/) : line.split(delimiter);

const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;

/** With a decimal point or a decimal comma; null for what is no finite number. */
export function numberOf(cell: string): number | null {
  const text = cell.trim().replace(',', '.');
  const value = NUMBER.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? value : null;
}

/** Columns that data frames have called 0, 1, 2 ...: more of them than a first row of data has by chance. */
const SURELY_NAMES = 8;
const PERHAPS_NAMES = 3;

/** Names in place of numbers; 0, 1, 2 ... among them are names as well. Throws for few of those, which can be either. */
function isHeader(file: string, cells: readonly string[]): boolean {
  const numbers = cells.filter((cell) => numberOf(cell) !== null);
  if (numbers.length === 0) return true;
  const isCount = numbers.length >= PERHAPS_NAMES && numbers.every((cell, i) => cell.trim() === String(i));
  if (isCount && numbers.length < SURELY_NAMES)
    throw fault(
      file,
      `line 1: expected names or numbers, got ${quoted(numbers.join(', '))}, which can be either; ` +
        'give columns names with letters, or remove the line',
    );
  return isCount;
}

/** Rows as they come. */
class Table {
  private header: string[] | null = null;
  private kinds: readonly ColumnKind[] = [];
  private names: string[] = [];
  private readonly columns: (GrowingNumbers | string[] | null)[] = [];
  private readonly lines = new GrowingNumbers();
  private width = 0;

  constructor(
    private readonly file: string,
    private readonly delimiter: string,
    private readonly options: CsvOptions,
  ) {}

  /** `line` is the one on which the record ends. */
  add(cells: string[], line: number, record: number): void {
    if (record === 1) {
      this.width = cells.length;
      if (this.options.header ?? isHeader(this.file, cells)) {
        this.header = cells.map((cell) => cell.trim());
        return;
      }
    }
    if (cells.length !== this.width) cells = this.fitted(cells, line);
    if (this.lines.length === 0) this.begin(cells);
    for (let column = 0; column < this.width; column++) {
      const kept = this.columns[column];
      if (kept === null || kept === undefined) continue;
      if (kept instanceof GrowingNumbers) kept.push(this.number(cells[column]!, line, column));
      else kept.push(cells[column]!.trim());
    }
    this.lines.push(line);
  }

  finish(): CsvTable {
    const { header, names, delimiter } = this;
    if (this.lines.length === 0)
      throw fault(this.file, `expected rows of numbers${header ? ' under the header' : ''}, got none; remove the file`);
    return {
      delimiter,
      hasHeader: header !== null,
      names,
      rows: this.lines.length,
      columns: this.columns.map((column) => (column instanceof GrowingNumbers ? column.values() : column)),
      lines: Uint32Array.from(this.lines.values()),
    };
  }

  /** Some programs end every line but the header with a delimiter. */
  private fitted(cells: string[], line: number): string[] {
    if (cells.length === this.width + 1 && cells.at(-1)!.trim() === '') return cells.slice(0, -1);
    throw fault(
      this.file,
      `line ${line}: expected ${this.width} cells as on the first line, got ${cells.length}; mend that line`,
    );
  }

  private begin(cells: readonly string[]): void {
    this.names = this.header ?? cells.map((_, i) => `column ${i + 1}`);
    const guessed = cells.map((cell) => (numberOf(cell) === null ? 'text' : 'number'));
    this.kinds = this.options.kinds?.(this.names, cells) ?? guessed;
    const twice = this.names.find(
      (name, i) => name !== '' && this.kinds[i] !== 'skip' && this.names.indexOf(name) !== i,
    );
    if (twice !== undefined)
      throw fault(this.file, `line 1: two columns are called ${quoted(twice)}; give each a name of its own`);
    for (const kind of this.kinds)
      this.columns.push(kind === 'number' ? new GrowingNumbers() : kind === 'text' ? [] : null);
  }

  private number(cell: string, line: number, column: number): number {
    const value = numberOf(cell);
    const isAmbiguous = this.delimiter === ',' && cell.includes(','); // "1,234" in quotes: 1.234, or thousands?
    if (value !== null && !isAmbiguous) return value;
    const got = cell.trim() === '' ? 'an empty cell' : quoted(cell.trim());
    throw fault(
      this.file,
      `line ${line}, ${quoted(this.names[column]!)}: expected a number, got ${got}; fill it in or remove that line`,
    );
  }
}

/** A typed array that grows by doubling. */
class GrowingNumbers {
  length = 0;
  private held = new Float64Array(1024);

  push(value: number): void {
    if (this.length === this.held.length) {
      const more = new Float64Array(2 * this.length);
      more.set(this.held);
      this.held = more;
    }
    this.held[this.length++] = value;
  }

  values(): Float64Array {
    return this.held.slice(0, this.length);
  }
}
