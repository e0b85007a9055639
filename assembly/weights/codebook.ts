/** Rows of indices, each of which stands for an entry of the codebook: a run of INT8 weights. */
import { lies } from '../bounds.ts';
import * as F from '../format.ts';
import { generatorCodeLength, generatorHidden, generatorOutputs, sourceRowLength, sourceRows } from '../image.ts';
import { HAS_VECTORS } from '../intrinsics/instructions.ts';
import { gatherWords, loadFour } from '../intrinsics/mve.ts';
import { copy } from '../memory.ts';
import { BAD_GENERATOR, BAD_SOURCE, OK } from '../status.ts';
import { indexAt, packedBytes } from './packed.ts';

/** Kind of the sources and generators that this file proves and copies from. */
export const CODEBOOK: u32 = 4;

/** Entries that an index can name, inside WEIGHTS; no MLP. */
export function proveCodebook(generator: usize, weightBytes: u32): i32 {
  const encoding = <u32>load<u8>(generator, F.GENERATOR_CODE_ENCODING_AT);
  const entries = <u32>load<u16>(generator, F.GENERATOR_BASIS_ROWS_AT);
  const bytes = entries * generatorOutputs(generator);
  return (encoding == F.ENCODING_INT8 || encoding == F.ENCODING_INT4) &&
    entries > 0 &&
    entries <= (encoding == F.ENCODING_INT8 ? 256 : 16) &&
    (generatorCodeLength(generator) | generatorHidden(generator)) == 0 &&
    lies(load<u32>(generator, F.GENERATOR_BASIS_AT), bytes, weightBytes)
    ? OK
    : BAD_GENERATOR;
}

/**
 * Indices inside WEIGHTS, each below the number of entries. They are read once here so that a codebook may have as few
 * entries as pay for their bytes: with 16 or 256 required there would be nothing to prove, and up to 2 KB to waste.
 */
export function proveIndices(source: usize, generator: usize, weights: usize, weightBytes: u32): i32 {
  const data = load<u32>(source, F.SOURCE_DATA_AT);
  const encoding = <u32>load<u8>(generator, F.GENERATOR_CODE_ENCODING_AT);
  const entries = <u32>load<u16>(generator, F.GENERATOR_BASIS_ROWS_AT);
  const length = generatorOutputs(generator);
  const rowIndices = (sourceRowLength(source) + length - 1) / length;
  const bytes = sourceRows(source) * packedBytes(encoding, rowIndices);
  if (!lies(data, bytes, weightBytes)) return BAD_SOURCE;
  if (entries == (encoding == F.ENCODING_INT8 ? 256 : 16)) return OK; // whatever an index is, it is below
  // rows begin on bytes and follow one another; a nibble that fills up a row is held to the same
  let at = weights + data;
  for (const end = at + bytes; at < end; at++) {
    const byte = <u32>load<u8>(at);
    if (encoding == F.ENCODING_INT8 ? byte >= entries : (byte & 15) >= entries || byte >> 4 >= entries)
      return BAD_SOURCE;
  }
  return <i32>bytes;
}

/**
 * Each index of a row stands for an entry of the codebook; an entry that reaches past the end of its row is cut. Entries
 * of four and two weights, which networks switch by, are copied whole, eight weights at a time, where both sides lie on
 * as many bytes.
 */
export function writeEntries(
  generator: usize,
  weights: usize,
  data: usize,
  row: u32,
  count: u32,
  rowLength: u32,
  destination: usize,
): void {
  const encoding = <u32>load<u8>(generator, F.GENERATOR_CODE_ENCODING_AT);
  const length = generatorOutputs(generator);
  const entries = weights + load<u32>(generator, F.GENERATOR_BASIS_AT);
  const rowBytes = packedBytes(encoding, (rowLength + length - 1) / length);
  const isBytes = encoding == F.ENCODING_INT8;
  if (isBytes && rowLength % length == 0) {
    // rows of whole entries follow one another, indices and weights: one long row
    rowLength *= count;
    count = 1;
  }
  const whole = rowLength & ~7;
  let indices = data + row * rowBytes;
  for (let r: u32 = 0; r < count; r++, indices += rowBytes) {
    const end = destination + rowLength;
    const unaligned = (<u32>entries | <u32>destination) & (length - 1);
    let at = indices;
    if (isBytes && unaligned == 0) {
      const last = destination + whole;
      if (length == 4) {
        if (HAS_VECTORS) {
          for (const fours = destination + (rowLength & ~15); destination < fours; destination += 16, at += 4)
            v128.store(destination, gatherWords(entries, i32x4.shl(loadFour(at), 2)));
        }
        for (; destination < last; destination += 8, at += 2) {
          store<u32>(destination, load<u32>(entries + 4 * <u32>load<u8>(at)));
          store<u32>(destination, load<u32>(entries + 4 * <u32>load<u8>(at, 1)), 4);
        }
      } else if (length == 2) {
        for (; destination < last; destination += 8, at += 4) {
          store<u16>(destination, load<u16>(entries + 2 * <u32>load<u8>(at)));
          store<u16>(destination, load<u16>(entries + 2 * <u32>load<u8>(at, 1)), 2);
          store<u16>(destination, load<u16>(entries + 2 * <u32>load<u8>(at, 2)), 4);
          store<u16>(destination, load<u16>(entries + 2 * <u32>load<u8>(at, 3)), 6);
        }
      }
    }
    for (let i = <u32>(at - indices); destination < end; i++) {
      let entry = entries + indexAt(encoding, indices, i) * length;
      const last = min(destination + length, end);
      if (HAS_VECTORS && length >= 4) {
        copy(destination, entry, last - destination);
        destination = last;
      }
      while (destination < last) store<u8>(destination++, load<u8>(entry++));
    }
  }
}
