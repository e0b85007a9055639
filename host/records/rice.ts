/**
 * Entropy coding of INT8 weights without loss, ENCODING_RICE; the host's side of assembly/weights/rice.ts.
 * docs/format.md draws the stream.
 *
 * Each row has one of 15 codes, the one that makes it smallest, or is all zeros. Tried on the INT8 networks of MLPerf
 * Tiny, bytes of all layers, each as INT8 where that is no larger (KWS, ResNet, VWW, AD):
 *
 *    22,016  77,360 208,112 264,192   INT8
 *    22,016  72,817  59,999 172,800   Huffman, a code for each layer, 16 bytes and one for each symbol
 *    21,823  72,177  48,327 169,668   Golomb-Rice for each row, around an offset of its own
 *    21,788  72,228  43,280 173,578   Golomb-Rice for each row, a value as it is behind 8 zeros
 *    21,654  71,642  43,212 172,078   the same, the first bucket of one size or two: what this is
 *    21,626  71,638  43,210 172,032   the same, the first bucket of one size, two or four
 *    21,658  71,658  42,898 172,304   what this is, but behind 7 zeros; with that also:
 *    21,634  71,986  43,452 172,408     a code for every 64 weights of a row
 *    21,590  71,605  42,660 171,990     a code for every column, not row
 *    21,658  71,658  39,356 172,276     or the lengths of runs of zeros, and what is between them as it is
 */
import { RICE_ESCAPE, RICE_MODES_BYTES, RICE_ROWS, RICE_UNIT } from '../../assembly/format.ts';

const MODES = Array.from({ length: 15 }, (_, i) => i + 1);
const MOST_UNITS = 0xffff; // an offset is a u16

/** Small values get small numbers: 0, -1, 1, -2, 2, ... */
const numberOf = (value: number): number => (value < 0 ? -2 * value - 1 : 2 * value);

const weightOf = (number: number): number => (number & 1 ? -(number + 1) / 2 : number / 2);

/** Bits of a number behind its zeros and the 1, in the first bucket and in the others. */
function widths(mode: number): { first: number; low: number } {
  const low = (mode - 1) >> 1;
  return { first: low + ((mode - 1) & 1), low };
}

interface Code {
  /** zeros, and a 1 behind them unless they are RICE_ESCAPE */
  zeros: number;
  /** bits behind those */
  width: number;
  value: number;
}

function codeOf(number: number, mode: number): Code {
  const { first, low } = widths(mode);
  if (number < 1 << first) return { zeros: 0, width: first, value: number };
  const beyond = number - (1 << first);
  const zeros = 1 + (beyond >> low);
  if (zeros >= RICE_ESCAPE) return { zeros: RICE_ESCAPE, width: 8, value: number };
  return { zeros, width: low, value: beyond & ((1 << low) - 1) };
}

function bitsOf(number: number, mode: number): number {
  const { zeros, width } = codeOf(number, mode);
  return zeros === RICE_ESCAPE ? zeros + width : zeros + 1 + width;
}

/** 0 for a row of zeros, else the first mode of those that make it smallest. */
function modeOf(row: Int8Array): number {
  if (row.every((value) => value === 0)) return 0;
  const bits = MODES.map((mode) => row.reduce((sum, value) => sum + bitsOf(numberOf(value), mode), 0));
  return MODES[bits.indexOf(Math.min(...bits))];
}

/** Encodes rows of rowLength values; null when that takes more bytes than offsets can count. */
export function encodeRice(values: Int8Array, rowLength: number): Uint8Array | null {
  const rows = values.length / rowLength;
  const blocks: number[][] = [];
  for (let first = 0; first < rows; first += RICE_ROWS) {
    const last = Math.min(rows, first + RICE_ROWS);
    blocks.push(encodeBlock(values.subarray(first * rowLength, last * rowLength), rowLength));
  }
  let at = RICE_UNIT * (blocks.length + 1);
  const offsets = blocks.map((block) => {
    at += block.length;
    return (at - block.length) / RICE_UNIT;
  });
  const end = at / RICE_UNIT;
  if (end > MOST_UNITS) return null;
  const table = [...offsets, end].flatMap((offset) => [offset & 0xff, offset >> 8]);
  return Uint8Array.from([table, ...blocks].flat());
}

/** Modes, then the codes of all rows, in little-endian u16, the first bit on top. */
function encodeBlock(values: Int8Array, rowLength: number): number[] {
  const bytes = new Array<number>(RICE_MODES_BYTES).fill(0);
  let word = 0;
  let filled = 0;
  const put = (value: number, width: number) => {
    for (let i = width - 1; i >= 0; i--) {
      word = (word << 1) | ((value >> i) & 1);
      if (++filled < 16) continue;
      bytes.push(word & 0xff, word >> 8);
      word = 0;
      filled = 0;
    }
  };
  for (let r = 0; r * rowLength < values.length; r++) {
    const row = values.subarray(r * rowLength, (r + 1) * rowLength);
    const mode = modeOf(row);
    bytes[r >> 1] |= mode << (4 * (r & 1));
    if (mode === 0) continue;
    for (const value of row) {
      const code = codeOf(numberOf(value), mode);
      put(0, code.zeros);
      if (code.zeros < RICE_ESCAPE) put(1, 1);
      put(code.value, code.width);
    }
  }
  if (filled > 0) put(0, 16 - filled);
  return bytes;
}

/** Blocks of 16 rows. */
const blocksOf = (rows: number): number => Math.ceil(rows / RICE_ROWS);

/** Bytes of the data of a source that begins at `data` in `image`. */
export function riceBytes(image: Uint8Array, data: number, rows: number): number {
  return RICE_UNIT * word(image, data + RICE_UNIT * blocksOf(rows));
}

/** The inverse of encodeRice, of data that begins at an even byte of `image`. */
export function decodeRice(image: Uint8Array, data: number, rows: number, rowLength: number): Int8Array {
  const values = new Int8Array(rows * rowLength);
  const end = data + riceBytes(image, data, rows);
  for (let r = 0; r < rows; r += RICE_ROWS) {
    const block = data + RICE_UNIT * word(image, data + (RICE_UNIT * r) / RICE_ROWS);
    let at = 8 * (block + RICE_MODES_BYTES); // bit
    const bit = () => {
      const byte = (at >> 3) & ~1;
      const found = byte < end ? (word(image, byte) >> (15 - (at & 15))) & 1 : 0;
      at++;
      return found;
    };
    const take = (width: number) => {
      let value = 0;
      for (let i = 0; i < width; i++) value = 2 * value + bit();
      return value;
    };
    for (let i = 0; i < Math.min(RICE_ROWS, rows - r); i++) {
      const mode = (image[block + (i >> 1)] >> (4 * (i & 1))) & 15;
      if (mode === 0) continue;
      for (let k = 0; k < rowLength; k++) values[(r + i) * rowLength + k] = weightOf(numberFrom(mode, bit, take));
    }
  }
  return values;
}

function numberFrom(mode: number, bit: () => number, take: (width: number) => number): number {
  const { first, low } = widths(mode);
  let zeros = 0;
  while (zeros < RICE_ESCAPE && bit() === 0) zeros++;
  if (zeros === RICE_ESCAPE) return take(8);
  if (zeros === 0) return take(first);
  return (1 << first) + ((zeros - 1) << low) + take(low);
}

/** A little-endian u16. */
const word = (image: Uint8Array, at: number): number => image[at] | (image[at + 1] << 8);
