/** Proves one generator or one weight source: sizes, encodings, and that all its data lies inside WEIGHTS. */
import { isFactor, lies } from './bounds.ts';
import { uses } from './dsp/intrinsics.ts';
import { FEATURE_ENCODING, FEATURE_MIX, FEATURE_SOURCE } from './features.ts';
import * as F from './format.ts';
import { generatorAt, sectionAt, sectionBytes, sourceKind, sourceRowLength, sourceRows } from './image.ts';
import { MAX_BIAS_SHIFT } from './limits.ts';
import { BAD_GENERATOR, BAD_REFERENCE, BAD_SOURCE, NOT_BUILT_IN, OK } from './status.ts';
import { isEncoding, packedBytes } from './weights/packed.ts';
import { riceBlocks, riceBytes, riceTableBytes } from './weights/rice.ts';

export function openGenerator(generator: usize, weightBytes: u32): i32 {
  const kind = <u32>load<u8>(generator, F.GENERATOR_KIND_AT);
  const codeLength = <u32>load<u8>(generator, F.GENERATOR_CODE_LENGTH_AT);
  const hidden = <u32>load<u8>(generator, F.GENERATOR_HIDDEN_AT);
  const outputs = <u32>load<u8>(generator, F.GENERATOR_OUTPUTS_AT);
  if (
    kind < F.SOURCE_BASIS ||
    kind > F.LAST_SOURCE_KIND ||
    outputs == 0 ||
    load<u16>(generator, F.GENERATOR_RESERVED_AT) != 0
  )
    return BAD_GENERATOR;
  if (!uses(FEATURE_SOURCE + kind)) return NOT_BUILT_IN;
  if (uses(FEATURE_SOURCE + F.SOURCE_CODEBOOK) && kind == F.SOURCE_CODEBOOK)
    return openCodebook(generator, weightBytes) ? OK : BAD_GENERATOR;
  if (codeLength == 0) {
    if (kind == F.SOURCE_TILE || outputs != 1) return BAD_GENERATOR;
  } else {
    const codeEncoding = <u32>load<u8>(generator, F.GENERATOR_CODE_ENCODING_AT);
    if (!isBasisEncoding(codeEncoding)) return BAD_GENERATOR;
    if (!uses(FEATURE_ENCODING + codeEncoding)) return NOT_BUILT_IN;
    const mlp = load<u32>(generator, F.GENERATOR_MLP_AT);
    const bytes = 2 * (hidden + outputs) + hidden * (codeLength + outputs);
    if (
      hidden == 0 ||
      (mlp & 1) != 0 ||
      !lies(mlp, bytes, weightBytes) ||
      !isFactor(load<i32>(generator, F.GENERATOR_MULTIPLIER1_AT), <i32>load<i8>(generator, F.GENERATOR_SHIFT1_AT)) ||
      !isFactor(load<i32>(generator, F.GENERATOR_MULTIPLIER2_AT), <i32>load<i8>(generator, F.GENERATOR_SHIFT2_AT)) ||
      <u32>load<u8>(generator, F.GENERATOR_BIAS_SHIFT1_AT) > MAX_BIAS_SHIFT ||
      <u32>load<u8>(generator, F.GENERATOR_BIAS_SHIFT2_AT) > MAX_BIAS_SHIFT
    )
      return BAD_GENERATOR;
  }
  if (kind == F.SOURCE_BASIS) {
    const encoding = <u32>load<u8>(generator, F.GENERATOR_BASIS_ENCODING_AT);
    const rows = <u32>load<u16>(generator, F.GENERATOR_BASIS_ROWS_AT);
    const columns = <u32>load<u16>(generator, F.GENERATOR_BASIS_COLUMNS_AT);
    if (rows == 0 || columns == 0 || !isBasisEncoding(encoding)) return BAD_GENERATOR;
    if (!uses(FEATURE_ENCODING + encoding) || (!uses(FEATURE_MIX) && isMixed(encoding, codeLength, outputs)))
      return NOT_BUILT_IN;
    const bytes = <u64>(rows * packedBytes(encoding, columns)) * outputs;
    if (bytes > weightBytes || !lies(load<u32>(generator, F.GENERATOR_BASIS_AT), <u32>bytes, weightBytes))
      return BAD_GENERATOR;
  }
  return OK;
}

