/**
 * Depthwise outputs of one channel with SMLAD, on a plane of int16. Values are loaded in pairs, so a window that begins
 * between two pairs needs its taps shifted by one: both forms lie beside each other,
 *
 *   taps [kernelHeight][kernelWidth / 2 + 1]   { (w0, w1), (0, w0) }  { (w2, w3), (w1, w2) } ...   8 bytes each
 *
 * and zeros where the kernel ends. Two outputs at a time share loads: of the inputs with stride 1, where the second
 * takes the shifted taps, of the taps with stride 2, where it begins one pair later. Kernels of two pairs (3 wide) and
 * three (5 wide), 1 or 3 high, are unrolled; a general path does the rest, one output at a time.
 *
 * Refused: a loop over the kernel's rows in place of unrolling. Entering and leaving it costs as much as a row.
 */
import { pkhbt, smlad, uses } from '../dsp/intrinsics.ts';
import { FEATURE_DEPTHWISE_2D, FEATURE_DEPTHWISE_3, FEATURE_DEPTHWISE_5 } from '../features.ts';
import { requantizeRow, requantizeUsual } from './table.ts';

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

/**
 * `count` rows of `width` outputs, whose windows begin planeStep bytes below one another; `below` rows of the tensor
 * follow them. The second of two outputs may be one too many: it is then stored where the next row begins, whose own
 * first output comes later. Only the last row of the tensor has no next one.
 */
export function depthwiseChannelDsp(
  plane: usize,
  rowBytes: u32,
  planeStep: u32,
  taps: usize,
  height: u32,
  kernelWidth: u32,
  stride: u32,
  bias: i32,
  row: usize,
  output: usize,
  channels: u32,
  width: u32,
  count: u32,
  below: u32,
): void {
  const pairs = (kernelWidth >> 1) + 1;
  const narrow = uses(FEATURE_DEPTHWISE_3) && pairs == 2;
  const five = uses(FEATURE_DEPTHWISE_5) && pairs == 3;
  const flat = height == 1 || (uses(FEATURE_DEPTHWISE_2D) && height == 3);
  const usual = load<i32>(row, 12) != 0 && stride <= 2 && flat && (narrow || five);
  const full: u32 = !usual ? 0 : (width & 1) != 0 && below == 0 ? count - 1 : count; // rows that may be exceeded
  if (full > 0) {
    if (stride == 1) {
      if (narrow) twoPairs(plane, rowBytes, planeStep, taps, height, bias, row, output, channels, width, full);
      if (five) threePairs(plane, rowBytes, planeStep, taps, height, bias, row, output, channels, width, full);
    } else {
      if (narrow) twoPairsApart(plane, rowBytes, planeStep, taps, height, bias, row, output, channels, width, full);
      if (five) threePairsApart(plane, rowBytes, planeStep, taps, height, bias, row, output, channels, width, full);
    }
  }
  for (; count > full; count--) {
    anyKernel(
      plane + (count - 1) * planeStep,
      rowBytes,
      taps,
      8 * pairs * height,
      pairs,
      stride,
      bias,
      row,
      output + (count - 1) * width * channels,
      channels,
      width,
    );
  }
}

/** Kernels 2 and 3 wide, stride 1. */
function twoPairs(
  plane: usize,
  rowBytes: u32,
  planeStep: u32,
  taps: usize,
  height: u32,
  bias: i32,
  row: usize,
  output: usize,
  channels: u32,
  width: u32,
  count: u32,
): void {
  const multiplier = load<i32>(row, 4);
  const rounding = load<i32>(row, 8);
  const right = load<i32>(row, 12);
  for (; count > 0; count--, plane += planeStep, output += width * channels) {
    let to = output;
    for (let from = plane; from < plane + 2 * width; from += 4, to += 2 * channels) {
      let acc0 = bias;
      let acc1 = bias;
      acc0 = two(from, taps, acc0);
      acc1 = two(from, taps + 4, acc1);
      if (uses(FEATURE_DEPTHWISE_2D) && height != 1) {
        const row1 = from + rowBytes;
        acc0 = two(row1, taps + 16, acc0);
        acc1 = two(row1, taps + 20, acc1);
        const row2 = row1 + rowBytes;
        acc0 = two(row2, taps + 32, acc0);
        acc1 = two(row2, taps + 36, acc1);
      }
      store<i8>(to, <i8>requantizeUsual(acc0, multiplier, rounding, right));
      store<i8>(to + channels, <i8>requantizeUsual(acc1, multiplier, rounding, right));
    }
  }
}

