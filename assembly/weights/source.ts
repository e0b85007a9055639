/**
 * Weight sources: whatever an operator's weights are made of, this file turns them into rows of INT8.
 *
 *   STORED   rows unpacked from the image, or decoded (rice.ts)
 *   BASIS    row r of layer l = sum_j h[j] * basis[j][r], h = MLP(code of the row's group); one basis for all layers
 *   TILE     row r = MLP(code of tile 0), MLP(code of tile 1), ...
 *   CODEBOOK row r = entry[index 0], entry[index 1], ..., the last one cut to what is left of the row
 */
import { uses } from '../dsp/intrinsics.ts';
import { FEATURE_MIX, FEATURE_SOURCE } from '../features.ts';
import { clamp, requantize } from '../fixed.ts';
import * as F from '../format.ts';
import { sourceKind, sourceRowLength, sourceRows } from '../image.ts';
import { MIX_TABLE_BYTES, roundUp4 } from '../scratch.ts';
import { evaluate } from './mlp.ts';
import { indexAt, isEncoding, packedBytes, unpack } from './packed.ts';
import { unpackRice } from './rice.ts';

/**
 * Materialises rows [row, row + count) as i8[count][rowLength] at destination.
 * source: its record; generators, weights: those sections; workspace: generatorScratch bytes (unused for STORED and CODEBOOK).
 */
export function writeRows(
  source: usize,
  generators: usize,
  weights: usize,
  row: u32,
  count: u32,
  destination: usize,
  workspace: usize,
): void {
  const kind = sourceKind(source);
  const rowLength = sourceRowLength(source);
  const data = weights + load<u32>(source, F.SOURCE_DATA_AT);
  if (kind == F.SOURCE_STORED) {
    const encoding = <u32>load<u8>(source, F.SOURCE_ENCODING_AT);
    if (isEncoding(encoding, F.ENCODING_RICE)) {
      unpackRice(data, sourceRows(source), row, count, rowLength, destination);
      return;
    }
    const rowBytes = packedBytes(encoding, rowLength);
    for (let r = row; r < row + count; r++) {
      unpack(encoding, data + r * rowBytes, rowLength, destination);
      destination += rowLength;
    }
    return;
  }
  const generator = generators + <u32>load<u16>(source, F.SOURCE_GENERATOR_AT) * F.GENERATOR_BYTES;
  if (uses(FEATURE_SOURCE + F.SOURCE_BASIS) && kind == F.SOURCE_BASIS)
    mixRows(source, generator, weights, data, row, count, rowLength, destination, workspace);
  if (uses(FEATURE_SOURCE + F.SOURCE_TILE) && kind == F.SOURCE_TILE)
    writeTiles(generator, weights, data, row, count, rowLength, destination, workspace);
  if (uses(FEATURE_SOURCE + F.SOURCE_CODEBOOK) && kind == F.SOURCE_CODEBOOK)
    copyEntries(generator, weights, data, row, count, rowLength, destination);
}

/** workspace: | code | hidden | h | table of sums | basis rows i8[outputs][rowLength] | */
function mixRows(
  source: usize,
  generator: usize,
  weights: usize,
  codes: usize,
  row: u32,
  count: u32,
  rowLength: u32,
  destination: usize,
  workspace: usize,
): void {
  const codeLength = <u32>load<u8>(generator, F.GENERATOR_CODE_LENGTH_AT);
  const outputs = <u32>load<u8>(generator, F.GENERATOR_OUTPUTS_AT);
  const encoding = <u32>load<u8>(generator, F.GENERATOR_BASIS_ENCODING_AT);
  const rowBytes = packedBytes(encoding, <u32>load<u16>(generator, F.GENERATOR_BASIS_COLUMNS_AT));
  const matrixBytes = rowBytes * <u32>load<u16>(generator, F.GENERATOR_BASIS_ROWS_AT);
  const basis = weights + load<u32>(generator, F.GENERATOR_BASIS_AT);
  if (uses(FEATURE_MIX) && codeLength == 0) {
    // one matrix and no code: the layer is a slice of it
    for (let r = row; r < row + count; r++, destination += rowLength)
      unpack(encoding, basis + r * rowBytes, rowLength, destination);
    return;
  }
  const rowsPerCode = <u32>load<u16>(source, F.SOURCE_ROWS_PER_CODE_AT);
  const multiplier = load<i32>(source, F.SOURCE_MULTIPLIER_AT);
  const shift = <i32>load<i8>(source, F.SOURCE_SHIFT_AT);
  const coefficients = workspace + codeLength + <u32>load<u8>(generator, F.GENERATOR_HIDDEN_AT);
  const sums = workspace + roundUp4(<u32>(coefficients - workspace) + outputs);
  const rows = sums + MIX_TABLE_BYTES;
  const tabled = !uses(FEATURE_MIX) || (encoding == F.ENCODING_INT2 && outputs <= 2);
  let evaluatedGroup: u32 = 0xffffffff;
  for (let r = row; r < row + count; r++) {
    const group = r / rowsPerCode;
    if (group != evaluatedGroup) {
      evaluateCode(generator, weights, codes, group, workspace, coefficients);
      if (tabled) tabulateSums(coefficients, outputs, multiplier, shift, sums);
    }
    evaluatedGroup = group;
    if (tabled) {
      const first = basis + r * rowBytes;
      mixTabled(first, outputs > 1 ? first + matrixBytes : first, rowLength, sums, destination);
      destination += rowLength;
      continue;
    }
    for (let j: u32 = 0; j < outputs; j++)
      unpack(encoding, basis + j * matrixBytes + r * rowBytes, rowLength, rows + j * rowLength);
    for (let k: u32 = 0; k < rowLength; k++) {
      let acc = 0;
      for (let j: u32 = 0; j < outputs; j++)
        acc += <i32>load<i8>(coefficients + j) * <i32>load<i8>(rows + j * rowLength + k);
      store<i8>(destination++, <i8>clamp(requantize(acc, multiplier, shift), -127, 127));
    }
  }
}

