import { type PointwiseArguments, pointwise } from './pointwise.ts';

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
