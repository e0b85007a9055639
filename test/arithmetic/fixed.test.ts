/** Fixed-point multiplication and rounding against values worked out by hand. */
import { describe, expect, it } from 'vitest';
import {
  INT32_MAX,
  INT32_MIN,
  multiplyByQuantizedMultiplier,
  quantizeMultiplier,
  roundingDivideByPot,
  saturatingRoundingDoublingHighMul,
} from '../../host/arithmetic/fixed.ts';

describe('roundingDivideByPot rounds ties away from zero', () => {
  it.each([
    [5, 1, 3],
    [-5, 1, -3],
    [3, 1, 2],
    [-3, 1, -2],
    [1, 1, 1],
    [-1, 1, -1],
    [5, 2, 1],
    [-5, 2, -1],
    [6, 2, 2],
    [-6, 2, -2],
    [7, 0, 7],
    [INT32_MIN, 31, -1],
    [INT32_MAX, 31, 1],
    [2 ** 30 - 1, 31, 0],
  ])('%i / 2^%i = %i', (x, exponent, expected) => {
    expect(roundingDivideByPot(x, exponent)).toBe(expected);
  });
});

describe('saturatingRoundingDoublingHighMul', () => {
  it.each([
    ['saturates its only overflow', INT32_MIN, INT32_MIN, INT32_MAX],
    ['halves', 10, 2 ** 30, 5],
    ['takes a positive tie up', 1, 2 ** 30, 1],
    ['takes a negative tie up, as gemmlowp does', -1, 2 ** 30, 0],
    ['takes -1.5 to -1', -3, 2 ** 30, -1],
    ['is nearly the identity for the largest multiplier', 1000, INT32_MAX, 1000],
    ['keeps the sign', INT32_MIN, INT32_MAX, -INT32_MAX],
  ])('%s: %i, %i', (_claim, a, b, expected) => {
    expect(saturatingRoundingDoublingHighMul(a, b)).toBe(expected);
  });
});

describe('quantizeMultiplier', () => {
  it.each([
    [0, 0, 0],
    [1, 2 ** 30, 1],
    [0.5, 2 ** 30, 0],
    [0.75, 1610612736, 0],
    [3, 1610612736, 2],
    [0.1, 1717986918, -3],
    [1 - 2 ** -40, 2 ** 30, 1], // the fraction rounds up to 1
    [2 ** -32, 2 ** 30, -31],
    [2 ** -33, 0, 0],
  ])('%d is %i with shift %i', (real, multiplier, shift) => {
    expect(quantizeMultiplier(real)).toEqual({ multiplier, shift });
  });

  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 30])('refuses %d', (real) => {
    expect(() => quantizeMultiplier(real)).toThrow(RangeError);
  });
});

describe('multiplyByQuantizedMultiplier', () => {
  it('is within one step of the real product', () => {
    for (const real of [0.0007, 0.013, 0.4999, 1.0, 7.3]) {
      const factor = quantizeMultiplier(real);
      for (let x = -30000; x <= 30000; x += 777) {
        expect(Math.abs(multiplyByQuantizedMultiplier(x, factor) - x * real)).toBeLessThanOrEqual(1);
      }
    }
  });

  it.each([
    [1000, 0.1, 100],
    [20, 0.1, 2],
    [5, 0.1, 1],
    [-5, 0.1, -1],
    [-15, 0.5, -7], // one rounding: a tie goes up
    [-15, 0.25, -4], // two: -7.5 up to -7, then -3.5 away from zero
  ])('takes %i * %d to %i', (x, real, expected) => {
    expect(multiplyByQuantizedMultiplier(x, quantizeMultiplier(real))).toBe(expected);
  });

  it('wraps a left shift in 32 bits', () => {
    expect(multiplyByQuantizedMultiplier(2 ** 30, { multiplier: 2 ** 30, shift: 1 })).toBe(-(2 ** 30));
  });

  it('rounds twice: 0.2502 becomes 0.5 on the way and 1 in the end', () => {
    const factor = { multiplier: 2 ** 30 + 2 ** 20, shift: -1 }; // 1 * 0.5005 -> 1, then 1 / 2 -> 1
    expect(multiplyByQuantizedMultiplier(1, factor)).toBe(1);
  });
});
