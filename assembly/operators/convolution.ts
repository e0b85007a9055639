/**
 * Convolution, any kernel, stride and padding, per-channel requantisation.
 *
 *   input    [inH, inW, K]          i8
 *   weights  [C, depth]             i8   any run of output channels; rows of kH kW K values, padded to a multiple of 4
 *   output   [outH, outW, channels] i8   position p begins at output + p * outputStride
 *   block                                scratch (variant.ts)
 *
 * The inputs under the kernel are gathered (padding is the input zero point), and a block of them multiplied at once.
 */
import { tensorChannels, tensorHeight, tensorWidth } from '../image.ts';
import { gatherPatch } from './patch.ts';
import { CLEARS_BLOCK, clearBlock, PATCHES, patchPlace, productPatches, stagePatch } from './variant.ts';

export function convolution(
  operator: usize,
  inputTensor: usize,
  input: usize,
  depth: u32,
  weights: usize,
  channels: u32,
  rows: usize,
  outputTensor: usize,
  output: usize,
  block: usize,
): void {
  const outputStride = tensorChannels(outputTensor);
  const width = tensorWidth(outputTensor);
  const height = tensorHeight(outputTensor);
  let gathered: u32 = 0;
  if (CLEARS_BLOCK) clearBlock(block, depth);
  for (let y: u32 = 0; y < height; y++) {
    for (let x: u32 = 0; x < width; x++) {
      gatherPatch(operator, inputTensor, input, y, x, patchPlace(block, depth, gathered));
      stagePatch(block, depth, gathered);
      gathered++;
      if (gathered < PATCHES && (x + 1 < width || y + 1 < height)) continue;
      productPatches(block, gathered, depth, weights, channels, rows, output, outputStride);
      output += gathered * outputStride;
      gathered = 0;
    }
  }
}
