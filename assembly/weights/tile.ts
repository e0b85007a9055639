/** Rows of tiles, each of which is the MLP of a code of its own. */
import * as F from '../format.ts';
import { generatorCodeLength, generatorOutputs, sourceRowLength, sourceRows } from '../image.ts';
import { BAD_GENERATOR, BAD_SOURCE, OK } from '../status.ts';
import { evaluateCode, proveCodes, workOfCode } from './mlp.ts';

/** Kind of the sources and generators that this file proves and writes. */
export const TILE: u32 = 3;

/** A generator: nothing but an MLP. */
export function proveTile(generator: usize): i32 {
  return generatorCodeLength(generator) != 0 ? OK : BAD_GENERATOR;
}

/** A source: a row is a whole number of tiles, and each has a code. */
export function proveTiles(source: usize, generator: usize, weightBytes: u32): i32 {
  const rowLength = sourceRowLength(source);
  const tileLength = generatorOutputs(generator);
  if (rowLength % tileLength != 0) return BAD_SOURCE;
  return proveCodes((sourceRows(source) * rowLength) / tileLength, source, generator, weightBytes);
}

/** What making all tiles takes. */
export function workOfTiles(generator: usize, weights: u32): u64 {
  return <u64>(weights / generatorOutputs(generator) + 1) * workOfCode(generator);
}

/** Rows as `writeRows`. */
export function writeTiles(
  generator: usize,
  weights: usize,
  codes: usize,
  row: u32,
  count: u32,
  rowLength: u32,
  destination: usize,
  workspace: usize,
): void {
  const tileLength = generatorOutputs(generator);
  const first = (row * rowLength) / tileLength;
  const last = ((row + count) * rowLength) / tileLength;
  for (let tile = first; tile < last; tile++) {
    evaluateCode(generator, weights, codes, tile, workspace, destination);
    destination += tileLength;
  }
}
