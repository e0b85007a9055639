/**
 * product with the DSP extension: SXTB16 splits four INT8 into two pairs of int16, SMLAD multiplies and adds a pair.
 * Every row begins on a word and depth is a multiple of 4.
 *
 * A block is four rows of inputs, split once for all channels and laid side by side, so that one pointer serves the
 * four: for every four values along depth
 *
 *   | row 0: values 0 and 2, values 1 and 3 | row 1 | row 2 | row 3 |     8 bytes each
 *
 * One channel at a time then takes 15 instructions per 16 products: a load and two splits of weights, four double
 * loads, eight SMLAD; 64 and 4 of loop with the unrolling below. Two rows by two channels needs 16 and a register more.
 */
import { smlad, sxtb16, sxtb16r8 } from '../intrinsics/dsp.ts';
import { BLOCK_ROWS, TABLE_ROW_BYTES } from '../scratch.ts';
import { requantizeRow, requantizeRows, requantizeUsual } from './table.ts';

const BLOCK_STEP: u32 = 8 * BLOCK_ROWS; // bytes of a block for four values along depth

/** Splits row i8[depth] into place `slot` of a block. */
export function stageDsp(row: usize, depth: u32, block: usize, slot: u32): void {
  block += 8 * slot;
  for (const end = row + depth; row < end; row += 4, block += BLOCK_STEP) {
    const x = load<i32>(row);
    store<i32>(block, sxtb16(x));
    store<i32>(block, sxtb16r8(x), 4);
  }
}

/** The first `count` rows of a block; the others may hold anything. */
export function productBlockDsp(
  block: usize,
  count: u32,
  depth: u32,
  weights: usize,
  channels: u32,
  rows: usize,
  output: usize,
  outputStride: u32,
): void {
  // From the last row back to the first: what is computed from missing rows is overwritten.
  let last = output + (count - 1) * outputStride;
  const step3 = count > 3 ? outputStride : 0;
  const step2 = count > 2 ? outputStride : 0;
  const step1 = count > 1 ? outputStride : 0;
  for (let c: u32 = 0; c < channels; c++) {
    let x = block;
    let acc0 = load<i32>(rows);
    let acc1 = acc0;
    let acc2 = acc0;
    let acc3 = acc0;
    const end = weights + depth;
    for (const unrolled = weights + (depth & ~15); weights < unrolled; weights += 16, x += 4 * BLOCK_STEP) {
      let w = load<i32>(weights);
      let even = sxtb16(w);
      let odd = sxtb16r8(w);
      acc0 = dot(load<i64>(x), even, odd, acc0);
      acc1 = dot(load<i64>(x, 8), even, odd, acc1);
      acc2 = dot(load<i64>(x, 16), even, odd, acc2);
      acc3 = dot(load<i64>(x, 24), even, odd, acc3);
      w = load<i32>(weights, 4);
      even = sxtb16(w);
      odd = sxtb16r8(w);
      acc0 = dot(load<i64>(x, 32), even, odd, acc0);
      acc1 = dot(load<i64>(x, 40), even, odd, acc1);
      acc2 = dot(load<i64>(x, 48), even, odd, acc2);
      acc3 = dot(load<i64>(x, 56), even, odd, acc3);
      w = load<i32>(weights, 8);
      even = sxtb16(w);
      odd = sxtb16r8(w);
      acc0 = dot(load<i64>(x, 64), even, odd, acc0);
      acc1 = dot(load<i64>(x, 72), even, odd, acc1);
      acc2 = dot(load<i64>(x, 80), even, odd, acc2);
      acc3 = dot(load<i64>(x, 88), even, odd, acc3);
      w = load<i32>(weights, 12);
      even = sxtb16(w);
      odd = sxtb16r8(w);
      acc0 = dot(load<i64>(x, 96), even, odd, acc0);
      acc1 = dot(load<i64>(x, 104), even, odd, acc1);
      acc2 = dot(load<i64>(x, 112), even, odd, acc2);
      acc3 = dot(load<i64>(x, 120), even, odd, acc3);
    }
    for (; weights < end; weights += 4, x += BLOCK_STEP) {
      const w = load<i32>(weights);
      const even = sxtb16(w);
      const odd = sxtb16r8(w);
      acc0 = dot(load<i64>(x), even, odd, acc0);
      acc1 = dot(load<i64>(x, 8), even, odd, acc1);
      acc2 = dot(load<i64>(x, 16), even, odd, acc2);
      acc3 = dot(load<i64>(x, 24), even, odd, acc3);
    }
    const multiplier = load<i32>(rows, 4);
    const rounding = load<i32>(rows, 8);
    const right = load<i32>(rows, 12);
    let to = last++;
    if (right != 0) {
      store<i8>(to, <i8>requantizeUsual(acc3, multiplier, rounding, right));
      to -= step3;
      store<i8>(to, <i8>requantizeUsual(acc2, multiplier, rounding, right));
      to -= step2;
      store<i8>(to, <i8>requantizeUsual(acc1, multiplier, rounding, right));
      store<i8>(to - step1, <i8>requantizeUsual(acc0, multiplier, rounding, right));
    } else {
      store<i8>(to, <i8>requantizeRow(acc3, rows));
      to -= step3;
      store<i8>(to, <i8>requantizeRow(acc2, rows));
      to -= step2;
      store<i8>(to, <i8>requantizeRow(acc1, rows));
      store<i8>(to - step1, <i8>requantizeRow(acc0, rows));
    }
    rows += TABLE_ROW_BYTES;
  }
}

