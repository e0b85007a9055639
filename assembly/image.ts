/** Typed access to an image that `open` has proved. Nothing here checks anything. */

import { FEATURE_LARGE_PROGRAM, FEATURE_OPERATOR } from './features.ts';
import * as F from './format.ts';
import { uses } from './intrinsics/core.ts';
import { tableScratch, workScratch } from './scratch.ts';

export function programCount(image: usize): u32 {
  return <u32>load<u16>(image, F.HEADER_PROGRAMS_AT);
}

/** Entry of the section table. */
export function sectionEntry(image: usize, index: u32): usize {
  return image + F.HEADER_BYTES + index * F.SECTION_BYTES;
}

/** Address of the block of one program. */
export function programAt(image: usize, program: u32): usize {
  return image + load<u32>(sectionEntry(image, program), F.SECTION_OFFSET_AT);
}

/** Address of the one section of a kind from SECTION_SOURCES on; their entries follow those of the programs. */
export function sectionAt(image: usize, kind: u32): usize {
  return image + load<u32>(sectionEntry(image, programCount(image) + kind - F.SECTION_SOURCES), F.SECTION_OFFSET_AT);
}

/** Its size, without the padding behind it. */
export function sectionBytes(image: usize, kind: u32): u32 {
  return load<u32>(sectionEntry(image, programCount(image) + kind - F.SECTION_SOURCES), F.SECTION_SIZE_AT);
}

export function tensorCount(program: usize): u32 {
  return <u32>load<u16>(program, F.PROGRAM_TENSORS_AT);
}

export function operatorCount(program: usize): u32 {
  const field = <u32>load<u16>(program, F.PROGRAM_OPERATORS_AT);
  return uses(FEATURE_LARGE_PROGRAM) ? field & ((1 << F.PROGRAM_UNIT_BITS) - 1) : field;
}

/** Bytes of a unit of the plan: constant where a build has no program with another than ARENA_UNIT. */
export function planUnit(program: usize): u32 {
  if (!uses(FEATURE_LARGE_PROGRAM)) return F.ARENA_UNIT;
  return F.ARENA_UNIT << (<u32>load<u16>(program, F.PROGRAM_OPERATORS_AT) >> F.PROGRAM_UNIT_BITS);
}

export function inputCount(program: usize): u32 {
  return <u32>load<u8>(program, F.PROGRAM_INPUTS_AT);
}

export function portCount(program: usize): u32 {
  return inputCount(program) + <u32>load<u8>(program, F.PROGRAM_OUTPUTS_AT);
}

export function tensorAt(program: usize, tensor: u32): usize {
  return program + F.PROGRAM_HEADER_BYTES + tensor * F.TENSOR_BYTES;
}

export function portAt(program: usize, port: u32): usize {
  return tensorAt(program, tensorCount(program)) + port * F.PORT_BYTES;
}

export function operatorAt(program: usize, operator: u32): usize {
  return portAt(program, portCount(program)) + operator * F.OPERATOR_BYTES;
}

/** Tensor index of a port. */
export function portTensor(program: usize, port: u32): u32 {
  return <u32>load<u16>(portAt(program, port), F.PORT_TENSOR_AT);
}

export function operatorInput(operator: usize): u32 {
  return <u32>load<u16>(operator, F.OPERATOR_INPUT_AT);
}

/** Of operators without weights that read two tensors, else NONE. */
export function operatorInput2(operator: usize): u32 {
  return <u32>load<u16>(operator, F.OPERATOR_INPUT2_AT);
}

export function operatorOutput(operator: usize): u32 {
  return <u32>load<u16>(operator, F.OPERATOR_OUTPUT_AT);
}

export function operatorKind(operator: usize): u32 {
  return <u32>load<u8>(operator, F.OPERATOR_KIND_AT);
}

/** Whether an operator is of a kind; never, at no cost, for a kind that this build leaves out. */
export function isKind(kind: u32, wanted: u32): bool {
  return uses(FEATURE_OPERATOR + wanted) && kind == wanted;
}

/** Whether operators of a kind have weights: the first kinds do. */
export function isWeighted(kind: u32): bool {
  return kind <= F.FULLY_CONNECTED;
}

export function operatorResidency(operator: usize): u32 {
  return <u32>load<u8>(operator, F.OPERATOR_RESIDENCY_AT);
}

