/** Short quantisation tables: what they keep of factors and biases, and when they are faithful. */
import { describe, expect, it } from 'vitest';
import { makeTable, storedEncoding } from '../../host/arithmetic/channels.ts';
import { decodeShort, encodeShort, shortFits } from '../../host/arithmetic/short.ts';

const realOf = ({ multiplier, shift }: { multiplier: number; shift: number }) => multiplier * 2 ** (shift - 31);

describe('a short table', () => {
  it('gives back every factor within 1 / 512, over seven octaves', () => {
    const reals = Array.from({ length: 100 }, (_, i) => 0.9 * 2 ** (-i / 14.2));
    const { factors } = decodeShort(encodeShort(new Int32Array(reals.length), reals));
    factors.forEach((factor, c) => {
      expect(Math.abs(realOf(factor) / reals[c] - 1)).toBeLessThanOrEqual(1 / 512);
    });
  });

  it('is the one that docs/arithmetic.md works out', () => {
    const table = encodeShort([1001, 65_000], [0.75, 0.1]);
    expect(table).toEqual({
      exponent: 0,
      biasShift: 1,
      fields: Uint16Array.of(501 << 3, (4063 << 3) | 3),
      mantissas: Uint8Array.of(128, 154),
    });
    const { bias, factors } = decodeShort(table);
    expect([...bias]).toEqual([1002, 65_008]);
    expect(factors.map(realOf)).toEqual([0.75, 410 / 4096]);
  });

  it('carries a mantissa that rounds up to 1 into the exponent', () => {
    const { exponent, mantissas } = encodeShort([0], [1 - 2 ** -20]);
    expect([exponent, mantissas[0]]).toEqual([1, 0]);
  });

  it('keeps the bits of a channel beside one of a tiny factor and a huge bias', () => {
    const [bias, scales] = [Int32Array.of(1200, 90_000), [0.3, 0.004]];
    const decoded = decodeShort(encodeShort(bias, scales)).bias;
    decoded.forEach((value, c) => {
      expect(Math.abs(value - bias[c]) * scales[c]).toBeLessThan(0.1);
    });
  });

  it.each([4095.4, -4095.4, 4095.6, -4095.6, 8190, -8191, 70_000, -123_456])(
    'encodes what it decoded to the same bits: a bias of %d',
    (value) => {
      const once = encodeShort([Math.round(16 * value), 5], [0.9, 0.01]);
      const { bias, factors } = decodeShort(once);
      expect(encodeShort(bias, factors.map(realOf))).toEqual(once);
    },
  );
});

describe('the stored encoding', () => {
  it.each<[claim: string, bias: number[], scales: number[], stored: string]>([
    ['is short for ordinary channels', [12_000, -40_000], [0.03, 0.02], 'short'],
    ['is compact for factors more than seven octaves apart', [0, 0], [1, 1 / 512], 'compact'],
    ['is compact for a bias of more output steps than 13 bits tell apart', [150_000], [0.02], 'compact'],
    ['is exact where neither is faithful', [1200, 3e8], [0.003, 1e-7], 'q31'],
  ])('%s', (_claim, values, scales, stored) => {
    const bias = Int32Array.from(values);
    expect(storedEncoding(bias, Float64Array.from(scales), 'short')).toBe(stored);
    expect(shortFits(bias, scales)).toBe(stored === 'short');
    expect(makeTable(bias, Float64Array.from(scales), 'short')).toEqual(
      makeTable(bias, Float64Array.from(scales), stored as 'short'),
    );
  });

  it('is never short where compact was asked for', () => {
    expect(storedEncoding(Int32Array.of(5), Float64Array.of(0.5), 'compact')).toBe('compact');
  });
});
