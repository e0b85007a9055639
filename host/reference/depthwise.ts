import { requantize } from '../arithmetic/channels.ts';
import { paddedInput, type WindowedArguments } from './convolution.ts';

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
