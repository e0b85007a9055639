/**
 * Fixed-point arithmetic, bit-exact with TensorFlow Lite's default (double) rounding.
 *
 * A real factor is a Q31 multiplier in [2^30, 2^31) and a shift in [-31, 30], positive = left:
 * factor = multiplier * 2^(shift - 31). See docs/arithmetic.md for worked numbers.
 */

import { FEATURE_LONG_MULTIPLY } from './features.ts';
import { ssat8, uses } from './intrinsics/core.ts';
import { smmlar } from './intrinsics/dsp.ts';
import { HAS_SMMLAR } from './intrinsics/instructions.ts';

export function clamp(x: i32, low: i32, high: i32): i32 {
  return x < low ? low : x > high ? high : x;
}

/** clamp(x, -128, 127) */
export function saturate(x: i32): i32 {
  return ssat8(x);
}

/** round(a * b / 2^31), ties towards plus infinity; gemmlowp's SaturatingRoundingDoublingHighMul for b >= 0. */
export function doublingHighMultiply(a: i32, b: i32): i32 {
  return <i32>((<i64>a * <i64>b + 0x40000000) >> 31);
}

/** addend + round(a * b / 2^32), ties towards plus infinity, b >= 0: one instruction with the DSP extension. */
export function multiplyHigh(a: i32, b: i32, addend: i32): i32 {
  if (HAS_SMMLAR) return smmlar(a, b, addend);
  if (uses(FEATURE_LONG_MULTIPLY)) {
    const product = <i64>a * <i64>b;
    return addend + <i32>(product >> 32) + <i32>(<u32>product >> 31);
  }
  return addend + multiplyHalves(a, b);
}

/** round(a * b / 2^32) for b >= 0, from products of 16 by 16 bits, none of which overflows. */
export function multiplyHalves(a: i32, b: i32): i32 {
  const high = a >> 16;
  const low = a & 0xffff;
  const highB = b >> 16;
  const lowB = b & 0xffff;
  const left = high * lowB;
  // at most 0xffff * 0x7fff + 0xfffe + 0x8000 = 2^31 - 1
  const right = low * highB + <i32>(<u32>(low * lowB) >> 16) + 0x8000;
  return high * highB + (left >> 16) + <i32>(<u32>((left & 0xffff) + right) >> 16);
}

/** floor(a * b / 2^16) for b of 16 bits: the upper 32 of 48 bits. */
export function multiplyTop(a: i32, b: i32): i32 {
  if (uses(FEATURE_LONG_MULTIPLY)) return <i32>((<i64>a * <i64>(b << 16)) >> 32);
  return (a >> 16) * b + (((a & 0xffff) * b) >> 16);
}

/** round(x / 2^exponent), ties away from zero; exponent in [0, 31]. */
export function roundingShiftRight(x: i32, exponent: i32): i32 {
  const mask = <i32>(((<u32>1) << exponent) - 1);
  const remainder = x & mask;
  const threshold = (mask >> 1) + i32(x < 0);
  return (x >> exponent) + i32(remainder > threshold);
}

/** x times the real factor (multiplier, shift): TFLite's MultiplyByQuantizedMultiplier. */
export function requantize(x: i32, multiplier: i32, shift: i32): i32 {
  const left = shift > 0 ? shift : 0;
  return roundingShiftRight(doublingHighMultiply(x << left, multiplier), left - shift);
}

/** floor(sqrt(x)). */
export function squareRoot(x: u64): u32 {
  let root: u64 = 0;
  let bit: u64 = (<u64>1) << 62;
  let rest = x;
  while (bit > rest) bit >>= 2;
  while (bit != 0) {
    if (rest >= root + bit) {
      rest -= root + bit;
      root = (root >> 1) + bit;
    } else {
      root >>= 1;
    }
    bit >>= 2;
  }
  return <u32>root;
}
