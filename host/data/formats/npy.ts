/** Arrays as NumPy writes them: .npy of versions 1.0, 2.0 and 3.0 (NEP 1), and .npz, a zip archive of them. */
import { ByteReader, fault, quoted } from './fault.ts';
import {
  countOf,
  ELEMENTS,
  type Element,
  MOST_DIMENSIONS,
  type Numbers,
  readNumbers,
  rowMajor,
  sizeOf,
} from './numbers.ts';
import { readZip } from './zip.ts';

export interface NpyArray {
  shape: number[];
  /** as in the file, such as "<f4" */
  descr: string;
  /** last dimension fastest, whatever the order in the file; text for elements of text */
  values: Numbers | string[];
}

/** NumPy itself reads no longer ones unless it is told to. */
const MOST_HEADER = 2 ** 16;
const MAGIC = '\x93NUMPY';

/** One array. Throws UsageError, one line, for what is none, is damaged or holds Python objects. */
export function readNpy(bytes: Uint8Array, file: string): NpyArray {
  const { header, start } = headerOf(new ByteReader(file, bytes));
  const { descr, isFortran, shape } = fieldsOf(header, file);
  const element = elementOf(descr, file);
  const size = element.size * countOf(shape);
  if (!(bytes.length - start === size))
    throw fault(
      file,
      `array of shape (${shape.join(', ')}) and type ${descr}: expected ${size} bytes, got ${bytes.length - start}; ` +
        'save it again with numpy.save',
    );
  const data = bytes.subarray(start);
  const values = element.read(data);
  return { shape, descr, values: isFortran ? rowMajor(values, shape) : values };
}

/** Every array of an archive, by its name without ".npy". */
export function readNpz(bytes: Uint8Array, file: string): Map<string, NpyArray> {
  const arrays = new Map<string, NpyArray>();
  for (const [name, content] of readZip(bytes, file)) {
    if (!name.endsWith('.npy'))
      throw fault(file, `${quoted(name)}: expected arrays (.npy) alone; save it again with numpy.savez`);
    arrays.set(name.slice(0, -'.npy'.length), readNpy(content, `${file}: ${name}`));
  }
  return arrays;
}

/** The description of the array, and where its elements begin. */
function headerOf(reader: ByteReader): { header: string; start: number } {
  const { file, length } = reader;
  if (length === 0) throw fault(file, 'the file is empty; expected a NumPy array');
  if (reader.latin1(0, Math.min(MAGIC.length, length), 'magic') !== MAGIC)
    throw fault(file, 'expected a NumPy array (.npy), got another kind; save it with numpy.save');
  const [major] = reader.slice(6, 2, 'version');
  if (major !== 1 && major !== 2 && major !== 3)
    throw fault(file, `version: expected 1, 2 or 3, got ${major}; save it again with numpy.save`);
  const bytes = major === 1 ? reader.u16(8, 'header') : reader.u32(8, 'header');
  const at = major === 1 ? 10 : 12;
  if (bytes > MOST_HEADER)
    throw fault(file, `header: expected ${MOST_HEADER} bytes at most, got ${bytes}; save it again with numpy.save`);
  return { header: Buffer.from(reader.slice(at, bytes, 'header')).toString('utf8'), start: at + bytes };
}

/** The three fields of the dictionary, a literal of Python. */
function fieldsOf(header: string, file: string): { descr: string; isFortran: boolean; shape: number[] } {
  const [, descr] = /'descr':\s*('[^']*'|\[)/.exec(header) ?? [];
  const [, order] = /'fortran_order':\s*(True|False)/.exec(header) ?? [];
  const [, shape] = /'shape':\s*\(([\d,\sL]*)\)/.exec(header) ?? [];
  if (descr === undefined || order === undefined || shape === undefined)
    throw fault(file, `header: expected descr, fortran_order and shape, got ${quoted(header)}; save it again`);
  if (descr === '[')
    throw fault(
      file,
      'type: expected one kind of number, got a structured array; save its fields as arrays of their own',
    );
  const extents = shape
    .replaceAll('L', '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map(Number);
  if (extents.length > MOST_DIMENSIONS)
    throw fault(file, `shape: expected ${MOST_DIMENSIONS} dimensions at most, got ${extents.length}; save it again`);
  return { descr: descr.slice(1, -1), isFortran: order === 'True', shape: extents };
}

interface Elements {
  /** bytes of one */
  size: number;
  read(bytes: Uint8Array): Numbers | string[];
}

/** How elements are read, from what NumPy calls them: byte order, kind, bytes (of text in UCS-4, characters). */
function elementOf(descr: string, file: string): Elements {
  const [, order, kind, digits] = /^([<>|=])([a-zA-Z])(\d*)$/.exec(descr) ?? [];
  if (kind === 'O')
    throw fault(file, 'type: expected numbers, got pickled Python objects, which can run code; save a numeric array');
  const isLittle = order !== '>';
  const length = Number(digits);
  const numeric = kind === 'b' ? 'u1' : (`${kind}${digits}` as Element);
  if (ELEMENTS.includes(numeric) && !(kind === 'b' && length !== 1))
    return { size: sizeOf(numeric), read: (bytes) => readNumbers(bytes, numeric, isLittle) };
  if (kind === 'S' && length > 0)
    return { size: length, read: (bytes) => texts(bytes, length, (some) => some.toString('utf8')) };
  if (kind === 'U' && length > 0)
    return { size: 4 * length, read: (bytes) => texts(bytes, 4 * length, (some) => ucs4(some, isLittle)) };
  throw fault(
    file,
    `type: expected numbers (${ELEMENTS.join(' ')} b1) or text (S, U), got ${quoted(descr)}; convert it with .astype`,
  );
}

/** Padded with zeros to one length. */
function texts(bytes: Uint8Array, size: number, decode: (bytes: Buffer) => string): string[] {
  return Array.from({ length: bytes.length / size }, (_, i) =>
    decode(Buffer.from(bytes.buffer, bytes.byteOffset + i * size, size)).replace(/\0+$/, ''),
  );
}

/** What is no code point of Unicode comes as the replacement character. */
function ucs4(bytes: Buffer, isLittle: boolean): string {
  const points = Array.from({ length: bytes.length / 4 }, (_, i) =>
    isLittle ? bytes.readUInt32LE(4 * i) : bytes.readUInt32BE(4 * i),
  );
  return points.map((point) => String.fromCodePoint(point <= 0x10ffff ? point : 0xfffd)).join('');
}
