/** What the functions of the twin interpreter share: tensors as lists of numbers, places in them, fused activations. */
import type { FileSpec, OperatorSpec } from '../tflite.ts';
import type * as fixed from './fixed.ts';

export interface Values extends fixed.Scale {
  shape: number[];
  /** INT8, or what an INT32 constant holds */
  values: number[];
}

export interface Given {
  operator: OperatorSpec;
  operands: Values[];
  results: Omit<Values, 'values'>[];
  /** float32 */
  weightScales: number[];
  file: FileSpec;
}

export type Run = (given: Given) => number[][];

export const size = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
export const clamp = (x: number, low: number, high: number) => (x < low ? low : x > high ? high : x);
export const int8 = (x: number) => clamp(x, -128, 127);
const halfAway = (x: number) => Math.sign(x) * Math.floor(Math.abs(x) + 0.5);

/** Field `id` of the options table. */
export function option({ options }: OperatorSpec, id: number, fallback = 0): number {
  const value = options?.[id];
  if (value === undefined) return fallback;
  if ('text' in value) throw new Error(`option ${id} is no number`);
  if ('float32' in value) return Math.fround(value.float32);
  return 'int8' in value ? value.int8 : value.int32;
}

/** A fused activation (NONE, RELU, RELU_N1_TO_1, RELU6) as a clamp of quantised values. */
export function fused(activation: number, { scale, zeroPoint }: fixed.Scale): (x: number) => number {
  const at = (real: number) => zeroPoint + halfAway(Math.fround(real / scale));
  const low = [-128, at(0), at(-1), at(0)][activation];
  const high = [127, 127, at(1), at(6)][activation];
  return (x) => clamp(x, Math.max(low, -128), Math.min(high, 127));
}

/** Every index of a shape, the last dimension fastest. */
export function* places(shape: readonly number[]): Generator<number[]> {
  for (let flat = 0; flat < size(shape); flat++) {
    let rest = flat;
    yield shape
      .toReversed()
      .map((count) => {
        const place = rest % count;
        rest = Math.floor(rest / count);
        return place;
      })
      .toReversed();
  }
}

export const flatIndex = (place: readonly number[], shape: readonly number[]) =>
  place.reduce((flat, at, d) => flat * shape[d] + at, 0);

/** Value at a place of a larger shape: laid over it from behind, and again along dimensions of size 1. */
export function repeatedAt({ shape, values }: Values, place: readonly number[]): number {
  const own = place.slice(place.length - shape.length);
  return values[
    flatIndex(
      own.map((at, d) => (shape[d] === 1 ? 0 : at)),
      shape,
    )
  ];
}
