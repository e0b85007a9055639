/**
 * Expanded tables for Helium, and the requantisation of eight channels at once; table.ts has the arithmetic.
 *
 * The rows of eight channels (an octet, 128 bytes) are turned into vectors of four words each, even channels and odd
 * ones apart, as that is how sums are narrowed to bytes:
 *
 *   | biases, even | biases, odd | multipliers | roundings | shifts |     16 bytes each, the last three twice, too
 *
 * A shift is negative, to the right. An octet with a channel of another than the usual shifts stays rows, and so do the
 * last channels where there are not eight; they go one by one.
 */
import { gatherWords, narrowBytes, narrowEven, narrowOdd, qrdmulh, shlv, storeBytes } from '../intrinsics/mve.ts';
import { TABLE_ROW_BYTES } from '../scratch.ts';

export const OCTET_BYTES: u32 = 8 * TABLE_ROW_BYTES;
const MULTIPLIERS: u32 = 32;
const ROUNDINGS: u32 = 64;
const SHIFTS: u32 = 96;

/** Turns the rows of `count` channels into octets, as far as there are eight. */
export function gatherOctets(rows: usize, count: u32): void {
  const even = i32x4(0, 32, 64, 96);
  for (; count >= 8; count -= 8, rows += OCTET_BYTES) {
    const right0 = gatherWords(rows + 12, even);
    const right1 = gatherWords(rows + 28, even);
    if (!i32x4.all_true(i32x4.min_s(right0, right1))) continue;
    const bias0 = gatherWords(rows, even);
    const bias1 = gatherWords(rows + 16, even);
    const multiplier0 = gatherWords(rows + 4, even);
    const multiplier1 = gatherWords(rows + 20, even);
    const rounding0 = gatherWords(rows + 8, even);
    const rounding1 = gatherWords(rows + 24, even);
    v128.store(rows, bias0);
    v128.store(rows, bias1, 16);
    v128.store(rows, multiplier0, MULTIPLIERS);
    v128.store(rows, multiplier1, MULTIPLIERS + 16);
    v128.store(rows, rounding0, ROUNDINGS);
    v128.store(rows, rounding1, ROUNDINGS + 16);
    v128.store(rows, i32x4.neg(right0), SHIFTS);
    v128.store(rows, i32x4.neg(right1), SHIFTS + 16);
  }
}

/** Whether eight rows have become an octet: its last even shift lies where row 6 has one to the right. */
export function isOctet(rows: usize): bool {
  return load<i32>(rows, SHIFTS + 12) < 0;
}

/** outputs i8[8] <- sums of the even and the odd channels of an octet. */
export function requantizeOctet(even: v128, odd: v128, octet: usize, output: usize): void {
  even = settle(even, v128.load(octet, MULTIPLIERS), v128.load(octet, ROUNDINGS), v128.load(octet, SHIFTS));
  odd = settle(
    odd,
    v128.load(octet, MULTIPLIERS + 16),
    v128.load(octet, ROUNDINGS + 16),
    v128.load(octet, SHIFTS + 16),
  );
  storeEight(output, even, odd);
}

/** The same for two positions, the second of which is `outputStride` behind the first. */
export function requantizeTwice(
  even0: v128,
  odd0: v128,
  even1: v128,
  odd1: v128,
  octet: usize,
  output: usize,
  outputStride: u32,
): void {
  let multiplier = v128.load(octet, MULTIPLIERS);
  let rounding = v128.load(octet, ROUNDINGS);
  let shift = v128.load(octet, SHIFTS);
  even0 = settle(even0, multiplier, rounding, shift);
  even1 = settle(even1, multiplier, rounding, shift);
  multiplier = v128.load(octet, MULTIPLIERS + 16);
  rounding = v128.load(octet, ROUNDINGS + 16);
  shift = v128.load(octet, SHIFTS + 16);
  storeEight(output, even0, settle(odd0, multiplier, rounding, shift));
  storeEight(output + outputStride, even1, settle(odd1, multiplier, rounding, shift));
}

/** requantizeDoubled of table.ts, before it saturates; shift: negative. */
export function settle(sum: v128, multiplier: v128, rounding: v128, shift: v128): v128 {
  return shlv(i32x4.add(i32x4.add(qrdmulh(sum, multiplier), rounding), i32x4.shr_s(sum, 31)), shift);
}

/** output i8[8] <- values of even and odd channels, saturated. */
export function storeEight(output: usize, even: v128, odd: v128): void {
  storeBytes(output, narrowBytes(narrowOdd(narrowEven(even), odd)));
}