/** Entries that an index can name, inside WEIGHTS; no MLP. */
function openCodebook(generator: usize, weightBytes: u32): bool {
  const encoding = <u32>load<u8>(generator, F.GENERATOR_CODE_ENCODING_AT);
  const entries = <u32>load<u16>(generator, F.GENERATOR_BASIS_ROWS_AT);
  const bytes = entries * <u32>load<u8>(generator, F.GENERATOR_OUTPUTS_AT);
  return (
    (encoding == F.ENCODING_INT8 || encoding == F.ENCODING_INT4) &&
    entries > 0 &&
    entries <= (encoding == F.ENCODING_INT8 ? 256 : 16) &&
    (load<u8>(generator, F.GENERATOR_CODE_LENGTH_AT) | load<u8>(generator, F.GENERATOR_HIDDEN_AT)) == 0 &&
    lies(load<u32>(generator, F.GENERATOR_BASIS_AT), bytes, weightBytes)
  );
}

/** Returns the bytes of WEIGHTS that were read to prove a source, or a refusal. */
export function openSource(image: usize, source: usize): i32 {
  const weights = sectionAt(image, F.SECTION_WEIGHTS);
  const weightBytes = sectionBytes(image, F.SECTION_WEIGHTS);
  const kind = sourceKind(source);
  const rows = sourceRows(source);
  const rowLength = sourceRowLength(source);
  const data = load<u32>(source, F.SOURCE_DATA_AT);
  const index = <u32>load<u16>(source, F.SOURCE_GENERATOR_AT);
  if (rows == 0 || rowLength == 0 || load<u8>(source, F.SOURCE_RESERVED_AT) != 0) return BAD_SOURCE;
  if (kind == F.SOURCE_STORED) {
    const encoding = <u32>load<u8>(source, F.SOURCE_ENCODING_AT);
    if (index != F.NONE || encoding < F.ENCODING_INT8 || encoding > F.ENCODING_RICE) return BAD_SOURCE;
    if (!uses(FEATURE_ENCODING + encoding)) return NOT_BUILT_IN;
    if (isEncoding(encoding, F.ENCODING_RICE)) return openRice(rows, data, weights, weightBytes);
    // INT8 may be read in place, a word at a time
    if (encoding == F.ENCODING_INT8 && (data & 3) != 0) return BAD_SOURCE;
    return lies(data, rows * packedBytes(encoding, rowLength), weightBytes) ? OK : BAD_SOURCE;
  }
  if (kind < F.SOURCE_BASIS || kind > F.LAST_SOURCE_KIND) return BAD_SOURCE;
  if (index >= <u32>load<u16>(image, F.HEADER_GENERATORS_AT)) return BAD_REFERENCE;
  const generator = generatorAt(sectionAt(image, F.SECTION_GENERATORS), index);
  if (<u32>load<u8>(generator, F.GENERATOR_KIND_AT) != kind) return BAD_SOURCE;
  if (uses(FEATURE_SOURCE + F.SOURCE_CODEBOOK) && kind == F.SOURCE_CODEBOOK)
    return openIndices(generator, rows, rowLength, data, weights, weightBytes);
  const codeLength = <u32>load<u8>(generator, F.GENERATOR_CODE_LENGTH_AT);
  let codes: u32 = 0;
  // its generator was proved, so it is built in
  if (!uses(FEATURE_SOURCE + F.SOURCE_TILE) || kind == F.SOURCE_BASIS) {
    const rowsPerCode = <u32>load<u16>(source, F.SOURCE_ROWS_PER_CODE_AT);
    if (
      rows > <u32>load<u16>(generator, F.GENERATOR_BASIS_ROWS_AT) ||
      rowLength > <u32>load<u16>(generator, F.GENERATOR_BASIS_COLUMNS_AT)
    )
      return BAD_SOURCE;
    if (codeLength == 0) return OK;
    if (
      rowsPerCode == 0 ||
      !isFactor(load<i32>(source, F.SOURCE_MULTIPLIER_AT), <i32>load<i8>(source, F.SOURCE_SHIFT_AT))
    )
      return BAD_SOURCE;
    codes = (rows + rowsPerCode - 1) / rowsPerCode;
  } else {
    const tileLength = <u32>load<u8>(generator, F.GENERATOR_OUTPUTS_AT);
    if (rowLength % tileLength != 0) return BAD_SOURCE;
    codes = (rows * rowLength) / tileLength;
  }
  const bytes = <u64>codes * packedBytes(<u32>load<u8>(generator, F.GENERATOR_CODE_ENCODING_AT), codeLength);
  return bytes <= weightBytes && lies(data, <u32>bytes, weightBytes) ? OK : BAD_SOURCE;
}

