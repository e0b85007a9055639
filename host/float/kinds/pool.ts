/** Pools and means in float32. */
import type { GraphOperator } from '../../import/graph.ts';
import type { WindowOptions } from '../../operators/lowering.ts';
import type { FloatKind, Reading } from '../kind.ts';

/** Every output is `merge` of the values of its window that lie inside, and `finish` of that and their number. */
function pool(
  start: number,
  merge: (sum: number, value: number) => number,
  finish: (sum: number, count: number) => number,
): FloatKind['run'] {
  return (operator, reading) => {
    const { padding, stride, kernel } = operator.options as WindowOptions;
    const input = reading.values(0);
    const [, inH, inW, channels] = reading.shape(0);
    const [, outH, outW] = reading.outputShape();
    const begin = (size: number, axis: 0 | 1, out: number) =>
      padding === 'VALID' ? 0 : Math.max(0, (out - 1) * stride[axis] + kernel[axis] - size) >> 1;
    const [top, left] = [begin(inH, 0, outH), begin(inW, 1, outW)];
    const output = new Float32Array(outH * outW * channels);
    for (let y = 0; y < outH; y++)
      for (let x = 0; x < outW; x++) {
        const rows = inside(y * stride[0] - top, kernel[0], inH);
        const columns = inside(x * stride[1] - left, kernel[1], inW);
        for (let c = 0; c < channels; c++) {
          let sum = start;
          for (let row = rows.from; row < rows.to; row++)
            for (let column = columns.from; column < columns.to; column++)
              sum = merge(sum, input[(row * inW + column) * channels + c]);
          const count = (rows.to - rows.from) * (columns.to - columns.from);
          output[(y * outW + x) * channels + c] = finish(sum, count);
        }
      }
    return [output];
  };
}

function inside(begin: number, size: number, whole: number): { from: number; to: number } {
  return { from: Math.max(0, begin), to: Math.min(whole, begin + size) };
}

/** Over constant dimensions, which keep size 1 or are gone: the values are the same. */
function mean(_: GraphOperator, reading: Reading): Float32Array[] {
  const [input, shape] = [reading.values(0), reading.shape(0)];
  const axes = new Set(reading.integers(1).map((axis) => (axis < 0 ? axis + shape.length : axis)));
  const kept = shape.map((size, d) => (axes.has(d) ? 1 : size));
  const output = new Float64Array(kept.reduce((a, b) => a * b, 1));
  const steps = kept.map((size, d) => (size === 1 ? 0 : kept.slice(d + 1).reduce((a, b) => a * b, 1)));
  const place = shape.map(() => 0);
  for (const value of input) {
    output[place.reduce((sum, at, d) => sum + at * steps[d], 0)] += value;
    for (let d = shape.length - 1; d >= 0 && ++place[d] === shape[d]; d--) place[d] = 0;
  }
  const count = input.length / output.length;
  return [Float32Array.from(output, (sum) => sum / count)];
}

export const AVERAGE_POOL_2D: FloatKind = {
  scale: 'inherited',
  windowed: true,
  fuses: true,
  channelwise: true,
  run: pool(
    0,
    (sum, value) => sum + value,
    (sum, count) => sum / count,
  ),
};
export const MAX_POOL_2D: FloatKind = {
  scale: 'inherited',
  windowed: true,
  fuses: true,
  channelwise: true,
  run: pool(Number.NEGATIVE_INFINITY, Math.max, (largest) => largest),
};
export const MEAN: FloatKind = { scale: 'own', run: mean };
