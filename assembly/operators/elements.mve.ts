/**
 * Operators on elements with Helium, eight or sixteen at a time; what is left over is for the loops of the operators
 * themselves. The sums of even and odd elements go apart, as in table.mve.ts.
 */
import { gatherBytes, narrowEven, narrowOdd, qrdmulh, storeBytes, widenEven, widenOdd } from '../intrinsics/mve.ts';
import { settle, storeEight } from './table.mve.ts';

/** addScaled of add.ts for `count` elements, a multiple of 8; left: of `other` before its multiplication. */
export function addEights(
  count: u32,
  halved: usize,
  halvedZeroPoint: i32,
  halvedLeft: i32,
  other: usize,
  otherZeroPoint: i32,
  left: i32,
  multiplier: i32,
  right: i32,
  multiplierOut: i32,
  roundingOut: i32,
  rightOut: i32,
  output: usize,
): void {
  const rounding = 1 << (right - 1);
  for (const end = output + count; output < end; output += 8, halved += 8, other += 8) {
    const a = i16x8.sub(v128.load_ext<i8>(halved), i16x8.splat(<i16>halvedZeroPoint));
    const b = i16x8.sub(v128.load_ext<i8>(other), i16x8.splat(<i16>otherZeroPoint));
    let even = settle(
      i32x4.shl(widenEven(b), left),
      i32x4.splat(multiplier),
      i32x4.splat(rounding),
      i32x4.splat(-right),
    );
    even = i32x4.add(even, i32x4.shl(widenEven(a), halvedLeft));
    even = settle(even, i32x4.splat(multiplierOut), i32x4.splat(roundingOut), i32x4.splat(-rightOut));
    let odd = settle(i32x4.shl(widenOdd(b), left), i32x4.splat(multiplier), i32x4.splat(rounding), i32x4.splat(-right));
    odd = i32x4.add(odd, i32x4.shl(widenOdd(a), halvedLeft));
    odd = settle(odd, i32x4.splat(multiplierOut), i32x4.splat(roundingOut), i32x4.splat(-rightOut));
    storeEight(output, even, odd);
  }
}

/** multiplyRow of multiply.ts for `count` elements, a multiple of 8, and a usual shift. */
export function multiplyEights(
  count: u32,
  input1: usize,
  zeroPoint1: i32,
  input2: usize,
  zeroPoint2: i32,
  multiplier: i32,
  rounding: i32,
  right: i32,
  output: usize,
): void {
  const multipliers = i32x4.splat(multiplier);
  const roundings = i32x4.splat(rounding);
  const shifts = i32x4.splat(-right);
  for (const end = output + count; output < end; output += 8, input1 += 8, input2 += 8) {
    const a = i16x8.sub(v128.load_ext<i8>(input1), i16x8.splat(<i16>zeroPoint1));
    const b = i16x8.sub(v128.load_ext<i8>(input2), i16x8.splat(<i16>zeroPoint2));
    const even = i32x4.mul(widenEven(a), widenEven(b));
    const odd = i32x4.mul(widenOdd(a), widenOdd(b));
    storeEight(output, settle(even, multipliers, roundings, shifts), settle(odd, multipliers, roundings, shifts));
  }
}

/** lookup of `count` values, a multiple of 16. */
export function lookupSixteens(table: usize, input: usize, count: u32, output: usize): void {
  for (const end = input + count; input < end; input += 16, output += 16)
    v128.store(output, gatherBytes(table, v128.xor(v128.load(input), i8x16.splat(-128))));
}

/** outputs i8[channels] <- the highest value of each in a window, within low and high; as many as there are sixteens. */
export function highestOfSixteens(
  window: usize,
  rows: i32,
  columns: i32,
  channels: u32,
  rowBytes: u32,
  low: i32,
  high: i32,
  output: usize,
): u32 {
  const count = channels & ~15;
  for (let c: u32 = 0; c < count; c += 16) {
    let highest = i8x16.splat(<i8>low);
    let line = window + c;
    for (let y = rows; y > 0; y--, line += rowBytes) {
      let from = line;
      for (let x = columns; x > 0; x--, from += channels) highest = i8x16.max_s(highest, v128.load(from));
    }
    v128.store(output + c, i8x16.min_s(highest, i8x16.splat(<i8>high)));
  }
  return count;
}

/** The most values whose sum an i16 holds. */
export const MOST_SUMMED: i32 = 255;

/**
 * outputs i8[channels] <- the average of each in a window of at most MOST_SUMMED positions, ties away from zero, within
 * low and high; as many as there are eights.
 *
 * A sum is multiplied by the next number above 2^31 / positions (of one position, 2^31 - 1). What that is too much is
 * below 2^-16 of a step, which decides ties, and nothing else: all others are at least 1 / 510 away from one.
 */
export function averageOfEights(
  window: usize,
  rows: i32,
  columns: i32,
  channels: u32,
  rowBytes: u32,
  low: i32,
  high: i32,
  output: usize,
): u32 {
  const count = channels & ~7;
  const factor = i32x4.splat(<i32>min(0x80000000 / <u32>(rows * columns) + 1, 0x7fffffff));
  for (let c: u32 = 0; c < count; c += 8) {
    let sums = i32x4.splat(0);
    let line = window + c;
    for (let y = rows; y > 0; y--, line += rowBytes) {
      let from = line;
      for (let x = columns; x > 0; x--, from += channels) sums = i16x8.add(sums, v128.load_ext<i8>(from));
    }
    const even = narrowEven(qrdmulh(widenEven(sums), factor));
    const averages = narrowOdd(even, qrdmulh(widenOdd(sums), factor));
    storeBytes(output + c, i16x8.min_s(i16x8.max_s(averages, i16x8.splat(<i16>low)), i16x8.splat(<i16>high)));
  }
  return count;
}
