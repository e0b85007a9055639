import type { Copy } from '../model/model.ts';

/** What a copy needs to know beside its tensors. */
export type CopyArguments = Pick<
  Copy,
  'count' | 'inputStep' | 'outputStep' | 'run' | 'inputOffset' | 'outputOffset' | 'fill'
>;

/**
 * The output after a copy; before: what it held. Throws RangeError where a run begins or ends outside of a tensor.
 */
export function copy(operator: CopyArguments, input: Int8Array, before: Int8Array, zeroPoint: number): Int8Array {
  const { count, inputStep, outputStep, run, inputOffset, outputOffset, fill } = operator;
  const output = fill ? new Int8Array(before.length).fill(zeroPoint) : before.slice();
  for (let i0 = 0; i0 < count[0]; i0++) {
    for (let i1 = 0; i1 < count[1]; i1++) {
      for (let i2 = 0; i2 < count[2]; i2++) {
        const from = inputOffset + i0 * inputStep[0] + i1 * inputStep[1] + i2 * inputStep[2];
        const to = outputOffset + i0 * outputStep[0] + i1 * outputStep[1] + i2 * outputStep[2];
        if (from + run > input.length || to + run > output.length)
          throw new RangeError(
            `run (${i0}, ${i1}, ${i2}) of ${run} values: expected inside ${input.length} and ${output.length} values, got from ${from} to ${to}`,
          );
        output.set(input.subarray(from, from + run), to);
      }
    }
  }
  return output;
}
