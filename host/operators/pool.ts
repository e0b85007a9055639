/** What both pools have in common: all but what they make of a window's values. */
import { clamp } from '../arithmetic/fixed.ts';
import type { Pool, Shape, Window } from '../model/model.ts';
import type { OperatorView, TensorView } from '../records/view.ts';
import type { PlainKind } from './operator.ts';
import { mapped } from './ranges.ts';

export interface PoolArguments extends Window {
  input: Int8Array; // [H, W, C]
  inputShape: Shape;
  outputShape: Shape; // [OH, OW, C]
  activation: [min: number, max: number];
}

/** What a reduction makes of the valid values of each window. */
export function pool(operator: PoolArguments, reduce: (values: number[]) => number): Int8Array {
  const { input, inputShape, outputShape, kernel, stride, pad, activation } = operator;
  const [height, width, channels] = inputShape;
  const [outHeight, outWidth] = outputShape;
  const output = new Int8Array(outHeight * outWidth * channels);
  let at = 0;
  for (let oy = 0; oy < outHeight; oy++) {
    for (let ox = 0; ox < outWidth; ox++) {
      for (let c = 0; c < channels; c++) {
        const values: number[] = [];
        for (let ky = 0; ky < kernel[0]; ky++) {
          for (let kx = 0; kx < kernel[1]; kx++) {
            const y = oy * stride[0] - pad[0] + ky;
            const x = ox * stride[1] - pad[1] + kx;
            const inside = y >= 0 && y < height && x >= 0 && x < width;
            if (inside) values.push(input[(y * width + x) * channels + c]);
          }
        }
        output[at++] = clamp(reduce(values), activation[0], activation[1]);
      }
    }
  }
  return output;
}

/**
 * Whether a pool writes every position only when no later window reads it any more. Its own window may: each of its
 * channels is read before it is written.
 */
function shrinks({ input, output, stride, pad }: OperatorView, tensors: readonly TensorView[]): boolean {
  const { width: inputWidth } = tensors[input];
  const { height, width } = tensors[output];
  const top = (y: number) => Math.max(0, y * stride[0] - pad[0]) * inputWidth;
  const left = (x: number) => Math.max(0, x * stride[1] - pad[1]);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const written = y * width + x;
      if (x + 1 < width && top(y) + left(x + 1) <= written) return false;
      if (y + 1 < height && top(y + 1) <= written) return false;
    }
  }
  return true;
}

/** A pool with a code and a twin of its own. */
export function poolOperator(code: number, twin: (operator: PoolArguments) => Int8Array): PlainKind<Pool> {
  return {
    code,
    short: 'pool',
    encode: () => [],
    decode: ({ view: { kernel, stride, pad, activation } }) => ({ kernel, stride, pad, activation }),
    run(operator, { tensors, values }) {
      const [inputShape, outputShape] = [operator.input, operator.output].map((tensor) => tensors[tensor].shape);
      return twin({ ...operator, input: values(operator.input), inputShape, outputShape });
    },
    ranges: ({ input, activation }, { ranges }) => mapped(ranges[input], (value) => clamp(value, ...activation)),
    channelwise: true,
    overwrites: (operator, tensors) => (shrinks(operator, tensors) ? [operator.input] : []),
  };
}
