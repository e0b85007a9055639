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
 * input and output must not overlap. The kernels are those of a variant (variant.ts).
 */
import { haveEqualSize } from '../bounds.ts';
import { FEATURE_PADDED_ROWS } from '../features.ts';
import * as F from '../format.ts';
import { kernelArea, operatorKind, sourceRowLength, sourceRows, tensorChannels, tensorPositions } from '../image.ts';
import { uses } from '../intrinsics/core.ts';
import { MAX_ACCUMULATION } from '../limits.ts';
import { BAD_DEPTH, BAD_SHAPE, NOT_BUILT_IN, OK } from '../status.ts';

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
