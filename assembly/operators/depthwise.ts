/**
 * Depthwise convolution: each input channel has `multiplier` kernels of its own.
 *
 *   input    [inH, inW, K]       i8
 *   weights  [kH, kW, C]         i8   C = K * multiplier, output channel c reads input channel c / multiplier
 *   output   [outH, outW, C]     i8
 *   patch    [kH, kW, K]         scratch
 *
 * Inside the input the taps are read in place; at the border the patch is gathered first, padding included.
 */
import * as F from '../format.ts';
import { tensorChannels, tensorHeight, tensorWidth } from '../image.ts';
import { TABLE_HEADER_BYTES, TABLE_ROW_BYTES } from '../scratch.ts';
import { gatherPatch, windowLeft, windowTop } from './patch.ts';
import { requantizeRow } from './table.ts';

export function depthwise(
  operator: usize,
  inputTensor: usize,
  input: usize,
  weights: usize,
  table: usize,
  outputTensor: usize,
  output: usize,
  patch: usize,
): void {
  const inputChannels = tensorChannels(inputTensor);
  const inputWidth = tensorWidth(inputTensor);
  const channels = tensorChannels(outputTensor);
  const kernelHeight = <u32>load<u16>(operator, F.OPERATOR_KERNEL_HEIGHT_AT);
  const kernelWidth = <u32>load<u16>(operator, F.OPERATOR_KERNEL_WIDTH_AT);
  const multiplier = <u32>load<u8>(operator, F.OPERATOR_MULTIPLIER_AT);
  const height = tensorHeight(outputTensor);
  const width = tensorWidth(outputTensor);
  for (let y: u32 = 0; y < height; y++) {
    const top = windowTop(operator, y);
    const rowsInside = top >= 0 && top + <i32>kernelHeight <= <i32>tensorHeight(inputTensor);
    for (let x: u32 = 0; x < width; x++) {
      const left = windowLeft(operator, x);
      let window = patch;
      let rowStride = kernelWidth * inputChannels;
      if (rowsInside && left >= 0 && left + <i32>kernelWidth <= <i32>inputWidth) {
        window = input + (<u32>top * inputWidth + <u32>left) * inputChannels;
        rowStride = inputWidth * inputChannels;
      } else {
        gatherPatch(operator, inputTensor, input, y, x, patch);
      }
      depthwisePosition(
        window,
        rowStride,
        inputChannels,
        multiplier,
        weights,
        kernelHeight,
        kernelWidth,
        channels,
        table,
        output,
      );
      output += channels;
    }
  }
}

/** One output position: output[c] = requantize(bias[c] + sum over taps of window[tap][c / multiplier] * weights[tap][c]). */
function depthwisePosition(
  window: usize,
  rowStride: u32,
  inputChannels: u32,
  multiplier: u32,
  weights: usize,
  kernelHeight: u32,
  kernelWidth: u32,
  channels: u32,
  table: usize,
  output: usize,
): void {
  const low = load<i32>(table, 4);
  const high = load<i32>(table, 8);
  let row = table + TABLE_HEADER_BYTES;
  let sharing: u32 = 0; // output channels done that read this input channel
  for (let c: u32 = 0; c < channels; c++) {
    let acc = load<i32>(row);
    let weight = weights + c;
    for (let i: u32 = 0; i < kernelHeight; i++) {
      let from = window + i * rowStride;
      for (let j: u32 = 0; j < kernelWidth; j++) {
        acc += <i32>load<i8>(from) * <i32>load<i8>(weight);
        from += inputChannels;
        weight += channels;
      }
    }
    store<i8>(output + c, <i8>requantizeRow(acc, row, low, high));
    row += TABLE_ROW_BYTES;
    if (++sharing == multiplier) {
      sharing = 0;
      window++;
    }
  }
}
