/**
 * Quantisation tables: the encodings of the image, expanded into scratch when an operator begins.
 *
 * Expanding costs about 13 instructions a channel on a Cortex-M7, far below 1 % of any convolution, and saves keeping 16
 * bytes a channel in RAM for ever. Expanded form of a channel, i32 each (sizes in scratch.ts):
 *
 *   right > 0   { bias, multiplier, 2^(right - 1) + (zeroPoint << right), right }   the usual shifts, -1 to -22
 *   right = 0   { bias, multiplier, zeroPoint << 8 | shift & 0xff, 0 }              any other
 *
 * The usual shifts leave room for the zero point above the rounding of the last shift: one addition does both.
 */
import { isFactor, lies } from '../bounds.ts';
import { FEATURE_TABLE } from '../features.ts';
import { multiplyHigh, requantize, saturate } from '../fixed.ts';
import * as F from '../format.ts';
import { sectionAt, sectionBytes, tensorChannels, tensorZeroPoint } from '../image.ts';
import { rarely, uses } from '../intrinsics/core.ts';
import { MAX_BIAS, MAX_BIAS_SHIFT, MAX_SHORT_BIAS_SHIFT } from '../limits.ts';
import { TABLE_ROW_BYTES } from '../scratch.ts';
import { BAD_TABLE } from '../status.ts';

export const FAST_SHIFTS: u32 = 22;

/** Bytes of the table of an operator with weights, or BAD_TABLE unless it lies in TABLES and all its values are in range. */
export function proveTable(image: usize, operator: usize, channels: u32): i32 {
  const tableBytes = sectionBytes(image, F.SECTION_TABLES);
  const encoding = <u32>load<u8>(operator, F.OPERATOR_ENCODING_AT);
  const offset = load<u32>(operator, F.OPERATOR_TABLE_AT);
  if ((offset & 3) != 0) return BAD_TABLE;
  const table = sectionAt(image, F.SECTION_TABLES) + offset;
  let bytes: u32 = 0;
  if (uses(FEATURE_TABLE + F.TABLE_COMPACT) && encoding == F.TABLE_COMPACT) {
    bytes = F.COMPACT_BYTES_PER_CHANNEL * channels;
    return lies(offset, bytes, tableBytes) && proveCompact(operator, table, channels) ? <i32>bytes : BAD_TABLE;
  }
  if (uses(FEATURE_TABLE + F.TABLE_UNIFORM) && encoding == F.TABLE_UNIFORM) {
    bytes = F.UNIFORM_HEADER_BYTES + F.UNIFORM_BYTES_PER_CHANNEL * channels;
    return lies(offset, bytes, tableBytes) &&
      isFactor(load<i32>(table), load<i32>(table, 4)) &&
      proveBiases(table + F.UNIFORM_HEADER_BYTES, channels)
      ? <i32>bytes
      : BAD_TABLE;
  }
  if (uses(FEATURE_TABLE + F.TABLE_SHORT) && encoding == F.TABLE_SHORT) {
    bytes = F.SHORT_BYTES_PER_CHANNEL * channels;
    return lies(offset, bytes, tableBytes) && proveShort(operator, table, channels) ? <i32>bytes : BAD_TABLE;
  }
  if (!uses(FEATURE_TABLE + F.TABLE_Q31) || encoding != F.TABLE_Q31) return BAD_TABLE;
  bytes = F.Q31_BYTES_PER_CHANNEL * channels;
  if (!lies(offset, bytes, tableBytes) || !proveBiases(table, channels)) return BAD_TABLE;
  for (let c: u32 = 0; c < channels; c++) {
    if (!isFactor(load<i32>(table + 4 * (channels + c)), <i32>load<i8>(table + 8 * channels + c))) return BAD_TABLE;
  }
  return <i32>bytes;
}

/** Every 16-bit bias is in range, whatever it is; so is every multiplier. */
function proveCompact(operator: usize, table: usize, channels: u32): bool {
  if (<u32>load<u8>(operator, F.OPERATOR_BIAS_SHIFT_AT) > MAX_BIAS_SHIFT) return false;
  const exponent = <i32>load<i8>(operator, F.OPERATOR_EXPONENT_AT);
  for (let c: u32 = 0; c < channels; c++) {
    if (!isFactor(0, compactShift(<u32>load<u16>(table + 4 * c), exponent))) return false;
  }
  return true;
}

