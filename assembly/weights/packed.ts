/** Unpacks small integers to INT8; the encodings are drawn in format.ts and docs/format.md. */

import { FEATURE_ENCODING } from '../features.ts';
import * as F from '../format.ts';
import { uses } from '../intrinsics/core.ts';
import { HAS_VECTORS } from '../intrinsics/instructions.ts';
import { copy } from '../memory.ts';
import { unpackInt2Mve, unpackInt4Mve } from './packed.mve.ts';

/** Bytes of a row of `count` packed values; 0 for an unknown encoding. */
export function packedBytes(encoding: u32, count: u32): u32 {
  if (encoding == F.ENCODING_INT8) return count;
  if (encoding == F.ENCODING_INT4) return (count + 1) >> 1;
  if (encoding == F.ENCODING_INT2) return (count + 3) >> 2;
  return (count + 4) / 5; // ternary
}

/** The encodings of codes and of matrices: all whose rows have a length of their own. */
export function isMixable(encoding: u32): bool {
  return encoding >= F.ENCODING_INT8 && encoding <= F.ENCODING_TERNARY;
}

/** Writes `count` values, from the first of a packed row on, to destination i8[count]. */
export function unpack(encoding: u32, row: usize, count: u32, destination: usize): void {
  if (isEncoding(encoding, F.ENCODING_INT8)) unpackInt8(row, count, destination);
  if (isEncoding(encoding, F.ENCODING_INT4)) unpackInt4(row, count, destination);
  if (isEncoding(encoding, F.ENCODING_INT2)) unpackInt2(row, count, destination);
  if (isEncoding(encoding, F.ENCODING_TERNARY)) unpackTernary(row, count, destination);
}

/** Index i of a packed row: a byte (INT8) or a nibble (INT4), both unsigned. */
export function indexAt(encoding: u32, row: usize, i: u32): u32 {
  if (encoding == F.ENCODING_INT8) return <u32>load<u8>(row + i);
  return (<u32>load<u8>(row + (i >> 1)) >> (4 * (i & 1))) & 15;
}

/** Whether an encoding is the wanted one; never, at no cost, for one that this build leaves out. */
export function isEncoding(encoding: u32, wanted: u32): bool {
  return uses(FEATURE_ENCODING + wanted) && encoding == wanted;
}

function unpackInt8(row: usize, count: u32, destination: usize): void {
  if (HAS_VECTORS) {
    copy(destination, row, count);
    return;
  }
  for (let i: u32 = 0; i < count; i++) store<u8>(destination + i, load<u8>(row + i));
}

function unpackInt4(row: usize, count: u32, destination: usize): void {
  if (HAS_VECTORS) {
    unpackInt4Mve(row, count, destination);
    return;
  }
  for (let i: u32 = 0; i < count; i += 2) {
    const byte = <u32>load<u8>(row++);
    store<i8>(destination + i, <i8>(<i32>(byte << 28) >> 28));
    if (i + 1 < count) store<i8>(destination + i + 1, <i8>(<i32>(byte << 24) >> 28));
  }
}

function unpackInt2(row: usize, count: u32, destination: usize): void {
  if (HAS_VECTORS) {
    unpackInt2Mve(row, count, destination);
    return;
  }
  let byte: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    byte = (i & 3) == 0 ? <u32>load<u8>(row++) : byte >> 2;
    store<i8>(destination + i, <i8>(2 * <i32>(byte & 3) - 3));
  }
}

// The byte is a base-3 fraction: each multiplication by 3 carries the next digit out over the top.
function unpackTernary(row: usize, count: u32, destination: usize): void {
  let left: u32 = 0;
  let byte: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    if (left == 0) {
      byte = <u32>load<u8>(row++);
      left = 5;
    }
    byte *= 3;
    store<i8>(destination + i, <i8>(<i32>(byte >> 8) - 1));
    byte &= 0xff;
    left--;
  }
}
