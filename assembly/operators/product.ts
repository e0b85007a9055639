/**
 * Rows of inputs times rows of weights, requantised: the core of CONVOLUTION, POINTWISE and FULLY_CONNECTED.
 *
 *   input    [positions, depth]   i8
 *   weights  [channels, depth]    i8   zero point 0
 *   rows     [channels]                rows of the expanded table (table.ts), the input zero point folded into bias
 *   output   [positions, channels] i8  position p begins at output + p * outputStride
 *
 * depth in [1, MAX_ACCUMULATION]. input and output must not overlap.
 */
import { productDsp } from './product.dsp.ts';
import { productScalar } from './product.scalar.ts';
import { productSimd } from './product.simd.ts';

export function product(
  input: usize,
  positions: u32,
  depth: u32,
  weights: usize,
  channels: u32,
  table: usize,
  rows: usize,
  output: usize,
  outputStride: u32,
): void {
  const low = load<i32>(table, 4);
  const high = load<i32>(table, 8);
  if (isDefined(HTPW_DSP)) {
    // word loads: every row must begin on a word
    if (((depth | <u32>input | <u32>weights) & 3) == 0) {
      productDsp(input, positions, depth, weights, channels, rows, output, outputStride, low, high);
      return;
    }
  }
  if (isDefined(HTPW_SIMD)) {
    productSimd(input, positions, depth, weights, channels, rows, output, outputStride, low, high);
    return;
  }
  productScalar(input, positions, depth, weights, channels, rows, output, outputStride, low, high);
}
