/**
 * Depthwise convolution with Helium: eight channels at a time, as they lie beside each other in inputs, weights and
 * outputs; there is no plane. Products of two taps are added as int16, which holds as long as no weight is -128, before
 * they are widened to the sums of the even and of the odd channels (table.mve.ts).
 *
 * The kernel of an output at the border is only the part that lies inside the input: the rest, times the zero point,
 * joins the biases. Outputs with the same part are a block, the whole inside is one. Channels that are not eight, or
 * have an unusual shift, go one by one.
 */
import { FEATURE_DEPTHWISE_3X3, FEATURE_DEPTHWISE_ANY, FEATURE_DEPTHWISE_FLAT } from '../features.ts';
import * as F from '../format.ts';
import { kernelArea, tensorChannels, tensorHeight, tensorWidth, tensorZeroPoint } from '../image.ts';
import { uses } from '../intrinsics/core.ts';
import { gatherWiden, minv, widenEven, widenOdd } from '../intrinsics/mve.ts';
import { TABLE_ROW_BYTES } from '../scratch.ts';
import { windowLeft, windowTop } from './patch.ts';
import { isOctet, OCTET_BYTES, requantizeOctet } from './table.mve.ts';
import { requantizeRow } from './table.ts';

const BIAS_BYTES: u32 = 32; // of an octet, in scratch; then taps
const PACKED_FROM: u32 = 16; // positions from which the taps of a kernel of 3 x 3 are packed, and scratch has room for them

/** Output channels [first, first + count), whose table is `rows`. scratch: BIAS_BYTES, and packed taps where there are enough positions. */
export function depthwiseMve(
  operator: usize,
  inputTensor: usize,
  input: usize,
  weights: usize,
  first: u32,
  count: u32,
  rows: usize,
  outputTensor: usize,
  output: usize,
  scratch: usize,
): void {
  const multiplier = <u32>load<u8>(operator, F.OPERATOR_MULTIPLIER_AT);
  const end = first + count;
  while (first < end) {
    if (end - first >= 8 && isOctet(rows)) {
      eightChannels(operator, inputTensor, input, weights, first, rows, outputTensor, output + first, scratch);
      first += 8;
      rows += OCTET_BYTES;
    } else {
      // all rows of one octet, as what follows may be one
      for (const last = min(first + 8, end); first < last; first++, rows += TABLE_ROW_BYTES) {
        const from = input + first / multiplier;
        oneChannel(operator, inputTensor, from, weights + first, rows, outputTensor, output + first);
      }
    }
  }
}

