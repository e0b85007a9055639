/**
 * What a variant owes: the kernels below, one of them for every variant of host/runtime/variants.ts, all with the same
 * bytes as answer. Only here and in intrinsics/instructions.ts, which says what a core has, do the sources ask which
 * variant is being compiled. docs/porting.md has the steps to add one.
 *
 *   product                    rows of inputs that lie beside each other, times rows of weights (product.ts)
 *   PADS_ROWS                  whether rows of other than a multiple of 4 must be padded before they are multiplied
 *   ARRANGES_TABLE,            whether its kernels want the table of some channels in another form, and how
 *     arrangeTable
 *   PATCHES, CLEARS_BLOCK,     patches that a convolution stages at once, and what it does to the block before all
 *     clearBlock
 *   patchPlace, stagePatch     where a convolution gathers the inputs under its kernel, and what is made of them
 *   productPatches             product of what was staged
 *   planeAt, putPlane,         how a depthwise channel's values lie in its plane, 1 or 2 bytes each
 *     planePadding
 *   depthwiseSums              the doubled sums of a depthwise channel over its plane
 *   GROUP, depthwiseGroup      channels whose sums at one position it makes at once, without a plane, and how;
 *                              0 for a variant without: there the plane is as good
 *   LANES, depthwiseLanes      channels that depthwise takes side by side, without a plane; 0 for a variant without
 *   HAS_DEPTHWISE,             whether it does all of depthwise in its own way, and how
 *     depthwiseWhole
 *
 *   HAS_ELEMENTS               whether it takes elements in eights and sixteens (elements.mve.ts), which operators then
 *                              ask for themselves
 *
 * What holds for all of them:
 *
 *   - Memory: the areas that scratch.ts measures for every variant alike, and nothing else; bytes of scratch that a
 *     kernel does not write hold anything. Rows of inputs, weights and tables begin on a word; outputs anywhere.
 *     Helium alone also reads up to 15 bytes before inputs and weights, and ignores them: there, always, is more of the
 *     arena or of the image.
 *   - Bounds: input and output do not overlap, and nothing outside the output is written, not even for a moment.
 *   - Arithmetic: sums wrap in 32 bits, and by the proof of their operator they never do; requantisation is that of
 *     table.ts or gives the same bits.
 *   - Features: a kernel that is missing from a build (`uses`) is one that no proved image asks for.
 *
 * Files are named after the kernels and their variant: product.scalar.ts, product.dsp.ts, product.simd.ts.
 */
import { BLOCK_ROWS } from '../scratch.ts';
import { depthwiseFourDsp, depthwiseSumsDsp } from './depthwise.dsp.ts';
import { depthwiseMve } from './depthwise.mve.ts';
import { depthwiseSumsScalar } from './depthwise.scalar.ts';
import { depthwiseSimd } from './depthwise.simd.ts';
import { productBlockDsp, productRowDsp, stageDsp } from './product.dsp.ts';
import { blockRowMve, clearBlockMve, productMve, productOneMve, productTwoMve } from './product.mve.ts';
import { productPairScalar, productRowScalar } from './product.scalar.ts';
import { productSimd } from './product.simd.ts';
import { gatherOctets } from './table.mve.ts';

/** Whether rows whose length is no multiple of 4 need zeros behind them, and inputs on a word. */
export const PADS_ROWS: bool = !isDefined(HTPW_MVE);

/** Whether the rows of a table are for arrangeTable, which makes of them what the kernels read. */
export const ARRANGES_TABLE: bool = isDefined(HTPW_MVE);

/** Of `count` channels. */
export function arrangeTable(rows: usize, count: u32): void {
  if (isDefined(HTPW_MVE)) gatherOctets(rows, count);
}

