/**
 * Fixed-point arithmetic of INT8 networks, with the rounding of TensorFlow Lite ("double rounding").
 *
 * A real factor is multiplier * 2^(shift - 31): multiplier in [2^30, 2^31) or 0 (Q31), shift in [-31, 30],
 * positive shifts left. Every function takes and returns i32 as numbers; ties are rounded away from zero unless said.
 * Source: gemmlowp's fixedpoint.h and TensorFlow Lite's quantization_util, as published; exactness before speed.
 */

export interface QuantizedMultiplier {
  /** Q31: in [2^30, 2^31), or 0 */
  multiplier: number;
  /** in [-31, 30], positive shifts left */
  shift: number;
}

export const INT32_MIN = -(2 ** 31);
export const INT32_MAX = 2 ** 31 - 1;

export function clamp(x: number, min: number, max: number): number {
  return Math.min(Math.max(x, min), max);
}

/**
 * a * b / 2^31, rounded to nearest; the only overflow, (-2^31) * (-2^31), saturates.
 * The nudge makes positive ties go up, and the truncating division makes negative ties go up too (-0.5 -> 0):
 * this is gemmlowp's definition, and the one place where ties are not rounded away from zero.
 */
export function saturatingRoundingDoublingHighMul(a: number, b: number): number {
  if (a === INT32_MIN && b === INT32_MIN) return INT32_MAX;
  const product = BigInt(a) * BigInt(b);
  const nudge = product >= 0n ? 1n << 30n : 1n - (1n << 30n);
  return Number((product + nudge) / (1n << 31n)); // BigInt division truncates towards zero
}

/** x / 2^exponent, rounded to nearest, ties away from zero; exponent in [0, 31]. */
export function roundingDivideByPot(x: number, exponent: number): number {
  const magnitude = Math.floor(Math.abs(x) / 2 ** exponent + 0.5); // exact: fewer than 53 bits throughout
  return x < 0 && magnitude > 0 ? -magnitude : magnitude;
}

/** x * multiplier * 2^(shift - 31). A left shift comes first and wraps in 32 bits. */
export function multiplyByQuantizedMultiplier(x: number, { multiplier, shift }: QuantizedMultiplier): number {
  const left = Math.max(shift, 0);
  const right = Math.max(-shift, 0);
  return roundingDivideByPot(saturatingRoundingDoublingHighMul(x << left, multiplier), right);
}

/** The double that a multiplier and a shift stand for, exactly. */
export function realOf({ multiplier, shift }: QuantizedMultiplier): number {
  return multiplier * 2 ** (shift - 31);
}

/** real = fraction * 2^exponent with fraction in [0.5, 1); real > 0 and finite. */
export function splitExponent(real: number): { fraction: number; exponent: number } {
  let exponent = Math.floor(Math.log2(real)) + 1;
  // log2 is rounded: next to a power of two it may be one off
  if (real / 2 ** exponent >= 1) exponent++;
  if (real / 2 ** exponent < 0.5) exponent--;
  return { fraction: real / 2 ** exponent, exponent };
}

/**
 * The nearest Q31 multiplier and shift of a real factor >= 0. Factors below 2^-32 become 0, as they take any i32 to 0.
 * Throws RangeError when the factor is negative, not finite or 2^30 and above.
 */
export function quantizeMultiplier(real: number): QuantizedMultiplier {
  if (!(real >= 0 && real < 2 ** 30)) {
    throw new RangeError(`quantizeMultiplier: factor must be in [0, 2^30), got ${real}; check the tensor scales`);
  }
  if (real < 2 ** -40) return { multiplier: 0, shift: 0 };
  const split = splitExponent(real);
  let multiplier = Math.floor(split.fraction * 2 ** 31 + 0.5);
  let shift = split.exponent;
  if (multiplier === 2 ** 31) {
    multiplier = 2 ** 30;
    shift++;
  }
  return shift < -31 ? { multiplier: 0, shift: 0 } : { multiplier, shift };
}
