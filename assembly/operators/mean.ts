/**
 * Mean over all positions, requantised in the same step; TFLite's int8 MEAN.
 *
 *   input   [P, C]   i8   a sum of differences stays within MAX_SUM
 *   output  [C]      i8
 */
import { requantize, saturate } from '../fixed.ts';
import { tensorChannels, tensorPositions, tensorZeroPoint } from '../image.ts';
import { MAX_RIGHT_SHIFT, MAX_SHIFT, MAX_SUM } from '../limits.ts';
import { BAD_SHAPE, BAD_TABLE, OK } from '../status.ts';

export const MEAN: u32 = 13;
export const MEAN_PARAMETERS: u32 = 2; // multiplier, not normalised, and shift, of a sum

/** The host divides the multiplier by the positions, so it may be small; a sum stays within MAX_SUM after a shift to the left. */
export function proveMean(parameters: usize, input: usize, output: usize): i32 {
  if (tensorChannels(input) != tensorChannels(output) || tensorPositions(output) != 1) return BAD_SHAPE;
  const shift = load<i32>(parameters, 4);
  return load<i32>(parameters) >= 0 &&
    shift >= -MAX_RIGHT_SHIFT &&
    shift <= MAX_SHIFT &&
    (<u64>255 * tensorPositions(input)) << (<u64>max(shift, 0)) <= MAX_SUM
    ? OK
    : BAD_TABLE;
}

/** parameters: MEAN_PARAMETERS of the image. */
export function mean(parameters: usize, inputTensor: usize, input: usize, output: usize, outputZeroPoint: i32): void {
  const channels = tensorChannels(inputTensor);
  const bytes = tensorPositions(inputTensor) * channels;
  const bias = -tensorZeroPoint(inputTensor) * <i32>tensorPositions(inputTensor);
  const fours = output + (channels & ~3);
  for (; output < fours; output += 4, input += 4) {
    let sum0 = bias;
    let sum1 = bias;
    let sum2 = bias;
    let sum3 = bias;
    for (let from = input; from < input + bytes; from += channels) {
      sum0 += <i32>load<i8>(from);
      sum1 += <i32>load<i8>(from, 1);
      sum2 += <i32>load<i8>(from, 2);
      sum3 += <i32>load<i8>(from, 3);
    }
    store<i8>(output, rescale(sum0, parameters, outputZeroPoint));
    store<i8>(output, rescale(sum1, parameters, outputZeroPoint), 1);
    store<i8>(output, rescale(sum2, parameters, outputZeroPoint), 2);
    store<i8>(output, rescale(sum3, parameters, outputZeroPoint), 3);
  }
  for (const end = output + (channels & 3); output < end; output++, input++) {
    let sum = bias;
    for (let from = input; from < input + bytes; from += channels) sum += <i32>load<i8>(from);
    store<i8>(output, rescale(sum, parameters, outputZeroPoint));
  }
}

function rescale(sum: i32, parameters: usize, zeroPoint: i32): i8 {
  return <i8>saturate(requantize(sum, load<i32>(parameters), load<i32>(parameters, 4)) + zeroPoint);
}
