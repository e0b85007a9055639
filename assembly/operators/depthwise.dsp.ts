/**
 * Depthwise sums of one channel with SMLAD, on a plane of int16. Values are loaded in pairs, so a window that begins
 * between two pairs needs its taps shifted by one: both forms lie beside each other,
 *
 *   taps [kernelHeight]   { (w0, w1) (w2, w3) ... } { (0, w0) (w1, w2) ... }   4 bytes a pair
 *
 * and zeros where the kernel ends. Two sums at a time share loads: of the inputs with stride 1, where the second takes
 * the shifted taps, of the taps with stride 2, where it begins one pair later. Kernels of 3 x 3 and of 1 x 3 to 1 x 5
 * are unrolled; a general path does the rest, one sum at a time.
 *
 * Refused: a loop over the kernel's rows in place of unrolling: entering and leaving it costs as much as a row. One form
 * for both strides, with an address more: too many registers. Requantising in the same loop: likewise.
 */

import { FEATURE_DEPTHWISE_3X3, FEATURE_DEPTHWISE_ANY, FEATURE_DEPTHWISE_FLAT } from '../features.ts';
import { uses } from '../intrinsics/core.ts';
import { pkhbt, smlad, sxtb16, sxtb16r8 } from '../intrinsics/dsp.ts';
import { TABLE_ROW_BYTES } from '../scratch.ts';

/**
 * sums i32[count][width] <- doubled sums of `count` output rows, whose windows begin planeStep bytes below one another,
 * and one value behind them to be ignored. weights: the channel's column, at distance `channels`.
 */
export function depthwiseSumsDsp(
  plane: usize,
  rowBytes: u32,
  planeStep: u32,
  weights: usize,
  channels: u32,
  taps: usize,
  height: u32,
  kernelWidth: u32,
  stride: u32,
  bias: i32,
  sums: usize,
  width: u32,
  count: u32,
): void {
  bias <<= 1;
  const any = uses(FEATURE_DEPTHWISE_ANY);
  const flat = uses(FEATURE_DEPTHWISE_FLAT);
  // of the three paths, those that are built in ask; what is left over is for the last
  if (uses(FEATURE_DEPTHWISE_3X3) && ((!any && !flat) || (kernelWidth == 3 && height == 3 && (!any || stride <= 2)))) {
    spreadTaps(weights, channels, 3, 3, 2, taps);
    if (stride == 1) twoPairs(plane, rowBytes, planeStep, taps, bias, sums, width, count);
    else twoPairsApart(plane, rowBytes, planeStep, taps, bias, sums, width, count);
    return;
  }
  if (flat && (!any || (<u32>(kernelWidth - 3) <= 2 && height == 1 && stride <= 2))) {
    spreadTaps(weights, channels, 1, kernelWidth, 3, taps);
    for (; count > 0; count--, plane += planeStep, sums += 4 * width) {
      if (stride == 1) threePairs(plane, taps, bias, sums, width);
      else threePairsApart(plane, taps, bias, sums, width);
    }
    return;
  }
  if (!any) return;
  const pairs = (kernelWidth >> 1) + 1;
  spreadTaps(weights, channels, height, kernelWidth, pairs, taps);
  anyKernel(plane, rowBytes, planeStep, taps, pairs, height, stride, bias, sums, width, count);
}

/** taps <- column of weights [height, width] at distance `channels`, doubled, `pairs` to a row. */
function spreadTaps(weights: usize, channels: u32, height: u32, width: u32, pairs: u32, taps: usize): void {
  const shifted = 4 * pairs; // from a pair to the same one shifted
  for (const step = width * channels; height > 0; height--, weights += step, taps += shifted) {
    let tap = weights;
    let before = 0; // to the left of the pair
    let left = <i32>width;
    for (const end = taps + shifted; taps < end; taps += 4, tap += 2 * channels, left -= 2) {
      const first = left > 0 ? (<i32>load<i8>(tap)) << 1 : 0;
      const second = left > 1 ? (<i32>load<i8>(tap + channels)) << 1 : 0;
      store<i32>(taps, pkhbt(first, second));
      store<i32>(taps + shifted, pkhbt(before, first));
      before = second;
    }
  }
}

/** 3 x 3, stride 1. */
function twoPairs(
  plane: usize,
  rowBytes: u32,
  planeStep: u32,
  taps: usize,
  bias: i32,
  sums: usize,
  width: u32,
  count: u32,
): void {
  for (; count > 0; count--, plane += planeStep, sums += 4 * width) {
    let to = sums;
    for (let from = plane; from < plane + 2 * width; from += 4, to += 8) {
      let x = load<i64>(from);
      let acc0 = two(x, load<i64>(taps), bias);
      let acc1 = two(x, load<i64>(taps, 8), bias);
      const row1 = from + rowBytes;
      x = load<i64>(row1);
      acc0 = two(x, load<i64>(taps, 16), acc0);
      acc1 = two(x, load<i64>(taps, 24), acc1);
      x = load<i64>(row1 + rowBytes);
      acc0 = two(x, load<i64>(taps, 32), acc0);
      acc1 = two(x, load<i64>(taps, 40), acc1);
      store<i32>(to, acc0);
      store<i32>(to, acc1, 4);
    }
  }
}

