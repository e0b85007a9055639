/**
 * MATLAB files of level 5 (MathWorks, "MAT-File Format"): what MATLAB 5 to 7 and scipy.io.savemat write. Either byte
 * order, compressed or not; numbers, logical values, text, cells and structures. Version 7.3 is HDF5, and refused.
 */
import { ByteReader, fault, quoted } from './fault.ts';
import { inflateWithin } from './inflate.ts';
import { countOf, type Element, MOST_DIMENSIONS, type Numbers, readNumbers, rowMajor, sizeOf } from './numbers.ts';

export type MatValue =
  /** last dimension fastest, unlike in the file */
  | { kind: 'numbers'; shape: number[]; values: Numbers; imaginary: Numbers | null }
  /** the rows of a character array */
  | { kind: 'text'; shape: number[]; rows: string[] }
  | { kind: 'cells'; shape: number[]; cells: MatValue[] }
  | { kind: 'structure'; shape: number[]; elements: Record<string, MatValue>[] };

const HEADER_BYTES = 128;
const MOST_DEPTH = 32;

const MATRIX = 14;
const COMPRESSED = 15;

/** Types of data, as which numbers are stored: smaller than their class where that holds them. */
const TYPES: Record<number, Element> = {
  1: 'i1',
  2: 'u1',
  3: 'i2',
  4: 'u2',
  5: 'i4',
  6: 'u4',
  7: 'f4',
  9: 'f8',
  12: 'i8',
  13: 'u8',
  16: 'u1', // UTF-8
  17: 'u2', // UTF-16
  18: 'u4', // UTF-32
};
const UTF8 = 16;

/** Classes of arrays. */
const CELL = 1;
const STRUCTURE = 2;
const CHARACTER = 4;
const FIRST_NUMERIC = 6;
const LAST_NUMERIC = 15;
const REFUSED: Record<number, string> = {
  3: 'an object',
  5: 'a sparse matrix',
  16: 'a function',
  17: 'an object of a class',
};
const COMPLEX_FLAG = 0x0800;

/** Every variable by name. Throws UsageError, one line, for what is no such file or is damaged. */
export function readMat(bytes: Uint8Array, file: string): Map<string, MatValue> {
  const reader = new ByteReader(file, bytes);
  reader.littleEndian = byteOrder(reader);
  const variables = new Map<string, MatValue>();
  for (let at = HEADER_BYTES; at < reader.length; ) {
    const element = elementAt(reader, at);
    const matrix = element.type === COMPRESSED ? decompressed(reader, element, at) : element;
    at = element.next;
    if (matrix.type !== MATRIX) continue; // not a variable
    const { name, value } = matrixOf(matrix.reader ?? reader, matrix, 'variable', 0);
    if (name !== '') variables.set(name, value); // one without a name holds MATLAB's own data
  }
  return variables;
}

/** Whether the file is little-endian. Throws for files that are of another level, or none. */
function byteOrder(reader: ByteReader): boolean {
  const { file, length } = reader;
  if (length === 0) throw fault(file, 'the file is empty; expected a MATLAB file');
  const start = reader.latin1(0, Math.min(HEADER_BYTES, length), 'header');
  if (start.startsWith('MATLAB 7.3') || start.startsWith('\x89HDF'))
    throw fault(file, "this is a MATLAB file of version 7.3 (HDF5); expected level 5: save(..., '-v7') writes it");
  const order = start.slice(126, 128);
  if (order !== 'IM' && order !== 'MI')
    throw fault(file, "expected a MATLAB file of level 5, got another kind; save(..., '-v7') writes it");
  const isLittle = order === 'IM';
  const version = isLittle ? start.charCodeAt(125) : start.charCodeAt(124);
  if (version !== 1)
    throw fault(file, `expected version 1 of level 5, got ${version}; save(..., '-v7') writes what can be read`);
  return isLittle;
}

interface DataElement {
  type: number;
  /** of its data */
  at: number;
  length: number;
  /** where the element behind it begins */
  next: number;
  /** of data that were compressed */
  reader?: ByteReader;
}

