/**
 * product in portable integer operations: two rows of inputs, taken as they are, by two channels, so that each load
 * feeds two products. depth is a multiple of 4. ARMv6-M loads signed bytes at the sum of two registers only: there an
 * index serves all four rows; elsewhere four pointers advance by 4.
 */

import { FEATURE_OFFSET_LOADS } from '../features.ts';
import { uses } from '../intrinsics/core.ts';
import { TABLE_ROW_BYTES } from '../scratch.ts';
import { requantizeRow, requantizeRows, requantizeUsual } from './table.ts';

/** p1: 1, or 0 where there is no second row. */
export function productPairScalar(
  input: usize,
  p1: usize,
  depth: u32,
  weights: usize,
  channels: u32,
  rows: usize,
  output: usize,
  outputStride: u32,
): void {
  // An odd last row or channel is computed twice and stored once: one loop for all sizes.
  for (let c: u32 = 0; c < channels; c += 2) {
    const c1 = c + 1 < channels ? <usize>1 : 0;
    let x0 = input;
    let x1 = x0 + p1 * depth;
    let w0 = weights;
    let w1 = w0 + c1 * depth;
    const next = rows + c1 * TABLE_ROW_BYTES;
    let acc00 = load<i32>(rows);
    let acc01 = load<i32>(next);
    let acc10 = acc00;
    let acc11 = acc01;
    if (uses(FEATURE_OFFSET_LOADS)) {
      for (const end = x0 + depth; x0 < end; x0 += 4, x1 += 4, w0 += 4, w1 += 4) {
        let a = <i32>load<i8>(x0);
        let b = <i32>load<i8>(x1);
        let w = <i32>load<i8>(w0);
        acc00 += a * w;
        acc10 += b * w;
        w = <i32>load<i8>(w1);
        acc01 += a * w;
        acc11 += b * w;
        a = <i32>load<i8>(x0, 1);
        b = <i32>load<i8>(x1, 1);
        w = <i32>load<i8>(w0, 1);
        acc00 += a * w;
        acc10 += b * w;
        w = <i32>load<i8>(w1, 1);
        acc01 += a * w;
        acc11 += b * w;
        a = <i32>load<i8>(x0, 2);
        b = <i32>load<i8>(x1, 2);
        w = <i32>load<i8>(w0, 2);
        acc00 += a * w;
        acc10 += b * w;
        w = <i32>load<i8>(w1, 2);
        acc01 += a * w;
        acc11 += b * w;
        a = <i32>load<i8>(x0, 3);
        b = <i32>load<i8>(x1, 3);
        w = <i32>load<i8>(w0, 3);
        acc00 += a * w;
        acc10 += b * w;
        w = <i32>load<i8>(w1, 3);
        acc01 += a * w;
        acc11 += b * w;
      }
    } else {
      for (let k: u32 = 0; k < depth; k++) {
        let a = <i32>load<i8>(x0 + k);
        let b = <i32>load<i8>(x1 + k);
        let w = <i32>load<i8>(w0 + k);
        acc00 += a * w;
        acc10 += b * w;
        w = <i32>load<i8>(w1 + k);
        acc01 += a * w;
        acc11 += b * w;
        k++;
        a = <i32>load<i8>(x0 + k);
        b = <i32>load<i8>(x1 + k);
        w = <i32>load<i8>(w0 + k);
        acc00 += a * w;
        acc10 += b * w;
        w = <i32>load<i8>(w1 + k);
        acc01 += a * w;
        acc11 += b * w;
      }
    }
    // what does not exist is stored first, where what does overwrites it
    put(acc01, acc11, next, output + c1, p1 * outputStride);
    put(acc00, acc10, rows, output, p1 * outputStride);
    weights += 2 * depth;
    rows += 2 * TABLE_ROW_BYTES;
    output += 2;
  }
}

/** A channel of two input rows. */
function put(acc0: i32, acc1: i32, row: usize, output: usize, distance: u32): void {
  const multiplier = load<i32>(row, 4);
  const rounding = load<i32>(row, 8);
  const right = load<i32>(row, 12);
  if (right != 0) {
    store<i8>(output + distance, <i8>requantizeUsual(acc1, multiplier, rounding, right));
    store<i8>(output, <i8>requantizeUsual(acc0, multiplier, rounding, right));
  } else {
    store<i8>(output + distance, <i8>requantizeRow(acc1, row));
    store<i8>(output, <i8>requantizeRow(acc0, row));
  }
}

/** One row of inputs by two channels, an odd last one alone; sums go where the biases were until all are done. */
export function productRowScalar(
  input: usize,
  depth: u32,
  weights: usize,
  channels: u32,
  rows: usize,
  output: usize,
): void {
  const first = rows;
  const last = rows + TABLE_ROW_BYTES * channels;
  for (const twos = rows + TABLE_ROW_BYTES * (channels & ~1); rows < twos; rows += 2 * TABLE_ROW_BYTES) {
    const w1 = weights + depth;
    let acc0 = load<i32>(rows);
    let acc1 = load<i32>(rows, TABLE_ROW_BYTES);
    for (let k: u32 = 0; k < depth; k++) {
      let a = <i32>load<i8>(input + k);
      acc0 += a * <i32>load<i8>(weights + k);
      acc1 += a * <i32>load<i8>(w1 + k);
      k++;
      a = <i32>load<i8>(input + k);
      acc0 += a * <i32>load<i8>(weights + k);
      acc1 += a * <i32>load<i8>(w1 + k);
      k++;
      a = <i32>load<i8>(input + k);
      acc0 += a * <i32>load<i8>(weights + k);
      acc1 += a * <i32>load<i8>(w1 + k);
      k++;
      a = <i32>load<i8>(input + k);
      acc0 += a * <i32>load<i8>(weights + k);
      acc1 += a * <i32>load<i8>(w1 + k);
    }
    store<i32>(rows, acc0);
    store<i32>(rows, acc1, TABLE_ROW_BYTES);
    weights = w1 + depth;
  }
  if (rows < last) {
    let acc = load<i32>(rows);
    for (let k: u32 = 0; k < depth; k++) acc += <i32>load<i8>(input + k) * <i32>load<i8>(weights + k);
    store<i32>(rows, acc);
  }
  requantizeRows(first, channels, output);
}
