/** The factors, clamps and substituted biases of an import, by numbers that can be checked without it. */
import { describe, expect, it } from 'vitest';
import { MAX_BIAS } from '../../assembly/limits.ts';
import { clamp, multiplyByQuantizedMultiplier, quantizeMultiplier } from '../../host/arithmetic/fixed.ts';
import { activationRange, channelFactor, fullyConnectedFactor } from '../../host/import/quantization.ts';
import { type Reach, substituteBias } from '../../host/transform/largeBias.ts';
import { random } from '../zoo.ts';

const f = Math.fround;

describe('activationRange', () => {
  it.each([
    ['NONE', 0.1, 3, [-128, 127]],
    ['RELU', 0.1, 3, [3, 127]],
    ['RELU6', 0.1, 3, [3, 63]],
    ['RELU6', 6 / 255, -128, [-128, 127]],
    ['RELU_N1_TO_1', 0.1, 3, [-7, 13]],
    ['RELU_N1_TO_1', 0.4, 0, [-3, 3]], // 1 / float32(0.4) = 2.5 in float32: ties away from zero
    ['RELU_N1_TO_1', 0.001, 0, [-128, 127]],
  ] as const)('of %s with scale %f and zero point %i', (activation, scale, zeroPoint, range) => {
    expect(activationRange(activation, { scale: f(scale), zeroPoint })).toEqual(range);
  });
});

it('a fully connected layer with one weight scale rounds the product of scales to float32, a convolution does not', () => {
  const scales = [f(0.0235), f(0.00731), f(0.0419)] as const;
  const [input, weight, output] = scales;
  expect(fullyConnectedFactor(...scales)).toBe(f(input * weight) / output);
  expect(channelFactor(...scales)).toBe((input * weight) / output);
  expect(quantizeMultiplier(fullyConnectedFactor(...scales))).not.toEqual(quantizeMultiplier(channelFactor(...scales)));
});

describe('substituteBias', () => {
  const output = (folded: number, factor: number, zeroPoint: number, sum: number) =>
    clamp(multiplyByQuantizedMultiplier(folded + sum, quantizeMultiplier(factor)) + zeroPoint, -128, 127);

  it('gives the same output for every sum: one output, or a step between two', () => {
    const next = random(5);
    let steps = 0;
    let constants = 0;
    for (let round = 0; round < 300; round++) {
      const folded = Math.round((next() < 0.5 ? -1 : 1) * (MAX_BIAS + next() * 2 ** 29));
      const reach: Reach = [-Math.floor(next() * 1500), Math.floor(next() * 1500)];
      const level = Math.floor(next() * 200) - 100;
      // every second one is aimed so that a tie lies within reach
      const aimed = (Math.abs(level) + 0.5) / Math.abs(folded + Math.floor((next() - 0.5) * 1000));
      const factor = round % 2 === 0 ? aimed : (Math.abs(level) + next()) / Math.abs(folded);
      const zeroPoint = Math.floor(next() * 256) - 128;
      const channel = { folded, factor, zeroPoint, activation: [-128, 127] as [number, number] };
      const substitute = substituteBias(channel, reach);
      expect(Math.abs(substitute.folded)).toBeLessThanOrEqual(MAX_BIAS);
      const seen = new Set<number>();
      for (let sum = reach[0]; sum <= reach[1]; sum++) {
        const expected = output(folded, factor, zeroPoint, sum);
        seen.add(expected);
        if (output(substitute.folded, substitute.factor, zeroPoint, sum) !== expected)
          expect([round, sum, channel, substitute]).toBe('the same output');
      }
      if (seen.size > 1) steps++;
      else constants++;
    }
    expect([steps > 50, constants > 50]).toEqual([true, true]);
  });

  it.each([
    ['whose output takes three values', { folded: 2 ** 30, factor: 2 ** -28 }, [-(2 ** 29), 2 ** 29]],
    ['whose sum leaves 32 bits', { folded: 2 ** 31 - 10, factor: 2 ** -28 }, [-5, 20]],
  ] as const)('refuses a channel %s', (_, channel, reach) => {
    const whole = { ...channel, zeroPoint: 0, activation: [-128, 127] as [number, number] };
    expect(() => substituteBias(whole, [...reach])).toThrow(/at most 2\^29/);
  });
});
