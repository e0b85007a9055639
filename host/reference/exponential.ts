/**
 * exp(a) for a <= 0 and 1 / (1 + a) for a in [0, 1] in fixed point, bit for bit as gemmlowp defines them.
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

/** exp(a) for a <= 0, from Q5.26 to Q0.31. */
export function expOnNegative(a: number): number {
  if (a === 0) return INT32_MAX; // 1 is just out of range
  const quarter = 2 ** 24;
  const fraction = (a & (quarter - 1)) - quarter; // a modulo 1/4, in [-1/4, 0)
  let result = expNearZero(saturatingLeft(fraction, 5));
  const remainder = fraction - a; // a multiple of 1/4: each of its bits stands for one factor exp(-2^power)
  for (let power = -2; power <= 4; power++) {
    if (remainder & (1 << (26 + power))) result = multiply(result, q31(Math.exp(-(2 ** power))));
  }
  return result;
}

const Q2_48_OVER_17 = Math.round((48 / 17) * 2 ** 29); // 1515870810
const Q2_MINUS_32_OVER_17 = Math.round((-32 / 17) * 2 ** 29); // -1010580540

/** 1 / (1 + a) for a in [0, 1), Q0.31 to Q0.31: three Newton-Raphson steps for the reciprocal of (1 + a) / 2. */
export function oneOverOnePlus(a: number): number {
  const half = Math.floor((a + INT32_MAX + 1) / 2); // rounded; both are >= 0
  let x = Q2_48_OVER_17 + multiply(half, Q2_MINUS_32_OVER_17); // Q2.29
  for (let step = 0; step < 3; step++) {
    const error = 2 ** 29 - multiply(half, x);
    x += saturatingLeft(multiply(x, error), 2); // Q4.27 to Q2.29
  }
  return saturatingLeft(x, 1); // x / 2, from Q1.30 with the same bits to Q0.31
}
