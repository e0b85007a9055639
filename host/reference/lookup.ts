/** out[i] = table[in[i] + 128]; throws RangeError unless the table has a value for each of the 256 inputs. */
export function lookup(input: Int8Array, table: Int8Array): Int8Array {
  if (table.length !== 256) throw new RangeError(`table: expected 256 values, got ${table.length}`);
  return input.map((value) => table[value + 128]);
}
