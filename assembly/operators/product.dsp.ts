/**
 * product with the DSP extension: SXTB16 splits four INT8 into two pairs of int16, SMLAD multiplies and adds a pair.
 * 2 x 2 blocks, 20 instructions per 16 products. Every row begins on a word and depth is a multiple of 4.
 */
import { smlad, sxtb16, sxtb16r8 } from '../dsp/intrinsics.ts';
import { TABLE_ROW_BYTES } from '../scratch.ts';
import { requantizeRow } from './table.ts';

export function productDsp(
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
      const end = x0 + depth;
      while (x0 < end) {
        const a = load<i32>(x0);
        const b = load<i32>(x1);
        const u = load<i32>(w0);
        const v = load<i32>(w1);
        const aEven = sxtb16(a),
          aOdd = sxtb16r8(a);
        const bEven = sxtb16(b),
          bOdd = sxtb16r8(b);
        const uEven = sxtb16(u),
          uOdd = sxtb16r8(u);
        const vEven = sxtb16(v),
          vOdd = sxtb16r8(v);
        acc00 = smlad(aOdd, uOdd, smlad(aEven, uEven, acc00));
        acc01 = smlad(aOdd, vOdd, smlad(aEven, vEven, acc01));
        acc10 = smlad(bOdd, uOdd, smlad(bEven, uEven, acc10));
        acc11 = smlad(bOdd, vOdd, smlad(bEven, vEven, acc11));
        x0 += 4;
        x1 += 4;
        w0 += 4;
        w1 += 4;
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
