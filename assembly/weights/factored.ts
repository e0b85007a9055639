/** Rows that are products of two factors, [rows][rank] and [rank][columns]: weights of low rank. */
import { isFactor, lies } from '../bounds.ts';
import { FEATURE_ENCODING } from '../features.ts';
import * as F from '../format.ts';
import { generatorCodeLength, generatorHidden, generatorOutputs, sourceRowLength, sourceRows } from '../image.ts';
import { uses } from '../intrinsics/core.ts';
import { roundUp4 } from '../scratch.ts';
import { BAD_GENERATOR, BAD_SOURCE, NOT_BUILT_IN, OK } from '../status.ts';
import { mixRow } from './mix.ts';
import { isMixable, packedBytes, unpack } from './packed.ts';

/** Kind of the sources and generators that this file proves and multiplies. */
export const FACTORED: u32 = 6;

/** A generator: the right factor inside WEIGHTS, and how the left ones of its sources are encoded; no MLP. */
export function proveFactor(generator: usize, weightBytes: u32): i32 {
  const left = <u32>load<u8>(generator, F.GENERATOR_CODE_ENCODING_AT);
  const right = <u32>load<u8>(generator, F.GENERATOR_BASIS_ENCODING_AT);
  const columns = <u32>load<u16>(generator, F.GENERATOR_BASIS_COLUMNS_AT);
  const isNone = (generatorCodeLength(generator) | generatorHidden(generator)) == 0;
  if (!isNone || columns == 0 || !isMixable(left) || !isMixable(right)) return BAD_GENERATOR;
  if (!uses(FEATURE_ENCODING + left) || !uses(FEATURE_ENCODING + right)) return NOT_BUILT_IN;
  const bytes = generatorOutputs(generator) * packedBytes(right, columns);
  return lies(load<u32>(generator, F.GENERATOR_BASIS_AT), bytes, weightBytes) ? OK : BAD_GENERATOR;
}

/** A source: rows no longer than those of the right factor, a left one inside WEIGHTS, and a factor to INT8. */
export function proveFactored(source: usize, generator: usize, weightBytes: u32): i32 {
  const left = <u32>load<u8>(generator, F.GENERATOR_CODE_ENCODING_AT);
  const bytes = sourceRows(source) * packedBytes(left, generatorOutputs(generator));
  return sourceRowLength(source) <= <u32>load<u16>(generator, F.GENERATOR_BASIS_COLUMNS_AT) &&
    isFactor(load<i32>(source, F.SOURCE_MULTIPLIER_AT), <i32>load<i8>(source, F.SOURCE_SHIFT_AT)) &&
    lies(load<u32>(source, F.SOURCE_DATA_AT), bytes, weightBytes)
    ? OK
    : BAD_SOURCE;
}

/** What making all rows takes: the right factor is unpacked for each run of them. */
export function workOfFactored(generator: usize, rows: u32, rowLength: u32): u64 {
  const rank = generatorOutputs(generator);
  const products = <u64>(rows * rowLength) * (4 + (rank >> 1));
  return products + <u64>(rank * rowLength) * (rows / F.STREAM_ROWS + 1) + <u64>rows * (8 + rank);
}

/** Rows as `writeRows`; workspace: | row of the left factor | right factor i8[rank][rowLength] | */
export function writeFactored(
  source: usize,
  generator: usize,
  weights: usize,
  lefts: usize,
  row: u32,
  count: u32,
  rowLength: u32,
  destination: usize,
  workspace: usize,
): void {
  const rank = generatorOutputs(generator);
  const left = <u32>load<u8>(generator, F.GENERATOR_CODE_ENCODING_AT);
  const right = <u32>load<u8>(generator, F.GENERATOR_BASIS_ENCODING_AT);
  const leftBytes = packedBytes(left, rank);
  const rightBytes = packedBytes(right, <u32>load<u16>(generator, F.GENERATOR_BASIS_COLUMNS_AT));
  const factor = weights + load<u32>(generator, F.GENERATOR_BASIS_AT);
  const rights = workspace + roundUp4(rank);
  for (let j: u32 = 0; j < rank; j++) unpack(right, factor + j * rightBytes, rowLength, rights + j * rowLength);
  for (let r = row; r < row + count; r++, destination += rowLength) {
    unpack(left, lefts + r * leftBytes, rank, workspace);
    mixRow(
      workspace,
      rights,
      rank,
      rowLength,
      load<i32>(source, F.SOURCE_MULTIPLIER_AT),
      <i32>load<i8>(source, F.SOURCE_SHIFT_AT),
      destination,
    );
  }
}
