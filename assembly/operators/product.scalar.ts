/** product in portable integer operations: blocks of 2 positions x 2 channels, so that each load feeds two products. */
import { TABLE_ROW_BYTES } from '../scratch.ts';
import { requantizeRow } from './table.ts';

export function productScalar(
  input: usize,
  positions: u32,
  depth: u32,
  weights: usize,
  channels: u32,
  rows: usize,
  output: usize,
  outputStride: u32,
  low: i32,
  high: i32,
): void {
  for (let p: u32 = 0; p < positions; p += 2) {
    // An odd last position or channel is computed twice and stored once: one loop for all sizes.
    const p1 = p + 1 < positions ? <usize>1 : 0;
    let weight = weights;
    let row = rows;
    let out = output + p * outputStride;
    for (let c: u32 = 0; c < channels; c += 2) {
      const c1 = c + 1 < channels ? <usize>1 : 0;
      let x0 = input + p * depth;
      let x1 = x0 + p1 * depth;
      let w0 = weight;
      let w1 = w0 + c1 * depth;
      let acc00 = load<i32>(row);
      let acc01 = load<i32>(row + c1 * TABLE_ROW_BYTES);
      let acc10 = acc00;
      let acc11 = acc01;
      for (let k: u32 = 0; k < depth; k++) {
        const a = <i32>load<i8>(x0++);
        const b = <i32>load<i8>(x1++);
        const u = <i32>load<i8>(w0++);
        const v = <i32>load<i8>(w1++);
        acc00 += a * u;
        acc01 += a * v;
        acc10 += b * u;
        acc11 += b * v;
      }
      const next = row + c1 * TABLE_ROW_BYTES;
      store<i8>(out, <i8>requantizeRow(acc00, row, low, high));
      store<i8>(out + c1, <i8>requantizeRow(acc01, next, low, high));
      store<i8>(out + p1 * outputStride, <i8>requantizeRow(acc10, row, low, high));
      store<i8>(out + p1 * outputStride + c1, <i8>requantizeRow(acc11, next, low, high));
      weight += 2 * depth;
      row += 2 * TABLE_ROW_BYTES;
      out += 2;
    }
  }
}
