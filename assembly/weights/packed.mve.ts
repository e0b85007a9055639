/** Unpacks small integers with Helium, sixteen values at a time; packed.ts says which encodings there are. */
import { gatherFirst, shiftBytes, storeFirst } from '../intrinsics/mve.ts';

/** Nibbles, of which a byte has the lower one first. */
export function unpackInt4Mve(row: usize, count: u32, destination: usize): void {
  const bytes = i8x16(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7);
  const up = i8x16(4, 0, 4, 0, 4, 0, 4, 0, 4, 0, 4, 0, 4, 0, 4, 0);
  for (let n = (count + 15) >> 4; n > 0; n--, count -= 16, row += 8, destination += 16)
    storeFirst(destination, i8x16.shr_s(shiftBytes(gatherFirst(row, bytes, count), up), 4), count);
}

/** Fields of two bits: -3, -1, 1, 3. */
export function unpackInt2Mve(row: usize, count: u32, destination: usize): void {
  for (let n = (count + 15) >> 4; n > 0; n--, count -= 16, row += 4, destination += 16) {
    const fields = i8x16.shr_u(spreadFields(row, count), 6);
    storeFirst(destination, i8x16.sub(i8x16.add(fields, fields), i8x16.splat(3)), count);
  }
}

/** i8x16: the first `count` fields of two bits, each on top of a lane; a byte has the lowest first. */
export function spreadFields(row: usize, count: u32): v128 {
  const bytes = i8x16(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
  const up = i8x16(6, 4, 2, 0, 6, 4, 2, 0, 6, 4, 2, 0, 6, 4, 2, 0);
  return shiftBytes(gatherFirst(row, bytes, count), up);
}
