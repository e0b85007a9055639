/** The per-channel table of an operator with weights, in TABLES: written and read back. */
import * as F from '../../assembly/format.ts';
import { storedEncoding, type TableEncoding } from '../arithmetic/channels.ts';
import { decodeBias, decodeScale, encodeBias, encodeScales } from '../arithmetic/compact.ts';
import { quantizeMultiplier, realOf } from '../arithmetic/fixed.ts';
import { decodeShort, encodeShort } from '../arithmetic/short.ts';
import type { ByteWriter } from './bytes.ts';
import type { ImageView, OperatorView } from './view.ts';

/** Where a table lies in TABLES, and what the operator's record says of it. */
export interface PackedTable {
  offset: number;
  /** TABLE_* */
  encoding: number;
  biasShift: number;
  exponent: number;
}

/**
 * Appends the table of a layer: short or compact if wanted and faithful, else exact.
 *
 *   bias    [C] i32, zero point folded in
 *   scales  [C] real factors from the accumulator to the output
 */
export function writeChannels(
  bias: Int32Array,
  scales: Float64Array,
  wanted: TableEncoding,
  tables: ByteWriter,
): PackedTable {
  const offset = tables.align(4).size;
  const stored = storedEncoding(bias, scales, wanted);
  if (stored === 'short') {
    const { exponent, biasShift, fields, mantissas } = encodeShort(bias, scales);
    for (const field of fields) tables.u16(field);
    tables.bytes(mantissas);
    return { offset, encoding: F.TABLE_SHORT, biasShift, exponent };
  }
  if (stored === 'compact') {
    const { exponent, fields } = encodeScales(scales);
    const { biasShift, values } = encodeBias(bias);
    values.forEach((value, c) => {
      tables.u16(fields[c]).u16(value);
    });
    return { offset, encoding: F.TABLE_COMPACT, biasShift, exponent };
  }
  const factors = Array.from(scales, quantizeMultiplier);
  const [first] = factors;
  // one channel takes no less that way
  if (
    factors.length > 1 &&
    factors.every(({ multiplier, shift }) => multiplier === first.multiplier && shift === first.shift)
  ) {
    tables.i32(first.multiplier).i32(first.shift);
    for (const value of bias) tables.i32(value);
    return { offset, encoding: F.TABLE_UNIFORM, biasShift: 0, exponent: 0 };
  }
  for (const value of bias) tables.i32(value);
  for (const { multiplier } of factors) tables.i32(multiplier);
  for (const { shift } of factors) tables.u8(shift);
  return { offset, encoding: F.TABLE_Q31, biasShift: 0, exponent: 0 };
}

/** Folded biases and real factors of an operator's channels. */
export function readChannels(
  image: ImageView,
  view: OperatorView,
  channels: number,
): { bias: Int32Array; effectiveScale: Float64Array } {
  const at = image.section(F.SECTION_TABLES).offset + view.table;
  const each = <T>(read: (c: number) => T): T[] => Array.from({ length: channels }, (_, c) => read(c));
  const exponent = image.i8(view.at + F.OPERATOR_EXPONENT_AT);
  const biasShift = image.u8(view.at + F.OPERATOR_BIAS_SHIFT_AT);
  if (view.encoding === F.TABLE_SHORT) {
    const fields = Uint16Array.from(each((c) => image.u16(at + 2 * c)));
    const mantissas = Uint8Array.from(each((c) => image.u8(at + 2 * channels + c)));
    const { bias, factors } = decodeShort({ exponent, biasShift, fields, mantissas });
    return { bias, effectiveScale: Float64Array.from(factors, realOf) };
  }
  if (view.encoding === F.TABLE_COMPACT) {
    return {
      bias: decodeBias({ biasShift, values: Int16Array.from(each((c) => image.u16(at + 4 * c + 2))) }),
      effectiveScale: Float64Array.from(each((c) => realOf(decodeScale(image.u16(at + 4 * c), exponent)))),
    };
  }
  if (view.encoding === F.TABLE_UNIFORM) {
    const factor = realOf({ multiplier: image.i32(at), shift: image.i32(at + 4) });
    return {
      bias: Int32Array.from(each((c) => image.i32(at + F.UNIFORM_HEADER_BYTES + 4 * c))),
      effectiveScale: Float64Array.from(each(() => factor)),
    };
  }
  return {
    bias: Int32Array.from(each((c) => image.i32(at + 4 * c))),
    effectiveScale: Float64Array.from(
      each((c) => realOf({ multiplier: image.i32(at + 4 * (channels + c)), shift: image.i8(at + 8 * channels + c) })),
    ),
  };
}
