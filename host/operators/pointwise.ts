/** POINTWISE: a convolution of 1x1 and stride 1. */
import { POINTWISE } from '../../assembly/format.ts';
import { type ChannelTable, requantize, rowSums } from '../arithmetic/channels.ts';
import type { Pointwise, Tensor } from '../model/model.ts';
import type { WeightLayout } from '../model/weights.ts';
import type { WeightedKind } from './operator.ts';
import { decodeWeighted, denseLayout, productFeatures, weightedArguments, weightedRanges } from './weighted.ts';

export interface PointwiseArguments {
  input: Int8Array; // [P, K]
  positions: number; // P = height * width
  weights: Int8Array; // [C, K]
  table: ChannelTable; // [C]
  outputZeroPoint: number;
  activation: [min: number, max: number];
}

/**
 * Pointwise (1x1) convolution, stride 1, INT8, per-channel requantisation.
 *
 *   input    [P, K]   i8   P = height * width positions
 *   weights  [C, K]   i8   zero point 0
 *   output   [P, C]   i8
 */
export function pointwise(operator: PointwiseArguments): Int8Array {
  const { input, positions, weights, table, outputZeroPoint, activation } = operator;
  const depth = input.length / positions;
  const channels = table.bias.length;
  const output = new Int8Array(positions * channels);
  for (let p = 0; p < positions; p++) {
    for (let c = 0; c < channels; c++) {
      let sum = 0;
      for (let k = 0; k < depth; k++) sum += input[p * depth + k] * weights[c * depth + k];
      output[p * channels + c] = requantize(sum, table, c, outputZeroPoint, activation);
    }
  }
  return output;
}

function layoutOf({ input }: Pointwise, tensors: readonly Tensor[]): WeightLayout {
  return denseLayout(1, tensors[input].shape[2], false);
}

export const pointwiseOperator: WeightedKind<Pointwise> = {
  code: POINTWISE,
  short: 'PW',
  about: {
    does: '1x1 convolution, stride 1, no padding',
    reads: '[H, W, K]',
    weights: 'C x K',
    writes: '[H, W, C]',
  },
  decode: (record) => decodeWeighted(record, rowSums),
  run(operator, execution) {
    const [height, width] = execution.tensors[operator.input].shape;
    return pointwise({ ...weightedArguments(operator, execution), positions: height * width });
  },
  ranges: (operator, bounding) => weightedRanges(operator, bounding, layoutOf(operator, bounding.program.tensors)),
  channelwise: false,
  size: 'alike',
  reach: 'position',
  layout: layoutOf,
  sums: rowSums,
  category: (first) => (first ? 'PW1' : 'pointwise'),
  features: productFeatures,
};
