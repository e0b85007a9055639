/**
 * Unpacks ENCODING_RICE: stored INT8 weights, entropy coded without loss. docs/format.md draws the stream.
 *
 * A block of RICE_ROWS rows is decoded from its beginning. The decoder believes nothing that the bits say: it reads only
 * in front of `end`, takes zeros where that is reached, and writes the values that were asked for, no more and no fewer.
 */
import { lies } from '../bounds.ts';
import * as F from '../format.ts';
import { BAD_SOURCE } from '../status.ts';

/** Bytes in front of the first stream: the offset of each block, and the end of the last. */
export function riceTableBytes(rows: u32): u32 {
  return 2 * (riceBlocks(rows) + 1);
}

export function riceBlocks(rows: u32): u32 {
  return (rows + F.RICE_ROWS - 1) / F.RICE_ROWS;
}

/** Bytes of all data of a source, its table included; data: its address. */
export function riceBytes(data: usize, rows: u32): u32 {
  return F.RICE_UNIT * <u32>load<u16>(data + 2 * riceBlocks(rows));
}

/** Table of blocks and their modes inside the data, the data inside WEIGHTS. What the bits say is not proved. */
export function proveRice(rows: u32, data: u32, weights: usize, weightBytes: u32): i32 {
  const tableBytes = riceTableBytes(rows);
  if ((data & 1) != 0 || !lies(data, tableBytes, weightBytes)) return BAD_SOURCE;
  const bytes = riceBytes(weights + data, rows);
  if (!lies(data, bytes, weightBytes)) return BAD_SOURCE;
  const blocks = weights + data;
  for (let b: u32 = 0; b < riceBlocks(rows); b++) {
    if (!lies(F.RICE_UNIT * <u32>load<u16>(blocks + 2 * b), F.RICE_MODES_BYTES, bytes)) return BAD_SOURCE;
  }
  return <i32>tableBytes;
}

/** Writes rows [row, row + count) as i8[count][rowLength]; `rows` is how many the source has. */
export function unpackRice(data: usize, rows: u32, row: u32, count: u32, rowLength: u32, destination: usize): void {
  const end = data + riceBytes(data, rows);
  let modes: usize = 0;
  let stream: usize = 0;
  let bits: u32 = 0; // the next ones on top
  let room: u32 = 0; // bits at its bottom that are not filled
  for (let r = row & ~(F.RICE_ROWS - 1); r < row + count; r++) {
    const inBlock = r & (F.RICE_ROWS - 1);
    if (inBlock == 0) {
      modes = data + F.RICE_UNIT * <u32>load<u16>(data + 2 * (r / F.RICE_ROWS));
      stream = modes + F.RICE_MODES_BYTES;
      bits = 0;
      room = 32;
    }
    const mode = (<u32>load<u8>(modes + (inBlock >> 1)) >> (4 * (inBlock & 1))) & 15;
    const rowEnd = destination + rowLength;
    if (mode == 0) {
      for (; destination < rowEnd; destination++) store<u8>(destination, 0);
    } else {
      const low = (mode - 1) >> 1;
      const wide = (mode - 1) & 1;
      const first = low + wide; // bits of a value in the first bucket
      for (; destination < rowEnd; destination++) {
        if (room >= 16) {
          if (stream < end) {
            bits |= (<u32>load<u16>(stream)) << (room - 16);
            stream += 2;
          }
          room -= 16;
        }
        let value: u32 = 0;
        if (<i32>bits < 0) {
          value = (bits & 0x7fffffff) >> (31 - first);
          bits <<= first + 1;
          room += first + 1;
        } else {
          const zeros = clz(bits | (1 << (31 - F.RICE_ESCAPE)));
          bits <<= zeros;
          room += zeros;
          if (zeros == F.RICE_ESCAPE) {
            value = bits >> 24;
            bits <<= 8;
            room += 8;
          } else {
            // the 1 in front of the low bits counts one bucket
            value = (bits >> (31 - low)) + ((zeros - 1 + wide) << low);
            bits <<= low + 1;
            room += low + 1;
          }
        }
        store<u8>(destination, <u8>((value >> 1) ^ (0 - (value & 1))));
      }
    }
    // rows in front of those that were asked for make way
    if (r < row) destination -= rowLength;
  }
}
