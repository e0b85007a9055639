/**
 * Element-wise product of two i8 tensors, each with a scale of its own; TFLite's int8 MUL.
 *
 *   input1  [H, W, C]                i8
 *   input2  [H, W, C] or [1, 1, C]   i8   the latter for every position
 *   output  [H, W, C]                i8   may be input1
 */
import { haveEqualSize, isFactor } from '../bounds.ts';
import { requantize, saturate } from '../fixed.ts';
import * as F from '../format.ts';
import { tensorChannels, tensorPositions, tensorType, tensorZeroPoint } from '../image.ts';
import { MAX_PRODUCT_SHIFT } from '../limits.ts';
import { BAD_SHAPE, BAD_TABLE, OK } from '../status.ts';
import { multiplyEights } from './elements.mve.ts';
import { FAST_SHIFTS, requantizeUsual } from './table.ts';
import { HAS_ELEMENTS } from './variant.ts';

export const MULTIPLY: u32 = 12;
export const MULTIPLY_PARAMETERS: u32 = 2; // multiplier, shift

/** Three tensors of one shape, or one position of input2 for all; a product still fits after its shift to the left. */
export function proveMultiply(parameters: usize, input: usize, input2: usize, output: usize): i32 {
  const positions = tensorPositions(input2);
  if (!haveEqualSize(input, output) || (positions != tensorPositions(input) && positions != 1)) return BAD_SHAPE;
  if (!proveSecond(input, input2, output)) return BAD_SHAPE;
  const shift = load<i32>(parameters, 4);
  return isFactor(load<i32>(parameters), shift) && shift <= MAX_PRODUCT_SHIFT ? OK : BAD_TABLE;
}

/** What ADD asks of a second input too: INT8, and the channels of the first, as the output. */
export function proveSecond(input: usize, input2: usize, output: usize): bool {
  const channels = tensorChannels(input);
  return tensorChannels(input2) == channels && tensorChannels(output) == channels && tensorType(input2) == F.TYPE_I8;
}

/** parameters: MULTIPLY_PARAMETERS of the image. */
export function multiplyElements(
  parameters: usize,
  tensor1: usize,
  input1: usize,
  tensor2: usize,
  input2: usize,
  output: usize,
  outputZeroPoint: i32,
): void {
  let rows: u32 = 1;
  let count = tensorPositions(tensor2) * tensorChannels(tensor1);
  if (tensorPositions(tensor2) == 1) rows = tensorPositions(tensor1);
  for (; rows > 0; rows--, input1 += count, output += count) {
    multiplyRow(
      parameters,
      count,
      input1,
      tensorZeroPoint(tensor1),
      input2,
      tensorZeroPoint(tensor2),
      output,
      outputZeroPoint,
    );
  }
}

/** A product is below 2^16, and 2^30 with the largest shift to the left that open lets through: nothing wraps. */
function multiplyRow(
  parameters: usize,
  count: u32,
  input1: usize,
  zeroPoint1: i32,
  input2: usize,
  zeroPoint2: i32,
  output: usize,
  outputZeroPoint: i32,
): void {
  const multiplier = load<i32>(parameters);
  const shift = load<i32>(parameters, 4);
  const right = -shift;
  const end = input1 + count;
  if (<u32>(right - 1) < FAST_SHIFTS) {
    const rounding = (1 + 2 * outputZeroPoint) << (right - 1);
    if (HAS_ELEMENTS) {
      const eights = count & ~7;
      multiplyEights(eights, input1, zeroPoint1, input2, zeroPoint2, multiplier, rounding, right, output);
      input1 += eights;
      input2 += eights;
      output += eights;
    }
    for (; input1 < end; input1++, input2++, output++) {
      const product = (<i32>load<i8>(input1) - zeroPoint1) * (<i32>load<i8>(input2) - zeroPoint2);
      store<i8>(output, <i8>requantizeUsual(product, multiplier, rounding, right));
    }
  }
  for (; input1 < end; input1++, input2++, output++) {
    const product = (<i32>load<i8>(input1) - zeroPoint1) * (<i32>load<i8>(input2) - zeroPoint2);
    store<i8>(output, <i8>saturate(requantize(product, multiplier, shift) + outputZeroPoint));
  }
}
