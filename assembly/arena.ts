/**
 * Where a bound program keeps what it works on: the runtime's state at the start of the arena (ARENA_HEADER_BYTES), then
 * tensors, scratch and weight caches, where the plan in the image says. Nothing here checks anything.
 *
 *   0  magic   4  image   8  program   12  sources   16  generators   20  tables   24  weights   28  operators
 *   32  one bit per operator, of the first FEW_OPERATORS: its weights lie in the cache
 *   64  plan
 *   96  one bit per operator: it is in a branch that was not taken
 */
import { FEATURE_LARGE_PROGRAM, FEATURE_OPERATOR } from './features.ts';
import * as F from './format.ts';
import { operatorAt, planAt, planUnit, programAt, sectionAt, sourceAt, tensorCount } from './image.ts';
import { uses } from './intrinsics/core.ts';
import { FEW_OPERATORS } from './limits.ts';

const ARENA_MAGIC: u32 = 0x41505448; // "HTPA"
const IMAGE_AT: u32 = 4;
const PROGRAM_AT: u32 = 8;
const SOURCES_AT: u32 = 12;
const GENERATORS_AT: u32 = 16;
const TABLES_AT: u32 = 20;
const WEIGHTS_AT: u32 = 24;
const OPERATORS_AT: u32 = 28;
const READY_AT: u32 = 32;
const PLAN_AT: u32 = 64;
const SKIPPED_AT: u32 = 96;

export function bindProgram(image: usize, program: u32, arena: usize): void {
  for (let i: u32 = 0; i < F.ARENA_HEADER_BYTES; i += 4) store<u32>(arena + i, 0);
  store<u32>(arena, ARENA_MAGIC);
  store<usize>(arena, image, IMAGE_AT);
  const bound = programAt(image, program);
  store<usize>(arena, bound, PROGRAM_AT);
  store<usize>(arena, operatorAt(bound, 0), OPERATORS_AT);
  store<usize>(arena, planAt(bound), PLAN_AT);
  store<usize>(arena, sectionAt(image, F.SECTION_SOURCES), SOURCES_AT);
  store<usize>(arena, sectionAt(image, F.SECTION_GENERATORS), GENERATORS_AT);
  store<usize>(arena, sectionAt(image, F.SECTION_TABLES), TABLES_AT);
  store<usize>(arena, sectionAt(image, F.SECTION_WEIGHTS), WEIGHTS_AT);
}

export function isBound(arena: usize): bool {
  return load<u32>(arena) == ARENA_MAGIC;
}

export function boundProgram(arena: usize): usize {
  return load<usize>(arena, PROGRAM_AT);
}

export function boundOperator(arena: usize, index: u32): usize {
  return load<usize>(arena, OPERATORS_AT) + index * F.OPERATOR_BYTES;
}

/** The sections that a run reads. */
export function boundGenerators(arena: usize): usize {
  return load<usize>(arena, GENERATORS_AT);
}

export function boundTables(arena: usize): usize {
  return load<usize>(arena, TABLES_AT);
}

export function boundWeights(arena: usize): usize {
  return load<usize>(arena, WEIGHTS_AT);
}

/** The weight source of an operator. */
export function boundSource(arena: usize, operator: usize): usize {
  return sourceAt(load<usize>(arena, SOURCES_AT), <u32>load<u16>(operator, F.OPERATOR_SOURCE_AT));
}

/** Arena address of a tensor. */
export function tensorAddress(arena: usize, tensor: u32): usize {
  return arena + <u32>load<u16>(load<usize>(arena, PLAN_AT) + 2 * tensor) * planUnit(boundProgram(arena));
}

/** Of the weights that an operator keeps; their places follow those of the tensors in the plan. */
export function cacheOf(arena: usize, index: u32): usize {
  return tensorAddress(arena, tensorCount(boundProgram(arena)) + index);
}

export function scratchOf(arena: usize, operator: usize): usize {
  return arena + <u32>load<u16>(operator, F.OPERATOR_SCRATCH_AT) * planUnit(boundProgram(arena));
}

/** Whether the cache of an operator is filled. */
export function isReady(arena: usize, index: u32): bool {
  return ((<u32>load<u8>(arena + READY_AT + (index >> 3)) >> (index & 7)) & 1) != 0;
}

export function setReady(arena: usize, index: u32): void {
  const byte = arena + READY_AT + (index >> 3);
  store<u8>(byte, <u8>(<u32>load<u8>(byte) | (1 << (index & 7))));
}

/** Whether an operator is in a branch that was not taken: it has not run, and will not. */
export function isSkipped(arena: usize, index: u32): bool {
  if (!uses(FEATURE_OPERATOR + F.ROUTE)) return false;
  if (uses(FEATURE_LARGE_PROGRAM) && index >= FEW_OPERATORS) return false; // such a program has no ROUTE
  return ((<u32>load<u8>(arena + SKIPPED_AT + (index >> 3)) >> (index & 7)) & 1) != 0;
}

/** Says so of an operator, or no longer. */
export function skip(arena: usize, index: u32, skipped: bool): void {
  const byte = arena + SKIPPED_AT + (index >> 3);
  const bit: u32 = 1 << (index & 7);
  const others = <u32>load<u8>(byte) & ~bit;
  store<u8>(byte, <u8>(skipped ? others | bit : others));
}
