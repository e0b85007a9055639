/**
 * Quantisation tables: the two encodings of the image, expanded into scratch when an operator begins.
 *
 * Expanding costs about 20 instructions a channel, far below 1 % of any convolution, and saves keeping 16 bytes a
 * channel in RAM for ever. Expanded form, i32 each (sizes in scratch.ts):
 *
 *   header   { zeroPoint, min, max, 0 }
 *   row c    { bias, multiplier, rounding, shift }
 *
 * For the usual shift in [-22, -1] `rounding` = 2^(-shift - 1) + (zeroPoint << -shift): the output zero point and the
 * rounding of the last shift are added in one go. For any other shift it is the zero point alone.
 */

import { uses } from '../dsp/intrinsics.ts';
import { FEATURE_TABLE } from '../features.ts';
import { clamp, doublingHighMultiplySmall, requantize } from '../fixed.ts';
import * as F from '../format.ts';
import { TABLE_HEADER_BYTES, TABLE_ROW_BYTES } from '../scratch.ts';

const FAST_SHIFTS: u32 = 22; // shifts -1 .. -22 leave room for the zero point above the rounding

/** operator: its record; source: its table in the image; table: destination in scratch. */
export function expandTable(operator: usize, source: usize, channels: u32, zeroPoint: i32, table: usize): void {
  store<i32>(table, zeroPoint);
  store<i32>(table, <i32>load<i8>(operator, F.OPERATOR_MIN_AT), 4);
  store<i32>(table, <i32>load<i8>(operator, F.OPERATOR_MAX_AT), 8);
  const compact =
    uses(FEATURE_TABLE + F.TABLE_COMPACT) &&
    (!uses(FEATURE_TABLE + F.TABLE_Q31) || <u32>load<u8>(operator, F.OPERATOR_ENCODING_AT) == F.TABLE_COMPACT);
  const biasShift = <u32>load<u8>(operator, F.OPERATOR_BIAS_SHIFT_AT);
  const exponent = <i32>load<i8>(operator, F.OPERATOR_EXPONENT_AT);
  let row = table + TABLE_HEADER_BYTES;
  for (let c: u32 = 0; c < channels; c++, row += TABLE_ROW_BYTES) {
    if (compact) {
      const scale = <u32>load<u16>(source);
      store<i32>(row, (<i32>load<i16>(source, 2)) << biasShift);
      store<i32>(row, compactMultiplier(scale), 4);
      storeShift(row, compactShift(scale, exponent), zeroPoint);
      source += F.COMPACT_BYTES_PER_CHANNEL;
    } else {
      store<i32>(row, load<i32>(source + 4 * c));
      store<i32>(row, load<i32>(source + 4 * (channels + c)), 4);
      storeShift(row, <i32>load<i8>(source + 8 * channels + c), zeroPoint);
    }
  }
}

/** Q31 multiplier of a 16-bit scale. */
export function compactMultiplier(scale: u32): i32 {
  const mantissa = scale & ((1 << F.COMPACT_MANTISSA_BITS) - 1);
  return <i32>(((1 << F.COMPACT_MANTISSA_BITS) + mantissa) << (30 - F.COMPACT_MANTISSA_BITS));
}

/** Shift of a 16-bit scale, positive = left. */
export function compactShift(scale: u32, exponent: i32): i32 {
  return exponent - <i32>(scale >> F.COMPACT_MANTISSA_BITS);
}

function storeShift(row: usize, shift: i32, zeroPoint: i32): void {
  const right = -shift;
  const fast = <u32>(right - 1) < FAST_SHIFTS;
  store<i32>(row, fast ? (1 << (right - 1)) + (zeroPoint << right) : zeroPoint, 8);
  store<i32>(row, shift, 12);
}

/** acc, |acc| < 2^30, to the INT8 output: TFLite's two roundings, zero point, clamp. row: of the expanded table. */
export function requantizeRow(acc: i32, row: usize, low: i32, high: i32): i32 {
  const multiplier = load<i32>(row, 4);
  const right = -load<i32>(row, 12);
  if (<u32>(right - 1) < FAST_SHIFTS) {
    // Half away from zero: the tie of a negative value goes down, so take 1 off before the shift.
    const product = doublingHighMultiplySmall(acc, multiplier);
    return clamp((product + load<i32>(row, 8) + (product >> 31)) >> right, low, high);
  }
  return clamp(requantize(acc, multiplier, -right) + load<i32>(row, 8), low, high);
}
