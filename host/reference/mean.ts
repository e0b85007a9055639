import {
  clamp,
  multiplyByQuantizedMultiplier,
  type QuantizedMultiplier,
  quantizeMultiplier,
} from '../arithmetic/fixed.ts';

/**
 * From a sum of `count` values to their mean in the output's scale. TensorFlow Lite quantises the quotient of the scales
 * and divides that multiplier by the count, rounding down, after a shift by as many bits as the count has behind its
 * first: so it lies in (2^29, 2^31), and below that only where the shift would leave its range.
 * Throws RangeError where a sum, shifted to the left, would leave 2^30.
 */
export function meanFactor(inputScale: number, outputScale: number, count: number): QuantizedMultiplier {
  const scales = quantizeMultiplier(inputScale / outputScale);
  const bits = Math.min(Math.floor(Math.log2(count)), 31 + scales.shift);
  const multiplier = Number((BigInt(scales.multiplier) << BigInt(bits)) / BigInt(count));
  const shift = scales.shift - bits;
  if (255 * count * 2 ** Math.max(shift, 0) > 2 ** 30)
    throw new RangeError(
      `mean of ${count} values: scale ${inputScale} of the input is too large for ${outputScale} of the output; check the tensor scales`,
    );
  return { multiplier, shift };
}

/** Mean over all positions of [P, C], INT8 to INT8: the sum of differences from the zero point, requantised once. */
export function mean(
  input: Int8Array,
  channels: number,
  inputZeroPoint: number,
  factor: QuantizedMultiplier,
  outputZeroPoint: number,
): Int8Array {
  return Int8Array.from({ length: channels }, (_, c) => {
    let sum = 0;
    for (let i = c; i < input.length; i += channels) sum += input[i] - inputZeroPoint;
    return clamp(multiplyByQuantizedMultiplier(sum, factor) + outputZeroPoint, -128, 127);
  });
}
