/** Trainable arrays by name, and arrays of random numbers to start them with. */

import type { Random } from '../system/random.ts';
import type { Tensor } from './layers.ts';
import { numpy as np } from './start.ts';

// A type alias and not an interface: jax-js trees need it.
export type Parameters = { [name: string]: Tensor };

export function normal(shape: number[], deviation: number, random: Random): Tensor {
  return filled(shape, () => random.normal() * deviation);
}

export function uniform(shape: number[], low: number, high: number, random: Random): Tensor {
  return filled(shape, () => random.uniform(low, high));
}

export function filled(shape: number[], value: (index: number) => number): Tensor {
  const size = shape.reduce((product, length) => product * length, 1);
  return np.array(
    Float32Array.from({ length: size }, (_, index) => value(index)),
    { shape },
  );
}
