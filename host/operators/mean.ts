/** MEAN: over height and width. */
import {
  clamp,
  multiplyByQuantizedMultiplier,
  type QuantizedMultiplier,
  quantizeMultiplier,
  realOf,
} from '../arithmetic/fixed.ts';
import type { OperatorBase, Tensor } from '../model/model.ts';
import type { OperatorRecord, PlainKind } from './operator.ts';
import { mapped } from './ranges.ts';
import { tieProduct } from './scales.ts';

/** Over height and width: [H, W, C] to [1, 1, C]. */
export interface Mean extends OperatorBase {
  kind: 'mean';
}

declare module '../model/model.ts' {
  interface OperatorKinds {
    mean: Mean;
  }
}

/**
 * From a sum of `count` values to their mean in the output's scale. TensorFlow Lite quantises the quotient of the
 * scales and divides that multiplier by the count, rounding down, after a shift by as many bits as the count has
 * behind its first: so it lies in (2^29, 2^31), and below that only where the shift would leave its range.
 * Throws RangeError where a sum, shifted to the left, would leave 2^30.
 */
export function meanFactor(inputScale: number, outputScale: number, count: number): QuantizedMultiplier {
  const scales = quantizeMultiplier(inputScale / outputScale);
  const bits = Math.min(Math.floor(Math.log2(count)), 31 + scales.shift);
  const multiplier = Number((BigInt(scales.multiplier) << BigInt(bits)) / BigInt(count));
  const shift = scales.shift - bits;
  if (255 * count * 2 ** Math.max(shift, 0) > 2 ** 30)
    throw new RangeError(
      `mean of ${count} values: scale ${inputScale} of the input is too large for ${outputScale} of the output; ` +
        'check the tensor scales',
    );
  return { multiplier, shift };
}

/** Mean over all positions of [P, C], INT8 to INT8: the sum of differences from the zero point, requantised once. */
export function mean(
  input: Int8Array,
  channels: number,
  inputZeroPoint: number,
  factor: QuantizedMultiplier,
  outputZeroPoint: number,
): Int8Array {
  return Int8Array.from({ length: channels }, (_, c) => {
    let sum = 0;
    for (let i = c; i < input.length; i += channels) sum += input[i] - inputZeroPoint;
    return clamp(multiplyByQuantizedMultiplier(sum, factor) + outputZeroPoint, -128, 127);
  });
}

const positionsOf = ({ shape: [height, width] }: Tensor): number => height * width;

function factorOf({ input, output }: Mean, tensors: readonly Tensor[]): QuantizedMultiplier {
  return meanFactor(tensors[input].scale, tensors[output].scale, positionsOf(tensors[input]));
}

/** Scale of the input over that of the output: the least of which meanFactor makes this multiplier. */
function quotientOf({ program, view, parameter }: OperatorRecord): number {
  const { height, width } = program.tensors[view.input];
  const [multiplier, count] = [BigInt(parameter(0)), BigInt(height * width)];
  const bits = BigInt(Math.floor(Math.log2(height * width)));
  const scaled = (multiplier * count + (1n << bits) - 1n) >> bits;
  return realOf({ multiplier: Number(scaled), shift: parameter(1) + Number(bits) });
}

export const meanOperator: PlainKind<Mean> = {
  code: 13,
  short: 'mean',
  about: {
    does: 'over height and width',
    reads: '[H, W, C]',
    writes: '[1, 1, C]',
  },
  parameters: { words: 2, are: 'multiplier, not normalised, and shift, of a sum' },
  encode(operator, tensors) {
    const { multiplier, shift } = factorOf(operator, tensors);
    return [multiplier, shift];
  },
  decode: () => ({}),
  run(operator, { tensors, values }) {
    const { input, output } = operator;
    const { shape, zeroPoint } = tensors[input];
    return mean(values(input), shape[2], zeroPoint, factorOf(operator, tensors), tensors[output].zeroPoint);
  },
  ranges(operator, { program: { tensors }, ranges }) {
    const { input, output } = operator;
    const factor = factorOf(operator, tensors);
    const same = new Int8Array(positionsOf(tensors[input]));
    return mapped(
      ranges[input],
      (value) => mean(same.fill(value), 1, tensors[input].zeroPoint, factor, tensors[output].zeroPoint)[0],
    );
  },
  channelwise: true,
  size: 'counted',
  overwrites: ({ input }) => [input], // a channel is read before its one value is written
  tie(record, scales, start) {
    tieProduct([record.view.input], record.view.output, quotientOf(record), scales, start);
  },
};
