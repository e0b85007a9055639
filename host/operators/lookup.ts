/** LOOKUP: any function of one value, as a table. */
import * as F from '../../assembly/format.ts';
import type { Lookup } from '../model/model.ts';
import type { PlainKind } from './operator.ts';
import type { Ranges } from './ranges.ts';

const TABLE_LENGTH = 256;

/** out[i] = table[in[i] + 128]; throws RangeError unless the table has a value for each of the 256 inputs. */
export function lookup(input: Int8Array, table: Int8Array): Int8Array {
  if (table.length !== TABLE_LENGTH)
    throw new RangeError(`table: expected ${TABLE_LENGTH} values, got ${table.length}`);
  return input.map((value) => table[value + 128]);
}

/** The bytes of a table, four to a word. */
function wordsOf(table: Int8Array): number[] {
  if (table.length !== TABLE_LENGTH) throw new Error(`table: expected ${TABLE_LENGTH} values, got ${table.length}`);
  const bytes = new DataView(table.buffer, table.byteOffset, table.length);
  return Array.from({ length: F.LOOKUP_PARAMETERS }, (_, i) => bytes.getInt32(4 * i, true));
}

function rangesOf({ low, high }: Ranges, table: Int8Array): Ranges {
  const reached = (c: number) => table.subarray(low[c] + 128, high[c] + 129);
  return { low: low.map((_, c) => Math.min(...reached(c))), high: low.map((_, c) => Math.max(...reached(c))) };
}

export const lookupOperator: PlainKind<Lookup> = {
  code: F.LOOKUP,
  short: 'lookup',
  encode: ({ table }) => wordsOf(table),
  decode({ image, view }) {
    return { table: image.i8s(image.section(F.SECTION_TABLES).offset + view.table, TABLE_LENGTH) };
  },
  run: ({ input, table }, { values }) => lookup(values(input), table),
  ranges: ({ input, table }, { ranges }) => rangesOf(ranges[input], table),
  channelwise: true,
  overwrites: ({ input }) => [input],
};
