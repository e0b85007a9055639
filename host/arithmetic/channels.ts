/**
 * Per-channel requantisation: what an operator with weights does to its accumulators.
 *
 * The table holds the numbers as the device uses them: encoded and decoded again, with the input zero point folded
 * into the bias, so that sum(q * w) + bias = sum((q - zeroPoint) * w) + the model's bias.
 */
import { compactFits, decodeBias, decodeScale, encodeBias, encodeScales } from './compact.ts';
import { clamp, multiplyByQuantizedMultiplier, quantizeMultiplier } from './fixed.ts';
import { decodeShort, encodeShort, shortFits } from './short.ts';

/**
 * How the image stores the tables: exact TFLite numbers, or wherever that is faithful in four bytes a channel, or in
 * three and else four.
 */
export type TableEncoding = 'q31' | 'compact' | 'short';

/** How the table of a layer is stored: exact where what is wanted would not be faithful. */
export function storedEncoding(bias: Int32Array, scales: Float64Array, wanted: TableEncoding): TableEncoding {
  if (wanted === 'short' && shortFits(bias, scales)) return 'short';
  return wanted !== 'q31' && compactFits(bias, scales) ? 'compact' : 'q31';
}

export interface ChannelTable {
  bias: Int32Array; // [C] folded
  multiplier: Int32Array; // [C] Q31
  shift: Int32Array; // [C] positive shifts left
}

/** sum over k of w[c][k], for weights [C][K]. */
export function rowSums(weights: Int8Array, channels: number): Int32Array {
  const depth = weights.length / channels;
  return Int32Array.from({ length: channels }, (_, c) =>
    weights.subarray(c * depth, (c + 1) * depth).reduce((sum, w) => sum + w, 0),
  );
}

/** sum over taps of w[tap][c], for depthwise weights [taps][C]. */
export function tapSums(weights: Int8Array, channels: number): Int32Array {
  const sums = new Int32Array(channels);
  weights.forEach((w, i) => {
    sums[i % channels] += w;
  });
  return sums;
}

/** bias[c] - zeroPoint * weightSums[c]; throws RangeError when that is no i32. */
export function foldZeroPoint(bias: Int32Array, weightSums: Int32Array, zeroPoint: number): Int32Array {
  return bias.map((value, c) => {
    const folded = value - zeroPoint * weightSums[c];
    if (folded !== (folded | 0)) throw new RangeError(`folded bias of channel ${c} must be an i32, got ${folded}`);
    return folded;
  });
}

/** Encodes and decodes again: `bias` [C] already folded, `scales` [C] real factors > 0. */
export function makeTable(bias: Int32Array, scales: Float64Array, encoding: TableEncoding): ChannelTable {
  const stored = storedEncoding(bias, scales, encoding);
  if (stored === 'q31') {
    const factors = Array.from(scales, quantizeMultiplier);
    return toTable(bias, factors);
  }
  if (stored === 'short') {
    const decoded = decodeShort(encodeShort(bias, scales));
    return toTable(decoded.bias, decoded.factors);
  }
  const { exponent, fields } = encodeScales(scales);
  const factors = Array.from(fields, (field) => decodeScale(field, exponent));
  return toTable(decodeBias(encodeBias(bias)), factors);
}

function toTable(bias: Int32Array, factors: { multiplier: number; shift: number }[]): ChannelTable {
  return {
    bias,
    multiplier: Int32Array.from(factors, (factor) => factor.multiplier),
    shift: Int32Array.from(factors, (factor) => factor.shift),
  };
}

/** Accumulator of channel c (without its bias) to INT8: add the bias, scale, add the zero point, clamp. */
export function requantize(
  sum: number,
  table: ChannelTable,
  c: number,
  zeroPoint: number,
  [min, max]: [min: number, max: number],
): number {
  const acc = (sum + table.bias[c]) | 0;
  const factor = { multiplier: table.multiplier[c], shift: table.shift[c] };
  return clamp(multiplyByQuantizedMultiplier(acc, factor) + zeroPoint, min, max);
}
