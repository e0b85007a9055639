/** FULLY_CONNECTED: every output of every value of the input. */
import { FULLY_CONNECTED } from '../../assembly/format.ts';
import { rowSums } from '../arithmetic/channels.ts';
import type { FullyConnected, Tensor } from '../model/model.ts';
import type { WeightLayout } from '../model/weights.ts';
import type { WeightedKind } from './operator.ts';
import { type PointwiseArguments, pointwise } from './pointwise.ts';
import { decodeWeighted, denseLayout, productFeatures, weightedArguments, weightedRanges } from './weighted.ts';

/**
 * Fully connected layer, INT8: a pointwise convolution of one position whose depth is the whole input, flattened.
 *
 *   input    [K]      i8   K = height * width * channels of the input, NHWC order
 *   weights  [C, K]   i8   zero point 0
 *   output   [C]      i8
 */
export function fullyConnected(operator: Omit<PointwiseArguments, 'positions'>): Int8Array {
  return pointwise({ ...operator, positions: 1 });
}

function layoutOf({ input }: FullyConnected, tensors: readonly Tensor[]): WeightLayout {
  const [height, width, channels] = tensors[input].shape;
  return denseLayout(height * width, channels, false);
}

export const fullyConnectedOperator: WeightedKind<FullyConnected> = {
  code: FULLY_CONNECTED,
  short: 'FC',
  about: {
    does: 'every output of every value',
    reads: '[H, W, K], flattened',
    weights: 'C x (H W K)',
    writes: '[1, 1, C]',
  },
  decode: (record) => decodeWeighted(record, rowSums),
  run: (operator, execution) => fullyConnected(weightedArguments(operator, execution)),
  ranges: (operator, bounding) => weightedRanges(operator, bounding, layoutOf(operator, bounding.program.tensors)),
  channelwise: false,
  size: 'counted',
  layout: layoutOf,
  sums: rowSums,
  category: () => 'classifier',
  features: productFeatures,
};