/**
 * output [positions, channels] <- input [positions, depth] times weights [channels, depth], requantised by `rows`;
 * depth is a multiple of 4. block: scratch. product.ts has the rest.
 */
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
  if (isDefined(HTPW_MVE)) {
    productMve(input, positions, depth, weights, channels, rows, output, outputStride, block);
    return;
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

/** How many patches a convolution stages before their product. */
export const PATCHES: u32 = isDefined(HTPW_MVE) ? 2 : BLOCK_ROWS;

/** Whether something of a block is the same for all patches. */
export const CLEARS_BLOCK: bool = isDefined(HTPW_MVE);

/** Before the first patch. */
export function clearBlock(block: usize, depth: u32): void {
  if (isDefined(HTPW_MVE)) clearBlockMve(block, depth);
}

/** Where to gather the patch for place `slot` of a block. */
export function patchPlace(block: usize, depth: u32, slot: u32): usize {
  if (isDefined(HTPW_MVE)) return blockRowMve(block, depth, slot);
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
  if (isDefined(HTPW_MVE)) {
    const first = blockRowMve(block, depth, 0);
    if (count > 1) productTwoMve(first, depth, weights, channels, rows, output, outputStride, block);
    else productOneMve(first, depth, weights, channels, rows, output);
    return;
  }
  product(block, count, depth, weights, channels, rows, output, outputStride, 0);
}

/** Address of value x of a plane's row: int16 for the DSP extension, which multiplies pairs of them. */
export function planeAt(row: usize, x: u32): usize {
  return row + (isDefined(HTPW_DSP) ? 2 * x : x);
}

/** Stores a value. `scalar` keeps x + 128, which is never negative: a Cortex-M0 loads that in one instruction. */
export function putPlane(row: usize, value: i32): void {
  if (isDefined(HTPW_DSP)) store<i16>(row, <i16>value);
  else store<u8>(row, <u8>(value ^ 0x80));
}

/** A word of padding. */
export function planePadding(zeroPoint: i32): u32 {
  return isDefined(HTPW_DSP) ? (<u32>zeroPoint & 0xffff) * 0x10001 : ((<u32>zeroPoint & 0xff) ^ 0x80) * 0x1010101;
}

/**
 * sums i32[count][width] <- doubled sums of `count` output rows, and one value behind them to be ignored. The windows
 * of a row begin planeStep bytes below those of the row before. weights: the channel's column, at distance `channels`;
 * taps: scratch for it.
 */
export function depthwiseSums(
  plane: usize,
  rowBytes: u32,
  planeStep: u32,
  weights: usize,
  channels: u32,
  taps: usize,
  height: u32,
  kernelWidth: u32,
  stride: u32,
  bias: i32,
  sums: usize,
  width: u32,
  count: u32,
): void {
  if (isDefined(HTPW_DSP))
    depthwiseSumsDsp(
      plane,
      rowBytes,
      planeStep,
      weights,
      channels,
      taps,
      height,
      kernelWidth,
      stride,
      bias,
      sums,
      width,
      count,
    );
  else
    depthwiseSumsScalar(
      plane,
      rowBytes,
      planeStep,
      weights,
      channels,
      taps,
      height,
      kernelWidth,
      stride,
      bias,
      sums,
      width,
      count,
    );
}

/** Channels that depthwiseGroup takes at once: it needs a multiple of them, and a multiplier of 1. */
export const GROUP: u32 = isDefined(HTPW_DSP) ? 4 : 0;

/**
 * sums i32[GROUP] <- those of as many channels at one position, whose window begins at input and lies inside it: inputs
 * and weights lie `channels` apart from tap to tap, and rows of the input rowBytes. rows: their table.
 */
export function depthwiseGroup(
  input: usize,
  rowBytes: u32,
  weights: usize,
  channels: u32,
  height: u32,
  width: u32,
  rows: usize,
  sums: usize,
): void {
  if (isDefined(HTPW_DSP)) depthwiseFourDsp(input, rowBytes, weights, channels, height, width, rows, sums);
}

/** Channels that depthwiseLanes takes at once: it needs so many, and a multiplier of 1. */
export const LANES: u32 = isDefined(HTPW_SIMD) ? 8 : 0;

/**
 * depthwise of `count` channels, at least LANES, from where input, weights and output are. padding: LANES bytes of
 * scratch.
 */
export function depthwiseLanes(
  operator: usize,
  inputTensor: usize,
  input: usize,
  weights: usize,
  count: u32,
  rows: usize,
  outputTensor: usize,
  output: usize,
  padding: usize,
): void {
  if (isDefined(HTPW_SIMD))
    depthwiseSimd(operator, inputTensor, input, weights, count, rows, outputTensor, output, padding);
}

/** Whether depthwiseWhole is all that depthwise needs. */
export const HAS_DEPTHWISE: bool = isDefined(HTPW_MVE);

/** depthwise of output channels [first, first + count), any kernel and multiplier. taps: scratch, at least 8 bytes. */
export function depthwiseWhole(
  operator: usize,
  inputTensor: usize,
  input: usize,
  weights: usize,
  first: u32,
  count: u32,
  rows: usize,
  outputTensor: usize,
  output: usize,
  taps: usize,
): void {
  if (isDefined(HTPW_MVE))
    depthwiseMve(operator, inputTensor, input, weights, first, count, rows, outputTensor, output, taps);
}

/** Whether elements.mve.ts is for this variant. */
export const HAS_ELEMENTS: bool = isDefined(HTPW_MVE);
