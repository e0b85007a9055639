/** Proves one program: counts, tensors and their places in the arena, ports, and every operator (openOperator.ts). */
import * as F from './format.ts';
import {
  inputCount,
  operatorAt,
  operatorCount,
  planAt,
  portAt,
  portCount,
  tensorAt,
  tensorBytes,
  tensorChannels,
  tensorCount,
  tensorPositions,
} from './image.ts';
import { refuse } from './open.ts';
import { openOperator } from './openOperator.ts';
import { lies } from './openWeights.ts';
import { BAD_PLAN, BAD_PROGRAM, BAD_REFERENCE, BAD_TENSOR, OK } from './status.ts';

const MAX_TENSOR_BYTES: u64 = 1 << 20; // what a plan of u16 ARENA_UNITs can hold

export function openProgram(
  image: usize,
  program: usize,
  bytes: u32,
  sources: usize,
  sourceCount: u32,
  generators: usize,
  tables: usize,
  tableBytes: u32,
  where: usize,
): i32 {
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
    operators > F.MAX_OPERATORS ||
    inputCount(program) == 0 ||
    load<u8>(program, F.PROGRAM_OUTPUTS_AT) == 0
  )
    return refuse(where, offset, BAD_PROGRAM);

  const arenaUnits = <u32>load<u16>(program, F.PROGRAM_ARENA_AT);
  if (arenaUnits * F.ARENA_UNIT < F.ARENA_HEADER_BYTES) return refuse(where, offset + F.PROGRAM_ARENA_AT, BAD_PLAN);
  for (let i: u32 = 0; i < tensors; i++) {
    const tensor = tensorAt(program, i);
    const type = <u32>load<u8>(tensor, F.TENSOR_TYPE_AT);
    const values = <u64>tensorPositions(tensor) * tensorChannels(tensor);
    if (values == 0 || values > MAX_TENSOR_BYTES || (type != F.TYPE_I8 && type != F.TYPE_I16))
      return refuse(where, <u32>(tensor - image), BAD_TENSOR);
    const place = planAt(program) + 2 * i;
    if (!fits(<u32>load<u16>(place), tensorBytes(tensor), arenaUnits))
      return refuse(where, <u32>(place - image), BAD_PLAN);
  }
  const ports = portCount(program);
  for (let i: u32 = 0; i < ports; i++) {
    const port = portAt(program, i);
    if (<u32>load<u16>(port, F.PORT_TENSOR_AT) >= tensors || load<u16>(port, F.PORT_RESERVED_AT) != 0)
      return refuse(where, <u32>(port - image), BAD_REFERENCE);
  }
  for (let i: u32 = 0; i < operators; i++) {
    const status = openOperator(program, i, sources, sourceCount, generators, tables, tableBytes);
    if (status != OK) return refuse(where, <u32>(operatorAt(program, i) - image), status);
  }
  return OK;
}

/** `bytes` from `units` on lie inside the arena and behind its header. */
export function fits(units: u32, bytes: u32, arenaUnits: u32): bool {
  return units * F.ARENA_UNIT >= F.ARENA_HEADER_BYTES && lies(units * F.ARENA_UNIT, bytes, arenaUnits * F.ARENA_UNIT);
}
