/** Proves one operator: indices, shapes against tensors and weight source, table, accumulation depth, cache, scratch. */
import { fits, isFactor, lies } from './bounds.ts';
import { uses } from './dsp/intrinsics.ts';
import {
  FEATURE_CACHE,
  FEATURE_DEPTHWISE_3X3,
  FEATURE_DEPTHWISE_ANY,
  FEATURE_DEPTHWISE_FLAT,
  FEATURE_OPERATOR,
  FEATURE_PADDED_ROWS,
  FEATURE_STREAM,
  FEATURE_TABLE,
} from './features.ts';
import * as F from './format.ts';
import {
  generatorAt,
  isKind,
  kernelArea,
  operatorAt,
  operatorInput,
  operatorKind,
  operatorOutput,
  operatorResidency,
  planAt,
  scratchBeforeRows,
  sectionAt,
  sectionBytes,
  sourceAt,
  sourceKind,
  sourceRowLength,
  sourceRows,
  tensorAt,
  tensorBytes,
  tensorChannels,
  tensorCount,
  tensorHeight,
  tensorPositions,
  tensorWidth,
} from './image.ts';
import {
  MAX_ACCUMULATION,
  MAX_ARGMAX_CHANNELS,
  MAX_BIAS,
  MAX_BIAS_SHIFT,
  MAX_GAIN,
  MAX_PRODUCT_SHIFT,
  MAX_RIGHT_SHIFT,
  MAX_SHIFT,
  MAX_SOFTMAX_CHANNELS,
  MAX_SUM,
  MAX_WINDOW,
} from './limits.ts';
import { compactShift } from './operators/table.ts';
import { generatorScratch, rowScratch } from './scratch.ts';
import {
  BAD_DEPTH,
  BAD_OPERATOR,
  BAD_PLAN,
  BAD_REFERENCE,
  BAD_RESIDENCY,
  BAD_SCRATCH,
  BAD_SHAPE,
  BAD_TABLE,
  NOT_BUILT_IN,
  OK,
} from './status.ts';

