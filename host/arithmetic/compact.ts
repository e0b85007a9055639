/**
 * The compact quantisation table: four bytes a channel, TABLE_COMPACT of assembly/format.ts.
 *
 *   u16 scale  eeeee mmmmmmmmmmm   factor = (2048 + m) / 4096 * 2^(exponent - e), exponent shared by the layer
 *   i16 bias                       accumulator bias = bias << biasShift, biasShift shared by the layer
 *
 * The 12-bit mantissa is within 1 / 4096 of the factor: at most 0.06 of a step across the whole INT8 range.
 */
import { COMPACT_MANTISSA_BITS } from '../../assembly/format.ts';
import { MAX_BIAS_SHIFT } from '../../assembly/limits.ts';
import { type QuantizedMultiplier, roundingDivideByPot, splitExponent } from './fixed.ts';

const HALF = 1 << COMPACT_MANTISSA_BITS; // mantissas lie in [HALF, 2 HALF)
const MAX_FIELD = 31; // of the five-bit exponent field
const MAX_BIAS_ERROR = 1 / 8; // output steps

export interface CompactScales {
  /** i8: shift of exponent field 0, the largest of the layer */
  exponent: number;
  /** [channels] eeeee mmmmmmmmmmm */
  fields: Uint16Array;
}

export interface CompactBias {
  /** in [0, 14] */
  biasShift: number;
  /** [channels] */
  values: Int16Array;
}

/** The nearest mantissa in [2048, 4096) and its shift: real = mantissa / 4096 * 2^shift. */
function roundMantissa(real: number): { mantissa: number; shift: number } {
  const { fraction, exponent } = splitExponent(real);
  const mantissa = Math.floor(fraction * 2 * HALF + 0.5);
  return mantissa === 2 * HALF ? { mantissa: HALF, shift: exponent + 1 } : { mantissa, shift: exponent };
}

/**
 * Encodes the real factors of a layer. A factor too small for the layer's range becomes the smallest one, 2^-32:
 * both take every accumulator below 2^31 to 0. Throws RangeError for a factor that is not positive, is 2^30 or more, or
 * is out of range in a layer whose largest factor is 1 or more, where that argument does not hold.
 */
export function encodeScales(reals: ArrayLike<number>): CompactScales {
  const rounded = Array.from(reals, (real, c) => {
    if (!(real > 0 && real < 2 ** 29)) {
      throw new RangeError(`compact table, channel ${c}: factor must be in (0, 2^29), got ${real}; check the scales`);
    }
    return roundMantissa(real);
  });
  const exponent = rounded.reduce((top, { shift }) => Math.max(top, shift), -31);
  const lastField = Math.min(MAX_FIELD, exponent + 31); // no shift below -31
  const fields = Uint16Array.from(rounded, ({ mantissa, shift }, c) => {
    const field = exponent - shift;
    if (field <= lastField) return (field << COMPACT_MANTISSA_BITS) | (mantissa - HALF);
    if (exponent > 0) {
      throw new RangeError(
        `compact table, channel ${c}: factor ${reals[c]} is more than 2^${MAX_FIELD} below the layer's largest; use q31`,
      );
    }
    return lastField << COMPACT_MANTISSA_BITS;
  });
  return { exponent, fields };
}

export function decodeScale(field: number, exponent: number): QuantizedMultiplier {
  const mantissa = HALF + (field & (HALF - 1));
  return { multiplier: mantissa << (30 - COMPACT_MANTISSA_BITS), shift: exponent - (field >> COMPACT_MANTISSA_BITS) };
}

/**
 * Encodes i32 biases as i16 << biasShift with the smallest biasShift that fits them all; halves away from zero.
 * Throws RangeError when a bias needs more than 32 bits after rounding.
 */
export function encodeBias(bias: ArrayLike<number>): CompactBias {
  for (let biasShift = 0; biasShift <= MAX_BIAS_SHIFT; biasShift++) {
    const rounded = Array.from(bias, (value) => roundingDivideByPot(value, biasShift));
    if (rounded.every((value) => value >= -32768 && value <= 32767)) {
      return { biasShift, values: Int16Array.from(rounded) };
    }
  }
  throw new RangeError(`compact bias: values must fit 16 bits shifted by ${MAX_BIAS_SHIFT}; use q31`);
}

export function decodeBias({ biasShift, values }: CompactBias): Int32Array {
  return Int32Array.from(values, (value) => value << biasShift);
}

/**
 * Whether the compact table is faithful: every factor can be encoded, and no bias moves an output by more than an
 * eighth of a step. A channel whose weights are almost 0 has a tiny factor and a huge integer bias, and would take the
 * bias bits of all its neighbours. Keep q31 then, or give that channel a larger weight scale.
 *
 *   bias    [C] i32   zero point folded in
 *   scales  [C] real factors from the accumulator to the output
 */
export function compactFits(bias: Int32Array, scales: ArrayLike<number>): boolean {
  try {
    encodeScales(scales);
    const decoded = decodeBias(encodeBias(bias));
    return decoded.every((value, c) => Math.abs(value - bias[c]) * scales[c] <= MAX_BIAS_ERROR);
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
