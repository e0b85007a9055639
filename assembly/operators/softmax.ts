/**
 * Softmax over the channels of each position, i8 to i8 with output scale 1/256 and zero point -128; TFLite's int8
 * SOFTMAX in gemmlowp's fixed point. Qm.n below: m integer bits, n fractional bits, one sign bit.
 */
import { haveEqualSize, isFactor } from '../bounds.ts';
import { FEATURE_MANY_CHANNELS } from '../features.ts';
import { doublingHighMultiply, requantize, roundingShiftRight, saturate } from '../fixed.ts';
import { tensorChannels } from '../image.ts';
import { uses } from '../intrinsics/core.ts';
import { FEW_SOFTMAX_CHANNELS, MAX_SOFTMAX_CHANNELS } from '../limits.ts';
import { BAD_SHAPE, BAD_TABLE, OK } from '../status.ts';

export const SOFTMAX: u32 = 8;
export const SOFTMAX_PARAMETERS: u32 = 3; // multiplier, shift, lowest difference that still counts

const LEAST_HEADROOM: i32 = 4; // bits above the sum with which the last shift is at most 31

export function proveSoftmax(parameters: usize, input: usize, output: usize): i32 {
  const channels = tensorChannels(input);
  const most = uses(FEATURE_MANY_CHANNELS) ? MAX_SOFTMAX_CHANNELS : FEW_SOFTMAX_CHANNELS;
  if (!haveEqualSize(input, output) || channels != tensorChannels(output) || channels > most) return BAD_SHAPE;
  return isFactor(load<i32>(parameters), load<i32>(parameters, 4)) && load<i32>(parameters, 8) <= 0 ? OK : BAD_TABLE;
}

/** parameters: multiplier, shift (a difference to Q5.26, beta included), lowest difference that still counts. */
export function softmax(parameters: usize, input: usize, positions: u32, channels: u32, output: usize): void {
  const multiplier = load<i32>(parameters);
  const shift = load<i32>(parameters, 4);
  const lowest = load<i32>(parameters, 8);
  for (let p: u32 = 0; p < positions; p++) {
    let largest = -128;
    for (let c: u32 = 0; c < channels; c++) largest = max(largest, <i32>load<i8>(input + c));
    let sum = 0; // Q12.19
    for (let c: u32 = 0; c < channels; c++) {
      const difference = <i32>load<i8>(input + c) - largest;
      if (difference >= lowest) sum += roundingShiftRight(exponential(requantize(difference, multiplier, shift)), 12);
    }
    const headroom = clz(sum);
    const reciprocal = reciprocalOfOnePlus(<i32>(((<u32>sum) << headroom) - 0x80000000));
    // a sum of 512 or more: no share reaches half a step, and the shift below would not fit 32 bits
    const least = uses(FEATURE_MANY_CHANNELS) && headroom < LEAST_HEADROOM ? 1 : lowest;
    for (let c: u32 = 0; c < channels; c++) {
      const difference = <i32>load<i8>(input + c) - largest;
      let value = -128;
      if (difference >= least) {
        const share = doublingHighMultiply(reciprocal, exponential(requantize(difference, multiplier, shift)));
        value = saturate(roundingShiftRight(share, 12 - headroom + 31 - 8) - 128);
      }
      store<i8>(output + c, <i8>value);
    }
    input += channels;
    output += channels;
  }
}

/** exp(x) for x <= 0 in Q5.26, result Q0.31: a polynomial on [-1/4, 0), then one factor per higher bit of x. */
function exponential(x: i32): i32 {
  if (x == 0) return 0x7fffffff;
  const quarter = 1 << 24;
  const fraction = (x & (quarter - 1)) - quarter;
  const rest = fraction - x;
  let result = exponentialOfSmall(fraction << 5);
  result = factorIf(rest, 24, result, 1672461947); // exp(-1/4)
  result = factorIf(rest, 25, result, 1302514674); // exp(-1/2)
  result = factorIf(rest, 26, result, 790015084); //  exp(-1)
  result = factorIf(rest, 27, result, 290630308); //  exp(-2)
  result = factorIf(rest, 28, result, 39332535); //   exp(-4)
  result = factorIf(rest, 29, result, 720401); //     exp(-8)
  return factorIf(rest, 30, result, 242); //          exp(-16)
}

function factorIf(bits: i32, bit: i32, value: i32, factor: i32): i32 {
  return bits & (1 << bit) ? doublingHighMultiply(value, factor) : value;
}

/** exp(a) for a in [-1/4, 0), Q0.31: Taylor series of fourth order around -1/8. */
function exponentialOfSmall(a: i32): i32 {
  const x = a + (1 << 28);
  const x2 = doublingHighMultiply(x, x);
  const x3 = doublingHighMultiply(x2, x);
  const x4Quarter = roundingShiftRight(doublingHighMultiply(x2, x2), 2);
  const tail = roundingShiftRight(doublingHighMultiply(x4Quarter + x3, 715827883 /* 1/3 */) + x2, 1);
  const atMinusEighth = 1895147668; // exp(-1/8)
  return atMinusEighth + doublingHighMultiply(atMinusEighth, x + tail);
}

/** 1 / (1 + x) for x in [0, 1), both Q0.31: three Newton-Raphson steps in Q2.29 on half the denominator. */
function reciprocalOfOnePlus(x: i32): i32 {
  const halfDenominator = <i32>((<i64>x + 0x7fffffff + 1) >> 1);
  let y = 1515870810 + doublingHighMultiply(halfDenominator, -1010580540); // 48/17 - 32/17 d
  for (let step = 0; step < 3; step++) {
    const error = (1 << 29) - doublingHighMultiply(halfDenominator, y);
    y += doublingHighMultiply(y, error) << 2;
  }
  return y >= 1 << 30 ? 0x7fffffff : y << 1;
}
