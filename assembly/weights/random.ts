/**
 * Rows mixed from random matrices, which a seed of 32 bits stands for: a basis that takes no bytes.
 *
 * A row of a matrix is a sequence of its own, so that rows can be made in any order: draw b of row r of matrix j is
 *
 *   scramble(scramble(scramble(seed + GOLDEN) + (j << 16 | r)) + b)
 *
 * The two halves of a draw, the low one first, are eight values each: the fraction half / 2^16 in base 3, digit for
 * digit, less 1. Multiplying by 3 permutes the halves, so every value is -1 in 21,846 cases of 65,536, and 0 and 1 in
 * 21,845 each; any eight of a half are together in 9 or 10 cases.
 */
import * as F from '../format.ts';
import { generatorCodeLength, generatorHidden, generatorOutputs } from '../image.ts';
import { roundUp4 } from '../scratch.ts';
import { BAD_GENERATOR, OK } from '../status.ts';
import { mixRow } from './mix.ts';
import { evaluateCode, workOfCode } from './mlp.ts';

/** Kind of the sources and generators that this file proves and draws. */
export const RANDOM: u32 = 5;

/** 2^32 / golden ratio: without it draw 0 of seed 0, the most likely one, would be 0, and all its values -1. */
const GOLDEN: u32 = 0x9e3779b9;

/** A generator: ternary, of no size, without an MLP one matrix; any seed is good. Its sources are as proveMix says. */
export function proveRandom(generator: usize): i32 {
  return load<u8>(generator, F.GENERATOR_BASIS_ENCODING_AT) == F.ENCODING_TERNARY &&
    (load<u16>(generator, F.GENERATOR_BASIS_ROWS_AT) | load<u16>(generator, F.GENERATOR_BASIS_COLUMNS_AT)) == 0 &&
    (generatorCodeLength(generator) != 0 || generatorOutputs(generator) == 1)
    ? OK
    : BAD_GENERATOR;
}

/** What making all rows takes: a row of each matrix begins anew, a code for each run of rows. */
export function workOfRandom(generator: usize, rows: u32, weights: u32): u64 {
  const outputs = generatorOutputs(generator);
  return <u64>weights * (2 + outputs) + <u64>(4 * rows) * outputs + <u64>(2 * rows + 2) * workOfCode(generator);
}

/** Rows as `writeRows`; workspace: | code | hidden | h | rows of the matrices i8[outputs][rowLength] | */
export function writeRandom(
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
  const seed = load<u32>(generator, F.GENERATOR_BASIS_AT);
  const codeLength = generatorCodeLength(generator);
  const outputs = generatorOutputs(generator);
  const rowsPerCode = <u32>load<u16>(source, F.SOURCE_ROWS_PER_CODE_AT);
  const coefficients = workspace + codeLength + generatorHidden(generator);
  const parts = workspace + roundUp4(<u32>(coefficients - workspace) + outputs);
  let evaluatedGroup: u32 = 0xffffffff;
  for (let r = row; r < row + count; r++, destination += rowLength) {
    if (codeLength == 0) {
      drawRow(seed, r, rowLength, destination);
      continue;
    }
    const group = r / rowsPerCode;
    if (group != evaluatedGroup) evaluateCode(generator, weights, codes, group, workspace, coefficients);
    evaluatedGroup = group;
    for (let j: u32 = 0; j < outputs; j++) drawRow(seed, (j << 16) | r, rowLength, parts + j * rowLength);
    mixRow(
      coefficients,
      parts,
      outputs,
      rowLength,
      load<i32>(source, F.SOURCE_MULTIPLIER_AT),
      <i32>load<i8>(source, F.SOURCE_SHIFT_AT),
      destination,
    );
  }
}

/** destination i8[count] <- the first values of a row; which: its matrix << 16 | its number */
function drawRow(seed: u32, which: u32, count: u32, destination: usize): void {
  let state = scramble(scramble(seed + GOLDEN) + which);
  let draw: u32 = 0;
  let fraction: u32 = 0;
  for (let k: u32 = 0; k < count; k++) {
    if ((k & 7) == 0) {
      draw = (k & 8) == 0 ? scramble(state++) : draw >> 16;
      fraction = draw & 0xffff;
    }
    fraction *= 3;
    store<i8>(destination + k, <i8>(<i32>(fraction >> 16) - 1));
    fraction &= 0xffff;
  }
}

/** A bijection in which every bit depends on every bit of x: the finaliser of MurmurHash3 (A. Appleby). */
function scramble(x: u32): u32 {
  x = (x ^ (x >> 16)) * 0x85ebca6b;
  x = (x ^ (x >> 13)) * 0xc2b2ae35;
  return x ^ (x >> 16);
}
