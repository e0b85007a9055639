/**
 * Rows of inputs times rows of weights, requantised: the core of CONVOLUTION, POINTWISE and FULLY_CONNECTED.
 *
 *   input    [positions, depth]   i8
 *   weights  [channels, depth]    i8   zero point 0
 *   rows     [channels]                rows of the expanded table (table.ts), the input zero point folded into bias
 *   output   [positions, channels] i8  position p begins at output + p * outputStride
 *   block    BLOCK_ROWS input rows, as the variant wants them, and a patch; scratch (scratch.ts)
 *
 * Input and weight rows begin on a word, and depth is a multiple of 4: the caller pads shorter rows, weights with 0.
 * input and output must not overlap.
 */
import { BLOCK_ROWS } from '../scratch.ts';
import { productBlockDsp, productRowDsp, stageDsp } from './product.dsp.ts';
import { productPairScalar, productRowScalar } from './product.scalar.ts';
import { productSimd } from './product.simd.ts';

export function product(
  input: usize,
  positions: u32,
  depth: u32,
  weights: usize,
  channels: u32,
  rows: usize,
  output: usize,
  outputStride: u32,
  block: usize,
): void {
  if (isDefined(HTPW_SIMD)) {
    if (channels >= 4) {
      productSimd(input, positions, depth, weights, channels, rows, output, outputStride);
      return;
    }
  }
  while (positions > 1) {
    const count = min(positions, BLOCK_ROWS);
    if (isDefined(HTPW_DSP)) {
      for (let slot: u32 = 0; slot < count; slot++) stageDsp(input + slot * depth, depth, block, slot);
      productBlockDsp(block, count, depth, weights, channels, rows, output, outputStride);
    } else {
      for (let row: u32 = 0; row < count; row += 2)
        productPairScalar(
          input + row * depth,
          count - row > 1 ? 1 : 0,
          depth,
          weights,
          channels,
          rows,
          output + row * outputStride,
          outputStride,
        );
    }
    input += count * depth;
    output += count * outputStride;
    positions -= count;
  }
  if (positions == 0) return;
  if (isDefined(HTPW_DSP)) productRowDsp(input, depth, weights, channels, rows, output);
  else productRowScalar(input, depth, weights, channels, rows, output);
}

/** Where to gather the patch for place `slot` of a block. */
export function patchPlace(block: usize, depth: u32, slot: u32): usize {
  return block + (isDefined(HTPW_DSP) ? 2 * BLOCK_ROWS : slot) * depth;
}

/** The patch that has just been gathered takes its place in the block. */
export function stagePatch(block: usize, depth: u32, slot: u32): void {
  if (isDefined(HTPW_DSP)) stageDsp(patchPlace(block, depth, slot), depth, block, slot);
}

/** product of `count` staged patches. */
export function productPatches(
  block: usize,
  count: u32,
  depth: u32,
  weights: usize,
  channels: u32,
  rows: usize,
  output: usize,
  outputStride: u32,
): void {
  if (isDefined(HTPW_DSP)) {
    if (count > 1) productBlockDsp(block, count, depth, weights, channels, rows, output, outputStride);
    else productRowDsp(patchPlace(block, depth, 0), depth, weights, channels, rows, output);
    return;
  }
  product(block, count, depth, weights, channels, rows, output, outputStride, 0);
}
