/** AdamW against its paper (Loshchilov & Hutter 2019, algorithm 2), written out in plain numbers. */
import { numpy as np } from '@jax-js/jax';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Parameters } from '../../host/train/arrays.ts';
import { Optimizer } from '../../host/train/optimizer.ts';
import { startArrays } from '../../host/train/start.ts';

beforeAll(startArrays);

const RATE = 0.01;
const [BETA1, BETA2, EPSILON] = [0.9, 0.999, 1e-8];

type Values = Record<string, number[]>;

const START: Values = { 'layer.weight': [0.5, -2, 1], 'layer.bias': [0.25, -1], 'basis.codes': [3, -0.5] };
/** So that the two moments differ: large, small, and of the other sign. */
const GRADIENTS: Values[] = [
  { 'layer.weight': [0.3, -0.02, 1], 'layer.bias': [2, -0.1], 'basis.codes': [0.4, 0.05] },
  { 'layer.weight': [-0.1, -0.5, 0], 'layer.bias': [0.01, 0.3], 'basis.codes': [-0.2, 0.6] },
  { 'layer.weight': [0.02, 4, -0.7], 'layer.bias': [-1, 0.3], 'basis.codes': [0.1, -3] },
];

interface Config {
  weightDecay: number;
  codeRate: number;
  clip: number;
}

/** What the arrays come to after a step for each of GRADIENTS. */
function stepped(config: Config): Values {
  const arrays = (values: Values): Parameters =>
    Object.fromEntries(Object.entries(values).map(([name, list]) => [name, np.array(list)]));
  const optimizer = new Optimizer(arrays(START), config);
  for (const gradients of GRADIENTS) {
    const entries = Object.entries(gradients).map(([name, list]) => [name, Float32Array.from(list)]);
    optimizer.move(Object.fromEntries(entries), RATE);
  }
  return Object.fromEntries(
    Object.entries(optimizer.parameters).map(([name, array]) => [name, [...array.ref.dataSync()]]),
  );
}

/** The same, number by number. */
function expected({ weightDecay, codeRate, clip }: Config): Values {
  const values = structuredClone(START);
  const moments = Object.fromEntries(Object.entries(START).map(([name, list]) => [name, list.map(() => [0, 0])]));
  GRADIENTS.forEach((gradients, i) => {
    const norm = Math.hypot(...Object.values(gradients).flat());
    for (const [name, list] of Object.entries(gradients))
      list.forEach((raw, k) => {
        const gradient = raw * Math.min(1, clip / norm);
        const moment = moments[name][k];
        moment[0] = BETA1 * moment[0] + (1 - BETA1) * gradient;
        moment[1] = BETA2 * moment[1] + (1 - BETA2) * gradient ** 2;
        const first = moment[0] / (1 - BETA1 ** (i + 1));
        const second = moment[1] / (1 - BETA2 ** (i + 1));
        const decay = name === 'layer.weight' ? weightDecay * values[name][k] : 0;
        const rate = name === 'basis.codes' ? codeRate * RATE : RATE;
        values[name][k] -= rate * (first / (Math.sqrt(second) + EPSILON) + decay);
      });
  });
  return values;
}

it('an optimizer that begins again forgets what it has learnt of the gradients, and keeps its values', () => {
  const config = { weightDecay: 0.1, codeRate: 5, clip: 1 };
  const moved = (optimizer: Optimizer): number[] => {
    optimizer.move({ 'layer.weight': Float32Array.of(0.4, -3, 0.1) }, RATE);
    return [...optimizer.parameters['layer.weight'].ref.dataSync()];
  };
  const used = new Optimizer({ 'layer.weight': np.array([0.5, -2, 1]) }, config);
  const values = moved(used);
  used.restart();
  expect(moved(used)).toEqual(moved(new Optimizer({ 'layer.weight': np.array(values) }, config)));
});

describe('three steps of the optimizer are those of AdamW', () => {
  it.each([
    ['without decay or clipping', { weightDecay: 0, codeRate: 1, clip: 1e9 }],
    ['with decay, of weights and neither biases nor codes', { weightDecay: 0.5, codeRate: 1, clip: 1e9 }],
    ['with gradients clipped to a norm, where theirs is larger', { weightDecay: 0, codeRate: 1, clip: 0.8 }],
    ['with a learning rate of their own for codes', { weightDecay: 0.1, codeRate: 5, clip: 1e9 }],
  ])('%s', (_, config) => {
    const [got, wanted] = [stepped(config), expected(config)];
    expect(Object.keys(got)).toEqual(Object.keys(wanted));
    for (const [name, list] of Object.entries(wanted))
      list.forEach((value, k) => {
        expect(got[name][k], `${name} ${k}`).toBeCloseTo(value, 5);
      });
  });
});