/** A tag of 8 bytes and data padded to 8; or, for up to 4 bytes of data, all in 8 bytes. */
function elementAt(reader: ByteReader, at: number): DataElement {
  const word = reader.u32(at, 'element');
  const small = word >>> 16;
  if (small !== 0) {
    if (small > 4)
      throw fault(reader.file, `element at ${at}: expected up to 4 bytes in its tag, got ${small}; save it again`);
    return { type: word & 0xffff, at: at + 4, length: small, next: at + 8 };
  }
  const length = reader.u32(at + 4, 'element');
  reader.slice(at + 8, length, `element at ${at}`);
  // compressed data are not padded, and the last element need not be
  const padded = word === COMPRESSED ? length : Math.ceil(length / 8) * 8;
  return { type: word, at: at + 8, length, next: at + 8 + padded };
}

/** The one element in a compressed one, from a reader of its own. */
function decompressed(reader: ByteReader, { at, length }: DataElement, where: number): DataElement {
  const plain = inflateWithin(reader.bytes.subarray(at, at + length), { raw: false });
  if (typeof plain === 'string')
    throw fault(reader.file, `compressed variable at ${where}: expected deflated data, got ${plain}; save it again`);
  const inner = new ByteReader(reader.file, plain, reader.littleEndian);
  return { ...elementAt(inner, 0), reader: inner };
}

/** Elements inside of a matrix, one after another. */
class Parts {
  private at: number;

  constructor(
    readonly reader: ByteReader,
    private readonly matrix: DataElement,
    private readonly what: string,
  ) {
    this.at = matrix.at;
  }

  /** Bytes that have not been read. */
  get left(): number {
    return this.matrix.at + this.matrix.length - this.at;
  }

  next(part: string): DataElement {
    if (this.left < 8)
      throw fault(this.reader.file, `${this.what}: expected its ${part}, got the end of it; save it again`);
    const element = elementAt(this.reader, this.at);
    this.at = element.next;
    return element;
  }

  bytes(part: string): Uint8Array {
    const { at, length } = this.next(part);
    return this.reader.bytes.subarray(at, at + length);
  }

  numbers(part: string): Numbers {
    const { type, at, length } = this.next(part);
    const element = TYPES[type];
    if (element === undefined || length % sizeOf(element) !== 0)
      throw fault(
        this.reader.file,
        `${this.what}: ${part}: expected numbers, got data of type ${type} and ${length} bytes; save it again`,
      );
    return readNumbers(this.reader.bytes.subarray(at, at + length), element, this.reader.littleEndian);
  }
}

/** A variable, or a cell or field in one. */
function matrixOf(
  reader: ByteReader,
  matrix: DataElement,
  where: string,
  depth: number,
): { name: string; value: MatValue } {
  const { file } = reader;
  if (depth > MOST_DEPTH) throw fault(file, `${where}: expected ${MOST_DEPTH} levels of cells at most, got more`);
  if (matrix.length === 0)
    // an empty cell or field
    return { name: '', value: { kind: 'numbers', shape: [0, 0], values: new Float64Array(), imaginary: null } };
  const parts = new Parts(reader, matrix, where);
  const [flags] = parts.numbers('flags');
  const shape = Array.from(parts.numbers('dimensions'));
  const name = Buffer.from(parts.bytes('name')).toString('latin1');
  const what = name === '' ? where : quoted(name);
  if (
    flags === undefined ||
    shape.length < 2 ||
    shape.length > MOST_DIMENSIONS ||
    shape.some((extent) => !Number.isInteger(extent) || extent < 0)
  )
    throw fault(
      file,
      `${what}: expected 2 to ${MOST_DIMENSIONS} dimensions, got ${shape.slice(0, 9).join(' x ')}; save it again`,
    );
  return { name, value: valueIn(parts, flags, shape, what, depth) };
}

