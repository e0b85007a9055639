/**
 * Rows mixed from the rows of matrices, in proportions that the MLP makes of a code: what does not ask where the
 * matrices come from.
 */
import { isFactor } from '../bounds.ts';
import { clamp, requantize } from '../fixed.ts';
import * as F from '../format.ts';
import { generatorCodeLength, sourceRows } from '../image.ts';
import { HAS_VECTORS } from '../intrinsics/instructions.ts';
import { BAD_SOURCE, OK } from '../status.ts';
import { mixEights } from './mix.mve.ts';
import { proveCodes } from './mlp.ts';

/** Of a source: a factor, and a code for each group of rows; without an MLP neither. */
export function proveMix(source: usize, generator: usize, weightBytes: u32): i32 {
  if (generatorCodeLength(generator) == 0) return OK;
  const rowsPerCode = <u32>load<u16>(source, F.SOURCE_ROWS_PER_CODE_AT);
  if (
    rowsPerCode == 0 ||
    !isFactor(load<i32>(source, F.SOURCE_MULTIPLIER_AT), <i32>load<i8>(source, F.SOURCE_SHIFT_AT))
  )
    return BAD_SOURCE;
  return proveCodes((sourceRows(source) + rowsPerCode - 1) / rowsPerCode, source, generator, weightBytes);
}

/** destination i8[count] <- clamp(requantize(sum_j coefficients[j] * rows[j][k])); rows i8[matrices][count] */
export function mixRow(
  coefficients: usize,
  rows: usize,
  matrices: u32,
  count: u32,
  multiplier: i32,
  shift: i32,
  destination: usize,
): void {
  let k: u32 = 0;
  if (HAS_VECTORS) {
    k = mixEights(coefficients, rows, matrices, count, multiplier, shift, destination);
    destination += k;
  }
  for (; k < count; k++) {
    let acc = 0;
    for (let j: u32 = 0; j < matrices; j++)
      acc += <i32>load<i8>(coefficients + j) * <i32>load<i8>(rows + j * count + k);
    store<i8>(destination++, <i8>clamp(requantize(acc, multiplier, shift), -127, 127));
  }
}
