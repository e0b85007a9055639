import { clamp } from '../arithmetic/fixed.ts';
import type { Shape, Window } from '../model/model.ts';

export interface PoolArguments extends Window {
  input: Int8Array; // [H, W, C]
  inputShape: Shape;
  outputShape: Shape; // [OH, OW, C]
  activation: [min: number, max: number];
}

/** sum / count to nearest, ties away from zero; count >= 1. */
export function roundingDivide(sum: number, count: number): number {
  const magnitude = Math.floor((Math.abs(sum) + Math.floor(count / 2)) / count);
  return sum < 0 && magnitude > 0 ? -magnitude : magnitude;
}

/** Mean of the window's valid elements (padding does not count). Input and output share scale and zero point. */
export function averagePool(operator: PoolArguments): Int8Array {
  return pool(operator, (values) =>
    roundingDivide(
      values.reduce((sum, value) => sum + value, 0),
      values.length,
    ),
  );
}

/** Largest of the window's valid elements. */
export function maxPool(operator: PoolArguments): Int8Array {
  return pool(operator, (values) => values.reduce((largest, value) => Math.max(largest, value)));
}

function pool(operator: PoolArguments, reduce: (values: number[]) => number): Int8Array {
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
