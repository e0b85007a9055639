/**
 * What a caller does with a bound program (arena.ts) beside running its operators (operators/dispatch.ts): materialise the
 * weights that are resident from boot on, move inputs and outputs, and check generated weights.
 */
import { boundProgram, boundSource, cacheOf, isReady, tensorAddress } from './arena.ts';
import { CRC_START, crc32Update, fillCrcTable } from './crc32.ts';
import { FEATURE_CACHE, FEATURE_ENCODING } from './features.ts';
import * as F from './format.ts';
import {
  isWeighted,
  operatorAt,
  operatorKind,
  operatorResidency,
  portTensor,
  sourceEncoding,
  sourceKind,
  sourceRowLength,
  sourceRows,
  tensorAt,
  tensorBytes,
} from './image.ts';
import { uses } from './intrinsics/core.ts';
import { copy } from './memory.ts';
import { keepsState, resetOperator } from './operators/dispatch.ts';
import { OK, WEIGHTS_DIFFER } from './status.ts';
import { fillCache, isStreamed, materialise, rowsOf } from './weights/residency.ts';
import { STORED } from './weights/stored.ts';

/** Materialises the weights of an operator that is resident from boot on, and begins its state. */
export function prepareOperator(arena: usize, index: u32): void {
  if (keepsState()) resetOperator(arena, index);
  const residency = <u32>load<u8>(operatorAt(boundProgram(arena), index), F.OPERATOR_RESIDENCY_AT);
  if (uses(FEATURE_CACHE) && residency == F.RESIDENCY_BOOT) fillCache(arena, index);
}

/** Moves the tensors of ports [first, last) to memory, one after another, or from it. */
export function copyPorts(arena: usize, first: u32, last: u32, memory: usize, fromMemory: bool): void {
  const program = boundProgram(arena);
  for (let i = first; i < last; i++) {
    const index = portTensor(program, i);
    const address = tensorAddress(arena, index);
    const bytes = tensorBytes(tensorAt(program, index));
    copy(fromMemory ? address : memory, fromMemory ? memory : address, bytes);
    memory += bytes;
  }
}

/** Compares the CRC of generated or coded weights with the image's; materialises a streamed operator row by row. */
export function checkOperatorWeights(arena: usize, index: u32, workspace: usize): i32 {
  const operator = operatorAt(boundProgram(arena), index);
  if (!isWeighted(operatorKind(operator))) return OK;
  const source = boundSource(arena, operator);
  const coded = uses(FEATURE_ENCODING + F.ENCODING_RICE) && sourceEncoding(source) == F.ENCODING_RICE;
  if (sourceKind(source) == STORED && !coded) return OK;
  const residency = operatorResidency(operator);
  const rows = sourceRows(source);
  const rowLength = sourceRowLength(source);
  if (!isStreamed(residency) && !isReady(arena, index)) fillCache(arena, index);
  fillCrcTable(workspace);
  let crc = CRC_START;
  for (let r: u32 = 0; r < rows; r++) {
    let address = cacheOf(arena, index) + r * rowLength;
    if (isStreamed(residency)) {
      address = rowsOf(arena, operator, source);
      materialise(arena, operator, source, r, 1, address);
    }
    crc = crc32Update(crc, address, rowLength, workspace);
  }
  return ~crc == load<u32>(source, F.SOURCE_CRC_AT) ? OK : WEIGHTS_DIFFER;
}
