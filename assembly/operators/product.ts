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
import { haveEqualSize } from '../bounds.ts';
import { uses } from '../dsp/intrinsics.ts';
import { FEATURE_PADDED_ROWS } from '../features.ts';
import * as F from '../format.ts';
import { kernelArea, operatorKind, sourceRowLength, sourceRows, tensorChannels, tensorPositions } from '../image.ts';
import { MAX_ACCUMULATION } from '../limits.ts';
import { BLOCK_ROWS } from '../scratch.ts';
import { BAD_DEPTH, BAD_SHAPE, NOT_BUILT_IN, OK } from '../status.ts';
import { productBlockDsp, productRowDsp, stageDsp } from './product.dsp.ts';
import { productPairScalar, productRowScalar } from './product.scalar.ts';
import { productSimd } from './product.simd.ts';

/** A row of weights for each output channel, as long as the inputs that meet in one; no accumulator can overflow. */
export function proveProduct(operator: usize, input: usize, output: usize, source: usize): i32 {
  const kind = operatorKind(operator);
  if (load<u8>(operator, F.OPERATOR_MULTIPLIER_AT) != 0 || sourceRows(source) != tensorChannels(output))
    return BAD_SHAPE;
  let positions = kernelArea(operator); // 1 without a window
  if (kind == F.FULLY_CONNECTED) {
    if (tensorPositions(output) != 1) return BAD_SHAPE;
    positions = tensorPositions(input);
  }
  if (positions > MAX_ACCUMULATION) return BAD_DEPTH; // so that the product does not wrap
  const depth = positions * tensorChannels(input);
  if (depth > MAX_ACCUMULATION) return BAD_DEPTH;
  if (sourceRowLength(source) != depth || (kind == F.POINTWISE && !haveEqualSize(input, output))) return BAD_SHAPE;
  return uses(FEATURE_PADDED_ROWS) || (depth & 3) == 0 ? OK : NOT_BUILT_IN;
}

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
