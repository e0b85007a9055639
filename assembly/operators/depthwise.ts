/**
 * Depthwise convolution: each input channel has `multiplier` kernels of its own.
 *
 *   input    [inH, inW, K]       i8
 *   weights  [kH, kW, C]         i8   C = K * multiplier, output channel c reads input channel c / multiplier
 *   output   [outH, outW, C]     i8
 *
 * Output channels [first, first + count), whose expanded table is `rows`.
 *
 * One channel at a time: its inputs are gathered into a plane in scratch, padding included, so that there are no
 * borders and neighbouring outputs share loads; its taps lie beside. All sums of the channel come first, then they are
 * requantised: each loop by itself fits the registers of a Cortex-M. What would take more than BAND_BYTES is done some
 * output rows at a time. The variants differ in how a value lies in the plane and how it is multiplied
 * (variant.ts); one may take LANES channels as they lie, without a plane.
 */

import { FEATURE_DEPTHWISE_3X3, FEATURE_DEPTHWISE_ANY, FEATURE_DEPTHWISE_FLAT } from '../features.ts';
import * as F from '../format.ts';
import {
  kernelArea,
  sourceRowLength,
  sourceRows,
  tensorChannels,
  tensorHeight,
  tensorPositions,
  tensorWidth,
  tensorZeroPoint,
} from '../image.ts';
import { uses } from '../intrinsics/core.ts';
import { MAX_ACCUMULATION } from '../limits.ts';
import { fillWords } from '../memory.ts';
import { bandRows, planeRowBytes, planeRows, TABLE_ROW_BYTES, tapScratch } from '../scratch.ts';
import { BAD_DEPTH, BAD_SHAPE, NOT_BUILT_IN, OK } from '../status.ts';
import { windowLeft, windowTop } from './patch.ts';
import { requantizeColumn, requantizeRow } from './table.ts';
import {
  depthwiseGroup,
  depthwiseLanes,
  depthwiseSums,
  depthwiseWhole,
  GROUP,
  HAS_DEPTHWISE,
  LANES,
  planeAt,
  planePadding,
  putPlane,
} from './variant.ts';

const FEW_POSITIONS: u32 = 16;

/** A row of weights for each tap, one weight a channel; this build has the kernel. */
export function proveDepthwise(operator: usize, input: usize, output: usize, source: usize): i32 {
  const channels = tensorChannels(output);
  const multiplier = <u32>load<u8>(operator, F.OPERATOR_MULTIPLIER_AT);
  const area = kernelArea(operator);
  if (area > MAX_ACCUMULATION) return BAD_DEPTH;
  if (
    multiplier == 0 ||
    channels != tensorChannels(input) * multiplier ||
    sourceRows(source) != area ||
    sourceRowLength(source) != channels
  )
    return BAD_SHAPE;
  return proveKernel(operator) ? OK : NOT_BUILT_IN;
}

/** Whether this build has a way for the size and the stride of the kernel. */
function proveKernel(operator: usize): bool {
  if (uses(FEATURE_DEPTHWISE_ANY)) return true;
  const height = <u32>load<u16>(operator, F.OPERATOR_KERNEL_HEIGHT_AT);
  const width = <u32>load<u16>(operator, F.OPERATOR_KERNEL_WIDTH_AT);
  if (<u32>load<u8>(operator, F.OPERATOR_STRIDE_WIDTH_AT) > 2) return false;
  if (width == 3 && height == 3) return uses(FEATURE_DEPTHWISE_3X3);
  return uses(FEATURE_DEPTHWISE_FLAT) && height == 1 && (width == 3 || width == 5);
}

