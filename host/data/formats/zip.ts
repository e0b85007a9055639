/**
 * Zip archives (PKWARE's APPNOTE 6.3), as .npz files are: stored and deflated entries. On node:zlib alone, because the
 * libraries for it either are asynchronous or do not check the CRC of what they unpack.
 */
import { crc32 } from '../../records/crc32.ts';
import { ByteReader, fault, quoted } from './fault.ts';
import { inflateWithin } from './inflate.ts';

const END = 0x06054b50;
const END_BYTES = 22;
const MOST_COMMENT = 0xffff;
const ENTRY = 0x02014b50;
const LOCAL = 0x04034b50;
const UNKNOWN = 0xffffffff; // the figure is in a record of zip64

const STORED = 0;
const DEFLATED = 8;

interface Entry {
  name: string;
  flags: number;
  method: number;
  crc: number;
  packed: number;
  unpacked: number;
  /** of its local header */
  at: number;
}

/** Content by name, in the order of the list at the end. Throws UsageError, one line, for what is damaged. */
export function readZip(bytes: Uint8Array, file: string): Map<string, Uint8Array> {
  const reader = new ByteReader(file, bytes);
  const files = new Map<string, Uint8Array>();
  for (const entry of entriesOf(reader)) {
    if (files.has(entry.name)) throw fault(file, `${quoted(entry.name)}: is there twice; keep one`);
    if (!entry.name.endsWith('/')) files.set(entry.name, contentOf(reader, entry));
  }
  return files;
}

/** The list of entries, found from the end of the file. Sizes in local headers are not looked at. */
function entriesOf(reader: ByteReader): Entry[] {
  const { file } = reader;
  const end = endOf(reader);
  const count = reader.u16(end + 10, 'list of the archive');
  let at = reader.u32(end + 16, 'list of the archive');
  if (count === 0xffff || at === UNKNOWN) throw zip64(file);
  const entries: Entry[] = [];
  let packed = 0;
  for (let i = 0; i < count; i++) {
    const what = `entry ${i + 1} of ${count}`;
    if (reader.u32(at, what) !== ENTRY)
      throw fault(file, `${what}: expected a record of the archive's list at ${at}, got other bytes; fetch it again`);
    const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((offset) => reader.u16(at + offset, what));
    const entry = {
      name: Buffer.from(reader.slice(at + 46, nameBytes!, what)).toString('utf8'),
      flags: reader.u16(at + 8, what),
      method: reader.u16(at + 10, what),
      crc: reader.u32(at + 16, what),
      packed: reader.u32(at + 20, what),
      unpacked: reader.u32(at + 24, what),
      at: reader.u32(at + 42, what),
    };
    if ([entry.packed, entry.unpacked, entry.at].includes(UNKNOWN)) throw zip64(file);
    entries.push(entry);
    packed += entry.packed;
    if (packed > reader.length)
      // the same bytes under many names could unpack without end
      throw fault(file, `${what}: expected entries that do not overlap, got more bytes than there are; save it again`);
    at += 46 + nameBytes! + extraBytes! + commentBytes!;
  }
  return entries;
}

const zip64 = (file: string) =>
  fault(file, 'this is zip64, for archives of more than 4 GiB; expected less: save the arrays in several files');

/** Of the record that ends the archive; behind it only its comment may follow. */
function endOf(reader: ByteReader): number {
  const { file, length } = reader;
  for (let at = length - END_BYTES; at >= 0 && at >= length - END_BYTES - MOST_COMMENT; at--)
    if (reader.u32(at, 'end') === END && reader.u16(at + 20, 'end') === length - END_BYTES - at) return at;
  throw fault(file, 'expected a zip archive with its list at the end, got none; it may be cut short, fetch it again');
}

function contentOf(reader: ByteReader, { name, flags, method, crc, packed, unpacked, at }: Entry): Uint8Array {
  const { file } = reader;
  const what = quoted(name);
  const damaged = (got: string) => fault(file, `${what}: expected ${unpacked} bytes, got ${got}; fetch it again`);
  if (flags & 1) throw fault(file, `${what}: is encrypted; expected an archive without a password`);
  if (reader.u32(at, what) !== LOCAL)
    throw fault(file, `${what}: expected its header at ${at}, got other bytes; the archive is damaged, fetch it again`);
  const start = at + 30 + reader.u16(at + 26, what) + reader.u16(at + 28, what);
  const content = reader.slice(start, packed, what);
  if (method !== STORED && method !== DEFLATED)
    throw fault(file, `${what}: expected it stored or deflated, got method ${method}; save it again with numpy.savez`);
  const plain = method === STORED ? content : inflateWithin(content, { raw: true, most: unpacked });
  if (typeof plain === 'string') throw damaged(plain);
  if (plain.length !== unpacked) throw damaged(String(plain.length));
  if (crc32(plain) !== crc)
    throw fault(file, `${what}: expected the CRC ${hex(crc)}, got ${hex(crc32(plain))}; it is damaged, fetch it again`);
  return plain;
}

const hex = (value: number): string => value.toString(16).padStart(8, '0');
