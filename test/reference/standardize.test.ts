/** The z-score of a raw window in integers, its square root included, against values worked out by hand. */
import { describe, expect, it } from 'vitest';
import { isqrt, standardize, standardizeParameters } from '../../host/operators/standardize.ts';

const wave = (n: number, amplitude: number, offset: number) =>
  Int16Array.from({ length: n }, (_, p) =>
    Math.round(offset + amplitude * (Math.sin(p / 5) + 0.3 * Math.sin(p * 1.7))),
  );

const clampI8 = (x: number) => Math.min(Math.max(x, -128), 127);

describe('isqrt', () => {
  it.each([0n, 1n, 3n, 4n, 24n, 25n, 2n ** 56n - 1n, 2n ** 56n, 10n ** 17n])('is the floor of the root of %d', (x) => {
    const root = isqrt(x);
    expect(root * root <= x && (root + 1n) * (root + 1n) > x).toBe(true);
  });
});

describe('standardize', () => {
  it.each([
    [256, 900, 1024, 1 / 32, 0],
    [320, 30, -200, 1 / 16, 3],
    [4096, 20000, 5000, 1 / 40, -5],
    [7, 12000, 0, 1 / 32, 0],
    [1800, 3, 11, 1 / 32, 0],
  ])(
    '%i samples of amplitude %i around %i give the z-score to rounding and the resolution of the reciprocal',
    (n, amplitude, offset, scale, zp) => {
      const input = wave(n, amplitude, offset);
      const mean = input.reduce((a, b) => a + b, 0) / n;
      const deviation = Math.sqrt(input.reduce((a, x) => a + (x - mean) ** 2, 0) / n);
      const parameters = standardizeParameters({ floor: 0, marker: null }, n, scale);
      standardize(input, 1, zp, parameters).forEach((q, p) => {
        const real = clampI8((input[p] - mean) / deviation / scale + zp);
        // relative: one in 2^21 / (4 deviation), and 8 fractional bits of sqrt(n); absolute: an eighth of an input step
        const relative = deviation / 2 ** 19 + 1 / (256 * Math.sqrt(n));
        const steps = Math.abs(real - zp) * relative + 0.125 / deviation / scale;
        expect(Math.abs(q - real)).toBeLessThanOrEqual(0.51 + steps);
      });
    },
  );

  it('makes 32 steps a standard deviation at a scale of 1/32: 0, 10, 20 become -39, 0, 39', () => {
    const parameters = standardizeParameters({ floor: 0, marker: null }, 3, 1 / 32);
    expect([...standardize(Int16Array.of(0, 10, 20), 1, 0, parameters)]).toEqual([-39, 0, 39]); // 32 * 1.2247 = 39.19
  });

  it('makes a flat line the zero point, not a division by zero', () => {
    const parameters = standardizeParameters({ floor: 0, marker: null }, 10, 1 / 32);
    expect([...standardize(new Int16Array(10).fill(-777), 1, 9, parameters)]).toEqual(Array(10).fill(9));
  });

  it('does not amplify what is below the floor', () => {
    const input = Int16Array.from({ length: 64 }, (_, p) => p % 2);
    const parameters = standardizeParameters({ floor: 20, marker: null }, 64, 1 / 32);
    expect(Math.max(...standardize(input, 1, 0, parameters).map(Math.abs))).toBeLessThanOrEqual(1);
  });

  it('takes extreme samples without overflow', () => {
    const input = Int16Array.from({ length: 4096 }, (_, p) => (p % 2 ? 32767 : -32768));
    const parameters = standardizeParameters({ floor: 0, marker: null }, 4096, 1 / 32);
    expect([...standardize(input, 1, 0, parameters).subarray(0, 2)]).toEqual([-32, 32]);
  });

  it('treats channels apart and appends the marker', () => {
    const input = Int16Array.of(0, 500, 10, 300, 20, 100);
    const marker = { centre: 1, peak: 100, slope: 64 };
    const output = standardize(input, 2, 0, standardizeParameters({ floor: 0, marker }, 3, 1 / 32));
    expect([...output]).toEqual([-39, 39, 36, 0, 0, 100, 39, -39, 36]);
  });

  it('refuses a window whose reciprocal would not fit', () => {
    const parameters = standardizeParameters({ floor: 0, marker: null }, 4097, 1 / 32);
    expect(() => standardize(new Int16Array(4097), 1, 0, parameters)).toThrow('4097');
  });
});
