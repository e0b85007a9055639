/** CONVOLUTION: a window over all channels. */
import { CONVOLUTION } from '../../assembly/format.ts';
import { requantize, rowSums } from '../arithmetic/channels.ts';
import type { Convolution, Tensor } from '../model/model.ts';
import type { WeightLayout } from '../model/weights.ts';
import type { WeightedKind } from './operator.ts';
import {
  decodeWeighted,
  decodeWindow,
  denseLayout,
  paddedInput,
  productFeatures,
  readsPadding,
  type WindowedArguments,
  weightedArguments,
  weightedRanges,
} from './weighted.ts';

/**
 * Convolution, INT8, per-channel requantisation.
 *
 *   input    [H, W, K]        i8
 *   weights  [C, kH, kW, K]   i8   zero point 0
 *   output   [OH, OW, C]      i8
 *
 * kH * kW * K at most MAX_ACCUMULATION, so that no accumulator overflows.
 */
export function convolution(operator: WindowedArguments): Int8Array {
  const { weights, table, kernel, stride, pad, outputZeroPoint, activation } = operator;
  const depth = operator.inputShape[2];
  const [outHeight, outWidth, channels] = operator.outputShape;
  const output = new Int8Array(outHeight * outWidth * channels);
  let at = 0;
  for (let oy = 0; oy < outHeight; oy++) {
    for (let ox = 0; ox < outWidth; ox++) {
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        let w = c * kernel[0] * kernel[1] * depth;
        for (let ky = 0; ky < kernel[0]; ky++) {
          for (let kx = 0; kx < kernel[1]; kx++) {
            const y = oy * stride[0] - pad[0] + ky;
            const x = ox * stride[1] - pad[1] + kx;
            for (let k = 0; k < depth; k++) sum += paddedInput(operator, y, x, k) * weights[w++];
          }
        }
        output[at++] = requantize(sum, table, c, outputZeroPoint, activation);
      }
    }
  }
  return output;
}

function layoutOf(operator: Convolution, tensors: readonly Tensor[]): WeightLayout {
  const [height, width] = operator.kernel;
  return denseLayout(height * width, tensors[operator.input].shape[2], readsPadding(operator, tensors));
}

export const convolutionOperator: WeightedKind<Convolution> = {
  code: CONVOLUTION,
  short: 'conv',
  about: {
    does: 'a window over all channels',
    reads: '[H, W, K]',
    weights: 'C x (kH kW K)',
    writes: '[outH, outW, C]',
  },
  decode: (record) => ({ ...decodeWindow(record), ...decodeWeighted(record, rowSums) }),
  run: (operator, execution) => convolution({ ...operator, ...weightedArguments(operator, execution) }),
  ranges: (operator, bounding) => weightedRanges(operator, bounding, layoutOf(operator, bounding.program.tensors)),
  channelwise: false,
  size: 'window',
  reach: 'window',
  layout: layoutOf,
  sums: rowSums,
  category: (first) => (first ? 'stem' : 'convolution'),
  features: productFeatures,
};
