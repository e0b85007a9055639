/**
 * Runs a program that `open` has proved: bind it to an arena, materialise weights, walk its operators.
 *
 * The arena begins with the runtime's state (ARENA_HEADER_BYTES); tensors, scratch and weight caches lie where the
 * plan in the image says.
 *
 *   0  magic   4  image   8  program   12  sources   16  generators   20  tables   24  weights   28  operators
 *   32  one bit per operator: its weights lie in the cache
 *   64  plan
 */
import { CRC_START, crc32Update, fillCrcTable } from './crc32.ts';
import { uses } from './dsp/intrinsics.ts';
import { FEATURE_CACHE, FEATURE_ENCODING, FEATURE_PADDED_ROWS, FEATURE_STREAM } from './features.ts';
import * as F from './format.ts';
import {
  isKind,
  operatorAt,
  operatorInput,
  operatorKind,
  operatorOutput,
  operatorResidency,
  planAt,
  portTensor,
  programAt,
  scratchBeforeRows,
  sectionAt,
  sourceAt,
  sourceEncoding,
  sourceKind,
  sourceRowLength,
  sourceRows,
  tensorAt,
  tensorBytes,
  tensorChannels,
  tensorCount,
  tensorPositions,
  tensorZeroPoint,
} from './image.ts';
import { copy } from './memory.ts';
import { add } from './operators/add.ts';
import { argmax } from './operators/argmax.ts';
import { convolution } from './operators/convolution.ts';
import { copyValues } from './operators/copy.ts';
import { depthwise } from './operators/depthwise.ts';
import { lookup } from './operators/lookup.ts';
import { mean } from './operators/mean.ts';
import { multiplyElements } from './operators/multiply.ts';
import { pool } from './operators/pooling.ts';
import { product } from './operators/product.ts';
import { softmax } from './operators/softmax.ts';
import { standardize } from './operators/standardize.ts';
import { activate, expandTable } from './operators/table.ts';
import { channelsAtOnce, roundUp4, rowScratch, TABLE_ROW_BYTES } from './scratch.ts';
import { OK, WEIGHTS_DIFFER } from './status.ts';
import { writeRows } from './weights/source.ts';

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

/** Arena address of a tensor. */
export function tensorAddress(arena: usize, tensor: u32): usize {
  return arena + <u32>load<u16>(load<usize>(arena, PLAN_AT) + 2 * tensor) * F.ARENA_UNIT;
}

