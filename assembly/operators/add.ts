/**
 * Element-wise addition of two i8 tensors, each with a scale of its own: ADD of one shape, and SIGNED_ADD, which also takes
 * one value per channel and subtracts; TFLite's int8 ADD and SUB.
 * Inputs are widened by 20 bits, brought to twice the larger scale, added, and requantised, saturating.
 */
import { haveEqualSize, isFactor } from '../bounds.ts';
import { doublingHighMultiply, multiplyHigh, roundingShiftRight, saturate } from '../fixed.ts';
import { tensorChannels, tensorPositions, tensorZeroPoint } from '../image.ts';
import { BAD_SHAPE, BAD_TABLE, OK } from '../status.ts';
import { addEights } from './elements.mve.ts';
import { proveSecond } from './multiply.ts';
import { requantizeDoubled } from './table.ts';
import { HAS_ELEMENTS } from './variant.ts';

export const ADD: u32 = 7;
export const ADD_PARAMETERS: u32 = 6; // multiplier1, shift1, multiplier2, shift2, multiplierOut, shiftOut
export const SIGNED_ADD: u32 = 15;
export const SIGNED_ADD_PARAMETERS: u32 = 7; // those of ADD; which inputs are taken away: 1 the first, 2 the second

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

/** As ADD, or one position of input2 for all. */
export function proveSignedAdd(parameters: usize, input: usize, input2: usize, output: usize): i32 {
  const positions = tensorPositions(input2);
  if (!haveEqualSize(input, output) || (positions != tensorPositions(input) && positions != 1)) return BAD_SHAPE;
  if (!proveSecond(input, input2, output)) return BAD_SHAPE;
  const negated = parameters + 4 * ADD_PARAMETERS;
  if (load<u32>(negated) > 3) return BAD_TABLE;
  for (; parameters < negated; parameters += 8) {
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

/**
 * parameters: SIGNED_ADD_PARAMETERS of the image, shifts <= 0. A value of input2 is rescaled once for all positions that
 * it serves. Output may be either input.
 */
export function signedAdd(
  parameters: usize,
  tensor1: usize,
  input1: usize,
  tensor2: usize,
  input2: usize,
  output: usize,
  outputZeroPoint: i32,
): void {
  const factor2 = parameters + 8;
  const factorOut = parameters + 16;
  const negated = load<i32>(parameters, 4 * ADD_PARAMETERS);
  const sign1 = 1 - 2 * (negated & 1);
  const sign2 = 1 - (negated & 2);
  const zeroPoint1 = tensorZeroPoint(tensor1);
  const zeroPoint2 = tensorZeroPoint(tensor2);
  const multiplier1 = load<i32>(parameters);
  const multiplierOut = load<i32>(factorOut);
  const half1 = u32(isHalf(parameters));
  const half2 = u32(isHalf(factor2));
  const right1 = <i32>half1 - load<i32>(parameters, 4);
  const right2 = <i32>half2 - load<i32>(factor2, 4);
  const rightOut = -load<i32>(factorOut, 4);
  const roundingOut = (1 << (rightOut - 1)) + (outputZeroPoint << rightOut);
  const usual = isAtMostHalf(parameters) && isAtMostHalf(factor2) && <u32>(rightOut - 1) < USUAL_SHIFTS;
  const count = tensorPositions(tensor1) * tensorChannels(tensor1);
  const step = tensorPositions(tensor2) * tensorChannels(tensor2);
  for (let first: u32 = 0; first < step; first++) {
    const value2 = <i32>load<i8>(input2 + first) - zeroPoint2;
    if (usual) {
      const b = sign2 * rescaleUsual(value2, load<i32>(factor2), half2, right2);
      for (let i = first; i < count; i += step) {
        const a = sign1 * rescaleUsual(<i32>load<i8>(input1 + i) - zeroPoint1, multiplier1, half1, right1);
        store<i8>(output + i, <i8>requantizeDoubled((a + b) << 1, multiplierOut, roundingOut, rightOut));
      }
    } else {
      const b = sign2 * rescale(value2 << WIDENING, factor2);
      for (let i = first; i < count; i += step) {
        const a = sign1 * rescale((<i32>load<i8>(input1 + i) - zeroPoint1) << WIDENING, parameters);
        store<i8>(output + i, <i8>saturate(rescale(a + b, factorOut) + outputZeroPoint));
      }
    }
  }
}

/** rescale of a value that is not yet widened, by a factor of at most 1/2; `half`: 1 for 1/2 itself, as in addScaled. */
function rescaleUsual(value: i32, multiplier: i32, half: u32, right: i32): i32 {
  const wide = value << (WIDENING + 1 + half);
  return (multiplyHigh(wide, multiplier, 1 << (right - 1)) + (wide >> 31)) >> right;
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
  if (HAS_ELEMENTS) {
    const eights = count & ~7;
    addEights(
      eights,
      halved,
      halvedZeroPoint,
      WIDENING - 1,
      other,
      otherZeroPoint,
      left - 1,
      multiplier,
      right,
      multiplierOut,
      roundingOut,
      rightOut,
      output,
    );
    count -= eights;
    halved += eights;
    other += eights;
    output += eights;
  }
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
