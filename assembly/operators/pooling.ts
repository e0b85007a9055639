/**
 * Average and max pooling; input and output share scale and zero point, padding does not count.
 *
 *   input   [inH, inW, C]    i8
 *   output  [outH, outW, C]  i8
 */

import { clamp } from '../fixed.ts';
import * as F from '../format.ts';
import { operatorKind, tensorChannels, tensorHeight, tensorWidth } from '../image.ts';
import { windowLeft, windowTop } from './patch.ts';

export function pool(operator: usize, inputTensor: usize, input: usize, outputTensor: usize, output: usize): void {
  const average = operatorKind(operator) == F.AVERAGE_POOL;
  const low = <i32>load<i8>(operator, F.OPERATOR_MIN_AT);
  const high = <i32>load<i8>(operator, F.OPERATOR_MAX_AT);
  const channels = tensorChannels(inputTensor);
  const inputHeight = <i32>tensorHeight(inputTensor);
  const inputWidth = <i32>tensorWidth(inputTensor);
  const height = tensorHeight(outputTensor);
  const width = tensorWidth(outputTensor);
  for (let y: u32 = 0; y < height; y++) {
    const windowY = windowTop(operator, y);
    const top = max(windowY, 0);
    const bottom = min(windowY + <i32>load<u16>(operator, F.OPERATOR_KERNEL_HEIGHT_AT), inputHeight);
    for (let x: u32 = 0; x < width; x++) {
      const windowX = windowLeft(operator, x);
      const left = max(windowX, 0);
      const right = min(windowX + <i32>load<u16>(operator, F.OPERATOR_KERNEL_WIDTH_AT), inputWidth);
      const count = (bottom - top) * (right - left);
      for (let c: u32 = 0; c < channels; c++) {
        let sum = 0;
        let highest = -128;
        for (let row = top; row < bottom; row++) {
          let from = input + <u32>(row * inputWidth + left) * channels + c;
          for (let column = left; column < right; column++, from += channels) {
            const value = <i32>load<i8>(from);
            sum += value;
            highest = max(highest, value);
          }
        }
        store<i8>(output++, <i8>clamp(average ? roundedQuotient(sum, count) : highest, low, high));
      }
    }
  }
}

/** sum / count, ties away from zero; count > 0, as every window overlaps its input. */
function roundedQuotient(sum: i32, count: i32): i32 {
  return (sum > 0 ? sum + (count >> 1) : sum - (count >> 1)) / count;
}
