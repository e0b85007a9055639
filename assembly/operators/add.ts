/**
 * Element-wise addition of two i8 tensors of one shape, each with a scale of its own; TFLite's int8 ADD.
 * Inputs are widened by 20 bits, brought to twice the larger scale, added, and requantised, saturating.
 */
import { haveEqualSize, isFactor } from '../bounds.ts';
import { doublingHighMultiply, multiplyHigh, roundingShiftRight, saturate } from '../fixed.ts';
import { tensorPositions } from '../image.ts';
import { BAD_SHAPE, BAD_TABLE, OK } from '../status.ts';
import { proveSecond } from './multiply.ts';
import { requantizeDoubled } from './table.ts';

export const ADD: u32 = 7;
export const ADD_PARAMETERS: u32 = 6; // multiplier1, shift1, multiplier2, shift2, multiplierOut, shiftOut

const WIDENING: i32 = 20;
const HALF: i32 = 1 << 30; // as a Q31 multiplier
const USUAL_SHIFTS: u32 = 22; // to the right, as in table.ts

/** Three tensors of one shape; no factor shifts to the left. */
export function proveAdd(parameters: usize, input: usize, input2: usize, output: usize): i32 {
  if (!haveEqualSize(input, output) || tensorPositions(input2) != tensorPositions(input)) return BAD_SHAPE;
  if (!proveSecond(input, input2, output)) return BAD_SHAPE;
  for (const end = parameters + 4 * ADD_PARAMETERS; parameters < end; parameters += 8) {
    const shift = load<i32>(parameters, 4);
    if (!isFactor(load<i32>(parameters), shift) || shift > 0) return BAD_TABLE;
  }
  return OK;
}

/** parameters: ADD_PARAMETERS of the image, shifts <= 0. Output may be either input. */
export function add(
  parameters: usize,
  count: u32,
  input1: usize,
  zeroPoint1: i32,
  input2: usize,
  zeroPoint2: i32,
  output: usize,
  outputZeroPoint: i32,
): void {
  const factor2 = parameters + 8;
  const factorOut = parameters + 16;
  // The input with the larger scale has the factor 1/2 exactly: what follows is for that, all else the loop below.
  if (<u32>(-load<i32>(factorOut, 4) - 1) < USUAL_SHIFTS) {
    if (isHalf(parameters) && isAtMostHalf(factor2)) {
      addScaled(count, input1, zeroPoint1, input2, zeroPoint2, factor2, factorOut, output, outputZeroPoint);
      return;
    }
    if (isHalf(factor2) && isAtMostHalf(parameters)) {
      addScaled(count, input2, zeroPoint2, input1, zeroPoint1, parameters, factorOut, output, outputZeroPoint);
      return;
    }
  }
  for (let i: u32 = 0; i < count; i++) {
    const a = rescale((<i32>load<i8>(input1 + i) - zeroPoint1) << WIDENING, parameters);
    const b = rescale((<i32>load<i8>(input2 + i) - zeroPoint2) << WIDENING, factor2);
    store<i8>(output + i, <i8>saturate(rescale(a + b, factorOut) + outputZeroPoint));
  }
}

/** `halved` has the factor 1/2, so that its rescaling is a shift, the other one `factor`, which is at most that. */
function addScaled(
  count: u32,
  halved: usize,
  halvedZeroPoint: i32,
  other: usize,
  otherZeroPoint: i32,
  factor: usize,
  factorOut: usize,
  output: usize,
  outputZeroPoint: i32,
): void {
  const multiplier = load<i32>(factor);
  // A factor of 1/2 here too: one more to the left before and to the right behind changes nothing, and there is a rounding.
  const half = u32(isHalf(factor));
  const left = WIDENING + 1 + half; // and one for the high word
  const right = <i32>half - load<i32>(factor, 4);
  const rounding = 1 << (right - 1);
  const multiplierOut = load<i32>(factorOut);
  const rightOut = -load<i32>(factorOut, 4);
  const roundingOut = (1 << (rightOut - 1)) + (outputZeroPoint << rightOut);
  for (const end = halved + count; halved < end; halved++, other++, output++) {
    const a = (<i32>load<i8>(halved) - halvedZeroPoint) << (WIDENING - 1);
    const wide = (<i32>load<i8>(other) - otherZeroPoint) << left;
    const b = (multiplyHigh(wide, multiplier, rounding) + (wide >> 31)) >> right;
    store<i8>(output, <i8>requantizeDoubled((a + b) << 1, multiplierOut, roundingOut, rightOut));
  }
}

/** factor: i32 multiplier, i32 shift <= 0. */
function isHalf(factor: usize): bool {
  return load<i32>(factor) == HALF && load<i32>(factor, 4) == 0;
}

function isAtMostHalf(factor: usize): bool {
  return load<i32>(factor, 4) < 0 || load<i32>(factor) == HALF;
}

function rescale(x: i32, factor: usize): i32 {
  return roundingShiftRight(doublingHighMultiply(x, load<i32>(factor)), -load<i32>(factor, 4));
}
