/**
 * Index of the largest channel at every position, the first of equals.
 *
 *   input   [P, C]   i8   C at most 128, so that an index is an i8
 *   output  [P]      i8
 */
export function argmax(input: Int8Array, channels: number): Int8Array {
  const positions = input.length / channels;
  return Int8Array.from({ length: positions }, (_, p) => {
    const row = input.subarray(p * channels, (p + 1) * channels);
    return row.indexOf(row.reduce((largest, value) => Math.max(largest, value)));
  });
}