function valueIn(parts: Parts, flags: number, shape: number[], what: string, depth: number): MatValue {
  const { file } = parts.reader;
  const kind = flags & 0xff;
  if (kind === CHARACTER) return { kind: 'text', shape, rows: textRows(parts, shape, what) };
  if (kind >= FIRST_NUMERIC && kind <= LAST_NUMERIC) {
    const values = numbersOf(parts, 'values', shape, what);
    return {
      kind: 'numbers',
      shape,
      values,
      imaginary: flags & COMPLEX_FLAG ? numbersOf(parts, 'imaginary part', shape, what) : null,
    };
  }
  if (kind === CELL)
    return { kind: 'cells', shape, cells: rowMajor(matricesOf(parts, countOf(shape), what, depth), shape) };
  if (kind === STRUCTURE)
    return { kind: 'structure', shape, elements: rowMajor(structuresOf(parts, shape, what, depth), shape) };
  throw fault(
    file,
    `${what}: expected numbers, text, cells or a structure, got ${REFUSED[kind] ?? `class ${kind}`}; save it as numbers`,
  );
}

function numbersOf(parts: Parts, part: string, shape: number[], what: string): Numbers {
  const values = parts.numbers(part);
  assertCount(parts, values.length, shape, what);
  return rowMajor(values, shape);
}

function assertCount({ reader: { file } }: Parts, got: number, shape: readonly number[], what: string): void {
  if (got !== countOf(shape))
    throw fault(file, `${what}: expected ${shape.join(' x ')} elements, got ${got}; save it again`);
}

/** Every row as text; UTF-8 is one row. */
function textRows(parts: Parts, shape: number[], what: string): string[] {
  const { type, at, length } = parts.next('text');
  const { reader } = parts;
  const bytes = reader.bytes.subarray(at, at + length);
  if (type === UTF8 && shape[0] === 1) return [Buffer.from(bytes).toString('utf8')];
  const element = TYPES[type];
  if (element === undefined || element.startsWith('f') || sizeOf(element) > 4)
    throw fault(reader.file, `${what}: expected text, got data of type ${type}; save it again`);
  const codes = readNumbers(bytes, element, reader.littleEndian);
  assertCount(parts, codes.length, shape, what);
  const [rows, columns] = [shape[0]!, shape[0] === 0 ? 0 : codes.length / shape[0]!];
  const ordered = rowMajor(codes, [rows, columns]);
  return Array.from({ length: rows }, (_, row) =>
    Array.from(ordered.subarray(row * columns, (row + 1) * columns), (code) =>
      String.fromCodePoint(code >= 0 && code <= 0x10ffff ? code : 0xfffd),
    ).join(''),
  );
}

/** `count` matrices, of which each takes 8 bytes at least. */
function matricesOf(parts: Parts, count: number, what: string, depth: number): MatValue[] {
  const { reader } = parts;
  if (!(count * 8 <= parts.left))
    throw fault(reader.file, `${what}: expected ${count} cells, got ${parts.left} bytes; save it again`);
  return Array.from({ length: count }, (_, i) => {
    const where = `${what}, cell ${i + 1}`;
    const element = parts.next(`cell ${i + 1}`);
    if (element.type !== MATRIX)
      throw fault(reader.file, `${where}: expected an array, got data of type ${element.type}; save it again`);
    return matrixOf(reader, element, where, depth + 1).value;
  });
}

/** Length of a field's name, the names, then the fields of the first element, of the second and so on. */
function structuresOf(parts: Parts, shape: number[], what: string, depth: number): Record<string, MatValue>[] {
  const [length = 0] = parts.numbers('length of names');
  const names = parts.bytes('names of fields');
  if (names.length > 0 && !(length > 0 && names.length % length === 0))
    throw fault(
      parts.reader.file,
      `${what}: expected names of fields, ${length} bytes each, got ${names.length}; save it again`,
    );
  const fields = Array.from({ length: names.length / Math.max(1, length) }, (_, i) =>
    Buffer.from(names.subarray(i * length, (i + 1) * length))
      .toString('latin1')
      .replace(/\0.*$/s, ''),
  );
  if (fields.length === 0) return [];
  const values = matricesOf(parts, countOf(shape) * fields.length, what, depth);
  return Array.from({ length: countOf(shape) }, (_, i) =>
    Object.fromEntries(fields.map((field, j) => [field, values[i * fields.length + j]!])),
  );
}