/** Every 13-bit bias is in range, whatever it is, if its shift is; so is every multiplier. */
function proveShort(operator: usize, table: usize, channels: u32): bool {
  const biasShift = <u32>load<u8>(operator, F.OPERATOR_BIAS_SHIFT_AT);
  const exponent = <i32>load<i8>(operator, F.OPERATOR_EXPONENT_AT);
  for (const end = table + 2 * channels; table < end; table += 2) {
    const octave = shortOctave(<i32>load<i16>(table));
    if (biasShift + octave > MAX_SHORT_BIAS_SHIFT || !isFactor(0, exponent - <i32>octave)) return false;
  }
  return true;
}

function proveBiases(biases: usize, channels: u32): bool {
  for (const end = biases + 4 * channels; biases < end; biases += 4) {
    const bias = load<i32>(biases);
    if (bias > MAX_BIAS || bias < -MAX_BIAS) return false;
  }
  return true;
}

/** Rows of output channels [first, first + count). operator: its record; tables: that section; rows: in scratch. */
export function expandTable(
  operator: usize,
  tables: usize,
  outputTensor: usize,
  first: u32,
  count: u32,
  rows: usize,
): void {
  const channels = tensorChannels(outputTensor);
  const zeroPoint = tensorZeroPoint(outputTensor);
  const compact =
    uses(FEATURE_TABLE + F.TABLE_COMPACT) &&
    (!uses(FEATURE_TABLE + F.TABLE_Q31) || <u32>load<u8>(operator, F.OPERATOR_ENCODING_AT) == F.TABLE_COMPACT);
  const biasShift = <u32>load<u8>(operator, F.OPERATOR_BIAS_SHIFT_AT);
  const exponent = <i32>load<i8>(operator, F.OPERATOR_EXPONENT_AT);
  const rounding = 1 + 2 * zeroPoint; // of a shift by one
  const multipliers = 4 * channels;
  const table = tables + load<u32>(operator, F.OPERATOR_TABLE_AT);
  let source = table + 4 * first;
  const end = rows + TABLE_ROW_BYTES * count;
  if (uses(FEATURE_TABLE + F.TABLE_UNIFORM) && <u32>load<u8>(operator, F.OPERATOR_ENCODING_AT) == F.TABLE_UNIFORM) {
    for (; rows < end; rows += TABLE_ROW_BYTES, source += 4) {
      const bias = load<i32>(source, F.UNIFORM_HEADER_BYTES);
      expandRow(rows, bias, load<i32>(table), load<i32>(table, 4), rounding);
    }
    return;
  }
  if (uses(FEATURE_TABLE + F.TABLE_SHORT) && <u32>load<u8>(operator, F.OPERATOR_ENCODING_AT) == F.TABLE_SHORT) {
    let mantissa = table + 2 * channels + first;
    for (source = table + 2 * first; rows < end; rows += TABLE_ROW_BYTES, source += 2, mantissa++) {
      const packed = <i32>load<i16>(source);
      const octave = shortOctave(packed);
      const bias = (packed >> F.SHORT_OCTAVE_BITS) << (biasShift + octave);
      expandRow(rows, bias, (256 + <i32>load<u8>(mantissa)) << 22, exponent - <i32>octave, rounding);
    }
    return;
  }
  let shifts = table + 8 * channels + first;
  for (; rows < end; rows += TABLE_ROW_BYTES, source += 4) {
    if (compact) {
      const scale = <u32>load<u16>(source);
      const bias = (<i32>load<i16>(source, 2)) << biasShift;
      expandRow(rows, bias, compactMultiplier(scale), compactShift(scale, exponent), rounding);
    } else {
      expandRow(rows, load<i32>(source), load<i32>(source + multipliers), <i32>load<i8>(shifts), rounding);
      shifts++;
    }
  }
}

/** shift: positive to the left; rounding: of a shift by one to the right. */
function expandRow(row: usize, bias: i32, multiplier: i32, shift: i32, rounding: i32): void {
  const right = -shift;
  store<i32>(row, bias);
  store<i32>(row, multiplier, 4);
  if (rarely(<u32>(right - 1) >= FAST_SHIFTS)) {
    store<i32>(row, ((rounding >> 1) << 8) | (shift & 0xff), 8);
    store<i32>(row, 0, 12);
  } else {
    store<i32>(row, rounding << (right - 1), 8);
    store<i32>(row, right, 12);
  }
}