export function depthwise(
  operator: usize,
  inputTensor: usize,
  input: usize,
  weights: usize,
  first: u32,
  count: u32,
  rows: usize,
  outputTensor: usize,
  output: usize,
  taps: usize,
): void {
  if (HAS_DEPTHWISE) {
    depthwiseWhole(operator, inputTensor, input, weights, first, count, rows, outputTensor, output, taps);
    return;
  }
  const channels = tensorChannels(outputTensor);
  const kernelHeight = <u32>load<u16>(operator, F.OPERATOR_KERNEL_HEIGHT_AT);
  const kernelWidth = <u32>load<u16>(operator, F.OPERATOR_KERNEL_WIDTH_AT);
  const strideHeight = <u32>load<u8>(operator, F.OPERATOR_STRIDE_HEIGHT_AT);
  const strideWidth = <u32>load<u8>(operator, F.OPERATOR_STRIDE_WIDTH_AT);
  const multiplier = <u32>load<u8>(operator, F.OPERATOR_MULTIPLIER_AT);
  if (LANES != 0) {
    if (multiplier == 1 && count >= LANES) {
      depthwiseLanes(
        operator,
        inputTensor,
        input + first,
        weights + first,
        count,
        rows,
        outputTensor,
        output + first,
        taps,
      );
      return;
    }
  }
  if (GROUP > 0 && uses(FEATURE_DEPTHWISE_ANY)) {
    if (multiplier == 1 && channels % GROUP == 0 && isFewInside(operator, inputTensor, outputTensor)) {
      fewPositions(operator, inputTensor, input, weights, first, count, rows, outputTensor, output, taps);
      return;
    }
  }
  const height = tensorHeight(outputTensor);
  const width = tensorWidth(outputTensor);
  const plane = taps + tapScratch(kernelHeight, kernelWidth);
  const rowBytes = planeRowBytes(width, kernelWidth, strideWidth);
  const atOnce = bandRows(height, width, kernelHeight, strideHeight, rowBytes);
  const planeBytes = planeRows(atOnce, kernelHeight, strideHeight) * rowBytes;
  const inputChannels = tensorChannels(inputTensor);
  const inputRow = tensorWidth(inputTensor) * inputChannels;
  const left = <u32>load<u8>(operator, F.OPERATOR_PAD_LEFT_AT);
  const insideWidth = min(tensorWidth(inputTensor), (width - 1) * strideWidth + kernelWidth - left);
  for (let y: u32 = 0; y < height; y += atOnce) {
    const band = min(atOnce, height - y);
    const top = windowTop(operator, y);
    const upper = max(top, 0);
    const lower = min(top + <i32>planeRows(band, kernelHeight, strideHeight), <i32>tensorHeight(inputTensor));
    const inside = planeAt(plane + <u32>(upper - top) * rowBytes, left);
    // The border is the same for all channels, which fill the rest.
    fillWords(plane, planePadding(tensorZeroPoint(inputTensor)), planeBytes);
    let channel = input + <u32>upper * inputRow + first / multiplier;
    let sharing: u32 = 0; // output channels still to do that read the plane
    let row = rows;
    for (let c = first; c < first + count; c++, sharing--, row += TABLE_ROW_BYTES) {
      if (sharing == 0) {
        gatherPlane(channel++, inputChannels, inputRow, lower - upper, insideWidth, inside, rowBytes);
        sharing = c == first ? multiplier - (first % multiplier) : multiplier;
      }
      depthwiseSums(
        plane,
        rowBytes,
        strideHeight * rowBytes,
        weights + c,
        channels,
        taps,
        kernelHeight,
        kernelWidth,
        strideWidth,
        load<i32>(row),
        plane + planeBytes,
        width,
        band,
      );
      requantizeColumn(plane + planeBytes, width * band, row, output + c, channels);
    }
    output += band * width * channels;
  }
}

/** Whether there are few output positions, and every window lies inside the input. */
function isFewInside(operator: usize, inputTensor: usize, outputTensor: usize): bool {
  return (
    tensorPositions(outputTensor) <= FEW_POSITIONS &&
    load<u16>(operator, F.OPERATOR_PAD_TOP_AT) == 0 && // and left
    windowTop(operator, tensorHeight(outputTensor) - 1) + <i32>load<u16>(operator, F.OPERATOR_KERNEL_HEIGHT_AT) <=
      <i32>tensorHeight(inputTensor) &&
    windowLeft(operator, tensorWidth(outputTensor) - 1) + <i32>load<u16>(operator, F.OPERATOR_KERNEL_WIDTH_AT) <=
      <i32>tensorWidth(inputTensor)
  );
}

/**
 * There, inputs and weights are read where they lie, GROUP channels at a time: a plane would serve too few sums. These go
 * to scratch.
 */
function fewPositions(
  operator: usize,
  inputTensor: usize,
  input: usize,
  weights: usize,
  first: u32,
  count: u32,
  rows: usize,
  outputTensor: usize,
  output: usize,
  sums: usize,
): void {
  const channels = tensorChannels(outputTensor);
  const rowBytes = tensorWidth(inputTensor) * channels;
  const down = rowBytes * <u32>load<u8>(operator, F.OPERATOR_STRIDE_HEIGHT_AT);
  const along = channels * <u32>load<u8>(operator, F.OPERATOR_STRIDE_WIDTH_AT);
  const height = tensorHeight(outputTensor);
  const width = tensorWidth(outputTensor);
  for (let c = first; c < first + count; c += GROUP, rows += GROUP * TABLE_ROW_BYTES) {
    let to = output + c;
    let line = input + c;
    for (let y = height; y > 0; y--, line += down) {
      let from = line;
      for (let x = width; x > 0; x--, from += along, to += channels) {
        depthwiseGroup(
          from,
          rowBytes,
          weights + c,
          channels,
          <u32>load<u16>(operator, F.OPERATOR_KERNEL_HEIGHT_AT),
          <u32>load<u16>(operator, F.OPERATOR_KERNEL_WIDTH_AT),
          rows,
          sums,
        );
        for (let i: u32 = 0; i < GROUP; i++)
          store<i8>(to + i, <i8>requantizeRow(load<i32>(sums + 4 * i), rows + i * TABLE_ROW_BYTES));
      }
    }
  }
}

/** `rows` rows of `width` values of one channel, from `from` on, to their place in the plane. */
function gatherPlane(from: usize, channels: u32, inputRow: u32, rows: i32, width: u32, to: usize, rowBytes: u32): void {
  for (; rows > 0; rows--, from += inputRow, to += rowBytes) {
    let value = from;
    let place = to;
    for (let n = width >> 2; n > 0; n--, value += 4 * channels, place = planeAt(place, 4)) {
      putPlane(place, <i32>load<i8>(value));
      putPlane(planeAt(place, 1), <i32>load<i8>(value + channels));
      putPlane(planeAt(place, 2), <i32>load<i8>(value + 2 * channels));
      putPlane(planeAt(place, 3), <i32>load<i8>(value + 3 * channels));
    }
    for (let n = width & 3; n > 0; n--, value += channels, place = planeAt(place, 1))
      putPlane(place, <i32>load<i8>(value));
  }
}
