/** Small integers packed into bytes; the host's side of assembly/weights/packed.ts. */
import { ENCODING_INT2, ENCODING_INT4, ENCODING_INT8, ENCODING_TERNARY } from '../../assembly/format.ts';
import type { Encoding } from '../model/model.ts';

export const ENCODING_CODES: Record<Encoding, number> = {
  int8: ENCODING_INT8,
  int4: ENCODING_INT4,
  int2: ENCODING_INT2,
  ternary: ENCODING_TERNARY,
};

interface Layout {
  /** values to a byte */
  perByte: number;
  /** 0 .. base - 1, or null where the encoding has none for a value */
  field: (value: number) => number | null;
  value: (field: number) => number;
}

const LAYOUT: Record<Encoding, Layout> = {
  int8: { perByte: 1, field: (v) => (v >= -128 && v <= 127 ? v & 0xff : null), value: (f) => (f << 24) >> 24 },
  int4: { perByte: 2, field: (v) => (v >= -8 && v <= 7 ? v & 0xf : null), value: (f) => (f << 28) >> 28 },
  int2: { perByte: 4, field: (v) => ([-3, -1, 1, 3].includes(v) ? (v + 3) / 2 : null), value: (f) => 2 * f - 3 },
  ternary: { perByte: 5, field: (v) => (v >= -1 && v <= 1 ? v + 1 : null), value: (f) => f - 1 },
};

export function packedBytes(encoding: Encoding, count: number): number {
  return Math.ceil(count / LAYOUT[encoding].perByte);
}

/** Packs rows of rowLength values; each row begins on a byte. Throws when a value is no level of the encoding. */
export function packRows(values: Int8Array, rowLength: number, encoding: Encoding): Uint8Array {
  const { perByte, field } = LAYOUT[encoding];
  const rowBytes = packedBytes(encoding, rowLength);
  const rows = values.length / rowLength;
  const packed = new Uint8Array(rows * rowBytes);
  for (let r = 0; r < rows; r++) {
    for (let b = 0; b < rowBytes; b++) {
      const fields = Array.from({ length: perByte }, (_, i) => {
        const k = b * perByte + i;
        if (k >= rowLength) return 0;
        const value = values[r * rowLength + k];
        const f = field(value);
        if (f === null) throw new RangeError(`row ${r}, value ${k}: ${encoding} has no level ${value}`);
        return f;
      });
      packed[r * rowBytes + b] = encoding === 'ternary' ? ternaryByte(fields) : shiftedByte(fields, 8 / perByte);
    }
  }
  return packed;
}

/** The width of an index into a number of entries; both are unsigned. */
export function indexEncoding(entries: number): 'int4' | 'int8' {
  return entries <= 16 ? 'int4' : 'int8';
}

/** Packs rows of rowLength indices; each row begins on a byte. Throws when one is not below `entries`, at most 256. */
export function packIndices(indices: Uint8Array, rowLength: number, entries: number): Uint8Array {
  const beyond = indices.findIndex((index) => index >= entries);
  if (beyond >= 0) throw new RangeError(`index ${beyond}: must be below ${entries} entries, got ${indices[beyond]}`);
  const encoding = indexEncoding(entries);
  const bits = encoding === 'int8' ? 0 : 28; // nibbles as the signed values of the same bits
  return packRows(
    Int8Array.from(indices, (index) => (index << bits) >> bits),
    rowLength,
    encoding,
  );
}

/** The encoding of a code in the image; throws RangeError for an unknown one. */
export function encodingOf(code: number): Encoding {
  const found = (Object.keys(ENCODING_CODES) as Encoding[]).find((name) => ENCODING_CODES[name] === code);
  if (found === undefined) throw new RangeError(`no encoding has the code ${code}`);
  return found;
}

/** The inverse of packRows. */
export function unpackRows(packed: Uint8Array, rowLength: number, encoding: Encoding): Int8Array {
  const { perByte, value } = LAYOUT[encoding];
  const rowBytes = packedBytes(encoding, rowLength);
  return Int8Array.from({ length: (packed.length / rowBytes) * rowLength }, (_, i) => {
    const k = i % rowLength;
    const byte = packed[Math.floor(i / rowLength) * rowBytes + Math.floor(k / perByte)];
    const at = k % perByte;
    if (encoding === 'ternary') return value(Math.floor((((byte * 3 ** at) % 256) * 3) / 256));
    return value((byte >> ((8 / perByte) * at)) & (2 ** (8 / perByte) - 1));
  });
}

/** The inverse of packIndices, for rows of rowLength indices that begin at a byte of `image`. */
export function unpackIndices(
  image: Uint8Array,
  at: number,
  rows: number,
  rowLength: number,
  entries: number,
): Uint8Array {
  const encoding = indexEncoding(entries);
  const packed = image.subarray(at, at + rows * packedBytes(encoding, rowLength));
  const mask = encoding === 'int8' ? 0xff : 0xf;
  return Uint8Array.from(unpackRows(packed, rowLength, encoding), (index) => index & mask);
}

/** First value in the lowest bits. */
function shiftedByte(fields: number[], bits: number): number {
  return fields.reduce((byte, field, i) => byte | (field << (bits * i)), 0);
}

/** Five digits as a base-3 fraction of 256, rounded up, so that multiplying by 3 carries one digit out at a time. */
function ternaryByte(digits: number[]): number {
  const value = digits.reduce((sum, digit) => 3 * sum + digit, 0);
  return Math.ceil((value * 256) / 243);
}
