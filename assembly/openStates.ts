/**
 * Proves the states of a program: the memory of a tensor that outlives an inference is nothing else's, no other tensor's,
 * no scratch and no cache; and no operator of such a program reads what nothing has written, so that it answers from what
 * it was given and what it has kept, and from nothing that lay in the arena. Every operator is proved.
 */
import * as F from './format.ts';
import {
  isWeighted,
  operatorAt,
  operatorCount,
  operatorKind,
  operatorOutput,
  operatorResidency,
  planAt,
  planUnit,
  sectionAt,
  sourceAt,
  sourceRowLength,
  sourceRows,
  tensorAt,
  tensorBytes,
  tensorCount,
} from './image.ts';
import { openReads } from './openRoutes.ts';
import { stateOf } from './operators/dispatch.ts';
import { isProofAllowed, refuse } from './refusal.ts';
import { BAD_PLAN, BAD_WORK, OK } from './status.ts';
import { scratchBytes } from './weights/residency.ts';

/** Returns OK, or a refusal whose offset is at `where`. */
export function openStates(image: usize, program: usize, where: usize): i32 {
  const operators = operatorCount(program);
  let states: u32 = 0;
  for (let i: u32 = 0; i < operators; i++) {
    const operator = operatorAt(program, i);
    const state = stateOf(operator);
    if (state == F.NONE) continue;
    states++;
    if (!isProofAllowed(where, tensorCount(program) + operators))
      return refuse(where, <u32>(operator - image), BAD_WORK);
    if (!isAlone(image, program, state)) return refuse(where, <u32>(planAt(program) + 2 * state - image), BAD_PLAN);
  }
  return states == 0 ? OK : openReads(image, program, where);
}

/** Whether nothing that has a place in the arena shares the bytes of a tensor. */
function isAlone(image: usize, program: usize, state: u32): bool {
  const plan = planAt(program);
  const tensors = tensorCount(program);
  const operators = operatorCount(program);
  const unit = planUnit(program);
  const place = <u32>load<u16>(plan + 2 * state) * unit;
  const bytes = tensorBytes(tensorAt(program, state));
  for (let i: u32 = 0; i < tensors; i++) {
    if (i != state && meet(place, bytes, load<u16>(plan + 2 * i) * unit, tensorBytes(tensorAt(program, i))))
      return false;
  }
  for (let i: u32 = 0; i < operators; i++) {
    const operator = operatorAt(program, i);
    if (!isWeighted(operatorKind(operator))) continue;
    const source = sourceAt(sectionAt(image, F.SECTION_SOURCES), <u32>load<u16>(operator, F.OPERATOR_SOURCE_AT));
    const scratch = scratchBytes(image, operator, tensorAt(program, operatorOutput(operator)), source);
    if (meet(place, bytes, load<u16>(operator, F.OPERATOR_SCRATCH_AT) * unit, scratch)) return false;
    const residency = operatorResidency(operator);
    if (residency == F.RESIDENCY_FLASH || residency == F.RESIDENCY_STREAM) continue;
    const cache = sourceRows(source) * sourceRowLength(source);
    if (meet(place, bytes, load<u16>(plan + 2 * (tensors + i)) * unit, cache)) return false;
  }
  return true;
}

/** Whether bytes from two places on have any in common. */
function meet(place: u32, bytes: u32, other: u32, otherBytes: u32): bool {
  return place < other + otherBytes && other < place + bytes;
}