/** Q31 multiplier of a 16-bit scale. */
export function compactMultiplier(scale: u32): i32 {
  const mantissa = scale & ((1 << F.COMPACT_MANTISSA_BITS) - 1);
  return <i32>(((1 << F.COMPACT_MANTISSA_BITS) + mantissa) << (30 - F.COMPACT_MANTISSA_BITS));
}

/** Shift of a 16-bit scale, positive = left. */
export function compactShift(scale: u32, exponent: i32): i32 {
  return exponent - <i32>(scale >> F.COMPACT_MANTISSA_BITS);
}

/** How many octaves a channel's factor lies below the layer's largest, from the 16 bits that it has beside its mantissa. */
function shortOctave(packed: i32): u32 {
  return packed & ((1 << F.SHORT_OCTAVE_BITS) - 1);
}

/** acc, |acc| < 2^30, to INT8: TFLite's two roundings, zero point. right > 0; the rest as in the expanded table. */
export function requantizeUsual(acc: i32, multiplier: i32, rounding: i32, right: i32): i32 {
  return requantizeDoubled(acc << 1, multiplier, rounding, right);
}

/** The same for a sum that comes doubled. */
export function requantizeDoubled(doubled: i32, multiplier: i32, rounding: i32, right: i32): i32 {
  // Half away from zero: the tie of a negative value goes down, so take 1 off before the shift. Where the high word of
  // a negative sum is 0, that changes nothing: rounding holds the zero point, and at least 1 for what is lost.
  return saturate((multiplyHigh(doubled, multiplier, rounding) + (doubled >> 31)) >> right);
}

/** The same for right = 0; packed: the third word of the expanded table. */
export function requantizeUnusual(acc: i32, multiplier: i32, packed: i32): i32 {
  return saturate(requantize(acc, multiplier, <i32>(<i8>packed)) + (packed >> 8));
}

/** Either, from the row of the expanded table. */
export function requantizeRow(acc: i32, row: usize): i32 {
  const right = load<i32>(row, 12);
  if (rarely(right == 0)) return requantizeUnusual(acc, load<i32>(row, 4), load<i32>(row, 8));
  return requantizeUsual(acc, load<i32>(row, 4), load<i32>(row, 8), right);
}

/** outputs i8[channels] <- sums of one position, each in the place of its row's bias. */
export function requantizeRows(rows: usize, channels: u32, output: usize): void {
  for (const end = output + channels; output < end; output++, rows += TABLE_ROW_BYTES) {
    const sum = load<i32>(rows);
    const multiplier = load<i32>(rows, 4);
    const rounding = load<i32>(rows, 8);
    const right = load<i32>(rows, 12);
    if (rarely(right == 0)) store<i8>(output, <i8>requantizeUnusual(sum, multiplier, rounding));
    else store<i8>(output, <i8>requantizeUsual(sum, multiplier, rounding, right));
  }
}

/** `count` outputs at distance `step` <- doubled sums i32[count] of one channel. */
export function requantizeColumn(sums: usize, count: u32, row: usize, output: usize, step: u32): void {
  const multiplier = load<i32>(row, 4);
  const rounding = load<i32>(row, 8);
  const right = load<i32>(row, 12);
  const end = sums + 4 * count;
  if (right != 0) {
    for (const twos = end - 4; sums < twos; sums += 8, output += 2 * step) {
      store<i8>(output, <i8>requantizeDoubled(load<i32>(sums), multiplier, rounding, right));
      store<i8>(output + step, <i8>requantizeDoubled(load<i32>(sums, 4), multiplier, rounding, right));
    }
  }
  for (; sums < end; sums += 4, output += step) store<i8>(output, <i8>requantizeRow(load<i32>(sums) >> 1, row));
}

/** Kernels saturate to INT8; a fused activation that is narrower takes a pass of its own, as few layers have one. */
export function activate(operator: usize, output: usize, count: u32): void {
  const low = <i32>load<i8>(operator, F.OPERATOR_MIN_AT);
  const high = <i32>load<i8>(operator, F.OPERATOR_MAX_AT);
  if (low == -128 && high == 127) return;
  for (const end = output + count; output < end; output++) {
    store<i8>(output, <i8>min(max(<i32>load<i8>(output), low), high));
  }
}