/**
 * Two INT2 matrices have 16 pairs of values and so 16 different weights to a code: a table of them replaces multiplying
 * and requantising each. Index: field of the first matrix + 4 * field of the second; with one matrix the second counts
 * nothing. 7 instructions a weight on Cortex-M7 where the general path takes 65.
 */
function tabulateSums(coefficients: usize, outputs: u32, multiplier: i32, shift: i32, sums: usize): void {
  const first = <i32>load<i8>(coefficients);
  const second = outputs > 1 ? <i32>load<i8>(coefficients, 1) : 0;
  for (let i = 0; i < <i32>MIX_TABLE_BYTES; i++) {
    const sum = first * (2 * (i & 3) - 3) + second * (2 * (i >> 2) - 3);
    store<i8>(sums + i, <i8>clamp(requantize(sum, multiplier, shift), -127, 127));
  }
}

/** destination i8[count] <- the sums of two packed rows, four values a byte. */
function mixTabled(first: usize, second: usize, count: u32, sums: usize, destination: usize): void {
  for (let k: u32 = 0; k < count; k += 4) {
    const a = <u32>load<u8>(first++);
    const b = <u32>load<u8>(second++);
    // two indices in each: of values 0 and 2, of values 1 and 3
    const even = (a & 0x33) | ((b & 0x33) << 2);
    const odd = ((a >> 2) & 0x33) | (b & 0xcc);
    const to = destination + k;
    store<u8>(to, load<u8>(sums + (even & 15)));
    if (k + 1 < count) store<u8>(to, load<u8>(sums + (odd & 15)), 1);
    if (k + 2 < count) store<u8>(to, load<u8>(sums + (even >> 4)), 2);
    if (k + 3 < count) store<u8>(to, load<u8>(sums + (odd >> 4)), 3);
  }
}

/** A row is a whole number of tiles; each tile has a code of its own. */
function writeTiles(
  generator: usize,
  weights: usize,
  codes: usize,
  row: u32,
  count: u32,
  rowLength: u32,
  destination: usize,
  workspace: usize,
): void {
  const tileLength = <u32>load<u8>(generator, F.GENERATOR_OUTPUTS_AT);
  const first = (row * rowLength) / tileLength;
  const last = ((row + count) * rowLength) / tileLength;
  for (let tile = first; tile < last; tile++) {
    evaluateCode(generator, weights, codes, tile, workspace, destination);
    destination += tileLength;
  }
}

/** Each index of a row stands for an entry of the codebook; an entry that reaches past the end of its row is cut. */
function copyEntries(
  generator: usize,
  weights: usize,
  data: usize,
  row: u32,
  count: u32,
  rowLength: u32,
  destination: usize,
): void {
  const encoding = <u32>load<u8>(generator, F.GENERATOR_CODE_ENCODING_AT);
  const length = <u32>load<u8>(generator, F.GENERATOR_OUTPUTS_AT);
  const entries = weights + load<u32>(generator, F.GENERATOR_BASIS_AT);
  const rowBytes = packedBytes(encoding, (rowLength + length - 1) / length);
  let indices = data + row * rowBytes;
  for (let r: u32 = 0; r < count; r++, indices += rowBytes) {
    let left = rowLength;
    for (let i: u32 = 0; left > 0; i++) {
      let entry = entries + indexAt(encoding, indices, i) * length;
      const end = destination + min(length, left);
      left -= <u32>(end - destination);
      while (destination < end) store<u8>(destination++, load<u8>(entry++));
    }
  }
}

/** output i8[outputs] = MLP(codes[index]); workspace: | code | hidden | */
function evaluateCode(
  generator: usize,
  weights: usize,
  codes: usize,
  index: u32,
  workspace: usize,
  output: usize,
): void {
  const encoding = <u32>load<u8>(generator, F.GENERATOR_CODE_ENCODING_AT);
  const codeLength = <u32>load<u8>(generator, F.GENERATOR_CODE_LENGTH_AT);
  unpack(encoding, codes + index * packedBytes(encoding, codeLength), codeLength, workspace);
  evaluate(generator, weights + load<u32>(generator, F.GENERATOR_MLP_AT), workspace, workspace + codeLength, output);
}
