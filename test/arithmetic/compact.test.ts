/** Compact quantisation tables: what they keep of factors and biases, and when they are faithful. */
import { describe, expect, it } from 'vitest';
import { foldZeroPoint, rowSums, tapSums } from '../../host/arithmetic/channels.ts';
import { compactFits, decodeBias, decodeScale, encodeBias, encodeScales } from '../../host/arithmetic/compact.ts';
import { multiplyByQuantizedMultiplier } from '../../host/arithmetic/fixed.ts';

const realOf = ({ multiplier, shift }: { multiplier: number; shift: number }) => multiplier * 2 ** (shift - 31);

describe('compact scales', () => {
  it('give back every factor within 1 / 4096', () => {
    const reals = Array.from({ length: 400 }, (_, i) => 1.7 * 1.05 ** -i); // 28 binary orders
    const { exponent, fields } = encodeScales(reals);
    reals.forEach((real, c) => {
      const error = Math.abs(realOf(decodeScale(fields[c], exponent)) / real - 1);
      expect(error).toBeLessThanOrEqual(1 / 4096);
    });
  });

  it('are octaves below the largest in 5 bits and a fraction in 11: of 0.75 and 0.1 the second lies 3 below', () => {
    expect(encodeScales([0.75, 0.1])).toEqual({ exponent: 0, fields: Uint16Array.of(1024, (3 << 11) | 1229) });
    expect(decodeScale(1024, 0)).toEqual({ multiplier: 1610612736, shift: 0 });
  });

  it('carry a mantissa that rounds up to 1 into the exponent', () => {
    expect(encodeScales([1 - 2 ** -20])).toEqual({ exponent: 1, fields: Uint16Array.of(0) });
  });

  it('take a vanishing factor to one that also takes every accumulator to 0', () => {
    const { exponent, fields } = encodeScales([0.01, 1e-30]);
    const factor = decodeScale(fields[1], exponent);
    expect(factor.shift).toBeGreaterThanOrEqual(-31);
    for (const acc of [2 ** 30, -(2 ** 30), 1, -1]) expect(multiplyByQuantizedMultiplier(acc, factor)).toBeCloseTo(0);
  });

  it.each([[[0]], [[-1]], [[Number.NaN]], [[4, 2 ** -31]]])('refuse %j', (reals) => {
    expect(() => encodeScales(reals)).toThrow(RangeError);
  });
});

describe('compact bias', () => {
  it.each([
    ['keeps 16-bit biases', [32767, -32768], 0, [32767, -32768]],
    ['shifts as little as the largest needs, halves away from zero', [32768, 3, -3], 1, [32768, 4, -4]],
    ['counts a bias that rounds out of range as too large', [65535, 0], 2, [65536, 0]],
  ])('%s', (_claim, bias, biasShift, decoded) => {
    const encoded = encodeBias(bias);
    expect(encoded.biasShift).toBe(biasShift);
    expect([...decodeBias(encoded)]).toEqual(decoded);
  });
});

describe('compactFits', () => {
  it.each([
    ['accepts ordinary channels', [1200, -40000], [0.003, 0.002], true],
    ['refuses a nearly empty channel that takes the bits of its neighbours', [1200, 3e8], [0.003, 1e-7], false],
    ['accepts the same channel where neighbours are as fine', [5e7, 3e8], [1e-6, 1e-7], true],
    ['refuses factors too far apart', [0, 0], [4, 2 ** -31], false],
  ])('%s', (_claim, bias, scales, expected) => {
    expect(compactFits(Int32Array.from(bias), scales)).toBe(expected);
  });
});

describe('zero-point folding', () => {
  it('sums rows of ordinary and columns of depthwise weights', () => {
    const weights = Int8Array.of(1, 2, 3, -4, 5, -6);
    expect([...rowSums(weights, 2)]).toEqual([6, -5]);
    expect([...tapSums(weights, 2)]).toEqual([9, -8]);
  });

  it('subtracts zeroPoint times the sum, and refuses to overflow', () => {
    expect([...foldZeroPoint(Int32Array.of(100), Int32Array.of(6), -128)]).toEqual([868]);
    expect(() => foldZeroPoint(Int32Array.of(2 ** 31 - 1), Int32Array.of(1), -1)).toThrow(RangeError);
  });
});
