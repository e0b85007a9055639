/** Small networks with inputs that calibrate them: tensors keep a signal, values of an input go together. */

import { asUnpacked } from '../../host/image/programs.ts';
import type { Network } from '../../host/join/prepare.ts';
import type { Model } from '../../host/model/model.ts';
import { moduleOf } from '../../host/runtime/node.ts';
import { ModelBuilder, random } from '../zoo.ts';

const INPUT = [6, 6, 2] as const;

/** Every kind of layer with weights; `classes` outputs. */
export function network(name: string, seed: number, classes = 6): Model {
  const b = new ModelBuilder(seed, [...INPUT]);
  b.convolution(12, { kernel: [3, 3], stride: [1, 1], pad: [1, 1] });
  b.depthwise(1, { kernel: [3, 3], stride: [1, 1], pad: [1, 1] });
  b.pointwise(16)
    .convolution(16, { kernel: [3, 3], stride: [1, 1], pad: [1, 1] })
    .pointwise(18);
  b.pool('averagePool', { kernel: [2, 2], stride: [2, 2], pad: [0, 0] });
  b.fullyConnected(classes).softmax();
  const model = b.build();
  for (const operator of model.programs[0]!.operators) if ('activation' in operator) operator.activation = [-128, 127];
  return { ...model, metadata: { name } };
}

/** Waves of many frequencies. */
export function inputsOf(seed: number, count: number): Uint8Array[] {
  const next = random(seed);
  const size = INPUT[0] * INPUT[1] * INPUT[2];
  return Array.from({ length: count }, () => {
    const [f, g, phase] = [next(), next(), 6 * next()];
    const values = Int8Array.from({ length: size }, (_, i) => 100 * Math.sin(f * (i >> 1) + (i & 1) * g + phase));
    return new Uint8Array(values.buffer);
  });
}

/** Of each name a network of its own, calibrated. */
export function networksOf(...names: string[]): Network[] {
  return names.map((name, i) => ({
    name,
    unpacked: asUnpacked(network(name, 5 + i, 4 + i)),
    samples: { inputs: inputsOf(20 + i, 40), wasm: moduleOf('simd') },
  }));
}
