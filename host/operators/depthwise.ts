/** DEPTHWISE: a window over one channel. */
import * as FEATURE from '../../assembly/features.ts';
import { DEPTHWISE, OPERATOR_MULTIPLIER_AT } from '../../assembly/format.ts';
import { requantize, tapSums } from '../arithmetic/channels.ts';
import type { Depthwise, Tensor } from '../model/model.ts';
import type { WeightLayout } from '../model/weights.ts';
import type { OperatorView } from '../records/view.ts';
import type { WeightedKind } from './operator.ts';
import {
  decodeWeighted,
  decodeWindow,
  paddedInput,
  readsPadding,
  type WindowedArguments,
  weightedArguments,
  weightedRanges,
} from './weighted.ts';

/**
 * Depthwise convolution, INT8, per-channel requantisation. Output channel c reads input channel floor(c / multiplier).
 *
 *   input    [H, W, K]          i8
 *   weights  [kH * kW, C]       i8   one row a tap, C = K * multiplier, zero point 0
 *   output   [OH, OW, C]        i8
 */
export function depthwise(operator: WindowedArguments & { multiplier: number }): Int8Array {
  const { weights, table, kernel, stride, pad, multiplier, outputZeroPoint, activation } = operator;
  const [outHeight, outWidth, channels] = operator.outputShape;
  const output = new Int8Array(outHeight * outWidth * channels);
  let at = 0;
  for (let oy = 0; oy < outHeight; oy++) {
    for (let ox = 0; ox < outWidth; ox++) {
      for (let c = 0; c < channels; c++) {
        const k = Math.floor(c / multiplier);
        let sum = 0;
        for (let ky = 0; ky < kernel[0]; ky++) {
          for (let kx = 0; kx < kernel[1]; kx++) {
            const y = oy * stride[0] - pad[0] + ky;
            const x = ox * stride[1] - pad[1] + kx;
            sum += paddedInput(operator, y, x, k) * weights[(ky * kernel[1] + kx) * channels + c];
          }
        }
        output[at++] = requantize(sum, table, c, outputZeroPoint, activation);
      }
    }
  }
  return output;
}

function layoutOf(operator: Depthwise, tensors: readonly Tensor[]): WeightLayout {
  const [height, width] = operator.kernel;
  const channels = tensors[operator.output].shape[2];
  return {
    taps: height * width,
    depth: 1,
    index: (c, tap) => tap * channels + c,
    inputChannel: (c) => Math.floor(c / operator.multiplier),
    padded: readsPadding(operator, tensors),
  };
}

function pathsOf({ kernel: [height, width], stride }: OperatorView): number[] {
  if (stride[1] <= 2 && height === 3 && width === 3) return [FEATURE.FEATURE_DEPTHWISE_3X3];
  if (stride[1] > 2 || height !== 1 || width < 3 || width > 5) return [FEATURE.FEATURE_DEPTHWISE_ANY];
  return width === 4 // one that only the variants with pairs have
    ? [FEATURE.FEATURE_DEPTHWISE_FLAT, FEATURE.FEATURE_DEPTHWISE_ANY]
    : [FEATURE.FEATURE_DEPTHWISE_FLAT];
}

export const depthwiseOperator: WeightedKind<Depthwise> = {
  code: DEPTHWISE,
  short: 'DW',
  about: {
    does: 'a window over one channel',
    reads: '[H, W, K]',
    weights: '(kH kW) x C, C = K multiplier',
    writes: '[outH, outW, C]',
  },
  decode: (record) => ({
    ...decodeWindow(record),
    multiplier: record.image.u8(record.view.at + OPERATOR_MULTIPLIER_AT),
    ...decodeWeighted(record, tapSums),
  }),
  run: (operator, execution) => depthwise({ ...operator, ...weightedArguments(operator, execution) }),
  ranges: (operator, bounding) => weightedRanges(operator, bounding, layoutOf(operator, bounding.program.tensors)),
  channelwise: true,
  size: 'window',
  reach: 'window',
  layout: layoutOf,
  sums: tapSums,
  category: () => 'depthwise',
  features: pathsOf,
};
