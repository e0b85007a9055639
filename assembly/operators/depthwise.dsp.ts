/**
 * A row of depthwise outputs with SMLAD, on a plane of int16. Values are loaded in pairs, so a window that begins
 * between two pairs needs its taps shifted by one: both forms lie beside each other,
 *
 *   taps [kernelHeight][kernelWidth / 2 + 1]   { (w0, w1), (0, w0) }  { (w2, w3), (w1, w2) } ...   8 bytes each
 *
 * and zeros where the kernel ends. Two outputs at a time share loads: of the inputs with stride 1, where the second
 * takes the shifted taps, of the taps with stride 2, where it begins one pair later. Kernels of up to three pairs are
 * unrolled; one general path for the rest.
 */
import { pkhbt, smlad } from '../dsp/intrinsics.ts';
import { requantizeUnusual, requantizeUsual } from './table.ts';

/** taps <- column of weights [height, width] at distance `channels`; both multiples of 8 bytes. Returns 0. */
export function spreadTapsDsp(weights: usize, channels: u32, height: u32, width: u32, taps: usize): i32 {
  for (let i: u32 = 0; i < height; i++) {
    let before = 0; // the tap to the left of a pair
    for (let j: u32 = 0; j <= width; j += 2, taps += 8) {
      const first = j < width ? <i32>load<i8>(weights) : 0;
      const second = j + 1 < width ? <i32>load<i8>(weights + channels) : 0;
      store<i32>(taps, pkhbt(first, second));
      store<i32>(taps, pkhbt(before, first), 4);
      before = second;
      weights += min(2, width - j) * channels;
    }
  }
  return 0;
}

export function depthwiseRowDsp(
  plane: usize,
  rowBytes: u32,
  taps: usize,
  kernelHeight: u32,
  kernelWidth: u32,
  stride: u32,
  bias: i32,
  row: usize,
  output: usize,
  width: u32,
  channels: u32,
): void {
  const multiplier = load<i32>(row, 4);
  const rounding = load<i32>(row, 8);
  const right = load<i32>(row, 12);
  const pairs = (kernelWidth >> 1) + 1;
  const tapsEnd = taps + 8 * pairs * kernelHeight;
  const unrolled = (pairs == 2 || pairs == 3) && stride <= 2;
  const form = unrolled ? 2 * pairs + stride : 0;
  for (let x: u32 = 0; x < width; x += 2) {
    let acc0 = bias;
    let acc1 = bias;
    let from = plane + 2 * stride * x;
    if (form == 5) {
      // two pairs, stride 1
      for (let tap = taps; tap < tapsEnd; tap += 16, from += rowBytes) {
        const a = load<i32>(from);
        const b = load<i32>(from, 4);
        const u = load<i64>(tap);
        const v = load<i64>(tap, 8);
        acc0 = smlad(b, low(v), smlad(a, low(u), acc0));
        acc1 = smlad(b, high(v), smlad(a, high(u), acc1));
      }
    } else if (form == 7) {
      // three pairs, stride 1
      for (let tap = taps; tap < tapsEnd; tap += 24, from += rowBytes) {
        const a = load<i32>(from);
        const b = load<i32>(from, 4);
        const c = load<i32>(from, 8);
        const u = load<i64>(tap);
        const v = load<i64>(tap, 8);
        const w = load<i64>(tap, 16);
        acc0 = smlad(c, low(w), smlad(b, low(v), smlad(a, low(u), acc0)));
        acc1 = smlad(c, high(w), smlad(b, high(v), smlad(a, high(u), acc1)));
      }
    } else if (form == 6) {
      // two pairs, stride 2
      for (let tap = taps; tap < tapsEnd; tap += 16, from += rowBytes) {
        const a = load<i32>(from);
        const b = load<i32>(from, 4);
        const c = load<i32>(from, 8);
        const u = load<i32>(tap);
        const v = load<i32>(tap, 8);
        acc0 = smlad(b, v, smlad(a, u, acc0));
        acc1 = smlad(c, v, smlad(b, u, acc1));
      }
    } else if (form == 8) {
      // three pairs, stride 2
      for (let tap = taps; tap < tapsEnd; tap += 24, from += rowBytes) {
        const a = load<i32>(from);
        const b = load<i32>(from, 4);
        const c = load<i32>(from, 8);
        const d = load<i32>(from, 12);
        const u = load<i32>(tap);
        const v = load<i32>(tap, 8);
        const w = load<i32>(tap, 16);
        acc0 = smlad(c, w, smlad(b, v, smlad(a, u, acc0)));
        acc1 = smlad(d, w, smlad(c, v, smlad(b, u, acc1)));
      }
    } else {
      acc0 = window(plane, rowBytes, taps, tapsEnd, pairs, x * stride, bias);
      acc1 = window(plane, rowBytes, taps, tapsEnd, pairs, (x + 1) * stride, bias);
    }
    if (right != 0) {
      store<i8>(output, <i8>requantizeUsual(acc0, multiplier, rounding, right));
      if (x + 1 < width) store<i8>(output + channels, <i8>requantizeUsual(acc1, multiplier, rounding, right));
    } else {
      store<i8>(output, <i8>requantizeUnusual(acc0, multiplier, rounding));
      if (x + 1 < width) store<i8>(output + channels, <i8>requantizeUnusual(acc1, multiplier, rounding));
    }
    output += 2 * channels;
  }
}

/** One output of any kernel, its window beginning at value `start` of the plane's rows. */
function window(plane: usize, rowBytes: u32, taps: usize, tapsEnd: usize, pairs: u32, start: u32, acc: i32): i32 {
  taps += 4 * (start & 1);
  plane += 2 * (start & ~1);
  for (; taps < tapsEnd; plane += rowBytes) {
    let from = plane;
    for (const end = from + 4 * pairs; from < end; from += 4, taps += 8)
      acc = smlad(load<i32>(from), load<i32>(taps), acc);
  }
  return acc;
}

function low(pair: i64): i32 {
  return <i32>pair;
}

function high(pair: i64): i32 {
  return <i32>(pair >> 32);
}
