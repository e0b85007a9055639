/**
 * Depthwise convolution with WASM SIMD, multiplier 1: eight channels at a time, which lie beside each other in inputs,
 * weights and outputs, so there is no plane. Eight channels go over all positions before the next eight, so that their
 * part of the table is spread over lanes once. Outside the input, a tap reads eight zero points.
 */
import * as F from '../format.ts';
import { tensorChannels, tensorHeight, tensorWidth, tensorZeroPoint } from '../image.ts';
import { fill } from '../memory.ts';
import { TABLE_ROW_BYTES } from '../scratch.ts';
import { windowLeft, windowTop } from './patch.ts';
import { column, factorOf, lowestOf, multiplyHighFour, requantizeEach, settleFour } from './table.simd.ts';

/** `count` channels, at least 8, from where input, weights and output are; the last eight may overlap those before. padding: 8 bytes of scratch. */
export function depthwiseSimd(
  operator: usize,
  inputTensor: usize,
  input: usize,
  weights: usize,
  count: u32,
  rows: usize,
  outputTensor: usize,
  output: usize,
  padding: usize,
): void {
  const channels = tensorChannels(outputTensor);
  fill(padding, <u32>tensorZeroPoint(inputTensor), 8);
  for (let next: u32 = 0; next < count; next += 8) {
    const c = min(next, count - 8);
    const row = rows + c * TABLE_ROW_BYTES;
    eightChannels(operator, inputTensor, input + c, weights + c, row, outputTensor, output + c, padding, channels);
  }
}

function eightChannels(
  operator: usize,
  inputTensor: usize,
  input: usize,
  weights: usize,
  rows: usize,
  outputTensor: usize,
  output: usize,
  padding: usize,
  channels: u32,
): void {
  const bias0 = column(rows);
  const bias1 = column(rows + 64);
  const multiplier0 = column(rows + 4);
  const multiplier1 = column(rows + 68);
  const rounding0 = column(rows + 8);
  const rounding1 = column(rows + 72);
  const right0 = column(rows + 12);
  const right1 = column(rows + 76);
  const lowest0 = lowestOf(right0);
  const lowest1 = lowestOf(right1);
  const factor0 = factorOf(right0);
  const factor1 = factorOf(right1);
  const usual = i32x4.all_true(i32x4.min_u(right0, right1));
  const kernelHeight = <u32>load<u16>(operator, F.OPERATOR_KERNEL_HEIGHT_AT);
  const kernelWidth = <u32>load<u16>(operator, F.OPERATOR_KERNEL_WIDTH_AT);
  const inputHeight = tensorHeight(inputTensor);
  const inputWidth = tensorWidth(inputTensor);
  const height = tensorHeight(outputTensor);
  const width = tensorWidth(outputTensor);
  for (let y: u32 = 0; y < height; y++) {
    const top = windowTop(operator, y);
    for (let x: u32 = 0; x < width; x++, output += channels) {
      const left = windowLeft(operator, x);
      let acc0 = bias0;
      let acc1 = bias1;
      let tap = weights;
      for (let row = top; row < top + <i32>kernelHeight; row++) {
        const line = input + row * inputWidth * channels;
        const outside = <u32>row >= inputHeight;
        for (let place = left; place < left + <i32>kernelWidth; place++, tap += channels) {
          const from = outside || <u32>place >= inputWidth ? padding : line + place * channels;
          // a product of two int8 fits 16 bits
          const products = i16x8.mul(v128.load_ext<i8>(from), v128.load_ext<i8>(tap));
          acc0 = i32x4.add(acc0, i32x4.extend_low_i16x8_s(products));
          acc1 = i32x4.add(acc1, i32x4.extend_high_i16x8_s(products));
        }
      }
      if (usual) {
        acc0 = settleFour(acc0, multiplyHighFour(acc0, multiplier0), rounding0, lowest0, factor0);
        acc1 = settleFour(acc1, multiplyHighFour(acc1, multiplier1), rounding1, lowest1, factor1);
      } else {
        acc0 = requantizeEach(acc0, rows);
        acc1 = requantizeEach(acc1, rows + 64);
      }
      const narrow = i16x8.narrow_i32x4_s(acc0, acc1);
      v128.store_lane<i64>(output, i8x16.narrow_i16x8_s(narrow, narrow), 0);
    }
  }
}
