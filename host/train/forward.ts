/**
 * The forward pass with every rounding of the device simulated: training, calibration and evaluation run this one function.
 *
 * Input: stem patches [B, P, taps * channels] (batches.ts cuts them; the input needs no gradient, so that is done once, outside).
 */

import { nn, numpy as np } from '@jax-js/jax';
import { generate } from './generator.ts';
import { depthwise, type Moments, moments, normalize, pointwise, type Tensor } from './layers.ts';
import { type LayerSpec, type NetworkSpec, SMALLEST_RANGE } from './network.ts';
import type { Parameters } from './parameters.ts';
import { quantizeActivation, quantizeColumns, quantizeRows, roundThrough, type StoredEncoding } from './quantizers.ts';

/** Integer weights of a layer and the scale that makes them real, broadcastable over them. */
export interface LayerWeights {
  levels: Tensor;
  scale: Tensor;
}

/** Generated INT8 weights have no scale of their own: this one keeps activations near 1 for the epsilon of the normalisation. */
export const GENERATED_SCALE = 1 / 127;

/** Smallest batch normalisation factor. It goes into the requantisation multiplier, so it must be positive and not tiny. */
const SMALLEST_GAMMA = 0.1;
const GAMMA_OFFSET = Math.log(Math.expm1(1 - SMALLEST_GAMMA)); // parameter 0 is gamma 1

export function gammaOf(parameters: Parameters, layer: LayerSpec): Tensor {
  return nn.softplus(parameters[`${layer.name}.gamma`]!.ref.add(GAMMA_OFFSET)).add(SMALLEST_GAMMA);
}

/** Upper end of the layer's activations, [1]. */
export function rangeOf(parameters: Parameters, layer: LayerSpec): Tensor {
  return np.maximum(parameters[`${layer.name}.range`]!.ref, SMALLEST_RANGE);
}

/** Borrows the parameters. */
export function layerWeights(parameters: Parameters, spec: NetworkSpec): Map<string, LayerWeights> {
  const result = new Map<string, LayerWeights>();
  if (spec.generator)
    for (const [name, levels] of generate(parameters, spec).weights)
      result.set(name, { levels, scale: np.array([GENERATED_SCALE]) });
  for (const layer of spec.layers) {
    if (layer.weights === 'generated') continue;
    const weight = parameters[`${layer.name}.weight`]!;
    const encoding = layer.weights as StoredEncoding;
    result.set(layer.name, layer.kind === 'depthwise' ? quantizeColumns(weight) : quantizeRows(weight, encoding));
  }
  return result;
}

export interface Outcome {
  logits: Tensor; // [B, classes]
  /** of each normalised layer, in order: those of this batch, or those that were given */
  moments: Moments[];
}

/** Consumes patches, borrows the rest. Without `fixed` the batch's own mean and variance are used, as in training. */
export function forward(parameters: Parameters, patches: Tensor, spec: NetworkSpec, fixed: Moments[] | null): Outcome {
  const weights = layerWeights(parameters, spec);
  const used: Moments[] = [];
  let x = patches;
  let range: Tensor | null = null;
  for (const layer of spec.layers) {
    const { levels, scale } = weights.get(layer.name)!;
    const real = levels.mul(scale);
    if (layer.kind === 'fullyConnected') {
      const pooled = poolMean(x, range!);
      const logits = np.matmul(pooled, real.transpose()).add(parameters[`${layer.name}.bias`]!.ref);
      return { logits, moments: used };
    }
    x = layer.kind === 'depthwise' ? depthwise(x, real, layer) : pointwise(x, real);
    const current = fixed ? fixed[used.length]! : moments(x);
    used.push(current);
    range = rangeOf(parameters, layer);
    x = normalize(x, current, gammaOf(parameters, layer), parameters[`${layer.name}.beta`]!);
    x = quantizeActivation(x, range);
  }
  throw new Error('network: the last layer must be fullyConnected');
}

/** Mean over positions, rounded to the steps of its input as the device's average pool does. [B, P, C] -> [B, C] */
function poolMean(x: Tensor, range: Tensor): Tensor {
  const step = range.div(255);
  return roundThrough(x.mean(1).div(step.ref)).mul(step);
}
