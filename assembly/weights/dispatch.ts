/**
 * Weight sources: whatever an operator's weights are made of becomes rows of INT8. Every kind once for each thing that is
 * done with one: the proof of its generator, of its source, what making rows takes, and making them. A kind is a file of
 * this folder, and a line in each of these.
 *
 *   STORED   rows unpacked from the image, or decoded (rice.ts)
 *   BASIS    row r of layer l = sum_j h[j] * basis[j][r], h = MLP(code of the row's group); one basis for all layers
 *   TILE     row r = MLP(code of tile 0), MLP(code of tile 1), ...
 *   CODEBOOK row r = entry[index 0], entry[index 1], ..., the last one cut to what is left of the row
 *   RANDOM   as BASIS, of matrices that are drawn from a seed
 *   FACTORED row r = sum_j left[r][j] * right[j]
 */

import { FEATURE_SOURCE } from '../features.ts';
import * as F from '../format.ts';
import { generatorAt, sourceKind, sourceRowLength, sourceRows } from '../image.ts';
import { uses } from '../intrinsics/core.ts';
import { BAD_GENERATOR, BAD_SOURCE } from '../status.ts';
import { BASIS, proveBasis, proveBasisRows, workOfBasis, writeBasis } from './basis.ts';
import { CODEBOOK, proveCodebook, proveIndices, writeEntries } from './codebook.ts';
import { FACTORED, proveFactor, proveFactored, workOfFactored, writeFactored } from './factored.ts';
import { proveMix } from './mix.ts';
import { proveRandom, RANDOM, workOfRandom, writeRandom } from './random.ts';
import { STORED, writeStored } from './stored.ts';
import { proveTile, proveTiles, TILE, workOfTiles, writeTiles } from './tile.ts';

export const LAST_SOURCE_KIND: u32 = FACTORED;

/** Whether a source is of a kind; never, at no cost, for a kind that this build leaves out. */
function isSource(kind: u32, wanted: u32): bool {
  return uses(FEATURE_SOURCE + wanted) && kind == wanted;
}

/** Whether sources of a kind have a generator; false for no kind. */
export function isGenerated(kind: u32): bool {
  return kind > STORED && kind <= LAST_SOURCE_KIND;
}

/** What openWeights.ts cannot know of a generator. Refuses what is nobody's. */
export function proveGenerator(kind: u32, generator: usize, weightBytes: u32): i32 {
  if (isSource(kind, BASIS)) return proveBasis(generator, weightBytes);
  if (isSource(kind, TILE)) return proveTile(generator);
  if (isSource(kind, CODEBOOK)) return proveCodebook(generator, weightBytes);
  if (isSource(kind, RANDOM)) return proveRandom(generator);
  if (isSource(kind, FACTORED)) return proveFactor(generator, weightBytes);
  return BAD_GENERATOR;
}

/** The same of a source with a generator, which is of its kind and proved. Returns the bytes of WEIGHTS that it read. */
export function proveGenerated(kind: u32, source: usize, generator: usize, weights: usize, weightBytes: u32): i32 {
  if (isSource(kind, BASIS)) return proveBasisRows(source, generator, weightBytes);
  if (isSource(kind, TILE)) return proveTiles(source, generator, weightBytes);
  if (isSource(kind, CODEBOOK)) return proveIndices(source, generator, weights, weightBytes);
  if (isSource(kind, RANDOM)) return proveMix(source, generator, weightBytes);
  if (isSource(kind, FACTORED)) return proveFactored(source, generator, weightBytes);
  return BAD_SOURCE;
}

/** Rows of matrices that a generator's workspace holds, in bytes each. */
export function matrixRowBytes(kind: u32, rowLength: u32): u32 {
  return kind == BASIS || isSource(kind, RANDOM) || isSource(kind, FACTORED) ? rowLength : 0;
}

/** Units of work (work.ts) that making all rows of a source takes, some at a time. */
export function workOfSource(source: usize, generators: usize): u64 {
  const kind = sourceKind(source);
  const rows = sourceRows(source);
  const weights = rows * sourceRowLength(source);
  if (kind == STORED || kind == CODEBOOK) return 32 + weights;
  const generator = generatorAt(generators, <u32>load<u16>(source, F.SOURCE_GENERATOR_AT));
  if (isSource(kind, TILE)) return workOfTiles(generator, weights);
  if (isSource(kind, RANDOM)) return workOfRandom(generator, rows, weights);
  if (isSource(kind, FACTORED)) return workOfFactored(generator, rows, sourceRowLength(source));
  return workOfBasis(generator, rows, weights);
}

/**
 * Materialises rows [row, row + count) as i8[count][rowLength] at destination. source: its record; generators, weights:
 * those sections; workspace: generatorScratch bytes (unused for STORED and CODEBOOK).
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
  if (kind == STORED) {
    writeStored(source, data, row, count, rowLength, destination);
    return;
  }
  const generator = generatorAt(generators, <u32>load<u16>(source, F.SOURCE_GENERATOR_AT));
  if (isSource(kind, BASIS))
    writeBasis(source, generator, weights, data, row, count, rowLength, destination, workspace);
  if (isSource(kind, TILE)) writeTiles(generator, weights, data, row, count, rowLength, destination, workspace);
  if (isSource(kind, RANDOM))
    writeRandom(source, generator, weights, data, row, count, rowLength, destination, workspace);
  if (isSource(kind, FACTORED))
    writeFactored(source, generator, weights, data, row, count, rowLength, destination, workspace);
  if (isSource(kind, CODEBOOK)) writeEntries(generator, weights, data, row, count, rowLength, destination);
}
