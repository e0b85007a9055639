/** Scales of tensors that an image does not hold, found from the factors of its operators. */

/** Per tensor; undefined where not known yet. */
export type Scales = (number | undefined)[];

/** What quantizeMultiplier takes to 0. */
export const NO_FACTOR = 2 ** -40;

/**
 * Scales from factor = product of input scales / output scale: that of the output, or of the one input that is not
 * known. With `start` unknown inputs have 1, but for the last one of a known output.
 */
export function tieProduct(
  inputs: readonly number[],
  output: number,
  factor: number,
  scales: Scales,
  start: boolean,
): void {
  const result = scales[output];
  const fromOutput = result !== undefined && factor > NO_FACTOR;
  const unknown = () => [...new Set(inputs)].filter((tensor) => scales[tensor] === undefined);
  if (start) for (const tensor of unknown().slice(fromOutput ? 1 : 0)) scales[tensor] = 1;
  const product = inputs.reduce((total, tensor) => total * (scales[tensor] ?? 1), 1);
  const [first, ...more] = unknown();
  if (first === undefined) scales[output] ??= product / Math.max(factor, NO_FACTOR);
  else if (fromOutput && more.length === 0) {
    const times = inputs.filter((tensor) => tensor === first).length; // two in a square
    scales[first] = ((result * factor) / product) ** (1 / times);
  }
}
