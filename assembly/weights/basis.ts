/** Rows mixed from the rows of basis matrices: the coefficients of a group of rows are the MLP of its code. */
import { lies } from '../bounds.ts';
import { FEATURE_ENCODING, FEATURE_MIX } from '../features.ts';
import { clamp, requantize } from '../fixed.ts';
import * as F from '../format.ts';
import { generatorCodeLength, generatorHidden, generatorOutputs, sourceRowLength, sourceRows } from '../image.ts';
import { uses } from '../intrinsics/core.ts';
import { HAS_VECTORS } from '../intrinsics/instructions.ts';
import { MIX_TABLE_BYTES, roundUp4 } from '../scratch.ts';
import { BAD_GENERATOR, BAD_SOURCE, NOT_BUILT_IN, OK } from '../status.ts';
import { mixTabledMve } from './mix.mve.ts';
import { mixRow, proveMix } from './mix.ts';
import { evaluateCode, workOfCode } from './mlp.ts';
import { isMixable, packedBytes, unpack } from './packed.ts';

/** Kind of the sources and generators that this file proves and mixes. */
export const BASIS: u32 = 2;

/** A generator: without an MLP one matrix, which is taken as it is; all matrices inside WEIGHTS. */
export function proveBasis(generator: usize, weightBytes: u32): i32 {
  const codeLength = generatorCodeLength(generator);
  const outputs = generatorOutputs(generator);
  const encoding = <u32>load<u8>(generator, F.GENERATOR_BASIS_ENCODING_AT);
  const rows = <u32>load<u16>(generator, F.GENERATOR_BASIS_ROWS_AT);
  const columns = <u32>load<u16>(generator, F.GENERATOR_BASIS_COLUMNS_AT);
  if ((codeLength == 0 && outputs != 1) || rows == 0 || columns == 0 || !isMixable(encoding)) return BAD_GENERATOR;
  // the general mix, but for the table of two INT2 matrices
  if (
    !uses(FEATURE_ENCODING + encoding) ||
    (!uses(FEATURE_MIX) && (encoding != F.ENCODING_INT2 || codeLength == 0 || outputs > 2))
  )
    return NOT_BUILT_IN;
  const bytes = <u64>(rows * packedBytes(encoding, columns)) * outputs;
  return bytes <= weightBytes && lies(load<u32>(generator, F.GENERATOR_BASIS_AT), <u32>bytes, weightBytes)
    ? OK
    : BAD_GENERATOR;
}

/** A source: no larger than the basis. */
export function proveBasisRows(source: usize, generator: usize, weightBytes: u32): i32 {
  if (
    sourceRows(source) > <u32>load<u16>(generator, F.GENERATOR_BASIS_ROWS_AT) ||
    sourceRowLength(source) > <u32>load<u16>(generator, F.GENERATOR_BASIS_COLUMNS_AT)
  )
    return BAD_SOURCE;
  return proveMix(source, generator, weightBytes);
}

/** What making all rows takes: a code is evaluated anew for each run of them. */
export function workOfBasis(generator: usize, rows: u32, weights: u32): u64 {
  const outputs = generatorOutputs(generator);
  return <u64>weights * (2 + (outputs >> 1)) + <u64>(2 * rows + 2) * workOfCode(generator);
}

/** Rows as `writeRows`; workspace: | code | hidden | h | table of sums | basis rows i8[outputs][rowLength] | */
export function writeBasis(
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
  const codeLength = generatorCodeLength(generator);
  const outputs = generatorOutputs(generator);
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
  const coefficients = workspace + codeLength + generatorHidden(generator);
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
    mixRow(coefficients, rows, outputs, rowLength, multiplier, shift, destination);
    destination += rowLength;
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
  if (HAS_VECTORS) {
    mixTabledMve(first, second, count, sums, destination);
    return;
  }
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
