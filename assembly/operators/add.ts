/**
 * Element-wise addition of two i8 tensors of one shape, each with a scale of its own; TFLite's int8 ADD.
 * Inputs are widened by 20 bits, brought to twice the larger scale, added, and requantised.
 */
import { clamp, doublingHighMultiply, roundingShiftRight } from '../fixed.ts';
import * as F from '../format.ts';

const WIDENING: i32 = 20;

/** parameters: ADD_PARAMETERS of the image, shifts <= 0. Output may be either input. */
export function add(
  operator: usize,
  parameters: usize,
  count: u32,
  input1: usize,
  zeroPoint1: i32,
  input2: usize,
  zeroPoint2: i32,
  output: usize,
  outputZeroPoint: i32,
): void {
  const low = <i32>load<i8>(operator, F.OPERATOR_MIN_AT);
  const high = <i32>load<i8>(operator, F.OPERATOR_MAX_AT);
  for (let i: u32 = 0; i < count; i++) {
    const a = rescale((<i32>load<i8>(input1 + i) - zeroPoint1) << WIDENING, parameters);
    const b = rescale((<i32>load<i8>(input2 + i) - zeroPoint2) << WIDENING, parameters + 8);
    store<i8>(output + i, <i8>clamp(rescale(a + b, parameters + 16) + outputZeroPoint, low, high));
  }
}

/** factor: i32 multiplier, i32 shift <= 0. */
function rescale(x: i32, factor: usize): i32 {
  return roundingShiftRight(doublingHighMultiply(x, load<i32>(factor)), -load<i32>(factor, 4));
}
