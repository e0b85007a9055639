/** Operators that only move values, in float32. */
import type { GraphOperator } from '../../import/graph.ts';
import type { FloatKind, Reading } from '../kind.ts';
import { countOf, placesOf, stepsOf } from './indices.ts';

const moving = (run: FloatKind['run'], more: Partial<FloatKind> = {}): FloatKind => ({
  scale: 'inherited',
  ...more,
  run,
});

function concatenation(operator: GraphOperator, reading: Reading): Float32Array[] {
  const { axis } = operator.options as { axis: number };
  const shape = reading.outputShape();
  const dimension = axis < 0 ? axis + shape.length : axis;
  const block = countOf(shape.slice(dimension));
  const output = new Float32Array(countOf(shape));
  let offset = 0;
  operator.inputs.forEach((_, i) => {
    const input = reading.values(i);
    const run = countOf(reading.shape(i).slice(dimension));
    for (let at = 0; at * run < input.length; at++)
      output.set(input.subarray(at * run, (at + 1) * run), at * block + offset);
    offset += run;
  });
  return [output];
}

/** Zeros around, or the one value of input 2. */
function pad(_: GraphOperator, reading: Reading): Float32Array[] {
  const [shape, pads] = [reading.outputShape(), reading.integers(1)];
  const output = new Float32Array(countOf(shape)).fill(reading.optional(2)?.[0] ?? 0);
  const steps = stepsOf(shape);
  const begin = steps.reduce((sum, step, d) => sum + step * pads[2 * d], 0);
  const input = reading.values(0);
  placesOf(reading.shape(0), steps, begin).forEach((place, i) => {
    output[place] = input[i];
  });
  return [output];
}

function transpose(_: GraphOperator, reading: Reading): Float32Array[] {
  const steps = stepsOf(reading.shape(0));
  const order = reading.integers(1).map((axis) => steps[axis < 0 ? axis + steps.length : axis]);
  return [taken(reading, placesOf(reading.outputShape(), order))];
}

function taken(reading: Reading, places: Int32Array, from = 0): Float32Array {
  const input = reading.values(from);
  return Float32Array.from(places, (place) => input[place]);
}

function slice(_: GraphOperator, reading: Reading): Float32Array[] {
  const shape = reading.shape(0);
  const begin = reading.integers(1);
  const size = reading.integers(2).map((count, d) => (count < 0 ? shape[d] - begin[d] : count));
  const steps = stepsOf(shape);
  const first = steps.reduce((sum, step, d) => sum + step * begin[d], 0);
  return [taken(reading, placesOf(size, steps, first))];
}

function stridedSlice(operator: GraphOperator, reading: Reading): Float32Array[] {
  const { beginMask, endMask, shrinkMask } = operator.options as Record<string, number>;
  const shape = reading.shape(0);
  const [first, last, stride] = [1, 2, 3].map((index) => reading.integers(index));
  const has = (mask: number, d: number) => ((mask >> d) & 1) === 1;
  const place = (value: number, d: number) => Math.min(Math.max(value < 0 ? value + shape[d] : value, 0), shape[d]);
  const begin = shape.map((_, d) => (has(beginMask, d) ? 0 : place(first[d], d)));
  const size = shape.map((whole, d) => {
    if (has(shrinkMask, d)) return 1;
    return Math.ceil(((has(endMask, d) ? whole : place(last[d], d)) - begin[d]) / stride[d]);
  });
  const steps = stepsOf(shape);
  const at = steps.reduce((sum, step, d) => sum + step * begin[d], 0);
  return [
    taken(
      reading,
      placesOf(
        size,
        steps.map((step, d) => step * stride[d]),
        at,
      ),
    ),
  ];
}

/** Equal parts; the axis is input 0. */
function split(operator: GraphOperator, reading: Reading): Float32Array[] {
  const shape = reading.shape(1);
  const [value] = reading.integers(0);
  const axis = value < 0 ? value + shape.length : value;
  const size = shape.map((whole, d) => (d === axis ? whole / operator.outputs.length : whole));
  const steps = stepsOf(shape);
  return operator.outputs.map((_, part) => taken(reading, placesOf(size, steps, part * size[axis] * steps[axis]), 1));
}

export const CONCATENATION = moving(concatenation);
export const PAD = moving(pad);
export const PADV2 = moving(pad);
export const TRANSPOSE = moving(transpose);
export const SLICE = moving(slice);
export const STRIDED_SLICE = moving(stridedSlice);
export const SPLIT = moving(split);
export const RESHAPE = moving((_, reading) => [reading.values(0)]);
/** From one scale to another: in float nothing. */
export const QUANTIZE: FloatKind = { scale: 'own', run: (_, reading) => [reading.values(0)] };
