/**
 * exp(a) for a <= 0, 1 / (1 + a) for a in [0, 1], and the logistic function and tanh made of them, in fixed point, bit
 * for bit as gemmlowp defines them.
 *
 * A Qi.f number is an i32 with i integer and f = 31 - i fractional bits. The product of Qa and Qb numbers, taken with
 * saturatingRoundingDoublingHighMul, has a + b integer bits.
 */
import {
  clamp,
  INT32_MAX,
  INT32_MIN,
  saturatingRoundingDoublingHighMul as multiply,
  roundingDivideByPot,
} from './fixed.ts';

/** x * 2^exponent that saturates: moves a number to -exponent fewer or more integer bits. */
function saturatingLeft(x: number, exponent: number): number {
  return clamp(x * 2 ** exponent, INT32_MIN, INT32_MAX);
}

const q31 = (real: number): number => Math.min(Math.round(real * 2 ** 31), INT32_MAX);
const EXP_MINUS_EIGHTH = q31(Math.exp(-1 / 8)); // 1895147668
const THIRD = q31(1 / 3); // 715827883

/** exp(a) for a in [-1/4, 0), Q0.31 to Q0.31: exp(-1/8) times the Taylor polynomial of fourth degree at -1/8. */
function expNearZero(a: number): number {
  const x = a + 2 ** 28;
  const x2 = multiply(x, x);
  const x3 = multiply(x2, x);
  const x4 = multiply(x2, x2);
  const upper = multiply(roundingDivideByPot(x4, 2) + x3, THIRD) + x2; // x^4/12 + x^3/3 + x^2
  return EXP_MINUS_EIGHTH + multiply(EXP_MINUS_EIGHTH, x + roundingDivideByPot(upper, 1));
}

/** exp(a) for a <= 0, from a number with at most 5 integer bits to Q0.31. */
export function expOnNegative(a: number, integerBits = 5): number {
  if (a === 0) return INT32_MAX; // 1 is just out of range
  const fractionalBits = 31 - integerBits;
  const quarter = 2 ** (fractionalBits - 2);
  const fraction = (a & (quarter - 1)) - quarter; // a modulo 1/4, in [-1/4, 0)
  let result = expNearZero(saturatingLeft(fraction, integerBits));
  const remainder = fraction - a; // a multiple of 1/4: each of its bits stands for one factor exp(-2^power)
  for (let power = -2; power < integerBits; power++) {
    if (remainder & (1 << (fractionalBits + power))) result = multiply(result, q31(Math.exp(-(2 ** power))));
  }
  return result;
}

const Q2_48_OVER_17 = Math.round((48 / 17) * 2 ** 29); // 1515870810
const Q2_MINUS_32_OVER_17 = Math.round((-32 / 17) * 2 ** 29); // -1010580540

/** 2 / (1 + a) for a in [0, 1), Q0.31 to Q2.29: three Newton-Raphson steps for the reciprocal of (1 + a) / 2. */
function twoOverOnePlus(a: number): number {
  const half = Math.floor((a + INT32_MAX + 1) / 2); // rounded; both are >= 0
  let x = Q2_48_OVER_17 + multiply(half, Q2_MINUS_32_OVER_17);
  for (let step = 0; step < 3; step++) {
    const error = 2 ** 29 - multiply(half, x);
    x += saturatingLeft(multiply(x, error), 2); // Q4.27 to Q2.29
  }
  return x;
}

/** 1 / (1 + a) for a in [0, 1), Q0.31 to Q0.31. */
export function oneOverOnePlus(a: number): number {
  return saturatingLeft(twoOverOnePlus(a), 1); // x / 2, from Q1.30 with the same bits to Q0.31
}

/** 1 / (1 + exp(-a)), Q4.27 to Q0.31. */
export function logistic(a: number): number {
  if (a === 0) return 2 ** 30;
  const ofMagnitude = oneOverOnePlus(expOnNegative(-Math.abs(a), 4));
  return a > 0 ? ofMagnitude : INT32_MAX - ofMagnitude;
}

/**
 * tanh(a), Q4.27 to Q0.31: (1 - e) / (1 + e) with e = exp(-2 |a|), whose doubled argument has the bits of |a| in
 * Q5.26.
 */
export function tanh(a: number): number {
  if (a === 0) return 0;
  const ofMagnitude = saturatingLeft(twoOverOnePlus(expOnNegative(-Math.abs(a), 5)) - 2 ** 29, 2);
  return a > 0 ? ofMagnitude : -ofMagnitude;
}
