/**
 * Depthwise convolution: each input channel has `multiplier` kernels of its own.
 *
 *   input    [inH, inW, K]       i8
 *   weights  [kH, kW, C]         i8   C = K * multiplier, output channel c reads input channel c / multiplier
 *   output   [outH, outW, C]     i8
 *
 * One channel at a time: its inputs are gathered into a plane in scratch, padding included, so that there are no
 * borders and neighbouring outputs share loads; its taps lie beside. A plane that would be large holds the rows of
 * some output rows at a time. The variants differ in how a value lies in the plane and how a row is computed.
 */
import * as F from '../format.ts';
import { tensorChannels, tensorHeight, tensorWidth, tensorZeroPoint } from '../image.ts';
import { planeRowBytes, planeScratch, TABLE_ROW_BYTES, tapScratch } from '../scratch.ts';
import { depthwiseRowDsp, spreadTapsDsp } from './depthwise.dsp.ts';
import { depthwiseRowScalar, spreadTapsScalar } from './depthwise.scalar.ts';
import { windowTop } from './patch.ts';

export function depthwise(
  operator: usize,
  inputTensor: usize,
  input: usize,
  weights: usize,
  rows: usize,
  outputTensor: usize,
  output: usize,
  taps: usize,
): void {
  const channels = tensorChannels(outputTensor);
  const kernelHeight = <u32>load<u16>(operator, F.OPERATOR_KERNEL_HEIGHT_AT);
  const kernelWidth = <u32>load<u16>(operator, F.OPERATOR_KERNEL_WIDTH_AT);
  const strideHeight = <u32>load<u8>(operator, F.OPERATOR_STRIDE_HEIGHT_AT);
  const strideWidth = <u32>load<u8>(operator, F.OPERATOR_STRIDE_WIDTH_AT);
  const multiplier = <u32>load<u8>(operator, F.OPERATOR_MULTIPLIER_AT);
  const height = tensorHeight(outputTensor);
  const width = tensorWidth(outputTensor);
  const plane = taps + tapScratch(kernelHeight, kernelWidth);
  const rowBytes = planeRowBytes(width, kernelWidth, strideWidth);
  const planeRows = planeScratch((height - 1) * strideHeight + kernelHeight, kernelHeight, rowBytes) / rowBytes;
  const atOnce = (planeRows - kernelHeight) / strideHeight + 1;
  for (let y: u32 = 0; y < height; y += atOnce) {
    const count = min(atOnce, height - y);
    const needed = (count - 1) * strideHeight + kernelHeight;
    let sharing: u32 = 0; // output channels still to do that read the plane
    let channel = input;
    for (let c: u32 = 0; c < channels; c++, sharing--) {
      if (sharing == 0) {
        gatherPlane(
          operator,
          inputTensor,
          channel++,
          windowTop(operator, y),
          needed,
          (width - 1) * strideWidth + kernelWidth,
          plane,
          rowBytes,
        );
        sharing = multiplier;
      }
      const row = rows + c * TABLE_ROW_BYTES;
      const bias = load<i32>(row) + spreadTaps(weights + c, channels, kernelHeight, kernelWidth, taps);
      let to = output + c;
      for (let i: u32 = 0; i < count; i++, to += width * channels) {
        const from = plane + i * strideHeight * rowBytes;
        if (isDefined(HTPW_DSP))
          depthwiseRowDsp(from, rowBytes, taps, kernelHeight, kernelWidth, strideWidth, bias, row, to, width, channels);
        else
          depthwiseRowScalar(
            from,
            rowBytes,
            taps,
            kernelHeight,
            kernelWidth,
            strideWidth,
            bias,
            row,
            to,
            width,
            channels,
          );
      }
    }
    output += count * width * channels;
  }
}

/** The taps of one channel, as the variant wants them; returns what that adds to the bias. */
function spreadTaps(weights: usize, channels: u32, height: u32, width: u32, taps: usize): i32 {
  if (isDefined(HTPW_DSP)) return spreadTapsDsp(weights, channels, height, width, taps);
  return spreadTapsScalar(weights, channels, height, width, taps);
}

/** plane [rows][width] <- one channel from input row `top` on; outside the input: its zero point. */
function gatherPlane(
  operator: usize,
  inputTensor: usize,
  channel: usize,
  top: i32,
  rows: u32,
  width: u32,
  plane: usize,
  rowBytes: u32,
): void {
  const channels = tensorChannels(inputTensor);
  const inputWidth = tensorWidth(inputTensor);
  const zeroPoint = tensorZeroPoint(inputTensor);
  const left = <u32>load<u8>(operator, F.OPERATOR_PAD_LEFT_AT);
  const inside = min(inputWidth, width - left);
  for (let y = top; y < top + <i32>rows; y++, plane += rowBytes) {
    if (y < 0 || y >= <i32>tensorHeight(inputTensor)) {
      fillRow(plane, zeroPoint, width);
      continue;
    }
    fillRow(plane, zeroPoint, left);
    gatherRow(channel + <u32>y * inputWidth * channels, channels, at(plane, left), inside);
    fillRow(at(plane, left + inside), zeroPoint, width - left - inside);
  }
}

/** Address of value x of a plane's row: int16 for the DSP extension, which multiplies pairs of them. */
function at(row: usize, x: u32): usize {
  return row + (isDefined(HTPW_DSP) ? 2 * x : x);
}

/** The scalar variant keeps x + 128, which is never negative: a Cortex-M0 loads that in one instruction, not two. */
function put(row: usize, value: i32): void {
  if (isDefined(HTPW_DSP)) store<i16>(row, <i16>value);
  else store<u8>(row, <u8>(value ^ 0x80));
}

function fillRow(row: usize, value: i32, count: u32): void {
  for (const end = at(row, count); row < end; row = at(row, 1)) put(row, value);
}

function gatherRow(from: usize, stride: u32, row: usize, count: u32): void {
  for (const end = at(row, count & ~3); row < end; row = at(row, 4), from += 4 * stride) {
    put(row, <i32>load<i8>(from));
    put(at(row, 1), <i32>load<i8>(from + stride));
    put(at(row, 2), <i32>load<i8>(from + 2 * stride));
    put(at(row, 3), <i32>load<i8>(from + 3 * stride));
  }
  for (let n = count & 3; n > 0; n--, row = at(row, 1), from += stride) put(row, <i32>load<i8>(from));
}
