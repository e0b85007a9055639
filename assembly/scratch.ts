/**
 * How much scratch an operator needs, in bytes: the sum of four areas, each rounded up to 4 bytes. Imported by
 * the host's planner as well, so only what both languages share: numbers, + and *.
 *
 *   | expanded table | patches | streamed rows | generator workspace |
 */
import * as F from './format.ts';

// Expanded table: a header { zeroPoint, min, max, 0 } and, a channel, { bias, multiplier, rounding, shift }; i32 each
export const TABLE_HEADER_BYTES: u32 = 16;
export const TABLE_ROW_BYTES: u32 = 16;

/** [channels] rows of requantisation parameters. */
export function tableScratch(channels: u32): u32 {
  return TABLE_HEADER_BYTES + TABLE_ROW_BYTES * channels;
}

/** Input values under the kernel at two positions (CONVOLUTION) or at one (DEPTHWISE). */
export function patchScratch(kind: u32, kernelArea: u32, inputChannels: u32): u32 {
  if (kind == F.CONVOLUTION) return 2 * roundUp4(kernelArea * inputChannels);
  if (kind == F.DEPTHWISE) return roundUp4(kernelArea * inputChannels);
  return 0;
}

/** INT8 rows of a streamed operator: STREAM_ROWS at a time, all taps at once for DEPTHWISE. */
export function streamScratch(kind: u32, residency: u32, rows: u32, rowLength: u32): u32 {
  if (residency != F.RESIDENCY_STREAM) return 0;
  return roundUp4((kind == F.DEPTHWISE ? rows : F.STREAM_ROWS) * rowLength);
}

/** A code, the hidden layer and the outputs of the MLP, and one row of each basis matrix as INT8. */
export function generatorScratch(codeLength: u32, hidden: u32, outputs: u32, basisRowLength: u32): u32 {
  return roundUp4(codeLength + hidden + outputs) + roundUp4(outputs * basisRowLength);
}

export function roundUp4(x: u32): u32 {
  return (x + 3) & 0xfffffffc;
}