/** Materialises the weights of an operator that is resident from boot on. */
export function prepareOperator(arena: usize, index: u32): void {
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

/** Runs one operator; those before it have run. */
export function runOperator(arena: usize, index: u32): void {
  const operator = load<usize>(arena, OPERATORS_AT) + index * F.OPERATOR_BYTES;
  const kind = operatorKind(operator);
  const program = boundProgram(arena);
  const inputIndex = operatorInput(operator);
  const outputIndex = operatorOutput(operator);
  const inputTensor = tensorAt(program, inputIndex);
  const outputTensor = tensorAt(program, outputIndex);
  const input = tensorAddress(arena, inputIndex);
  const output = tensorAddress(arena, outputIndex);
  if (kind <= F.FULLY_CONNECTED) {
    runWeighted(arena, index, operator, inputTensor, input, outputTensor, output);
    return;
  }
  const parameters = load<usize>(arena, TABLES_AT) + load<u32>(operator, F.OPERATOR_TABLE_AT);
  const positions = tensorPositions(inputTensor);
  const channels = tensorChannels(inputTensor);
  if (isKind(kind, F.ADD)) {
    const input2Index = <u32>load<u16>(operator, F.OPERATOR_INPUT2_AT);
    add(
      parameters,
      positions * channels,
      input,
      tensorZeroPoint(inputTensor),
      tensorAddress(arena, input2Index),
      tensorZeroPoint(tensorAt(program, input2Index)),
      output,
      tensorZeroPoint(outputTensor),
    );
    activate(operator, output, positions * channels);
  }
  if (isKind(kind, F.SOFTMAX)) softmax(parameters, input, positions, channels, output);
  if (isKind(kind, F.ARGMAX)) argmax(input, positions, channels, output);
  if (isKind(kind, F.LOOKUP)) lookup(parameters, input, positions * channels, output);
  if (isKind(kind, F.MULTIPLY)) {
    const input2Index = <u32>load<u16>(operator, F.OPERATOR_INPUT2_AT);
    multiplyElements(
      parameters,
      inputTensor,
      input,
      tensorAt(program, input2Index),
      tensorAddress(arena, input2Index),
      output,
      tensorZeroPoint(outputTensor),
    );
    activate(operator, output, positions * channels);
  }
  if (isKind(kind, F.COPY)) copyValues(parameters, input, outputTensor, output);
  if (isKind(kind, F.MEAN)) mean(parameters, inputTensor, input, output, tensorZeroPoint(outputTensor));
  if (isKind(kind, F.STANDARDIZE))
    standardize(parameters, input, positions, channels, output, tensorZeroPoint(outputTensor));
  if (isKind(kind, F.AVERAGE_POOL) || isKind(kind, F.MAX_POOL))
    pool(operator, inputTensor, input, outputTensor, output);
}

/**
 * Some output channels at a time, often all of them (channelsAtOnce): their table into scratch, their weights too where
 * those cannot be read in place, then the kernel.
 */
function runWeighted(
  arena: usize,
  index: u32,
  operator: usize,
  inputTensor: usize,
  input: usize,
  outputTensor: usize,
  output: usize,
): void {
  const kind = operatorKind(operator);
  const source = sourceOf(arena, operator);
  const residency = operatorResidency(operator);
  const streamed = isStreamed(residency);
  const depth = sourceRowLength(source);
  const padded = uses(FEATURE_PADDED_ROWS) ? roundUp4(depth) : depth;
  const channels = tensorChannels(outputTensor);
  const atOnce = channelsAtOnce(kind, residency, channels, depth);
  const table = scratchOf(arena, operator);
  const work = table + TABLE_ROW_BYTES * atOnce;
  // inputs whose rows do not begin on words are gathered like those of a convolution
  const gathered = kind == F.CONVOLUTION || (padded != depth && kind == F.POINTWISE);
  if (padded != depth && kind == F.FULLY_CONNECTED) {
    // what lies behind the copy is multiplied by 0, but behind the input it is not ours to read
    copy(work, input, depth);
    input = work;
  }
  const weights = weightsOf(arena, index, operator, source);
  for (let c: u32 = 0; c < channels; c += atOnce) {
    const count = min(atOnce, channels - c);
    expandTable(operator, load<usize>(arena, TABLES_AT), outputTensor, c, count, table);
    if (isKind(kind, F.DEPTHWISE)) {
      depthwise(operator, inputTensor, input, weights, c, count, table, outputTensor, output, work);
      continue;
    }
    let from = weights + c * depth;
    if (streamed || padded != depth) {
      const rows = rowsOf(arena, operator, source);
      if (streamed) {
        from = rows;
        materialise(arena, operator, source, c, count, rows);
      }
      padRows(from, count, depth, rows, padded);
      from = rows;
    }
    if (gathered) convolution(operator, inputTensor, input, padded, from, count, table, outputTensor, output + c, work);
    else product(input, tensorPositions(outputTensor), padded, from, count, table, output + c, channels, work);
  }
  activate(operator, output, tensorPositions(outputTensor) * channels);
}

/** Weights of an operator: in flash, in the cache, or, of a streamed depthwise one, all taps in scratch. */
function weightsOf(arena: usize, index: u32, operator: usize, source: usize): usize {
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
  return load<usize>(arena, WEIGHTS_AT) + load<u32>(source, F.SOURCE_DATA_AT);
}

function isStreamed(residency: u32): bool {
  return uses(FEATURE_STREAM) && residency == F.RESIDENCY_STREAM;
}

/** Rows of `depth` weights, packed or already in place, to rows of `padded` with zeros behind; the last row first. */
function padRows(from: usize, count: u32, depth: u32, to: usize, padded: u32): void {
  if (depth == padded) return;
  for (let r = count; r > 0; ) {
    r--;
    for (let k = padded; k > 0; ) {
      k--;
      store<i8>(to + r * padded + k, k < depth ? load<i8>(from + r * depth + k) : 0);
    }
  }
}

function fillCache(arena: usize, index: u32): void {
  const operator = operatorAt(boundProgram(arena), index);
  const source = sourceOf(arena, operator);
  materialise(arena, operator, source, 0, sourceRows(source), cacheOf(arena, index));
  const byte = arena + READY_AT + (index >> 3);
  store<u8>(byte, <u8>(<u32>load<u8>(byte) | (1 << (index & 7))));
}

/** Weight rows [row, row + count) of an operator as INT8, with the workspace behind everything else in scratch. */
function materialise(arena: usize, operator: usize, source: usize, row: u32, count: u32, destination: usize): void {
  const workspace =
    rowsOf(arena, operator, source) +
    rowScratch(operatorKind(operator), operatorResidency(operator), sourceRows(source), sourceRowLength(source));
  writeRows(
    source,
    load<usize>(arena, GENERATORS_AT),
    load<usize>(arena, WEIGHTS_AT),
    row,
    count,
    destination,
    workspace,
  );
}

/** Compares the CRC of generated or coded weights with the image's; materialises a streamed operator row by row. */
export function checkOperatorWeights(arena: usize, index: u32, workspace: usize): i32 {
  const operator = operatorAt(boundProgram(arena), index);
  if (operatorKind(operator) > F.FULLY_CONNECTED) return OK;
  const source = sourceOf(arena, operator);
  const coded = uses(FEATURE_ENCODING + F.ENCODING_RICE) && sourceEncoding(source) == F.ENCODING_RICE;
  if (sourceKind(source) == F.SOURCE_STORED && !coded) return OK;
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

function isReady(arena: usize, index: u32): bool {
  return ((<u32>load<u8>(arena + READY_AT + (index >> 3)) >> (index & 7)) & 1) != 0;
}

function sourceOf(arena: usize, operator: usize): usize {
  return sourceAt(load<usize>(arena, SOURCES_AT), <u32>load<u16>(operator, F.OPERATOR_SOURCE_AT));
}

function cacheOf(arena: usize, index: u32): usize {
  return tensorAddress(arena, tensorCount(boundProgram(arena)) + index);
}

function scratchOf(arena: usize, operator: usize): usize {
  return arena + <u32>load<u16>(operator, F.OPERATOR_SCRATCH_AT) * F.ARENA_UNIT;
}

/** Where weight rows lie in scratch that are not read in place. */
function rowsOf(arena: usize, operator: usize, source: usize): usize {
  const output = tensorAt(boundProgram(arena), operatorOutput(operator));
  return scratchOf(arena, operator) + scratchBeforeRows(operator, output, sourceRowLength(source));
}
