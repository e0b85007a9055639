/** AdamW (Loshchilov & Hutter 2019) with clipped gradient norm, and the learning rate over time. */

import type { Parameters } from './arrays.ts';
import type { Tensor } from './layers.ts';
import { numpy as np } from './start.ts';

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;

// A type alias and not an interface: jax-js trees need it.
export type OptimizerState = { first: Parameters; second: Parameters };

export interface OptimizerConfig {
  weightDecay: number;
  codeRate: number;
  clip: number;
}

export function initialState(parameters: Parameters): OptimizerState {
  const zeros = (): Parameters =>
    Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, np.zeros(value.shape)]));
  return { first: zeros(), second: zeros() };
}

/**
 * One step. Consumes everything. `rate` is the learning rate, `correction` the factors 1 / (1 - beta^t) of both
 * moments, [2].
 */
export function update(
  parameters: Parameters,
  gradients: Parameters,
  state: OptimizerState,
  rate: Tensor,
  correction: Tensor,
  config: OptimizerConfig,
): [Parameters, OptimizerState] {
  const names = Object.keys(parameters);
  let squares: Tensor = np.array(0);
  for (const name of names) squares = squares.add(np.square(gradients[name]!.ref).sum());
  const shrink = np.minimum(np.divide(config.clip, np.sqrt(squares.add(EPSILON))), 1);
  const correction1 = correction.ref.slice(0);
  const correction2 = correction.slice(1);
  const next: Parameters = {};
  const state2: OptimizerState = { first: {}, second: {} };
  for (const name of names) {
    const gradient = gradients[name]!.mul(shrink.ref);
    const first = state.first[name]!.mul(BETA1).add(gradient.ref.mul(1 - BETA1));
    const second = state.second[name]!.mul(BETA2).add(np.square(gradient).mul(1 - BETA2));
    const direction = first.ref.mul(correction1.ref).div(np.sqrt(second.ref.mul(correction2.ref)).add(EPSILON));
    const value = parameters[name]!;
    const decayed = decays(name) ? direction.add(value.ref.mul(config.weightDecay)) : direction;
    next[name] = value.sub(decayed.mul(rate.ref).mul(isCode(name) ? config.codeRate : 1));
    state2.first[name] = first;
    state2.second[name] = second;
  }
  for (const used of [shrink, correction1, correction2, rate]) used.dispose();
  return [next, state2];
}

const isCode = (name: string): boolean => name.endsWith('.codes');

/** Weights only: codes are bounded, and normalisation, biases and ranges must be free to take their value. */
const decays = (name: string): boolean => /\.(weight|basis|w1|w2|left|right)$/.test(name);

/** Factors that undo the start at zero of both moments; step counts from 1. */
export function momentCorrection(step: number): Float32Array<ArrayBuffer> {
  return Float32Array.of(1 / (1 - BETA1 ** step), 1 / (1 - BETA2 ** step));
}

/** Linear warm-up, then half a cosine down to zero. */
export function learningRate(step: number, steps: number, peak: number, warmupSteps: number): number {
  const warmup = Math.min(warmupSteps, Math.floor(steps / 2));
  if (step < warmup) return (peak * (step + 1)) / warmup;
  return (peak * (1 + Math.cos((Math.PI * (step - warmup)) / Math.max(1, steps - warmup)))) / 2;
}