/** Kernels 4 and 5 wide, stride 1. */
function threePairs(
  plane: usize,
  rowBytes: u32,
  planeStep: u32,
  taps: usize,
  height: u32,
  bias: i32,
  row: usize,
  output: usize,
  channels: u32,
  width: u32,
  count: u32,
): void {
  const multiplier = load<i32>(row, 4);
  const rounding = load<i32>(row, 8);
  const right = load<i32>(row, 12);
  for (; count > 0; count--, plane += planeStep, output += width * channels) {
    let to = output;
    for (let from = plane; from < plane + 2 * width; from += 4, to += 2 * channels) {
      let acc0 = bias;
      let acc1 = bias;
      acc0 = three(from, taps, acc0);
      acc1 = three(from, taps + 4, acc1);
      if (uses(FEATURE_DEPTHWISE_2D) && height != 1) {
        const row1 = from + rowBytes;
        acc0 = three(row1, taps + 24, acc0);
        acc1 = three(row1, taps + 28, acc1);
        const row2 = row1 + rowBytes;
        acc0 = three(row2, taps + 48, acc0);
        acc1 = three(row2, taps + 52, acc1);
      }
      store<i8>(to, <i8>requantizeUsual(acc0, multiplier, rounding, right));
      store<i8>(to + channels, <i8>requantizeUsual(acc1, multiplier, rounding, right));
    }
  }
}

/** Kernels 2 and 3 wide, stride 2. */
function twoPairsApart(
  plane: usize,
  rowBytes: u32,
  planeStep: u32,
  taps: usize,
  height: u32,
  bias: i32,
  row: usize,
  output: usize,
  channels: u32,
  width: u32,
  count: u32,
): void {
  const multiplier = load<i32>(row, 4);
  const rounding = load<i32>(row, 8);
  const right = load<i32>(row, 12);
  for (; count > 0; count--, plane += planeStep, output += width * channels) {
    let to = output;
    for (let from = plane; from < plane + 4 * width; from += 8, to += 2 * channels) {
      let acc0 = bias;
      let acc1 = bias;
      acc0 = two(from, taps, acc0);
      acc1 = two(from + 4, taps, acc1);
      if (uses(FEATURE_DEPTHWISE_2D) && height != 1) {
        const row1 = from + rowBytes;
        acc0 = two(row1, taps + 16, acc0);
        acc1 = two(row1 + 4, taps + 16, acc1);
        const row2 = row1 + rowBytes;
        acc0 = two(row2, taps + 32, acc0);
        acc1 = two(row2 + 4, taps + 32, acc1);
      }
      store<i8>(to, <i8>requantizeUsual(acc0, multiplier, rounding, right));
      store<i8>(to + channels, <i8>requantizeUsual(acc1, multiplier, rounding, right));
    }
  }
}

/** Kernels 4 and 5 wide, stride 2. */
function threePairsApart(
  plane: usize,
  rowBytes: u32,
  planeStep: u32,
  taps: usize,
  height: u32,
  bias: i32,
  row: usize,
  output: usize,
  channels: u32,
  width: u32,
  count: u32,
): void {
  const multiplier = load<i32>(row, 4);
  const rounding = load<i32>(row, 8);
  const right = load<i32>(row, 12);
  for (; count > 0; count--, plane += planeStep, output += width * channels) {
    let to = output;
    for (let from = plane; from < plane + 4 * width; from += 8, to += 2 * channels) {
      let acc0 = bias;
      let acc1 = bias;
      acc0 = three(from, taps, acc0);
      acc1 = three(from + 4, taps, acc1);
      if (uses(FEATURE_DEPTHWISE_2D) && height != 1) {
        const row1 = from + rowBytes;
        acc0 = three(row1, taps + 24, acc0);
        acc1 = three(row1 + 4, taps + 24, acc1);
        const row2 = row1 + rowBytes;
        acc0 = three(row2, taps + 48, acc0);
        acc1 = three(row2 + 4, taps + 48, acc1);
      }
      store<i8>(to, <i8>requantizeUsual(acc0, multiplier, rounding, right));
      store<i8>(to + channels, <i8>requantizeUsual(acc1, multiplier, rounding, right));
    }
  }
}

/** Two pairs of inputs times two pairs of taps. The compiler inlines it and sees which loads are the same. */
function two(x: usize, tap: usize, acc: i32): i32 {
  return smlad(load<i32>(x, 4), load<i32>(tap, 8), smlad(load<i32>(x), load<i32>(tap), acc));
}

function three(x: usize, tap: usize, acc: i32): i32 {
  return smlad(load<i32>(x, 8), load<i32>(tap, 16), two(x, tap, acc));
}

/** Any kernel and stride, one output at a time. */
function anyKernel(
  plane: usize,
  rowBytes: u32,
  taps: usize,
  tapBytes: u32,
  pairs: u32,
  stride: u32,
  bias: i32,
  row: usize,
  output: usize,
  channels: u32,
  width: u32,
): void {
  for (const end = plane + 2 * stride * width; plane < end; plane += 2 * stride, output += channels) {
    // a window between two pairs: the pairs around it and the shifted taps
    const between = <u32>plane & 2;
    let line = plane - between;
    let acc = bias;
    for (let tap = taps + 2 * between; tap < taps + tapBytes; line += rowBytes) {
      for (let from = line; from < line + 4 * pairs; from += 4, tap += 8)
        acc = smlad(load<i32>(from), load<i32>(tap), acc);
    }
    store<i8>(output, <i8>requantizeRow(acc, row));
  }
}
