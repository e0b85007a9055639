/**
 * Element-wise minimum and maximum of two i8 tensors, whose values are compared as they are; TFLite's int8 MINIMUM and
 * MAXIMUM.
 *
 *   input1  [H, W, C]                i8
 *   input2  [H, W, C] or [1, 1, C]   i8   the latter for every position
 *   output  [H, W, C]                i8   may be either input
 */
import { haveEqualSize } from '../bounds.ts';
import { tensorChannels, tensorPositions } from '../image.ts';
import { BAD_SHAPE, OK } from '../status.ts';
import { proveSecond } from './multiply.ts';

export const MINIMUM: u32 = 16;
export const MAXIMUM: u32 = 17;

/** Three tensors of one shape, or one position of input2 for all. */
export function proveExtremum(input: usize, input2: usize, output: usize): i32 {
  const positions = tensorPositions(input2);
  if (!haveEqualSize(input, output) || (positions != tensorPositions(input) && positions != 1)) return BAD_SHAPE;
  return proveSecond(input, input2, output) ? OK : BAD_SHAPE;
}

/** turn: 0 for the minimum, -1 for the maximum, which is the minimum of all bits turned. */
export function extremum(turn: i32, tensor1: usize, input1: usize, tensor2: usize, input2: usize, output: usize): void {
  const count = tensorPositions(tensor1) * tensorChannels(tensor1);
  const step = tensorPositions(tensor2) * tensorChannels(tensor2);
  for (let first: u32 = 0; first < step; first++) {
    const b = <i32>load<i8>(input2 + first) ^ turn;
    for (let i = first; i < count; i += step) {
      store<i8>(output + i, <i8>(min(<i32>load<i8>(input1 + i) ^ turn, b) ^ turn));
    }
  }
}