/** 3 to 5 wide, 1 high, stride 1. */
function threePairs(plane: usize, taps: usize, bias: i32, sums: usize, width: u32): void {
  for (const end = plane + 2 * width; plane < end; plane += 4, sums += 8) {
    const x = load<i64>(plane);
    const last = load<i32>(plane, 8);
    store<i32>(sums, smlad(last, load<i32>(taps, 8), two(x, load<i64>(taps), bias)));
    store<i32>(sums, smlad(last, load<i32>(taps, 20), two(x, load<i64>(taps, 12), bias)), 4);
  }
}

/** 3 x 3, stride 2. */
function twoPairsApart(
  plane: usize,
  rowBytes: u32,
  planeStep: u32,
  taps: usize,
  bias: i32,
  sums: usize,
  width: u32,
  count: u32,
): void {
  for (; count > 0; count--, plane += planeStep, sums += 4 * width) {
    let to = sums;
    for (let from = plane; from < plane + 4 * width; from += 8, to += 8) {
      let tap = load<i64>(taps);
      let acc0 = two(load<i64>(from), tap, bias);
      let acc1 = two(load<i64>(from, 4), tap, bias);
      const row1 = from + rowBytes;
      tap = load<i64>(taps, 16);
      acc0 = two(load<i64>(row1), tap, acc0);
      acc1 = two(load<i64>(row1, 4), tap, acc1);
      const row2 = row1 + rowBytes;
      tap = load<i64>(taps, 32);
      acc0 = two(load<i64>(row2), tap, acc0);
      acc1 = two(load<i64>(row2, 4), tap, acc1);
      store<i32>(to, acc0);
      store<i32>(to, acc1, 4);
    }
  }
}

/** 3 to 5 wide, 1 high, stride 2. */
function threePairsApart(plane: usize, taps: usize, bias: i32, sums: usize, width: u32): void {
  for (const end = plane + 4 * width; plane < end; plane += 8, sums += 8) {
    const tap = load<i64>(taps);
    const last = load<i32>(taps, 8);
    store<i32>(sums, smlad(load<i32>(plane, 8), last, two(load<i64>(plane), tap, bias)));
    store<i32>(sums, smlad(load<i32>(plane, 12), last, two(load<i64>(plane, 4), tap, bias)), 4);
  }
}

/** Two pairs of inputs times two pairs of taps. */
function two(x: i64, tap: i64, acc: i32): i32 {
  return smlad(<i32>(x >> 32), <i32>(tap >> 32), smlad(<i32>x, <i32>tap, acc));
}

/** Any kernel and stride, one sum at a time. */
function anyKernel(
  plane: usize,
  rowBytes: u32,
  planeStep: u32,
  taps: usize,
  pairs: u32,
  height: u32,
  stride: u32,
  bias: i32,
  sums: usize,
  width: u32,
  count: u32,
): void {
  const tapsEnd = taps + 8 * pairs * height;
  for (; count > 0; count--, plane += planeStep) {
    for (let start = plane; start < plane + 2 * stride * width; start += 2 * stride, sums += 4) {
      // a window between two pairs: the pairs around it and the shifted taps
      const between = <u32>start & 2;
      let line = start - between;
      let acc = bias;
      for (let tap = taps + 2 * pairs * between; tap < tapsEnd; line += rowBytes, tap += 4 * pairs) {
        for (let from = line; from < line + 4 * pairs; from += 4, tap += 4)
          acc = smlad(load<i32>(from), load<i32>(tap), acc);
      }
      store<i32>(sums, acc);
    }
  }
}

/**
 * sums i32[4] <- those of four channels at one position: inputs at a tap are a word, and so are weights, `channels` from
 * tap to tap and rowBytes from row to row of the input. rows: their table.
 */
export function depthwiseFourDsp(
  input: usize,
  rowBytes: u32,
  weights: usize,
  channels: u32,
  height: u32,
  width: u32,
  rows: usize,
  sums: usize,
): void {
  let acc0 = load<i32>(rows);
  let acc1 = load<i32>(rows, TABLE_ROW_BYTES);
  let acc2 = load<i32>(rows, 2 * TABLE_ROW_BYTES);
  let acc3 = load<i32>(rows, 3 * TABLE_ROW_BYTES);
  for (; height > 0; height--, input += rowBytes) {
    let from = input;
    for (const end = weights + width * channels; weights < end; weights += channels, from += channels) {
      const x = load<i32>(from);
      const tap = load<i32>(weights);
      const even = sxtb16(x);
      const odd = sxtb16r8(x);
      const evenTap = sxtb16(tap);
      const oddTap = sxtb16r8(tap);
      acc0 += <i32>(<i16>even) * <i32>(<i16>evenTap);
      acc1 += <i32>(<i16>odd) * <i32>(<i16>oddTap);
      acc2 += (even >> 16) * (evenTap >> 16);
      acc3 += (odd >> 16) * (oddTap >> 16);
    }
  }
  store<i32>(sums, acc0);
  store<i32>(sums, acc1, 4);
  store<i32>(sums, acc2, 8);
  store<i32>(sums, acc3, 12);
}
