/**
 * product in portable integer operations: two rows of inputs, taken as they are, by two channels, so that each load
 * feeds two products. depth is a multiple of 4.
 */
import { TABLE_ROW_BYTES } from '../scratch.ts';
import { requantizeRow } from './table.ts';

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
    const x0 = input;
    const x1 = x0 + p1 * depth;
    let w0 = weights;
    let w1 = w0 + c1 * depth;
    const next = rows + c1 * TABLE_ROW_BYTES;
    let acc00 = load<i32>(rows);
    let acc01 = load<i32>(next);
    let acc10 = acc00;
    let acc11 = acc01;
    for (let k: u32 = 0; k < depth; k++) {
      const a = <i32>load<i8>(x0 + k);
      const b = <i32>load<i8>(x1 + k);
      const u = <i32>load<i8>(w0 + k);
      acc00 += a * u;
      acc10 += b * u;
      const v = <i32>load<i8>(w1 + k);
      acc01 += a * v;
      acc11 += b * v;
    }
    store<i8>(output, <i8>requantizeRow(acc00, rows));
    store<i8>(output + c1, <i8>requantizeRow(acc01, next));
    store<i8>(output + p1 * outputStride, <i8>requantizeRow(acc10, rows));
    store<i8>(output + p1 * outputStride + c1, <i8>requantizeRow(acc11, next));
    weights += 2 * depth;
    rows += 2 * TABLE_ROW_BYTES;
    output += 2;
  }
}

/** One row of inputs by two channels. */
export function productRowScalar(
  input: usize,
  depth: u32,
  weights: usize,
  channels: u32,
  rows: usize,
  output: usize,
): void {
  for (let c: u32 = 0; c < channels; c += 2) {
    const c1 = c + 1 < channels ? <usize>1 : 0;
    let x = input;
    let w0 = weights;
    let w1 = w0 + c1 * depth;
    const next = rows + c1 * TABLE_ROW_BYTES;
    let acc0 = load<i32>(rows);
    let acc1 = load<i32>(next);
    for (const end = x + depth; x < end; x += 4, w0 += 4, w1 += 4) {
      const a0 = <i32>load<i8>(x);
      acc0 += a0 * <i32>load<i8>(w0);
      acc1 += a0 * <i32>load<i8>(w1);
      const a1 = <i32>load<i8>(x, 1);
      acc0 += a1 * <i32>load<i8>(w0, 1);
      acc1 += a1 * <i32>load<i8>(w1, 1);
      const a2 = <i32>load<i8>(x, 2);
      acc0 += a2 * <i32>load<i8>(w0, 2);
      acc1 += a2 * <i32>load<i8>(w1, 2);
      const a3 = <i32>load<i8>(x, 3);
      acc0 += a3 * <i32>load<i8>(w0, 3);
      acc1 += a3 * <i32>load<i8>(w1, 3);
    }
    store<i8>(output, <i8>requantizeRow(acc0, rows));
    store<i8>(output + c1, <i8>requantizeRow(acc1, next));
    weights += 2 * depth;
    rows += 2 * TABLE_ROW_BYTES;
    output += 2;
  }
}
