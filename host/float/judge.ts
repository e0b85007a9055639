/** An image beside the float network that it was made of, on inputs: errors of its outputs, and the same answer. */
import { Runtime } from '../runtime/node.ts';
import { FASTEST } from '../runtime/variants.ts';

/** The inputs of one inference in real numbers, an array each. */
export type RealInputs = readonly Float32Array[];

export interface Judgement {
  inputs: number;
  /** squared error of all outputs over their variance */
  relativeError: number;
  maxError: number;
  /** share of the inputs for which both have the largest value of the first output at one place */
  top1: number;
}

/** The outputs of an image for real inputs, in real numbers. */
export function answersOf(image: Uint8Array, inputs: readonly RealInputs[]): Float32Array[][] {
  const runtime = new Runtime(image, FASTEST).load();
  const count = runtime.outputs.length;
  return inputs.map((arrays) => {
    const bytes = runtime.run(arrays.map((values, i) => runtime.quantize(values, i)));
    return Array.from({ length: count }, (_, i) => runtime.dequantize(bytes, i));
  });
}

/** `expected`: the outputs of the float network for the same inputs. */
export function judge(answers: readonly RealInputs[], expected: readonly RealInputs[]): Judgement {
  let [noise, maxError, same] = [0, 0, 0];
  const sums = { count: 0, sum: 0, squares: 0 };
  answers.forEach((outputs, s) => {
    if (largest(outputs[0]) === largest(expected[s][0])) same++;
    outputs.forEach((values, o) => {
      values.forEach((value, i) => {
        const exact = expected[s][o][i];
        noise += (value - exact) ** 2;
        maxError = Math.max(maxError, Math.abs(value - exact));
        sums.count++;
        sums.sum += exact;
        sums.squares += exact * exact;
      });
    });
  });
  const variance = sums.squares - sums.sum ** 2 / sums.count;
  const inputs = answers.length;
  return { inputs, relativeError: noise / (variance || 1), maxError, top1: same / inputs };
}

/** The place of the largest value, the first of several. */
export const largest = (values: Float32Array): number =>
  values.reduce((best, value, i) => (value > values[best] ? i : best), 0);
