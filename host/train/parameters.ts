/** Trainable arrays by name, and how they start. The names are those of the checkpoint. */

import { numpy as np } from '@jax-js/jax';
import type { Random } from '../system/random.ts';
import { initializeGenerator } from './generator.ts';
import type { Tensor } from './layers.ts';
import { type NetworkSpec, weightShape } from './network.ts';

// A type alias and not an interface: jax-js trees need it.
export type Parameters = { [name: string]: Tensor };

/** Activations start clipped at eight deviations of a normalised channel; training moves that. */
const INITIAL_RANGE = 8;

export function initialize(spec: NetworkSpec, random: Random): Parameters {
  const parameters = initializeGenerator(spec, random);
  for (const layer of spec.layers) {
    const { name, outputChannels } = layer;
    if (layer.weights !== 'generated') {
      const shape = weightShape(layer);
      const fanIn = layer.kind === 'depthwise' ? layer.kernel : layer.kernel * layer.inputChannels;
      const [, columns] = shape;
      const used = layer.kind === 'depthwise' ? columns : fanIn;
      const deviation = Math.sqrt(2 / fanIn);
      parameters[`${name}.weight`] = fill(shape, (i) => (i % columns < used ? random.normal() * deviation : 0));
    }
    if (layer.kind === 'fullyConnected') {
      parameters[`${name}.bias`] = np.zeros([outputChannels]);
      continue;
    }
    parameters[`${name}.gamma`] = np.zeros([outputChannels]);
    parameters[`${name}.beta`] = np.zeros([outputChannels]);
    parameters[`${name}.range`] = np.array([INITIAL_RANGE]);
  }
  return parameters;
}

export function normal(shape: number[], deviation: number, random: Random): Tensor {
  return fill(shape, () => random.normal() * deviation);
}

export function uniform(shape: number[], low: number, high: number, random: Random): Tensor {
  return fill(shape, () => random.uniform(low, high));
}

function fill(shape: number[], value: (index: number) => number): Tensor {
  const size = shape.reduce((product, length) => product * length, 1);
  return np.array(
    Float32Array.from({ length: size }, (_, index) => value(index)),
    { shape },
  );
}
