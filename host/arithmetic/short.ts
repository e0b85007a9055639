/**
 * The short quantisation table: three bytes a channel, TABLE_SHORT of assembly/format.ts.
 *
 *   u16  bbbbbbbbbbbbb ooo   octave o below the layer's largest factor; accumulator bias = b << (biasShift + o)
 *   u8   mantissa m          factor = (256 + m) / 512 * 2^(exponent - o)
 *
 * A bias counts in steps that grow as the factor shrinks, so that it has one precision in the output, whatever the
 * channel: a channel of a tiny factor and a huge bias takes no bits of its neighbours. The 9-bit mantissa is within
 * 1 / 512 of the factor: at most half a step across the whole INT8 range.
 */
import { SHORT_OCTAVE_BITS } from '../../assembly/format.ts';
import { MAX_RIGHT_SHIFT, MAX_SHIFT, MAX_SHORT_BIAS_SHIFT } from '../../assembly/limits.ts';
import { type QuantizedMultiplier, roundingDivideByPot, splitExponent } from './fixed.ts';

const HALF = 256; // mantissas lie in [HALF, 2 HALF)
const MOST_OCTAVES = (1 << SHORT_OCTAVE_BITS) - 1;
/** of 13 bits, the lowest left out: what was decoded is encoded to the same bits again */
const MOST_BIAS = 4095;
const MAX_BIAS_ERROR = 1 / 4; // output steps

export interface ShortTable {
  /** i8: shift of octave 0, the largest of the layer */
  exponent: number;
  /** in [0, 17] */
  biasShift: number;
  /** [channels] bbbbbbbbbbbbb ooo */
  fields: Uint16Array;
  /** [channels] */
  mantissas: Uint8Array;
}

/** The nearest mantissa in [256, 512) and its shift: real = mantissa / 512 * 2^shift. */
function roundMantissa(real: number): { mantissa: number; shift: number } {
  const { fraction, exponent } = splitExponent(real);
  const mantissa = Math.floor(fraction * 2 * HALF + 0.5);
  return mantissa === 2 * HALF ? { mantissa: HALF, shift: exponent + 1 } : { mantissa, shift: exponent };
}

/**
 * Encodes a layer, biases with the smallest biasShift that fits them all, halves away from zero. Throws RangeError for
 * factors that are not positive, out of range or more than seven octaves apart, and for biases that do not fit.
 *
 *   bias    [C] i32   zero point folded in
 *   scales  [C] real factors from the accumulator to the output
 */
export function encodeShort(bias: ArrayLike<number>, scales: ArrayLike<number>): ShortTable {
  const rounded = Array.from(scales, (real, c) => {
    if (!(real > 0 && real < 2 ** MAX_SHIFT))
      throw new RangeError(`short table, channel ${c}: factor must be in (0, 2^${MAX_SHIFT}), got ${real}`);
    return roundMantissa(real);
  });
  const shifts = rounded.map(({ shift }) => shift);
  const [exponent, lowest] = [Math.max(...shifts), Math.min(...shifts)];
  if (exponent > MAX_SHIFT || lowest < -MAX_RIGHT_SHIFT || exponent - lowest > MOST_OCTAVES)
    throw new RangeError(
      `short table: factors must lie within ${MOST_OCTAVES} octaves, got shifts ${lowest} to ${exponent}; use compact`,
    );
  const octaves = shifts.map((shift) => exponent - shift);
  const mantissas = Uint8Array.from(rounded, ({ mantissa }) => mantissa - HALF);
  for (let biasShift = 0; biasShift + exponent - lowest <= MAX_SHORT_BIAS_SHIFT; biasShift++) {
    const values = Array.from(bias, (value, c) => roundingDivideByPot(value, biasShift + octaves[c]));
    if (values.every((value) => Math.abs(value) <= MOST_BIAS)) {
      const fields = Uint16Array.from(values, (value, c) => (value << SHORT_OCTAVE_BITS) | octaves[c]);
      return { exponent, biasShift, fields, mantissas };
    }
  }
  throw new RangeError('short table: biases must fit 13 bits shifted; use compact');
}

/** What the device makes of a table. */
export function decodeShort({ exponent, biasShift, fields, mantissas }: ShortTable): {
  bias: Int32Array;
  factors: QuantizedMultiplier[];
} {
  const octaves = Array.from(fields, (field) => field & MOST_OCTAVES);
  return {
    bias: Int32Array.from(
      fields,
      (field, c) => ((field << 16) >> (16 + SHORT_OCTAVE_BITS)) << (biasShift + octaves[c]),
    ),
    factors: octaves.map((octave, c) => ({ multiplier: (HALF + mantissas[c]) << 22, shift: exponent - octave })),
  };
}

/** Whether a short table is faithful: it can be encoded, and no bias moves an output by more than a quarter of a step. */
export function shortFits(bias: Int32Array, scales: ArrayLike<number>): boolean {
  try {
    const decoded = decodeShort(encodeShort(bias, scales));
    return decoded.bias.every((value, c) => Math.abs(value - bias[c]) * scales[c] <= MAX_BIAS_ERROR);
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