/** Returns the bytes of its quantisation table, which were read, or a refusal. */
export function openOperator(image: usize, program: usize, index: u32): i32 {
  const operator = operatorAt(program, index);
  const kind = operatorKind(operator);
  if (
    kind < F.CONVOLUTION ||
    kind > F.LAST_KIND ||
    load<i8>(operator, F.OPERATOR_MIN_AT) > load<i8>(operator, F.OPERATOR_MAX_AT)
  )
    return BAD_OPERATOR;
  if (!uses(FEATURE_OPERATOR + kind)) return NOT_BUILT_IN;
  const tensors = tensorCount(program);
  const inputIndex = operatorInput(operator);
  const input2Index = <u32>load<u16>(operator, F.OPERATOR_INPUT2_AT);
  const outputIndex = operatorOutput(operator);
  const weighted = kind <= F.FULLY_CONNECTED;
  const binary = isKind(kind, F.ADD) || isKind(kind, F.MULTIPLY);
  if (
    inputIndex >= tensors ||
    outputIndex >= tensors ||
    (binary ? input2Index >= tensors : !weighted && input2Index != F.NONE)
  )
    return BAD_REFERENCE;
  const input = tensorAt(program, inputIndex);
  const output = tensorAt(program, outputIndex);
  const inputType = <u32>load<u8>(input, F.TENSOR_TYPE_AT);
  if (
    inputType != (kind == F.STANDARDIZE ? F.TYPE_I16 : F.TYPE_I8) ||
    <u32>load<u8>(output, F.TENSOR_TYPE_AT) != F.TYPE_I8
  )
    return BAD_SHAPE;

  const windowed = kind <= F.DEPTHWISE || kind == F.AVERAGE_POOL || kind == F.MAX_POOL;
  if (windowed ? !isWindow(operator, input, output) : !isPlain(operator)) return BAD_OPERATOR;
  if (!weighted) {
    if (<u32>load<u16>(operator, F.OPERATOR_SOURCE_AT) != F.NONE) return BAD_REFERENCE;
    if (load<u8>(operator, F.OPERATOR_RESIDENCY_AT) != 0 || load<u8>(operator, F.OPERATOR_MULTIPLIER_AT) != 0)
      return BAD_OPERATOR;
    return openUnweighted(image, kind, operator, input, binary ? tensorAt(program, input2Index) : input, output);
  }
  const sourceIndex = <u32>load<u16>(operator, F.OPERATOR_SOURCE_AT);
  if (sourceIndex >= <u32>load<u16>(image, F.HEADER_SOURCES_AT)) return BAD_REFERENCE;
  const source = sourceAt(sectionAt(image, F.SECTION_SOURCES), sourceIndex);
  const status = openWeighted(kind, operator, input, output, source);
  if (status != OK) return status;
  const memory = openMemory(image, kind, program, index, operator, output, source);
  if (memory != OK) return memory;
  return openTable(image, operator, tensorChannels(output));
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

/** Shapes of input, output and weights agree; the accumulator cannot overflow. */
function openWeighted(kind: u32, operator: usize, input: usize, output: usize, source: usize): i32 {
  const inputChannels = tensorChannels(input);
  const channels = tensorChannels(output);
  const rows = sourceRows(source);
  const rowLength = sourceRowLength(source);
  const multiplier = <u32>load<u8>(operator, F.OPERATOR_MULTIPLIER_AT);
  if (kind != F.DEPTHWISE && (multiplier != 0 || rows != channels)) return BAD_SHAPE;
  const area = kernelArea(operator); // 1 without a window
  if (area > MAX_ACCUMULATION) return BAD_DEPTH; // so that no product below wraps
  let depth = area; // products per accumulator
  if (kind != F.DEPTHWISE) depth *= inputChannels;
  if (kind == F.FULLY_CONNECTED) depth *= tensorPositions(input);
  if (depth > MAX_ACCUMULATION) return BAD_DEPTH;
  if (kind == F.DEPTHWISE)
    return multiplier != 0 && channels == inputChannels * multiplier && rows == depth && rowLength == channels
      ? OK
      : BAD_SHAPE;
  if (kind == F.POINTWISE && (tensorHeight(input) != tensorHeight(output) || tensorWidth(input) != tensorWidth(output)))
    return BAD_SHAPE;
  if (kind == F.FULLY_CONNECTED && tensorPositions(output) != 1) return BAD_SHAPE;
  return rowLength == depth ? OK : BAD_SHAPE;
}

/** Bytes of the table of an operator with weights, or BAD_TABLE unless it lies in TABLES and all its values are in range. */
function openTable(image: usize, operator: usize, channels: u32): i32 {
  const tableBytes = sectionBytes(image, F.SECTION_TABLES);
  const encoding = <u32>load<u8>(operator, F.OPERATOR_ENCODING_AT);
  const offset = load<u32>(operator, F.OPERATOR_TABLE_AT);
  if (encoding > F.TABLE_UNIFORM || (offset & 3) != 0 || !uses(FEATURE_TABLE + encoding)) return BAD_TABLE;
  const table = sectionAt(image, F.SECTION_TABLES) + offset;
  let bytes: u32 = 0;
  if (uses(FEATURE_TABLE + F.TABLE_COMPACT) && encoding == F.TABLE_COMPACT) {
    bytes = F.COMPACT_BYTES_PER_CHANNEL * channels;
    return lies(offset, bytes, tableBytes) && isCompact(operator, table, channels) ? <i32>bytes : BAD_TABLE;
  }
  if (uses(FEATURE_TABLE + F.TABLE_UNIFORM) && encoding == F.TABLE_UNIFORM) {
    bytes = F.UNIFORM_HEADER_BYTES + F.UNIFORM_BYTES_PER_CHANNEL * channels;
    return lies(offset, bytes, tableBytes) &&
      isFactor(load<i32>(table), load<i32>(table, 4)) &&
      areBiases(table + F.UNIFORM_HEADER_BYTES, channels)
      ? <i32>bytes
      : BAD_TABLE;
  }
  if (!uses(FEATURE_TABLE + F.TABLE_Q31) || encoding != F.TABLE_Q31) return BAD_TABLE;
  bytes = F.Q31_BYTES_PER_CHANNEL * channels;
  if (!lies(offset, bytes, tableBytes) || !areBiases(table, channels)) return BAD_TABLE;
  for (let c: u32 = 0; c < channels; c++) {
    if (!isFactor(load<i32>(table + 4 * (channels + c)), <i32>load<i8>(table + 8 * channels + c))) return BAD_TABLE;
  }
  return <i32>bytes;
}

function isCompact(operator: usize, table: usize, channels: u32): bool {
  if (<u32>load<u8>(operator, F.OPERATOR_BIAS_SHIFT_AT) > MAX_BIAS_SHIFT) return false;
  const exponent = <i32>load<i8>(operator, F.OPERATOR_EXPONENT_AT);
  for (let c: u32 = 0; c < channels; c++) {
    if (!isFactor(0, compactShift(<u32>load<u16>(table + 4 * c), exponent))) return false;
  }
  return true;
}

function areBiases(biases: usize, channels: u32): bool {
  for (const end = biases + 4 * channels; biases < end; biases += 4) {
    const bias = load<i32>(biases);
    if (bias > MAX_BIAS || bias < -MAX_BIAS) return false;
  }
  return true;
}

/** The residency is possible, its cache lies in the arena, and the scratch is large enough. */
function openMemory(
  image: usize,
  kind: u32,
  program: usize,
  index: u32,
  operator: usize,
  output: usize,
  source: usize,
): i32 {
  const residency = operatorResidency(operator);
  const rows = sourceRows(source);
  const rowLength = sourceRowLength(source);
  const stored = sourceKind(source) == F.SOURCE_STORED;
  const inPlace = stored && <u32>load<u8>(source, F.SOURCE_ENCODING_AT) == F.ENCODING_INT8;
  if (residency > F.RESIDENCY_STREAM || (residency == F.RESIDENCY_FLASH && !inPlace)) return BAD_RESIDENCY;
  if (!isWayBuiltIn(kind, operator, residency, rowLength)) return NOT_BUILT_IN;
  if (residency != F.RESIDENCY_FLASH && residency != F.RESIDENCY_STREAM) {
    const units = <u32>load<u16>(planAt(program) + 2 * (tensorCount(program) + index));
    if (!fits(units, rows * rowLength, <u32>load<u16>(program, F.PROGRAM_ARENA_AT))) return BAD_PLAN;
  }
  let scratch = scratchBeforeRows(operator, output, rowLength) + rowScratch(kind, residency, rows, rowLength);
  if (!stored) {
    const generator = generatorAt(
      sectionAt(image, F.SECTION_GENERATORS),
      <u32>load<u16>(source, F.SOURCE_GENERATOR_AT),
    );
    scratch += generatorScratch(
      <u32>load<u8>(generator, F.GENERATOR_CODE_LENGTH_AT),
      <u32>load<u8>(generator, F.GENERATOR_HIDDEN_AT),
      <u32>load<u8>(generator, F.GENERATOR_OUTPUTS_AT),
      sourceKind(source) == F.SOURCE_BASIS ? rowLength : 0,
    );
  }
  const place = <u32>load<u16>(operator, F.OPERATOR_SCRATCH_AT);
  return fits(place, scratch, <u32>load<u16>(program, F.PROGRAM_ARENA_AT)) ? OK : BAD_SCRATCH;
}

/** Whether this build has the way to the weights that the operator needs, and the kernel for its shape. */
function isWayBuiltIn(kind: u32, operator: usize, residency: u32, rowLength: u32): bool {
  if (!uses(FEATURE_STREAM) && residency == F.RESIDENCY_STREAM) return false;
  if (!uses(FEATURE_CACHE) && (residency == F.RESIDENCY_BOOT || residency == F.RESIDENCY_LAZY)) return false;
  if (kind != F.DEPTHWISE) return uses(FEATURE_PADDED_ROWS) || (rowLength & 3) == 0;
  if (uses(FEATURE_DEPTHWISE_ANY)) return true;
  const height = <u32>load<u16>(operator, F.OPERATOR_KERNEL_HEIGHT_AT);
  const width = <u32>load<u16>(operator, F.OPERATOR_KERNEL_WIDTH_AT);
  if (<u32>load<u8>(operator, F.OPERATOR_STRIDE_WIDTH_AT) > 2) return false;
  if (width == 3 && height == 3) return uses(FEATURE_DEPTHWISE_3X3);
  return uses(FEATURE_DEPTHWISE_FLAT) && height == 1 && (width == 3 || width == 5);
}

function parameterCount(kind: u32): u32 {
  if (isKind(kind, F.ADD)) return F.ADD_PARAMETERS;
  if (isKind(kind, F.SOFTMAX)) return F.SOFTMAX_PARAMETERS;
  if (isKind(kind, F.STANDARDIZE)) return F.STANDARDIZE_PARAMETERS;
  if (isKind(kind, F.LOOKUP)) return F.LOOKUP_PARAMETERS;
  if (isKind(kind, F.MULTIPLY)) return F.MULTIPLY_PARAMETERS;
  if (isKind(kind, F.MEAN)) return F.MEAN_PARAMETERS;
  if (isKind(kind, F.COPY)) return F.COPY_PARAMETERS;
  return 0;
}

function openUnweighted(image: usize, kind: u32, operator: usize, input: usize, input2: usize, output: usize): i32 {
  const channels = tensorChannels(input);
  const outputChannels = tensorChannels(output);
  const offset = load<u32>(operator, F.OPERATOR_TABLE_AT);
  const encoding = <u32>load<u8>(operator, F.OPERATOR_ENCODING_AT);
  const table = sectionAt(image, F.SECTION_TABLES) + offset;
  const count = parameterCount(kind);
  if (
    count == 0
      ? encoding != F.TABLE_NONE || offset != F.NO_TABLE
      : encoding != F.TABLE_PARAMETERS ||
        (offset & 3) != 0 ||
        !lies(offset, 4 * count, sectionBytes(image, F.SECTION_TABLES))
  )
    return BAD_TABLE;

  if (isKind(kind, F.AVERAGE_POOL) || isKind(kind, F.MAX_POOL)) return channels == outputChannels ? OK : BAD_SHAPE;
  if (isKind(kind, F.COPY)) return isCopy(table, tensorBytes(input), tensorBytes(output)) ? OK : BAD_TABLE;
  if (isKind(kind, F.MEAN)) {
    if (channels != outputChannels || tensorPositions(output) != 1) return BAD_SHAPE;
    return isMeanFactor(load<i32>(table), load<i32>(table, 4), tensorPositions(input)) ? OK : BAD_TABLE;
  }
  if (tensorHeight(input) != tensorHeight(output) || tensorWidth(input) != tensorWidth(output)) return BAD_SHAPE;
  if (isKind(kind, F.ARGMAX)) return channels <= MAX_ARGMAX_CHANNELS && outputChannels == 1 ? OK : BAD_SHAPE;
  if (isKind(kind, F.SOFTMAX)) {
    if (channels != outputChannels || channels > MAX_SOFTMAX_CHANNELS) return BAD_SHAPE;
    return isFactor(load<i32>(table), load<i32>(table, 4)) && load<i32>(table, 8) <= 0 ? OK : BAD_TABLE;
  }
  if (isKind(kind, F.STANDARDIZE)) {
    const gain = load<i32>(table);
    const centre = load<i32>(table, 8);
    const peak = load<i32>(table, 12);
    const slope = load<i32>(table, 16);
    if (outputChannels != channels + u32(peak > 0) || tensorPositions(input) > MAX_WINDOW) return BAD_SHAPE;
    return gain > 0 &&
      gain <= MAX_GAIN &&
      peak >= 0 &&
      peak <= 127 &&
      slope >= 0 &&
      slope <= 127 &&
      centre >= 0 &&
      centre < <i32>MAX_WINDOW
      ? OK
      : BAD_TABLE;
  }
  if (isKind(kind, F.LOOKUP)) return channels == outputChannels ? OK : BAD_SHAPE;
  if (!uses(FEATURE_OPERATOR + F.ADD) && !uses(FEATURE_OPERATOR + F.MULTIPLY)) return BAD_OPERATOR;
  if (
    (tensorPositions(input2) != tensorPositions(input) &&
      (!isKind(kind, F.MULTIPLY) || tensorPositions(input2) != 1)) ||
    tensorChannels(input2) != channels ||
    outputChannels != channels ||
    <u32>load<u8>(input2, F.TENSOR_TYPE_AT) != F.TYPE_I8
  )
    return BAD_SHAPE;
  if (isKind(kind, F.MULTIPLY)) {
    const shift = load<i32>(table, 4);
    return isFactor(load<i32>(table), shift) && shift <= MAX_PRODUCT_SHIFT ? OK : BAD_TABLE;
  }
  for (let i: u32 = 0; i < F.ADD_PARAMETERS; i += 2) {
    const shift = load<i32>(table + 4 * i, 4);
    if (!isFactor(load<i32>(table + 4 * i), shift) || shift > 0) return BAD_TABLE;
  }
  return OK;
}

/** The host divides the multiplier by the positions, so it may be small; a sum stays within 2^30 after a shift to the left. */
function isMeanFactor(multiplier: i32, shift: i32, positions: u32): bool {
  return (
    multiplier >= 0 &&
    shift >= -MAX_RIGHT_SHIFT &&
    shift <= MAX_SHIFT &&
    (<u64>255 * positions) << (<u64>max(shift, 0)) <= MAX_SUM
  );
}

/**
 * A copy that stays inside both tensors and ends: it writes at most as many values as its output has, which are at most
 * 2^20, so that no sum or product here wraps. A step that is not taken may be anything.
 */
function isCopy(parameters: usize, inputValues: u32, outputValues: u32): bool {
  let written: u64 = load<u32>(parameters, F.COPY_RUN_AT);
  let inputEnd = written + load<u32>(parameters, F.COPY_INPUT_OFFSET_AT);
  let outputEnd = written + load<u32>(parameters, F.COPY_OUTPUT_OFFSET_AT);
  for (const end = parameters + 12; parameters < end; parameters += 4) {
    const count = load<u32>(parameters, F.COPY_COUNT_AT);
    written *= count;
    if (written == 0 || written > outputValues) return false;
    inputEnd += <u64>(count - 1) * load<u32>(parameters, F.COPY_INPUT_STEP_AT);
    outputEnd += <u64>(count - 1) * load<u32>(parameters, F.COPY_OUTPUT_STEP_AT);
  }
  return inputEnd <= inputValues && outputEnd <= outputValues && load<u32>(parameters, F.COPY_FILL_AT - 12) <= 1;
}