/** Four products, x and weights split. */
function dot(x: i64, even: i32, odd: i32, acc: i32): i32 {
  return smlad(<i32>(x >> 32), odd, smlad(<i32>x, even, acc));
}

/**
 * One row of inputs, as it is: four channels at a time share its loads, the last ones go alone. Sums go where the biases
 * were, and are requantised in the end.
 */
export function productRowDsp(
  input: usize,
  depth: u32,
  weights: usize,
  channels: u32,
  rows: usize,
  output: usize,
): void {
  const first = rows;
  const last = rows + TABLE_ROW_BYTES * channels;
  for (const fours = rows + TABLE_ROW_BYTES * (channels & ~3); rows < fours; rows += 4 * TABLE_ROW_BYTES) {
    let x = input;
    let w1 = weights + depth;
    let w2 = w1 + depth;
    let w3 = w2 + depth;
    let acc0 = load<i32>(rows);
    let acc1 = load<i32>(rows, TABLE_ROW_BYTES);
    let acc2 = load<i32>(rows, 2 * TABLE_ROW_BYTES);
    let acc3 = load<i32>(rows, 3 * TABLE_ROW_BYTES);
    // Refused: two steps at a time. The compiler then adds to each pointer where it now loads and adds in one.
    for (const end = x + depth; x < end; x += 4, weights += 4, w1 += 4, w2 += 4, w3 += 4) {
      const four = load<i32>(x);
      const even = sxtb16(four);
      const odd = sxtb16r8(four);
      acc0 = dotPacked(load<i32>(weights), even, odd, acc0);
      acc1 = dotPacked(load<i32>(w1), even, odd, acc1);
      acc2 = dotPacked(load<i32>(w2), even, odd, acc2);
      acc3 = dotPacked(load<i32>(w3), even, odd, acc3);
    }
    store<i32>(rows, acc0);
    store<i32>(rows, acc1, TABLE_ROW_BYTES);
    store<i32>(rows, acc2, 2 * TABLE_ROW_BYTES);
    store<i32>(rows, acc3, 3 * TABLE_ROW_BYTES);
    weights = w3;
  }
  for (; rows < last; rows += TABLE_ROW_BYTES) {
    let acc = load<i32>(rows);
    for (let x = input; x < input + depth; x += 4, weights += 4) {
      const four = load<i32>(x);
      acc = dotPacked(load<i32>(weights), sxtb16(four), sxtb16r8(four), acc);
    }
    store<i32>(rows, acc);
  }
  requantizeRows(first, channels, output);
}

/** Four products with weights as they are. */
function dotPacked(w: i32, even: i32, odd: i32, acc: i32): i32 {
  return smlad(sxtb16r8(w), odd, smlad(sxtb16(w), even, acc));
}