/** Taps of the kernel, height * width. */
export function kernelArea(operator: usize): u32 {
  return <u32>load<u16>(operator, F.OPERATOR_KERNEL_HEIGHT_AT) * <u32>load<u16>(operator, F.OPERATOR_KERNEL_WIDTH_AT);
}

/** Scratch of an operator with weights in front of its weight rows: expanded table, then block or taps and band. */
export function scratchBeforeRows(operator: usize, outputTensor: usize, rowLength: u32): u32 {
  const kind = operatorKind(operator);
  const work = workScratch(
    kind,
    rowLength,
    tensorHeight(outputTensor),
    tensorWidth(outputTensor),
    <u32>load<u16>(operator, F.OPERATOR_KERNEL_HEIGHT_AT),
    <u32>load<u16>(operator, F.OPERATOR_KERNEL_WIDTH_AT),
    <u32>load<u8>(operator, F.OPERATOR_STRIDE_HEIGHT_AT),
    <u32>load<u8>(operator, F.OPERATOR_STRIDE_WIDTH_AT),
  );
  return work + tableScratch(kind, operatorResidency(operator), tensorChannels(outputTensor), rowLength);
}

export function sourceKind(source: usize): u32 {
  return <u32>load<u8>(source, F.SOURCE_KIND_AT);
}

/** Of stored weights; 0 for others. */
export function sourceEncoding(source: usize): u32 {
  return <u32>load<u8>(source, F.SOURCE_ENCODING_AT);
}

export function sourceRows(source: usize): u32 {
  return <u32>load<u16>(source, F.SOURCE_ROWS_AT);
}

export function sourceRowLength(source: usize): u32 {
  return <u32>load<u16>(source, F.SOURCE_ROW_LENGTH_AT);
}

export function plannedArenaBytes(program: usize): u32 {
  return <u32>load<u16>(program, F.PROGRAM_ARENA_AT) * planUnit(program);
}

/** The plan: u16 arena offset of each tensor, then of each operator's cache, in units of the plan. */
export function planAt(program: usize): usize {
  return operatorAt(program, operatorCount(program));
}

export function sourceAt(sources: usize, source: u32): usize {
  return sources + source * F.SOURCE_BYTES;
}

export function generatorAt(generators: usize, generator: u32): usize {
  return generators + generator * F.GENERATOR_BYTES;
}

/** Values of a code; 0 without an MLP. */
export function generatorCodeLength(generator: usize): u32 {
  return <u32>load<u8>(generator, F.GENERATOR_CODE_LENGTH_AT);
}

export function generatorHidden(generator: usize): u32 {
  return <u32>load<u8>(generator, F.GENERATOR_HIDDEN_AT);
}

/** Matrices of a basis, weights of a tile or of a codebook's entry. */
export function generatorOutputs(generator: usize): u32 {
  return <u32>load<u8>(generator, F.GENERATOR_OUTPUTS_AT);
}

export function tensorHeight(tensor: usize): u32 {
  return <u32>load<u16>(tensor, F.TENSOR_HEIGHT_AT);
}

export function tensorWidth(tensor: usize): u32 {
  return <u32>load<u16>(tensor, F.TENSOR_WIDTH_AT);
}

export function tensorChannels(tensor: usize): u32 {
  return <u32>load<u16>(tensor, F.TENSOR_CHANNELS_AT);
}

export function tensorType(tensor: usize): u32 {
  return <u32>load<u8>(tensor, F.TENSOR_TYPE_AT);
}

export function tensorZeroPoint(tensor: usize): i32 {
  return <i32>load<i8>(tensor, F.TENSOR_ZERO_POINT_AT);
}

/** Positions, height * width. */
export function tensorPositions(tensor: usize): u32 {
  return tensorHeight(tensor) * tensorWidth(tensor);
}

export function tensorBytes(tensor: usize): u32 {
  const wide = u32(tensorType(tensor) == F.TYPE_I16);
  return (tensorPositions(tensor) * tensorChannels(tensor)) << wide;
}

/** Bytes of the tensors of ports [first, last); each counts, however often a tensor is named. */
export function portBytes(program: usize, first: u32, last: u32): u32 {
  let bytes: u32 = 0;
  for (let i = first; i < last; i++) bytes += tensorBytes(tensorAt(program, portTensor(program, i)));
  return bytes;
}