function eightChannels(
  operator: usize,
  inputTensor: usize,
  input: usize,
  weights: usize,
  channel: u32,
  octet: usize,
  outputTensor: usize,
  output: usize,
  scratch: usize,
): void {
  const multiplier = <u32>load<u8>(operator, F.OPERATOR_MULTIPLIER_AT);
  const channels = tensorChannels(outputTensor);
  const inputChannels = tensorChannels(inputTensor);
  weights += channel;
  input += channel / multiplier;
  const width = tensorWidth(outputTensor);
  const height = tensorHeight(outputTensor);
  const inputWidth = tensorWidth(inputTensor);
  const inputHeight = tensorHeight(inputTensor);
  const kernelHeight = <u32>load<u16>(operator, F.OPERATOR_KERNEL_HEIGHT_AT);
  const kernelWidth = <u32>load<u16>(operator, F.OPERATOR_KERNEL_WIDTH_AT);
  const strideHeight = <u32>load<u8>(operator, F.OPERATOR_STRIDE_HEIGHT_AT);
  const strideWidth = <u32>load<u8>(operator, F.OPERATOR_STRIDE_WIDTH_AT);
  const paired = canPair(weights, kernelArea(operator), channels);
  let packed: bool = false;
  if (uses(FEATURE_DEPTHWISE_3X3)) {
    packed = multiplier == 1 && paired && kernelHeight == 3 && kernelWidth == 3 && width * height >= PACKED_FROM;
    if (packed) packTaps(weights, channels, scratch + BIAS_BYTES);
  }
  let rows: u32 = 0; // of outputs that a block has
  for (let y: u32 = 0; y < height; y += rows) {
    const top = windowTop(operator, y);
    rows = alike(top, kernelHeight, strideHeight, inputHeight, height - y);
    const upper = top < 0 ? -top : 0;
    const lower = min(<i32>kernelHeight, <i32>inputHeight - top);
    let columns: u32 = 0;
    for (let x: u32 = 0; x < width; x += columns) {
      const left = windowLeft(operator, x);
      columns = alike(left, kernelWidth, strideWidth, inputWidth, width - x);
      const first = left < 0 ? -left : 0;
      const last = min(<i32>kernelWidth, <i32>inputWidth - left);
      const from = input + ((top + upper) * inputWidth + left + first) * inputChannels;
      const to = output + (y * width + x) * channels;
      const insideHeight = lower - upper;
      const insideWidth = last - first;
      if (uses(FEATURE_DEPTHWISE_3X3) && packed && insideHeight == 3 && insideWidth == 3) {
        for (let row: u32 = 0; row < rows; row++)
          threeByThree(
            from + row * strideHeight * inputWidth * channels,
            channels,
            inputWidth * channels,
            strideWidth * channels,
            scratch + BIAS_BYTES,
            octet,
            to + row * width * channels,
            columns,
          );
        continue;
      }
      addOutside(
        weights,
        channels,
        kernelHeight,
        kernelWidth,
        upper,
        lower,
        first,
        last,
        tensorZeroPoint(inputTensor),
        octet,
        scratch,
      );
      if (multiplier != 1) {
        const sources = sourcesOf(channel, multiplier);
        for (let row: u32 = 0; row < rows; row++)
          sharedInputs(
            from + row * strideHeight * inputWidth * inputChannels,
            sources,
            inputChannels,
            inputWidth * inputChannels,
            strideWidth * inputChannels,
            weights + (upper * kernelWidth + first) * channels,
            channels,
            kernelWidth * channels,
            insideHeight,
            insideWidth,
            scratch,
            octet,
            to + row * width * channels,
            columns,
          );
        continue;
      }
      // what is one wide goes down, all else along
      const down = columns == 1;
      const runs: u32 = down ? 1 : rows;
      for (let row: u32 = 0; row < runs; row++)
        anyKernel(
          from + row * strideHeight * inputWidth * channels,
          channels,
          inputWidth * channels,
          down ? strideHeight * inputWidth * channels : strideWidth * channels,
          weights + (upper * kernelWidth + first) * channels,
          kernelWidth * channels,
          insideHeight,
          insideWidth,
          paired,
          scratch,
          octet,
          to + row * width * channels,
          down ? width * channels : channels,
          down ? rows : columns,
        );
    }
  }
}

/**
 * How many of the next `left` outputs along one side have windows that lie inside the input, the first of which begins
 * at `start`; 1 where that does not.
 */
function alike(start: i32, kernel: u32, stride: u32, size: u32, left: u32): u32 {
  const room = <i32>size - <i32>kernel - start;
  return start < 0 || room < 0 ? 1 : min(left, <u32>room / stride + 1);
}

/** Whether products of any two taps fit an i16 together. */
function canPair(weights: usize, area: u32, channels: u32): bool {
  let lowest = i32x4.splat(0);
  for (; area > 0; area--, weights += channels) lowest = i16x8.min_s(lowest, v128.load_ext<i8>(weights));
  return minv(lowest, 0) > -128;
}

/** taps i16[9][8] <- eight columns of weights, at distance `channels` */
function packTaps(weights: usize, channels: u32, taps: usize): void {
  for (const end = taps + 16 * 9; taps < end; taps += 16, weights += channels)
    v128.store(taps, v128.load_ext<i8>(weights));
}

/** biases <- those of the octet, and the zero point times the taps outside rows [upper, lower) and columns [first, last) */
function addOutside(
  weights: usize,
  channels: u32,
  height: u32,
  width: u32,
  upper: i32,
  lower: i32,
  first: i32,
  last: i32,
  zeroPoint: i32,
  octet: usize,
  biases: usize,
): void {
  const padding = i16x8.splat(<i16>zeroPoint);
  let even = v128.load(octet);
  let odd = v128.load(octet, 16);
  for (let y = 0; y < <i32>height; y++) {
    const outside = y < upper || y >= lower;
    for (let x = 0; x < <i32>width; x++, weights += channels) {
      if (!outside && x >= first && x < last) continue;
      const products = i16x8.mul(padding, v128.load_ext<i8>(weights));
      even = i32x4.add(even, widenEven(products));
      odd = i32x4.add(odd, widenOdd(products));
    }
  }
  v128.store(biases, even);
  v128.store(biases, odd, 16);
}

