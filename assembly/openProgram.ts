/**
 * Proves one program: counts, tensors and their places in the arena, ports, every operator (openOperator.ts), its branches
 * (openRoutes.ts) and its states (openStates.ts).
 */
import { fits } from './bounds.ts';
import { FEATURE_LARGE_PROGRAM, FEATURE_OPERATOR } from './features.ts';
import * as F from './format.ts';
import {
  inputCount,
  operatorAt,
  operatorCount,
  planAt,
  plannedArenaBytes,
  planUnit,
  portAt,
  portCount,
  programAt,
  sectionEntry,
  tensorAt,
  tensorBytes,
  tensorChannels,
  tensorCount,
  tensorPositions,
} from './image.ts';
import { uses } from './intrinsics/core.ts';
import { FEW_OPERATORS, MAX_OPERATORS, MAX_PLAN_UNIT, MAX_TENSOR_VALUES } from './limits.ts';
import { openOperator } from './openOperator.ts';
import { openRoutes } from './openRoutes.ts';
import { openStates } from './openStates.ts';
import { keepsState } from './operators/dispatch.ts';
import { isProofAllowed, refuse } from './refusal.ts';
import { BAD_PLAN, BAD_PROGRAM, BAD_REFERENCE, BAD_TENSOR, BAD_WORK, OK } from './status.ts';
import { programWork } from './work.ts';

/** Returns OK, or a refusal whose offset is at `where`. */
export function openProgram(image: usize, index: u32, where: usize): i32 {
  const program = programAt(image, index);
  const bytes = load<u32>(sectionEntry(image, index), F.SECTION_SIZE_AT);
  const offset = <u32>(program - image);
  if (bytes < F.PROGRAM_HEADER_BYTES) return refuse(where, offset, BAD_PROGRAM);
  const tensors = tensorCount(program);
  const operators = operatorCount(program);
  const size =
    F.PROGRAM_HEADER_BYTES +
    tensors * (F.TENSOR_BYTES + 2) +
    portCount(program) * F.PORT_BYTES +
    operators * (F.OPERATOR_BYTES + 2);
  if (
    size != bytes ||
    tensors == 0 ||
    operators == 0 ||
    operators > (uses(FEATURE_LARGE_PROGRAM) ? MAX_OPERATORS : FEW_OPERATORS) ||
    (uses(FEATURE_LARGE_PROGRAM) && planUnit(program) > MAX_PLAN_UNIT) ||
    inputCount(program) == 0 ||
    load<u8>(program, F.PROGRAM_OUTPUTS_AT) == 0
  )
    return refuse(where, offset, BAD_PROGRAM);

  const arenaBytes = plannedArenaBytes(program);
  if (arenaBytes < F.ARENA_HEADER_BYTES) return refuse(where, offset + F.PROGRAM_ARENA_AT, BAD_PLAN);
  for (let i: u32 = 0; i < tensors; i++) {
    const tensor = tensorAt(program, i);
    const type = <u32>load<u8>(tensor, F.TENSOR_TYPE_AT);
    const values = <u64>tensorPositions(tensor) * tensorChannels(tensor);
    if (values == 0 || values > MAX_TENSOR_VALUES || (type != F.TYPE_I8 && type != F.TYPE_I16))
      return refuse(where, <u32>(tensor - image), BAD_TENSOR);
    const place = planAt(program) + 2 * i;
    if (!fits(program, <u32>load<u16>(place), tensorBytes(tensor)))
      return refuse(where, <u32>(place - image), BAD_PLAN);
  }
  const ports = portCount(program);
  for (let i: u32 = 0; i < ports; i++) {
    const port = portAt(program, i);
    if (<u32>load<u16>(port, F.PORT_TENSOR_AT) >= tensors || load<u16>(port, F.PORT_RESERVED_AT) != 0)
      return refuse(where, <u32>(port - image), BAD_REFERENCE);
  }
  for (let i: u32 = 0; i < operators; i++) {
    let status = openOperator(image, program, i);
    if (!isProofAllowed(where, status)) status = BAD_WORK;
    if (status < OK) return refuse(where, <u32>(operatorAt(program, i) - image), status);
  }
  if (uses(FEATURE_OPERATOR + F.ROUTE)) {
    const status = openRoutes(image, program, where);
    if (status != OK) return status;
  }
  if (keepsState()) {
    const status = openStates(image, program, where);
    if (status != OK) return status;
  }
  if (programWork(image, program) > workLimit(load<u32>(image, F.HEADER_TOTAL_AT), arenaBytes))
    return refuse(where, offset, BAD_WORK);
  return OK;
}

/** What the image, and the RAM that it asks for, pay for. */
function workLimit(imageBytes: u32, arenaBytes: u32): u64 {
  const limit = <u64>F.WORK_PER_IMAGE_BYTE * imageBytes + F.WORK_PER_ARENA_BYTE * arenaBytes;
  return min(limit, <u64>F.MAX_WORK);
}
