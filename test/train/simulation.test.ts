/** The simulation of whole networks, forwards and backwards, against the array library and its own derivative. */
import { jit, nn, numpy as np, tree, valueAndGrad } from '@jax-js/jax';
import { beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../host/system/random.ts';
import type { Parameters } from '../../host/train/arrays.ts';
import { read } from '../../host/train/descent.ts';
import type { Tensor } from '../../host/train/layers.ts';
import { lossOf } from '../../host/train/loss.ts';
import { buildNetwork, type NetworkSpec } from '../../host/train/network.ts';
import type { NetworkConfig } from '../../host/train/networkConfig.ts';
import { initialize } from '../../host/train/parameters.ts';
import { lengthOfPatch } from '../../host/train/patches.ts';
import { realize } from '../../host/train/real.ts';
import { type RealArrays, Simulation } from '../../host/train/simulation.ts';
import { startArrays } from '../../host/train/start.ts';
import { forward, type Moments } from './reference.ts';

beforeAll(startArrays);

const BATCH = 6;
const CLASSES = 3;

const NETWORKS: [claim: string, network: NetworkConfig, input: [number, number, number]][] = [
  [
    'a signal, depthwise-separable',
    { stem: { channels: 8, kernel: 7, stride: 2 }, depthwiseKernel: 5, widths: [12, 20], strides: [2, 1], methods: {} },
    [1, 37, 2],
  ],
  [
    'numbers of channels that are no multiples of four',
    { stem: { channels: 5, kernel: 3, stride: 1 }, depthwiseKernel: 4, widths: [7, 9], strides: [3, 2], methods: {} },
    [1, 23, 3],
  ],
  [
    'an image, with residuals, a skip and a pool between',
    {
      layers: [
        { kind: 'convolution', channels: 6, kernel: [3, 3], stride: [2, 1] },
        {
          kind: 'residual',
          layers: [
            { kind: 'convolution', channels: 6, kernel: [3, 3] },
            { kind: 'convolution', channels: 6, kernel: [3, 3], activation: 'none' },
          ],
        },
        { kind: 'averagePool', kernel: [2, 2] },
        { kind: 'residual', layers: [{ kind: 'convolution', channels: 10, kernel: [2, 3], stride: [1, 2] }] },
      ],
      methods: {},
    },
    [9, 11, 3],
  ],
  [
    'a network without a convolution, with a dense layer',
    {
      layers: [
        { kind: 'depthwise', kernel: [3, 2], stride: [2, 1] },
        { kind: 'pointwise', channels: 6, activation: 'none' },
        { kind: 'fullyConnected', channels: 11 },
      ],
      methods: {},
    },
    [5, 4, 3],
  ],
];

const values = (length: number, random: Random): Float32Array<ArrayBuffer> =>
  Float32Array.from({ length }, () => random.normal());

/** Arrays as training begins with, moved so that none is at a value of its own. Ranges clip a good share. */
function realArrays(spec: NetworkSpec, random: Random): { arrays: RealArrays; shapes: Record<string, number[]> } {
  const parameters = initialize(spec, random);
  const real = realize(parameters, [spec]);
  tree.dispose(parameters);
  const shapes = Object.fromEntries(Object.entries(real).map(([name, { shape }]) => [name, shape]));
  const arrays = read(real);
  for (const [name, array] of Object.entries(arrays)) {
    const moved = name.endsWith('.range') ? random.uniform(1, 1.6) : null;
    arrays[name] = array.map((value) => moved ?? value + 0.2 * random.normal());
    // what fills up the patches of a convolution stays zero
    if (name.endsWith('.weights')) arrays[name] = arrays[name]!.map((value, i) => (array[i] === 0 ? 0 : value));
  }
  return { arrays, shapes };
}

const library = (arrays: RealArrays, shapes: Record<string, number[]>): Parameters =>
  Object.fromEntries(Object.entries(arrays).map(([name, data]) => [name, np.array(data, { shape: shapes[name]! })]));

/** Distance of two arrays beside the length of the second. */
function distance(got: ArrayLike<number>, wanted: ArrayLike<number>): number {
  expect(got.length).toBe(wanted.length);
  const norm = (value: (i: number) => number): number => Math.hypot(...Array.from(wanted, (_, i) => value(i)));
  return norm((i) => got[i]! - wanted[i]!) / (norm((i) => wanted[i]!) || 1);
}

describe.each(NETWORKS)('of %s the simulation', (_, config, input) => {
  const spec = buildNetwork(config, input, CLASSES);
  const { positions, length } = lengthOfPatch(spec);
  const random = new Random(3);
  const patches = values(BATCH * positions * length, random);
  const targets = Float32Array.from({ length: BATCH * CLASSES }, (_, i) => (i % 4 === 0 ? 1.5 : 0));
  const array = (): Tensor => np.array(patches, { shape: [BATCH, positions, length] });

  it('answers as the library does, by moments of the batch and by others', () => {
    const { arrays, shapes } = realArrays(spec, random);
    const simulation = new Simulation(spec, BATCH);
    simulation.load(arrays);
    const real = library(arrays, shapes);
    const compared = (fixed: Moments[] | null) => {
      const { logits, moments } = forward(real, array(), spec, fixed);
      return { logits: logits.dataSync(), moments };
    };
    const { logits, moments } = compared(null);
    expect(distance(simulation.forward(patches, null), logits)).toBeLessThan(1e-4);
    const given = moments.map(({ mean, variance }) => ({
      mean: mean.ref.add(0.1).dataSync() as Float32Array<ArrayBuffer>,
      variance: variance.ref.mul(1.2).dataSync() as Float32Array<ArrayBuffer>,
    }));
    expect(simulation.moments).toHaveLength(moments.length);
    moments.forEach(({ mean, variance }, i) => {
      expect(distance(simulation.moments[i]!.mean, mean.dataSync())).toBeLessThan(1e-4);
      expect(distance(simulation.moments[i]!.variance, variance.dataSync())).toBeLessThan(1e-4);
    });
    const fixed = given.map(({ mean, variance }) => ({ mean: np.array(mean), variance: np.array(variance) }));
    expect(distance(simulation.forward(patches, given), compared(fixed).logits)).toBeLessThan(1e-4);
  });

  it('has the gradients of the library, of every array', () => {
    const { arrays, shapes } = realArrays(spec, random);
    const simulation = new Simulation(spec, BATCH);
    simulation.load(arrays);
    const wanted = jit((real: Parameters, input: Tensor, targets: Tensor) =>
      valueAndGrad((real: Parameters): Tensor => {
        const { logits, moments } = forward(real, input, spec, null);
        tree.dispose(real);
        for (const { mean, variance } of moments) tree.dispose([mean, variance]);
        return nn
          .logSoftmax(logits, -1)
          .mul(targets)
          .sum()
          .mul(-1 / BATCH);
      })(real),
    );
    const [loss, gradients] = wanted(library(arrays, shapes), array(), np.array(targets, { shape: [BATCH, CLASSES] }));
    // twice: nothing of the first time is left in the second
    for (const _ of [1, 2]) {
      const logits = simulation.forward(patches, null);
      const { value, gradient } = lossOf(logits, CLASSES, { hard: targets, soft: null });
      expect(value).toBeCloseTo(loss.ref.item(), 4);
      const slopes = simulation.backward(gradient);
      expect(Object.keys(slopes).sort()).toEqual(Object.keys(gradients as Parameters).sort());
      for (const [name, gradient] of Object.entries(gradients as Parameters))
        expect(distance(slopes[name]!, gradient.ref.dataSync()), name).toBeLessThan(1e-4);
    }
  });
});
