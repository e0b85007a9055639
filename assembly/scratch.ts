/**
 * How much scratch an operator needs, in bytes: the sum of four areas, each rounded up to 4 bytes. Imported by
 * the host's planner as well, so only what both languages share: numbers, +, -, * and comparison. The same for every
 * variant, whatever it uses of it.
 *
 *   | expanded table | block, or taps and band | weight rows | generator workspace |
 */
import * as F from './format.ts';

// Expanded table, a channel: { bias, multiplier, rounding, right }, i32 each (operators/table.ts)
export const TABLE_ROW_BYTES: u32 = 16;

export const BLOCK_ROWS: u32 = 4; // rows of inputs that are multiplied at once (operators/product.ts)
export const PADDED_ROWS: u32 = 16; // weight rows that are padded to words at once
export const TABLE_ROWS: u32 = 32; // channels whose table is expanded at once where one channel is done after another
export const MIX_TABLE_BYTES: u32 = 16; // weights that a code can give two INT2 matrices (weights/basis.ts)
export const BAND_BYTES: u32 = 3072; // limit of plane and sums of a depthwise channel, unless one output row needs more

/**
 * Output channels that an operator computes at once, or fewer at its end. All where each position takes every channel
 * before the next; else no more than scratch should hold of their table and of weight rows that are not read in place.
 */
export function channelsAtOnce(kind: u32, residency: u32, channels: u32, rowLength: u32): u32 {
  if (kind == F.DEPTHWISE) return channels < TABLE_ROWS ? channels : TABLE_ROWS;
  let limit = channels;
  if (kind == F.FULLY_CONNECTED) limit = 2 * TABLE_ROWS; // it needs nothing else
  if (roundUp4(rowLength) != rowLength) limit = PADDED_ROWS;
  if (residency == F.RESIDENCY_STREAM) limit = F.STREAM_ROWS;
  return channels < limit ? channels : limit;
}

/** Rows of requantisation parameters of the channels that are computed at once. */
export function tableScratch(kind: u32, residency: u32, channels: u32, rowLength: u32): u32 {
  return TABLE_ROW_BYTES * channelsAtOnce(kind, residency, channels, rowLength);
}

/** What the operator works in: a block of inputs, or the taps, plane and sums of one depthwise channel. */
export function workScratch(
  kind: u32,
  depth: u32,
  outputHeight: u32,
  outputWidth: u32,
  kernelHeight: u32,
  kernelWidth: u32,
  strideHeight: u32,
  strideWidth: u32,
): u32 {
  if (kind == F.FULLY_CONNECTED) return roundUp4(depth) == depth ? 0 : roundUp4(depth); // the input, padded
  if (kind != F.DEPTHWISE) return (2 * BLOCK_ROWS + 1) * roundUp4(depth); // BLOCK_ROWS rows as int16 and one as INT8
  const rowBytes = planeRowBytes(outputWidth, kernelWidth, strideWidth);
  const rows = bandRows(outputHeight, outputWidth, kernelHeight, strideHeight, rowBytes);
  return tapScratch(kernelHeight, kernelWidth) + bandBytes(rows, outputWidth, kernelHeight, strideHeight, rowBytes);
}

/** The taps of one depthwise channel, as the variant wants them. */
export function tapScratch(kernelHeight: u32, kernelWidth: u32): u32 {
  return 4 * kernelHeight * (kernelWidth + 3);
}

/** A row of a depthwise plane, int16: some more than the outputs need, as two are computed at a time. */
export function planeRowBytes(outputWidth: u32, kernelWidth: u32, stride: u32): u32 {
  return 2 * roundUp4(outputWidth * stride + kernelWidth + 2);
}

/** Output rows of a depthwise channel that are computed at once: as many as BAND_BYTES holds, but at least one; below 1,024. */
export function bandRows(height: u32, width: u32, kernelHeight: u32, stride: u32, rowBytes: u32): u32 {
  let rows: u32 = 1;
  for (let step: u32 = 512; step > 0; step = step >> 1) {
    const more = rows + step;
    if (more <= height && bandBytes(more, width, kernelHeight, stride, rowBytes) <= BAND_BYTES) rows = more;
  }
  return rows;
}

/** The plane that `rows` output rows need, and their sums; sums are computed in twos, so one more. */
export function bandBytes(rows: u32, width: u32, kernelHeight: u32, stride: u32, rowBytes: u32): u32 {
  return planeRows(rows, kernelHeight, stride) * rowBytes + 4 * (rows * width + 1);
}

/** Input rows under `rows` output rows. */
export function planeRows(rows: u32, kernelHeight: u32, stride: u32): u32 {
  return (rows - 1) * stride + kernelHeight;
}

/**
 * INT8 weight rows: of a streamed operator STREAM_ROWS at a time (all taps at once for DEPTHWISE), of any other whose
 * rows do not begin on words PADDED_ROWS at a time.
 */
export function rowScratch(kind: u32, residency: u32, rows: u32, rowLength: u32): u32 {
  if (kind == F.DEPTHWISE) return residency == F.RESIDENCY_STREAM ? roundUp4(rows * rowLength) : 0;
  const padded = roundUp4(rowLength);
  if (residency == F.RESIDENCY_STREAM) return F.STREAM_ROWS * padded;
  return padded == rowLength ? 0 : PADDED_ROWS * padded;
}

/** A code, the hidden layer and the outputs of the MLP, a table of sums, and one row of each basis matrix as INT8. */
export function generatorScratch(codeLength: u32, hidden: u32, outputs: u32, basisRowLength: u32): u32 {
  return roundUp4(codeLength + hidden + outputs) + MIX_TABLE_BYTES + roundUp4(outputs * basisRowLength);
}

export function roundUp4(x: u32): u32 {
  return (x + 3) & 0xfffffffc;
}
