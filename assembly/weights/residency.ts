/**
 * When and where the weights of an operator are INT8: in flash, where they are read in place; in a cache, written by `load`
 * (boot) or the first run (lazy); or in scratch, some rows at a time in every run (stream). The proof, then the ways.
 */
import {
  boundGenerators,
  boundProgram,
  boundSource,
  boundWeights,
  cacheOf,
  isReady,
  scratchOf,
  setReady,
} from '../arena.ts';
import { fits } from '../bounds.ts';
import { FEATURE_CACHE, FEATURE_LARGE_PROGRAM, FEATURE_STREAM } from '../features.ts';
import * as F from '../format.ts';
import {
  generatorAt,
  generatorCodeLength,
  generatorHidden,
  generatorOutputs,
  isKind,
  operatorAt,
  operatorKind,
  operatorOutput,
  operatorResidency,
  planAt,
  scratchBeforeRows,
  sectionAt,
  sourceKind,
  sourceRowLength,
  sourceRows,
  tensorAt,
  tensorCount,
} from '../image.ts';
import { uses } from '../intrinsics/core.ts';
import { FEW_OPERATORS } from '../limits.ts';
import { generatorScratch, rowScratch } from '../scratch.ts';
import { BAD_PLAN, BAD_RESIDENCY, BAD_SCRATCH, NOT_BUILT_IN, OK } from '../status.ts';
import { matrixRowBytes, writeRows } from './dispatch.ts';
import { STORED } from './stored.ts';

/** The residency is possible, its cache lies in the arena, and the scratch is large enough. */
export function proveResidency(
  image: usize,
  program: usize,
  index: u32,
  operator: usize,
  output: usize,
  source: usize,
): i32 {
  const residency = operatorResidency(operator);
  const rows = sourceRows(source);
  const rowLength = sourceRowLength(source);
  const stored = sourceKind(source) == STORED;
  const inPlace = stored && <u32>load<u8>(source, F.SOURCE_ENCODING_AT) == F.ENCODING_INT8;
  if (residency > F.RESIDENCY_STREAM || (residency == F.RESIDENCY_FLASH && !inPlace)) return BAD_RESIDENCY;
  if (!uses(FEATURE_STREAM) && residency == F.RESIDENCY_STREAM) return NOT_BUILT_IN;
  if (residency != F.RESIDENCY_FLASH && residency != F.RESIDENCY_STREAM) {
    if (!uses(FEATURE_CACHE)) return NOT_BUILT_IN;
    if (uses(FEATURE_LARGE_PROGRAM) && index >= FEW_OPERATORS) return BAD_RESIDENCY;
    const units = <u32>load<u16>(planAt(program) + 2 * (tensorCount(program) + index));
    if (!fits(program, units, rows * rowLength)) return BAD_PLAN;
  }
  const scratch = scratchBytes(image, operator, output, source);
  const place = <u32>load<u16>(operator, F.OPERATOR_SCRATCH_AT);
  return fits(program, place, scratch) ? OK : BAD_SCRATCH;
}

/** Bytes of scratch of an operator with weights. */
export function scratchBytes(image: usize, operator: usize, output: usize, source: usize): u32 {
  const residency = operatorResidency(operator);
  const rows = sourceRows(source);
  const rowLength = sourceRowLength(source);
  let scratch =
    scratchBeforeRows(operator, output, rowLength) + rowScratch(operatorKind(operator), residency, rows, rowLength);
  if (sourceKind(source) != STORED) {
    const generator = generatorAt(
      sectionAt(image, F.SECTION_GENERATORS),
      <u32>load<u16>(source, F.SOURCE_GENERATOR_AT),
    );
    scratch += generatorScratch(
      generatorCodeLength(generator),
      generatorHidden(generator),
      generatorOutputs(generator),
      matrixRowBytes(sourceKind(source), rowLength),
    );
  }
  return scratch;
}

/** Weights of an operator: in flash, in the cache, or, of a streamed depthwise one, all taps in scratch. */
export function weightsOf(arena: usize, index: u32, operator: usize, source: usize): usize {
  const residency = operatorResidency(operator);
  if (uses(FEATURE_CACHE) && (residency == F.RESIDENCY_BOOT || residency == F.RESIDENCY_LAZY)) {
    if (!isReady(arena, index)) fillCache(arena, index);
    return cacheOf(arena, index);
  }
  if (isKind(operatorKind(operator), F.DEPTHWISE) && isStreamed(residency)) {
    const rows = rowsOf(arena, operator, source);
    materialise(arena, operator, source, 0, sourceRows(source), rows);
    return rows;
  }
  return boundWeights(arena) + load<u32>(source, F.SOURCE_DATA_AT);
}

export function isStreamed(residency: u32): bool {
  return uses(FEATURE_STREAM) && residency == F.RESIDENCY_STREAM;
}

export function fillCache(arena: usize, index: u32): void {
  const operator = operatorAt(boundProgram(arena), index);
  const source = boundSource(arena, operator);
  materialise(arena, operator, source, 0, sourceRows(source), cacheOf(arena, index));
  setReady(arena, index);
}

/** Weight rows [row, row + count) of an operator as INT8, with the workspace behind everything else in scratch. */
export function materialise(
  arena: usize,
  operator: usize,
  source: usize,
  row: u32,
  count: u32,
  destination: usize,
): void {
  const workspace =
    rowsOf(arena, operator, source) +
    rowScratch(operatorKind(operator), operatorResidency(operator), sourceRows(source), sourceRowLength(source));
  writeRows(source, boundGenerators(arena), boundWeights(arena), row, count, destination, workspace);
}

/** Where weight rows lie in scratch that are not read in place. */
export function rowsOf(arena: usize, operator: usize, source: usize): usize {
  const output = tensorAt(boundProgram(arena), operatorOutput(operator));
  return scratchOf(arena, operator) + scratchBeforeRows(operator, output, sourceRowLength(source));
}