/**
 * Indices inside WEIGHTS, each below the number of entries. They are read once here so that a codebook may have as few
 * entries as pay for their bytes: with 16 or 256 required there would be nothing to prove, and up to 2 KB to waste.
 */
function openIndices(generator: usize, rows: u32, rowLength: u32, data: u32, weights: usize, weightBytes: u32): i32 {
  const encoding = <u32>load<u8>(generator, F.GENERATOR_CODE_ENCODING_AT);
  const entries = <u32>load<u16>(generator, F.GENERATOR_BASIS_ROWS_AT);
  const length = <u32>load<u8>(generator, F.GENERATOR_OUTPUTS_AT);
  const rowIndices = (rowLength + length - 1) / length;
  const rowBytes = packedBytes(encoding, rowIndices);
  if (!lies(data, rows * rowBytes, weightBytes)) return BAD_SOURCE;
  if (entries == (encoding == F.ENCODING_INT8 ? 256 : 16)) return OK; // whatever an index is, it is below
  // rows begin on bytes and follow one another; a nibble that fills up a row is held to the same
  let at = weights + data;
  for (const end = at + rows * rowBytes; at < end; at++) {
    const byte = <u32>load<u8>(at);
    if (encoding == F.ENCODING_INT8 ? byte >= entries : (byte & 15) >= entries || byte >> 4 >= entries)
      return BAD_SOURCE;
  }
  return <i32>(rows * rowBytes);
}

/**
 * Table of blocks and their modes inside the data, the data inside WEIGHTS. What the bits say is not proved: the decoder
 * stays inside whatever that is (weights/rice.ts).
 */
function openRice(rows: u32, data: u32, weights: usize, weightBytes: u32): i32 {
  const tableBytes = riceTableBytes(rows);
  if ((data & 1) != 0 || !lies(data, tableBytes, weightBytes)) return BAD_SOURCE;
  const bytes = riceBytes(weights + data, rows);
  if (!lies(data, bytes, weightBytes)) return BAD_SOURCE;
  const blocks = weights + data;
  for (let b: u32 = 0; b < riceBlocks(rows); b++) {
    if (!lies(F.RICE_UNIT * <u32>load<u16>(blocks + 2 * b), F.RICE_MODES_BYTES, bytes)) return BAD_SOURCE;
  }
  return <i32>tableBytes;
}

function isBasisEncoding(encoding: u32): bool {
  return encoding >= F.ENCODING_INT8 && encoding <= F.ENCODING_INT2;
}

/** A basis that the general mix serves, not the table of two INT2 matrices (FEATURE_MIX). */
function isMixed(encoding: u32, codeLength: u32, outputs: u32): bool {
  return encoding != F.ENCODING_INT2 || codeLength == 0 || outputs > 2;
}
