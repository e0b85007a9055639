/**
 * A FlatBuffer that nobody vouches for, read field by field.
 *
 *   file    u32 root | "TFL3" | ...
 *   table   i32 back to its vtable | fields
 *   vtable  u16 its bytes | u16 the table's bytes | u16 offset of field 0, 1, ... in the table, 0: absent
 *   vector  u32 length | elements       a string is a vector of bytes; an offset is a u32 relative to where it stands
 *
 * Of the flatbuffers package only the scalar readers of ByteBuffer are used: its __offset, __indirect and __vector
 * follow any number in the file, and a read behind the end gives 0 instead of an error. Here, whatever is followed is
 * checked first, and an error names the table and the byte. Tables and vectors may overlap, so a small file can
 * describe a very large tree; `charge` bounds what is read altogether by the size of the file.
 */
import { ByteBuffer } from 'flatbuffers';
import { describeFile } from '../system/fileKind.ts';
import { printable } from '../system/printable.ts';
import { ImportError } from './error.ts';

/** How often the bytes of a file may be read; a writer that shares nothing needs 1. */
const READS = 4;
const TABLE_COST = 4;
const SHOWN_CHARACTERS = 60;

export class Flatbuffer {
  readonly scalars: ByteBuffer;
  private readable: number;

  /** Throws ImportError when the identifier is another one. */
  constructor(
    readonly bytes: Uint8Array,
    identifier: string,
  ) {
    this.scalars = new ByteBuffer(bytes);
    this.readable = READS * bytes.length + 4096;
    if (String.fromCharCode(...bytes.subarray(4, 8)) !== identifier) {
      const { kind, advice = 'give the file that the TFLite converter wrote' } = describeFile(bytes);
      throw new ImportError(`this is no .tflite file but ${kind}; ${advice}`);
    }
  }

  root(name: string): Table {
    return new Table(this, this.follow(0, name), name);
  }

  /** Throws unless [at, at + count) lies in the file. */
  need(at: number, count: number, name: string, what: string): void {
    if (at < 0 || at + count > this.bytes.length)
      this.fail(
        name,
        at,
        `${what} of ${count} bytes leaves the file of ${this.bytes.length} bytes, which may be cut short`,
      );
  }

  /** Where the offset at `at` leads, itself inside the file. */
  follow(at: number, name: string): number {
    this.need(at, 4, name, 'an offset');
    const target = at + this.scalars.readUint32(at);
    this.need(target, 4, name, 'what the offset leads to');
    return target;
  }

  charge(cost: number, name: string, at: number): void {
    this.readable -= cost;
    if (this.readable < 0) this.fail(name, at, `the file refers to the same bytes more than ${READS} times over`);
  }

  fail(name: string, at: number, what: string): never {
    throw new ImportError(`damaged .tflite: ${name}, byte ${at}: ${what}; copy or export it again`);
  }
}

/** One table; every reader takes the field's name, for errors, and its id in the schema. */
export class Table {
  private readonly vtable: number;
  private readonly fields: number;
  private readonly tableBytes: number;

  constructor(
    readonly file: Flatbuffer,
    readonly at: number,
    readonly name: string,
  ) {
    file.charge(TABLE_COST, name, at);
    file.need(at, 4, name, 'a table');
    this.vtable = at - file.scalars.readInt32(at);
    file.need(this.vtable, 4, name, 'a vtable');
    const vtableBytes = file.scalars.readUint16(this.vtable);
    this.tableBytes = file.scalars.readUint16(this.vtable + 2);
    if (vtableBytes < 4 || this.tableBytes < 4) this.fail(this.vtable, 'a vtable that is shorter than its own header');
    file.need(this.vtable, vtableBytes, name, 'a vtable');
    file.need(at, this.tableBytes, name, 'a table');
    this.fields = (vtableBytes - 4) >> 1;
  }

  int8(field: string, id: number, fallback = 0): number {
    const at = this.find(field, id, 1);
    return at === 0 ? fallback : this.file.scalars.readInt8(at);
  }

