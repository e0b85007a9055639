import { type ChannelTable, requantize } from '../arithmetic/channels.ts';
import type { Shape, Window } from '../model/model.ts';

/** What every windowed operator with weights is given. */
export interface WindowedArguments extends Window {
  input: Int8Array; // [H, W, K]
  inputShape: Shape;
  inputZeroPoint: number; // also the value of the padding
  weights: Int8Array;
  table: ChannelTable; // [C]
  outputShape: Shape; // [OH, OW, C]
  outputZeroPoint: number;
  activation: [min: number, max: number];
}

/** input[y][x][k], or the zero point outside: padding is a real 0. */
export function paddedInput(
  { input, inputShape: [height, width, depth], inputZeroPoint }: WindowedArguments,
  y: number,
  x: number,
  k: number,
): number {
  const inside = y >= 0 && y < height && x >= 0 && x < width;
  return inside ? input[(y * width + x) * depth + k] : inputZeroPoint;
}

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