/**
 * `count` outputs, `outputStep` apart, with a kernel or a part of one that lies inside the input: for the first at
 * `input`, for the others `step` apart.
 */
function anyKernel(
  input: usize,
  channels: u32,
  rowBytes: u32,
  step: u32,
  taps: usize,
  tapRowBytes: u32,
  height: u32,
  width: u32,
  paired: bool,
  biases: usize,
  octet: usize,
  output: usize,
  outputStep: u32,
  count: u32,
): void {
  const pairs = paired ? width >> 1 : 0;
  const singles = width - 2 * pairs;
  if (uses(FEATURE_DEPTHWISE_FLAT) || uses(FEATURE_DEPTHWISE_ANY)) {
    if (height == 1) {
      oneRow(input, channels, step, taps, pairs, singles, biases, octet, output, outputStep, count);
      return;
    }
  }
  if (!uses(FEATURE_DEPTHWISE_3X3) && !uses(FEATURE_DEPTHWISE_ANY)) return;
  for (; count > 0; count--, input += step, output += outputStep) {
    let even = v128.load(biases);
    let odd = v128.load(biases, 16);
    let line = input;
    let tapLine = taps;
    for (let row = height; row > 0; row--, line += rowBytes, tapLine += tapRowBytes) {
      let from = line;
      let tap = tapLine;
      for (let n = pairs; n > 0; n--, from += channels, tap += channels) {
        let products = i16x8.mul(v128.load_ext<i8>(from), v128.load_ext<i8>(tap));
        from += channels;
        tap += channels;
        products = i16x8.add(products, i16x8.mul(v128.load_ext<i8>(from), v128.load_ext<i8>(tap)));
        even = i32x4.add(even, widenEven(products));
        odd = i32x4.add(odd, widenOdd(products));
      }
      for (let n = singles; n > 0; n--, from += channels, tap += channels) {
        const products = i16x8.mul(v128.load_ext<i8>(from), v128.load_ext<i8>(tap));
        even = i32x4.add(even, widenEven(products));
        odd = i32x4.add(odd, widenOdd(products));
      }
    }
    requantizeOctet(even, odd, octet, output);
  }
}

/** The same for a kernel of one row. */
function oneRow(
  input: usize,
  channels: u32,
  step: u32,
  taps: usize,
  pairs: u32,
  singles: u32,
  biases: usize,
  octet: usize,
  output: usize,
  outputStep: u32,
  count: u32,
): void {
  for (; count > 0; count--, input += step, output += outputStep) {
    let even = v128.load(biases);
    let odd = v128.load(biases, 16);
    let from = input;
    let tap = taps;
    for (let n = pairs; n > 0; n--) {
      let products = i16x8.mul(v128.load_ext<i8>(from), v128.load_ext<i8>(tap));
      from += channels;
      tap += channels;
      products = i16x8.add(products, i16x8.mul(v128.load_ext<i8>(from), v128.load_ext<i8>(tap)));
      from += channels;
      tap += channels;
      even = i32x4.add(even, widenEven(products));
      odd = i32x4.add(odd, widenOdd(products));
    }
    for (let n = singles; n > 0; n--, from += channels, tap += channels) {
      const products = i16x8.mul(v128.load_ext<i8>(from), v128.load_ext<i8>(tap));
      even = i32x4.add(even, widenEven(products));
      odd = i32x4.add(odd, widenOdd(products));
    }
    requantizeOctet(even, odd, octet, output);
  }
}

/** u16x8: which input channels those from `channel` on read, counted from the one that it reads itself. */
function sourcesOf(channel: u32, multiplier: u32): v128 {
  const before = channel % multiplier;
  return i16x8(
    0,
    <i16>((before + 1) / multiplier),
    <i16>((before + 2) / multiplier),
    <i16>((before + 3) / multiplier),
    <i16>((before + 4) / multiplier),
    <i16>((before + 5) / multiplier),
    <i16>((before + 6) / multiplier),
    <i16>((before + 7) / multiplier),
  );
}

