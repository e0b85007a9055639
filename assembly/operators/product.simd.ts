/**
 * product with WASM SIMD, for fast evaluation in Node and browsers: 8 products per instruction.
 *
 * A block is two rows of inputs by four channels: six loads, which widen to int16, feed eight times eight products. Four
 * channels go over all rows before the next four, so that their part of the table is spread over lanes once.
 */
import { TABLE_ROW_BYTES } from '../scratch.ts';
import { column, factorOf, lowestOf, multiplyHighFour, requantizeEach, settleFour } from './table.simd.ts';

/** depth is a multiple of 4, and there are at least 4 channels. The last four may overlap those before. */
export function productSimd(
  input: usize,
  positions: u32,
  depth: u32,
  weights: usize,
  channels: u32,
  rows: usize,
  output: usize,
  outputStride: u32,
): void {
  for (let next: u32 = 0; next < channels; next += 4) {
    const c = min(next, channels - 4);
    fourChannels(input, positions, depth, weights + c * depth, rows + c * TABLE_ROW_BYTES, output + c, outputStride);
  }
}

function fourChannels(
  input: usize,
  positions: u32,
  depth: u32,
  weights: usize,
  rows: usize,
  output: usize,
  outputStride: u32,
): void {
  const bias = column(rows);
  const multiplier = column(rows + 4);
  const rounding = column(rows + 8);
  const right = column(rows + 12);
  const lowest = lowestOf(right);
  const factor = factorOf(right);
  const usual = i32x4.all_true(right);
  const w1 = weights + depth;
  const w2 = w1 + depth;
  const w3 = w2 + depth;
  for (let p: u32 = 0; p < positions; p += 2) {
    // an odd last row is computed twice
    const more = u32(p + 1 < positions);
    const x0 = input + p * depth;
    const x1 = x0 + more * depth;
    let sum00 = i32x4.splat(0);
    let sum01 = sum00;
    let sum02 = sum00;
    let sum03 = sum00;
    let sum10 = sum00;
    let sum11 = sum00;
    let sum12 = sum00;
    let sum13 = sum00;
    let k: u32 = 0;
    for (; k + 8 <= depth; k += 8) {
      const a = v128.load_ext<i8>(x0 + k);
      const b = v128.load_ext<i8>(x1 + k);
      let w = v128.load_ext<i8>(weights + k);
      sum00 = i32x4.add(sum00, i32x4.dot_i16x8_s(a, w));
      sum10 = i32x4.add(sum10, i32x4.dot_i16x8_s(b, w));
      w = v128.load_ext<i8>(w1 + k);
      sum01 = i32x4.add(sum01, i32x4.dot_i16x8_s(a, w));
      sum11 = i32x4.add(sum11, i32x4.dot_i16x8_s(b, w));
      w = v128.load_ext<i8>(w2 + k);
      sum02 = i32x4.add(sum02, i32x4.dot_i16x8_s(a, w));
      sum12 = i32x4.add(sum12, i32x4.dot_i16x8_s(b, w));
      w = v128.load_ext<i8>(w3 + k);
      sum03 = i32x4.add(sum03, i32x4.dot_i16x8_s(a, w));
      sum13 = i32x4.add(sum13, i32x4.dot_i16x8_s(b, w));
    }
    if (k < depth) {
      const a = loadFour(x0 + k);
      const b = loadFour(x1 + k);
      let w = loadFour(weights + k);
      sum00 = i32x4.add(sum00, i32x4.dot_i16x8_s(a, w));
      sum10 = i32x4.add(sum10, i32x4.dot_i16x8_s(b, w));
      w = loadFour(w1 + k);
      sum01 = i32x4.add(sum01, i32x4.dot_i16x8_s(a, w));
      sum11 = i32x4.add(sum11, i32x4.dot_i16x8_s(b, w));
      w = loadFour(w2 + k);
      sum02 = i32x4.add(sum02, i32x4.dot_i16x8_s(a, w));
      sum12 = i32x4.add(sum12, i32x4.dot_i16x8_s(b, w));
      w = loadFour(w3 + k);
      sum03 = i32x4.add(sum03, i32x4.dot_i16x8_s(a, w));
      sum13 = i32x4.add(sum13, i32x4.dot_i16x8_s(b, w));
    }
    let acc0 = i32x4.add(bias, join(halves(sum00, sum01), halves(sum02, sum03)));
    let acc1 = i32x4.add(bias, join(halves(sum10, sum11), halves(sum12, sum13)));
    if (usual) {
      acc0 = settleFour(acc0, multiplyHighFour(acc0, multiplier), rounding, lowest, factor);
      acc1 = settleFour(acc1, multiplyHighFour(acc1, multiplier), rounding, lowest, factor);
    } else {
      acc0 = requantizeEach(acc0, rows);
      acc1 = requantizeEach(acc1, rows);
    }
    const narrow = i16x8.narrow_i32x4_s(acc0, acc1);
    const bytes = i8x16.narrow_i16x8_s(narrow, narrow);
    const to = output + p * outputStride;
    v128.store_lane<i32>(to, bytes, 0);
    v128.store_lane<i32>(to + more * outputStride, bytes, 1);
  }
}

/** Four values, and four zeros, as int16. */
function loadFour(from: usize): v128 {
  return i16x8.extend_low_i8x16_s(v128.load_zero<i32>(from));
}

/** a0 + a2, b0 + b2, a1 + a3, b1 + b3 */
function halves(a: v128, b: v128): v128 {
  return i32x4.add(v128.shuffle<i32>(a, b, 0, 4, 1, 5), v128.shuffle<i32>(a, b, 2, 6, 3, 7));
}

/** Lane sums of the four vectors from which two `halves` were made. */
function join(a: v128, b: v128): v128 {
  return i32x4.add(v128.shuffle<i64>(a, b, 0, 2), v128.shuffle<i64>(a, b, 1, 3));
}
