/**
 * An exact substitute for a bias that is too large for the device.
 *
 * The converter gives a channel whose weights are next to nothing a tiny scale, and a bias of up to 2^30. TensorFlow
 * Lite adds that in 32 bits; the device's kernels double their sums and take at most 2^29. But the factor of such a
 * channel is as tiny: over all inputs its output takes one value, or two neighbouring ones. That step, at the same
 * accumulator, is written here with a power of two as the factor and a small bias. All four points that decide it are
 * checked.
 */
import { MAX_BIAS } from '../../assembly/limits.ts';
import { clamp, multiplyByQuantizedMultiplier, quantizeMultiplier } from '../arithmetic/fixed.ts';
import { Unsupported } from '../model/unsupported.ts';

/** One output channel: requantised accumulator = folded + sum of weight * input. */
export interface Channel {
  folded: number;
  factor: number;
  zeroPoint: number;
  activation: [min: number, max: number];
}

/** Lowest and highest sum of weight * input over all INT8 inputs. */
export type Reach = [lowest: number, highest: number];

/**
 * Bias and factor with which the channel gives the same output for every sum in `reach`; throws Unsupported if none do.
 */
export function substituteBias(channel: Channel, reach: Reach): { folded: number; factor: number } {
  const [lowest, highest] = reach;
  const { folded, factor, zeroPoint, activation } = channel;
  const range = `bias of ${folded} with the input zero point folded in; at most 2^29 either way`;
  if (Math.abs(folded + lowest) >= 2 ** 31 || Math.abs(folded + highest) >= 2 ** 31) throw new Unsupported(range);
  const output = outputOf(channel);
  const level = output(lowest);
  if (output(highest) > level + 1) throw new Unsupported(range);
  const step = output(highest) === level ? null : firstAbove(output, level, reach);
  const points = step === null ? reach : [lowest, step - 1, step, highest];
  // the smallest power that keeps the reach within the outputs beside the step; larger ones only make the bias larger
  const smallest = Math.ceil(Math.log2(Math.max(highest - lowest, 1)));
  for (let exponent = smallest; exponent <= smallest + 2; exponent++) {
    // the middle between two outputs lies on the step, or the output on the middle of the reach
    const target = (level - zeroPoint + (step === null ? 0 : 0.5)) * 2 ** exponent;
    const center = Math.round(target) - (step ?? Math.round((lowest + highest) / 2));
    // two roundings move the step: one sum earlier above zero, one later below it, where the second one's ties go down
    for (const candidate of [center, center - 1, center + 1]) {
      const substitute = { folded: candidate, factor: 2 ** -exponent, zeroPoint, activation };
      const same = outputOf(substitute);
      if (Math.abs(candidate) <= MAX_BIAS && points.every((sum) => same(sum) === output(sum)))
        return { folded: candidate, factor: 2 ** -exponent };
    }
  }
  throw new Unsupported(`${range}, and no smaller one with a factor other than ${factor} does the same`);
}

function outputOf({ folded, factor, zeroPoint, activation }: Channel): (sum: number) => number {
  const multiplier = quantizeMultiplier(factor);
  return (sum) => clamp(multiplyByQuantizedMultiplier(folded + sum, multiplier) + zeroPoint, ...activation);
}

/** The lowest sum whose output lies above `level`; outputs never fall as sums rise. */
function firstAbove(output: (sum: number) => number, level: number, [lowest, highest]: Reach): number {
  let [below, above] = [lowest, highest];
  while (above - below > 1) {
    const middle = Math.floor((below + above) / 2);
    if (output(middle) > level) above = middle;
    else below = middle;
  }
  return above;
}
