/**
 * Average and max pooling; input and output share scale and zero point, padding does not count.
 *
 *   input   [inH, inW, C]    i8
 *   output  [outH, outW, C]  i8
 */

import { clamp } from '../fixed.ts';
import * as F from '../format.ts';
import { isKind, operatorKind, tensorChannels, tensorHeight, tensorWidth } from '../image.ts';
import { BAD_SHAPE, OK } from '../status.ts';
import { averageOfEights, highestOfSixteens, MOST_SUMMED } from './elements.mve.ts';
import { windowLeft, windowTop } from './patch.ts';
import { HAS_ELEMENTS } from './variant.ts';

export const AVERAGE_POOL: u32 = 5;
export const MAX_POOL: u32 = 6;

/** Every window overlaps the input, as openOperator.ts has seen. */
export function provePool(input: usize, output: usize): i32 {
  return tensorChannels(input) == tensorChannels(output) ? OK : BAD_SHAPE;
}

export function pool(operator: usize, inputTensor: usize, input: usize, outputTensor: usize, output: usize): void {
  const kind = operatorKind(operator);
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
      const window = input + <u32>(top * inputWidth + left) * channels;
      const rows = bottom - top;
      const columns = right - left;
      if (isKind(kind, AVERAGE_POOL))
        averageWindow(window, rows, columns, channels, <u32>inputWidth * channels, low, high, output);
      if (isKind(kind, MAX_POOL))
        maxWindow(window, rows, columns, channels, <u32>inputWidth * channels, low, high, output);
      output += channels;
    }
  }
}

/** Four channels at a time, as far as there are four: the loop over the window costs as much as a channel. */
function averageWindow(
  window: usize,
  rows: i32,
  columns: i32,
  channels: u32,
  rowBytes: u32,
  low: i32,
  high: i32,
  output: usize,
): void {
  const count = rows * columns;
  let c: u32 = 0;
  if (HAS_ELEMENTS) {
    if (count <= MOST_SUMMED) c = averageOfEights(window, rows, columns, channels, rowBytes, low, high, output);
  } else {
    for (; c + 4 <= channels; c += 4) {
      let sum0 = 0;
      let sum1 = 0;
      let sum2 = 0;
      let sum3 = 0;
      for (let y = 0; y < rows; y++) {
        let from = window + c + <u32>y * rowBytes;
        for (let x = columns; x > 0; x--, from += channels) {
          sum0 += <i32>load<i8>(from);
          sum1 += <i32>load<i8>(from, 1);
          sum2 += <i32>load<i8>(from, 2);
          sum3 += <i32>load<i8>(from, 3);
        }
      }
      store<i8>(output + c, <i8>clamp(roundedQuotient(sum0, count), low, high));
      store<i8>(output + c, <i8>clamp(roundedQuotient(sum1, count), low, high), 1);
      store<i8>(output + c, <i8>clamp(roundedQuotient(sum2, count), low, high), 2);
      store<i8>(output + c, <i8>clamp(roundedQuotient(sum3, count), low, high), 3);
    }
  }
  for (; c < channels; c++) {
    let sum = 0;
    for (let y = 0; y < rows; y++) {
      let from = window + c + <u32>y * rowBytes;
      for (let x = columns; x > 0; x--, from += channels) sum += <i32>load<i8>(from);
    }
    store<i8>(output + c, <i8>clamp(roundedQuotient(sum, count), low, high));
  }
}

function maxWindow(
  window: usize,
  rows: i32,
  columns: i32,
  channels: u32,
  rowBytes: u32,
  low: i32,
  high: i32,
  output: usize,
): void {
  const done = HAS_ELEMENTS ? highestOfSixteens(window, rows, columns, channels, rowBytes, low, high, output) : 0;
  for (let c: u32 = done; c < channels; c++) {
    let highest = -128;
    for (let y = 0; y < rows; y++) {
      let from = window + c + <u32>y * rowBytes;
      for (let x = columns; x > 0; x--, from += channels) highest = max(highest, <i32>load<i8>(from));
    }
    store<i8>(output + c, <i8>clamp(highest, low, high));
  }
}

/**
 * sum / count of `count` INT8, ties away from zero; count > 0, as every window overlaps its input. Divided 128 higher,
 * so unsigned: the signed division is 470 bytes of a Cortex-M0 that nothing else needs.
 */
function roundedQuotient(sum: i32, count: i32): i32 {
  const half = (<u32>count - (<u32>sum >> 31)) >> 1;
  return <i32>((<u32>sum + 128 * <u32>count + half) / <u32>count) - 128;
}
