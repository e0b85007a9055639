/** Softmax and its fixed-point functions: how far they are from real arithmetic. */
import { describe, expect, it } from 'vitest';
import { expOnNegative, oneOverOnePlus } from '../../host/arithmetic/exponential.ts';
import { softmax, softmaxFactors } from '../../host/operators/softmax.ts';

/** A repeatable INT8 row; nothing hangs on its quality. */
const row = (length: number, seed: number) =>
  Int8Array.from({ length }, (_, i) => (Math.imul(i + 1, 2654435761) ^ Math.imul(seed + 1, 40503)) >>> 11);

describe('fixed-point functions', () => {
  it('exp is within 2^-22 of the real one on [-31, 0]', () => {
    for (let a = -31 * 2 ** 26; a <= 0; a += 1234567) {
      expect(Math.abs(expOnNegative(a) / 2 ** 31 - Math.exp(a / 2 ** 26))).toBeLessThan(2 ** -22);
    }
    expect(expOnNegative(0)).toBe(2 ** 31 - 1);
  });

  it('1 / (1 + a) is within 2^-26 of the real one on [0, 1)', () => {
    for (let a = 0; a < 2 ** 31; a += 12345678) {
      expect(Math.abs(oneOverOnePlus(a) / 2 ** 31 - 1 / (1 + a / 2 ** 31))).toBeLessThan(2 ** -26);
    }
  });
});

describe('softmax', () => {
  it.each([
    [2, 0.1],
    [5, 0.14],
    [12, 0.02],
    [100, 0.05],
    [3, 3],
  ])('of %i channels with scale %d is within one step of the real one', (channels, scale) => {
    for (let seed = 0; seed < 50; seed++) {
      const input = row(channels, seed);
      const exponentials = Array.from(input, (q) => Math.exp(scale * q));
      const sum = exponentials.reduce((a, b) => a + b);
      const output = softmax(input, channels, softmaxFactors(1, scale));
      output.forEach((q, c) => {
        const real = Math.min((256 * exponentials[c]) / sum - 128, 127);
        expect(Math.abs(q - real)).toBeLessThanOrEqual(1);
      });
    }
  });

  it('shares equally among equals, and works position by position', () => {
    expect([...softmax(Int8Array.of(4, 4, -9, -9), 2, softmaxFactors(1, 0.1))]).toEqual([0, 0, 0, 0]);
  });
});
