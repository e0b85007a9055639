/** Weights as the image has them, packed (packed.ts) or coded (rice.ts), row after row. */
import { lies } from '../bounds.ts';
import { FEATURE_ENCODING } from '../features.ts';
import * as F from '../format.ts';
import { sourceEncoding, sourceRowLength, sourceRows } from '../image.ts';
import { uses } from '../intrinsics/core.ts';
import { BAD_SOURCE, NOT_BUILT_IN, OK } from '../status.ts';
import { isEncoding, packedBytes, unpack } from './packed.ts';
import { proveRice, unpackRice } from './rice.ts';

/** Kind of the sources that this file proves and unpacks. */
export const STORED: u32 = 1;

/** No generator, and all rows inside WEIGHTS; INT8 may be read in place, a word at a time. Returns the bytes that it read. */
export function proveStored(source: usize, weights: usize, weightBytes: u32): i32 {
  const encoding = sourceEncoding(source);
  const rows = sourceRows(source);
  const data = load<u32>(source, F.SOURCE_DATA_AT);
  if (
    <u32>load<u16>(source, F.SOURCE_GENERATOR_AT) != F.NONE ||
    encoding < F.ENCODING_INT8 ||
    encoding > F.ENCODING_RICE
  )
    return BAD_SOURCE;
  if (!uses(FEATURE_ENCODING + encoding)) return NOT_BUILT_IN;
  if (isEncoding(encoding, F.ENCODING_RICE)) return proveRice(rows, data, weights, weightBytes);
  if (encoding == F.ENCODING_INT8 && (data & 3) != 0) return BAD_SOURCE;
  return lies(data, rows * packedBytes(encoding, sourceRowLength(source)), weightBytes) ? OK : BAD_SOURCE;
}

/** Rows as `writeRows`; data: address of the first. */
export function writeStored(
  source: usize,
  data: usize,
  row: u32,
  count: u32,
  rowLength: u32,
  destination: usize,
): void {
  const encoding = sourceEncoding(source);
  if (isEncoding(encoding, F.ENCODING_RICE)) {
    unpackRice(data, sourceRows(source), row, count, rowLength, destination);
    return;
  }
  const rowBytes = packedBytes(encoding, rowLength);
  for (let r = row; r < row + count; r++) {
    unpack(encoding, data + r * rowBytes, rowLength, destination);
    destination += rowLength;
  }
}
