/** Scales of tensors that an image does not hold, found from the factors of its operators. */

/** Per tensor; undefined where not known yet. */
export type Scales = (number | undefined)[];

/** What quantizeMultiplier takes to 0. */
export const NO_FACTOR = 2 ** -40;

/** Scale of an output from factor = product of input scales / output scale; with `start`, unknown inputs have 1. */
export function tieProduct(
  inputs: readonly number[],
  output: number,
  factor: number,
  scales: Scales,
  start: boolean,
): void {
  if (start) for (const tensor of inputs) scales[tensor] ??= 1;
  const product = inputs.reduce((total, tensor) => total * (scales[tensor] ?? Number.NaN), 1);
  if (!Number.isNaN(product)) scales[output] ??= product / Math.max(factor, NO_FACTOR);
}
