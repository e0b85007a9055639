/**
 * Convolution, any kernel, stride and padding, per-channel requantisation.
 *
 *   input    [inH, inW, K]          i8
 *   weights  [C, kH, kW, K]         i8   any run of output channels, so that a streamed operator fits
 *   output   [outH, outW, channels] i8   position p begins at output + p * outputStride
 *   patches  2 x roundUp4(kH kW K)  scratch
 *
 * The inputs under the kernel at two positions are gathered (padding is the input zero point) and multiplied at once.
 */
import * as F from '../format.ts';
import { kernelArea, tensorChannels, tensorHeight, tensorWidth } from '../image.ts';
import { gatherPatch } from './patch.ts';
import { product } from './product.ts';

export function convolution(
  operator: usize,
  inputTensor: usize,
  input: usize,
  weights: usize,
  channels: u32,
  table: usize,
  rows: usize,
  outputTensor: usize,
  output: usize,
  patches: usize,
): void {
  const outputStride = tensorChannels(outputTensor);
  const depth = kernelArea(operator) * tensorChannels(inputTensor);
  const width = tensorWidth(outputTensor);
  const positions = tensorHeight(outputTensor) * width;
  let gathered: u32 = 0;
  let y: u32 = 0;
  let x: u32 = 0;
  for (let p: u32 = 0; p < positions; p++) {
    gatherPatch(operator, inputTensor, input, y, x, patches + gathered * depth);
    if (++x == width) {
      x = 0;
      y++;
    }
    gathered++;
    if (gathered == 2 || p + 1 == positions) {
      product(patches, gathered, depth, weights, channels, table, rows, output, outputStride);
      output += gathered * outputStride;
      gathered = 0;
    }
  }
}