  uint8(field: string, id: number, fallback = 0): number {
    return this.int8(field, id, fallback) & 0xff;
  }

  int32(field: string, id: number, fallback = 0): number {
    const at = this.find(field, id, 4);
    return at === 0 ? fallback : this.file.scalars.readInt32(at);
  }

  uint32(field: string, id: number, fallback = 0): number {
    return this.int32(field, id, fallback) >>> 0;
  }

  float32(field: string, id: number, fallback = 0): number {
    const at = this.find(field, id, 4);
    return at === 0 ? fallback : this.file.scalars.readFloat32(at);
  }

  /** As a bigint, since sizes of external data do not fit a number. */
  uint64(field: string, id: number): bigint {
    const at = this.find(field, id, 8);
    return at === 0 ? 0n : this.file.scalars.readUint64(at);
  }

  table(field: string, id: number): Table | null {
    const at = this.find(field, id, 4);
    const name = `${this.name} ${field}`;
    return at === 0 ? null : new Table(this.file, this.file.follow(at, name), name);
  }

  /** The elements are named `${table} ${element} ${index}`. */
  tables(field: string, id: number, element: string): Table[] {
    const prefix = this.name === 'model' ? element : `${this.name} ${element}`;
    return this.elements(field, id, 4, (at, i) => {
      const name = `${prefix} ${i}`;
      return new Table(this.file, this.file.follow(at, name), name);
    });
  }

  int32s(field: string, id: number): number[] {
    return this.elements(field, id, 4, (at) => this.file.scalars.readInt32(at));
  }

  float32s(field: string, id: number): number[] {
    return this.elements(field, id, 4, (at) => this.file.scalars.readFloat32(at));
  }

  /** As numbers: beyond 2^53 they are rounded, which no caller's range lets through. */
  int64s(field: string, id: number): number[] {
    return this.elements(field, id, 8, (at) => Number(this.file.scalars.readInt64(at)));
  }

  /** A view of the file, not a copy; nothing is charged. */
  bytes(field: string, id: number): Uint8Array | null {
    const vector = this.vector(field, id, 1);
    return vector === null ? null : this.file.bytes.subarray(vector.at, vector.at + vector.length);
  }

  /** For people: of one line whatever the file says, and cut where converters join the names of ten fused layers. */
  string(field: string, id: number): string {
    const bytes = this.bytes(field, id) ?? new Uint8Array();
    const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.subarray(0, 4 * SHOWN_CHARACTERS + 4));
    return printable(text, SHOWN_CHARACTERS);
  }

  has(field: string, id: number): boolean {
    return this.find(field, id, 1) !== 0;
  }

  fail(at: number, what: string): never {
    return this.file.fail(this.name, at, what);
  }

  /** Address of a field of `bytes` bytes, or 0 when the table leaves it out. */
  private find(field: string, id: number, bytes: number): number {
    if (id >= this.fields) return 0;
    const offset = this.file.scalars.readUint16(this.vtable + 4 + 2 * id);
    if (offset === 0) return 0;
    if (offset < 4 || offset + bytes > this.tableBytes)
      this.file.fail(
        `${this.name} ${field}`,
        this.vtable + 4 + 2 * id,
        `field at ${offset} of a table of ${this.tableBytes} bytes`,
      );
    return this.at + offset;
  }

  private vector(field: string, id: number, elementBytes: number): { at: number; length: number } | null {
    const offset = this.find(field, id, 4);
    if (offset === 0) return null;
    const name = `${this.name} ${field}`;
    const at = this.file.follow(offset, name);
    const length = this.file.scalars.readUint32(at);
    this.file.need(at + 4, length * elementBytes, name, `a vector of ${length} elements`);
    return { at: at + 4, length };
  }

  private elements<T>(field: string, id: number, elementBytes: number, read: (at: number, i: number) => T): T[] {
    const vector = this.vector(field, id, elementBytes);
    if (vector === null) return [];
    this.file.charge(vector.length * elementBytes, `${this.name} ${field}`, vector.at);
    return Array.from({ length: vector.length }, (_, i) => read(vector.at + i * elementBytes, i));
  }
}
