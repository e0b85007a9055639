/**
 * Requantisation of four channels at once with WASM SIMD; table.ts has the arithmetic and the rows of the table.
 *
 * There is no shift by a count of each lane's own. So a value is saturated before its shift, which leaves it 8 bits more
 * than `right`, then multiplied by 2^(FAST_SHIFTS - right): the same shift is left for all four.
 */
import { FAST_SHIFTS, requantizeRow } from './table.ts';

/** One word of the rows of four channels, at `word` in the first. */
export function column(word: usize): v128 {
  let lanes = v128.load_zero<i32>(word);
  lanes = v128.load_lane<i32>(word, lanes, 1, 16);
  lanes = v128.load_lane<i32>(word, lanes, 2, 32);
  return v128.load_lane<i32>(word, lanes, 3, 48);
}

/** Lowest values that are not saturated, from the shifts of four channels; the highest are their complement. */
export function lowestOf(right: v128): v128 {
  return i32x4(
    -128 << i32x4.extract_lane(right, 0),
    -128 << i32x4.extract_lane(right, 1),
    -128 << i32x4.extract_lane(right, 2),
    -128 << i32x4.extract_lane(right, 3),
  );
}

/** 2^(FAST_SHIFTS - right) */
export function factorOf(right: v128): v128 {
  const all = i32x4.sub(i32x4.splat(FAST_SHIFTS), right);
  return i32x4(
    1 << i32x4.extract_lane(all, 0),
    1 << i32x4.extract_lane(all, 1),
    1 << i32x4.extract_lane(all, 2),
    1 << i32x4.extract_lane(all, 3),
  );
}

/** round(2 * acc * multiplier / 2^32), ties towards plus infinity; |acc| < 2^30. */
export function multiplyHighFour(acc: v128, multiplier: v128): v128 {
  const doubled = i32x4.shl(acc, 1);
  const half = i64x2.splat(0x80000000);
  return v128.shuffle<i32>(
    i64x2.add(i64x2.extmul_low_i32x4_s(doubled, multiplier), half),
    i64x2.add(i64x2.extmul_high_i32x4_s(doubled, multiplier), half),
    1,
    3,
    5,
    7,
  );
}

/** The second rounding, of `high` = multiplyHighFour(acc, ...), and the zero point: i32x4 in -128..127. */
export function settleFour(acc: v128, high: v128, rounding: v128, lowest: v128, factor: v128): v128 {
  const value = i32x4.add(i32x4.add(high, rounding), i32x4.shr_s(acc, 31));
  const saturated = i32x4.min_s(i32x4.max_s(value, lowest), v128.not(lowest));
  return i32x4.shr_s(i32x4.mul(saturated, factor), FAST_SHIFTS);
}

/** Four channels, one by one, where a shift is not among the usual. */
export function requantizeEach(acc: v128, rows: usize): v128 {
  return i32x4(
    requantizeRow(i32x4.extract_lane(acc, 0), rows),
    requantizeRow(i32x4.extract_lane(acc, 1), rows + 16),
    requantizeRow(i32x4.extract_lane(acc, 2), rows + 32),
    requantizeRow(i32x4.extract_lane(acc, 3), rows + 48),
  );
}
