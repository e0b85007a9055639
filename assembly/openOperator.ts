/**
 * Proves one operator: what holds whatever its kind, indices, types, window, table, cache and scratch. What a kind asks of
 * its shapes and parameters stands beside its kernel (operators/dispatch.ts).
 */
import { lies } from './bounds.ts';
import { FEATURE_OPERATOR } from './features.ts';
import * as F from './format.ts';
import {
  isWeighted,
  operatorAt,
  operatorInput,
  operatorInput2,
  operatorKind,
  operatorOutput,
  sectionAt,
  sectionBytes,
  sourceAt,
  tensorAt,
  tensorChannels,
  tensorCount,
  tensorHeight,
  tensorType,
  tensorWidth,
} from './image.ts';
import { uses } from './intrinsics/core.ts';
import { inputType, isBinary, isWindowed, LAST_KIND, parameterCount, proveOperator } from './operators/dispatch.ts';
import { proveTable } from './operators/table.ts';
import { BAD_OPERATOR, BAD_REFERENCE, BAD_SHAPE, BAD_TABLE, NOT_BUILT_IN, OK } from './status.ts';
import { proveResidency } from './weights/residency.ts';

/** Returns the bytes of its quantisation table, which were read, or a refusal. */
export function openOperator(image: usize, program: usize, index: u32): i32 {
  const operator = operatorAt(program, index);
  const kind = operatorKind(operator);
  if (
    kind < F.CONVOLUTION ||
    kind > LAST_KIND ||
    load<i8>(operator, F.OPERATOR_MIN_AT) > load<i8>(operator, F.OPERATOR_MAX_AT)
  )
    return BAD_OPERATOR;
  if (!uses(FEATURE_OPERATOR + kind)) return NOT_BUILT_IN;
  const tensors = tensorCount(program);
  const inputIndex = operatorInput(operator);
  const input2Index = operatorInput2(operator);
  const outputIndex = operatorOutput(operator);
  const weighted = isWeighted(kind);
  const binary = isBinary(kind);
  if (
    inputIndex >= tensors ||
    outputIndex >= tensors ||
    (binary ? input2Index >= tensors : !weighted && input2Index != F.NONE)
  )
    return BAD_REFERENCE;
  const input = tensorAt(program, inputIndex);
  const input2 = binary ? tensorAt(program, input2Index) : input;
  const output = tensorAt(program, outputIndex);
  if (tensorType(input) != inputType(kind) || tensorType(output) != F.TYPE_I8) return BAD_SHAPE;
  if (isWindowed(kind) ? !isWindow(operator, input, output) : !isPlain(operator)) return BAD_OPERATOR;
  return weighted
    ? openWeighted(image, program, index, operator, input, output)
    : openUnweighted(image, operator, input, input2, output);
}

/** Strides at least 1, padding smaller than the kernel, and every window inside input and padding (isSpan). */
function isWindow(operator: usize, input: usize, output: usize): bool {
  return (
    isSpan(
      <u32>load<u16>(operator, F.OPERATOR_KERNEL_HEIGHT_AT),
      <u32>load<u8>(operator, F.OPERATOR_STRIDE_HEIGHT_AT),
      <u32>load<u8>(operator, F.OPERATOR_PAD_TOP_AT),
      tensorHeight(input),
      tensorHeight(output),
    ) &&
    isSpan(
      <u32>load<u16>(operator, F.OPERATOR_KERNEL_WIDTH_AT),
      <u32>load<u8>(operator, F.OPERATOR_STRIDE_WIDTH_AT),
      <u32>load<u8>(operator, F.OPERATOR_PAD_LEFT_AT),
      tensorWidth(input),
      tensorWidth(output),
    )
  );
}

/**
 * The record has no padding behind the input: it is what the last window needs, at most half a kernel, as "same" padding
 * may, or what is in front. So every window overlaps the input, and none asks for work where there is nothing to see.
 */
function isSpan(kernel: u32, stride: u32, pad: u32, inputSize: u32, outputSize: u32): bool {
  return stride != 0 && pad < kernel && (outputSize - 1) * stride + kernel <= inputSize + pad + max(pad, kernel >> 1);
}

/** Operators without a window carry kernel 1 x 1, stride 1, no padding. */
function isPlain(operator: usize): bool {
  return (
    load<u16>(operator, F.OPERATOR_KERNEL_HEIGHT_AT) == 1 &&
    load<u16>(operator, F.OPERATOR_KERNEL_WIDTH_AT) == 1 &&
    load<u16>(operator, F.OPERATOR_STRIDE_HEIGHT_AT) == 0x0101 &&
    load<u16>(operator, F.OPERATOR_PAD_TOP_AT) == 0
  );
}

/** A source, whose rows are what the kind asks for; memory for them; a quantisation table. */
function openWeighted(image: usize, program: usize, index: u32, operator: usize, input: usize, output: usize): i32 {
  const sourceIndex = <u32>load<u16>(operator, F.OPERATOR_SOURCE_AT);
  if (sourceIndex >= <u32>load<u16>(image, F.HEADER_SOURCES_AT)) return BAD_REFERENCE;
  const source = sourceAt(sectionAt(image, F.SECTION_SOURCES), sourceIndex);
  const status = proveOperator(operator, input, input, output, source, 0);
  if (status != OK) return status;
  const memory = proveResidency(image, program, index, operator, output, source);
  if (memory != OK) return memory;
  return proveTable(image, operator, tensorChannels(output));
}

/** No source, no fields of one; parameters inside TABLES, as many as the kind has. */
function openUnweighted(image: usize, operator: usize, input: usize, input2: usize, output: usize): i32 {
  if (<u32>load<u16>(operator, F.OPERATOR_SOURCE_AT) != F.NONE) return BAD_REFERENCE;
  if (load<u8>(operator, F.OPERATOR_RESIDENCY_AT) != 0 || load<u8>(operator, F.OPERATOR_MULTIPLIER_AT) != 0)
    return BAD_OPERATOR;
  const kind = operatorKind(operator);
  const offset = load<u32>(operator, F.OPERATOR_TABLE_AT);
  const encoding = <u32>load<u8>(operator, F.OPERATOR_ENCODING_AT);
  const count = parameterCount(kind);
  if (
    count == 0
      ? encoding != F.TABLE_NONE || offset != F.NO_TABLE
      : encoding != F.TABLE_PARAMETERS ||
        (offset & 3) != 0 ||
        !lies(offset, 4 * count, sectionBytes(image, F.SECTION_TABLES))
  )
    return BAD_TABLE;
  const tables = sectionAt(image, F.SECTION_TABLES);
  const bytes = count == 0 ? 0 : sectionBytes(image, F.SECTION_TABLES) - offset;
  return proveOperator(operator, input, input2, output, tables + offset, bytes);
}
