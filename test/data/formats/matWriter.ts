/** MATLAB files of level 5 for tests, written from the format's description. */
import { deflateSync } from 'node:zlib';

const NUMBERS: Record<
  string,
  [type: number, size: number, write: (bytes: DataView, at: number, value: number, little: boolean) => void]
> = {
  i1: [1, 1, (view, at, value) => view.setInt8(at, value)],
  u1: [2, 1, (view, at, value) => view.setUint8(at, value)],
  i2: [3, 2, (view, at, value, little) => view.setInt16(at, value, little)],
  u2: [4, 2, (view, at, value, little) => view.setUint16(at, value, little)],
  i4: [5, 4, (view, at, value, little) => view.setInt32(at, value, little)],
  u4: [6, 4, (view, at, value, little) => view.setUint32(at, value, little)],
  f4: [7, 4, (view, at, value, little) => view.setFloat32(at, value, little)],
  f8: [9, 8, (view, at, value, little) => view.setFloat64(at, value, little)],
};

export class MatWriter {
  constructor(readonly little = true) {}

  private u32(...values: number[]): Buffer {
    const bytes = Buffer.alloc(4 * values.length);
    values.forEach((value, i) => {
      if (this.little) bytes.writeUInt32LE(value, 4 * i);
      else bytes.writeUInt32BE(value, 4 * i);
    });
    return bytes;
  }

  /** In the small form where it fits, as MATLAB does, unless `long`. */
  element(type: number, data: Uint8Array, { long = false } = {}): Buffer {
    if (data.length > 0 && data.length <= 4 && !long)
      return Buffer.concat([this.u32((data.length << 16) | type), data, Buffer.alloc(4 - data.length)]);
    return Buffer.concat([this.u32(type, data.length), data, Buffer.alloc(-data.length & 7)]);
  }

  numbers(as: string, values: readonly number[]): Buffer {
    const [type, size, write] = NUMBERS[as]!;
    const bytes = new Uint8Array(values.length * size);
    values.forEach((value, i) => {
      write(new DataView(bytes.buffer), i * size, value, this.little);
    });
    return this.element(type, bytes);
  }

  matrix(kind: number, shape: readonly number[], name: string, ...parts: Buffer[]): Buffer {
    const flags = this.element(6, this.u32(kind, 0));
    const dimensions = this.numbers('i4', shape);
    return this.element(14, Buffer.concat([flags, dimensions, this.element(1, Buffer.from(name)), ...parts]));
  }

  /** Columns first, as in MATLAB; stored `as` some type, which need not be that of the class. */
  array(name: string, shape: readonly number[], values: readonly number[], as = 'f8', kind = 6): Buffer {
    return this.matrix(kind, shape, name, this.numbers(as, values));
  }

  text(name: string, text: string, as = 'u2'): Buffer {
    const codes = Array.from(text, (letter) => letter.charCodeAt(0));
    const data = as === 'utf8' ? this.element(16, Buffer.from(text)) : this.numbers(as, codes);
    return this.matrix(4, [1, text.length], name, data);
  }

  cells(name: string, shape: readonly number[], ...cells: Buffer[]): Buffer {
    return this.matrix(1, shape, name, ...cells);
  }

  structure(name: string, shape: readonly number[], fields: readonly string[], ...values: Buffer[]): Buffer {
    const names = Buffer.concat(fields.map((field) => Buffer.from(field.padEnd(32, '\0'))));
    return this.matrix(2, shape, name, this.numbers('i4', [32]), this.element(1, names), ...values);
  }

  compressed(element: Buffer): Buffer {
    const packed = deflateSync(element);
    return Buffer.concat([this.u32(15, packed.length), packed]);
  }

  file(...variables: Buffer[]): Buffer {
    const header = Buffer.alloc(128, ' ');
    header.write('MATLAB 5.0 MAT-file, written by a test');
    header.fill(0, 116, 124);
    if (this.little) header.writeUInt16LE(0x0100, 124);
    else header.writeUInt16BE(0x0100, 124);
    header.write(this.little ? 'IM' : 'MI', 126);
    return Buffer.concat([header, ...variables]);
  }
}