/** anyKernel for a multiplier, one tap at a time: some of the eight channels read the same input, `sources` which. */
function sharedInputs(
  input: usize,
  sources: v128,
  inputChannels: u32,
  rowBytes: u32,
  step: u32,
  taps: usize,
  channels: u32,
  tapRowBytes: u32,
  height: u32,
  width: u32,
  biases: usize,
  octet: usize,
  output: usize,
  count: u32,
): void {
  for (; count > 0; count--, input += step, output += channels) {
    let even = v128.load(biases);
    let odd = v128.load(biases, 16);
    let line = input;
    let tapLine = taps;
    for (let row = height; row > 0; row--, line += rowBytes, tapLine += tapRowBytes) {
      let from = line;
      let tap = tapLine;
      for (let n = width; n > 0; n--, from += inputChannels, tap += channels) {
        const products = i16x8.mul(gatherWiden(from, sources), v128.load_ext<i8>(tap));
        even = i32x4.add(even, widenEven(products));
        odd = i32x4.add(odd, widenOdd(products));
      }
    }
    requantizeOctet(even, odd, octet, output);
  }
}

/** The same for a kernel of 3 x 3, whose taps are packed. */
function threeByThree(
  input: usize,
  channels: u32,
  rowBytes: u32,
  step: u32,
  taps: usize,
  octet: usize,
  output: usize,
  count: u32,
): void {
  const back = rowBytes - 2 * channels;
  for (; count > 0; count--, input += step, output += channels) {
    let from = input;
    let tap = taps;
    let even = v128.load(octet);
    let odd = v128.load(octet, 16);
    let products = i16x8.mul(v128.load_ext<i8>(from), v128.load(tap));
    from += channels;
    products = i16x8.add(products, i16x8.mul(v128.load_ext<i8>(from), v128.load(tap, 16)));
    even = i32x4.add(even, widenEven(products));
    odd = i32x4.add(odd, widenOdd(products));
    from += channels;
    products = i16x8.mul(v128.load_ext<i8>(from), v128.load(tap, 32));
    from += back;
    products = i16x8.add(products, i16x8.mul(v128.load_ext<i8>(from), v128.load(tap, 48)));
    even = i32x4.add(even, widenEven(products));
    odd = i32x4.add(odd, widenOdd(products));
    from += channels;
    tap += 64;
    products = i16x8.mul(v128.load_ext<i8>(from), v128.load(tap));
    from += channels;
    products = i16x8.add(products, i16x8.mul(v128.load_ext<i8>(from), v128.load(tap, 16)));
    even = i32x4.add(even, widenEven(products));
    odd = i32x4.add(odd, widenOdd(products));
    from += back;
    products = i16x8.mul(v128.load_ext<i8>(from), v128.load(tap, 32));
    from += channels;
    products = i16x8.add(products, i16x8.mul(v128.load_ext<i8>(from), v128.load(tap, 48)));
    even = i32x4.add(even, widenEven(products));
    odd = i32x4.add(odd, widenOdd(products));
    products = i16x8.mul(v128.load_ext<i8>(from + channels), v128.load(tap, 64));
    requantizeOctet(i32x4.add(even, widenEven(products)), i32x4.add(odd, widenOdd(products)), octet, output);
  }
}

/** All positions of one output channel. */
function oneChannel(
  operator: usize,
  inputTensor: usize,
  input: usize,
  weights: usize,
  row: usize,
  outputTensor: usize,
  output: usize,
): void {
  const channels = tensorChannels(outputTensor);
  const inputChannels = tensorChannels(inputTensor);
  const inputWidth = tensorWidth(inputTensor);
  const zeroPoint = tensorZeroPoint(inputTensor);
  const height = tensorHeight(outputTensor);
  const width = tensorWidth(outputTensor);
  for (let y: u32 = 0; y < height; y++) {
    for (let x: u32 = 0; x < width; x++, output += channels) {
      const left = windowLeft(operator, x);
      const right = left + <i32>load<u16>(operator, F.OPERATOR_KERNEL_WIDTH_AT);
      const top = windowTop(operator, y);
      const bottom = top + <i32>load<u16>(operator, F.OPERATOR_KERNEL_HEIGHT_AT);
      let sum = load<i32>(row);
      let tap = weights;
      for (let line = top; line < bottom; line++) {
        const limit = <u32>line < tensorHeight(inputTensor) ? inputWidth : 0;
        let from = input + (line * inputWidth + left) * inputChannels;
        for (let place = left; place < right; place++, from += inputChannels, tap += channels) {
          const value = <u32>place < limit ? <i32>load<i8>(from) : zeroPoint;
          sum += value * <i32>load<i8>(tap);
        }
      }
      store<i8>(output, <i8>requantizeRow(sum, row));
    }
  }
}
