/** LOOKUP: any function of one value, as a table. */
import * as F from '../../assembly/format.ts';
import type { OperatorBase } from '../model/model.ts';
import { Unsupported } from '../model/unsupported.ts';
import { type Activation, type FileOperator, type LoweringContext, sameShape } from './lowering.ts';
import type { PlainKind } from './operator.ts';
import type { Ranges } from './ranges.ts';

/** out[i] = table[in[i] + 128]: any function of one value; input and output have one shape. */
export interface Lookup extends OperatorBase {
  kind: 'lookup';
  /** 256 values, of -128 first */
  table: Int8Array;
}

declare module '../model/model.ts' {
  interface OperatorKinds {
    lookup: Lookup;
  }
}

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
  return Array.from({ length: TABLE_LENGTH / 4 }, (_, i) => bytes.getInt32(4 * i, true));
}

function rangesOf({ low, high }: Ranges, table: Int8Array): Ranges {
  const reached = (c: number) => table.subarray(low[c] + 128, high[c] + 129);
  return { low: low.map((_, c) => Math.min(...reached(c))), high: low.map((_, c) => Math.max(...reached(c))) };
}

/** Emits a function of every value by itself, given as one of many values at once. */
export function emitTable(
  operator: FileOperator,
  to: LoweringContext,
  input: Activation,
  output: Activation,
  of: (all: Int8Array) => Int8Array,
): void {
  if (!sameShape(input.shape, output.shape)) throw new Unsupported(`[${input.shape}] to [${output.shape}]`);
  const table = of(Int8Array.from({ length: TABLE_LENGTH }, (_, i) => i - 128));
  const name = `operator ${operator.index}`;
  to.emit(operator, { kind: 'lookup', name, input: input.tensor, output: output.tensor, table });
}

export const lookupOperator: PlainKind<Lookup> = {
  code: 11,
  short: 'lookup',
  about: {
    does: 'any function of one value, as a table',
    reads: '[H, W, C]',
    writes: '[H, W, C]',
  },
  parameters: { words: 64, are: 'i8[256]: the value of -128, of -127, ... of 127' },
  encode: ({ table }) => wordsOf(table),
  decode({ image, view }) {
    return { table: image.i8s(image.section(F.SECTION_TABLES).offset + view.table, TABLE_LENGTH) };
  },
  run: ({ input, table }, { values }) => lookup(values(input), table),
  ranges: ({ input, table }, { ranges }) => rangesOf(ranges[input], table),
  channelwise: true,
  size: 'alike',
  reach: 'position',
  overwrites: ({ input }) => [input],
};
