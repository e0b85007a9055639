/**
 * What the trained arrays stand for: weights as they are used, rounded to the levels of their methods, and the
 * parameters of normalisation within their limits. The one place where the array library differentiates.
 */

import type { Parameters } from './arrays.ts';
import type { LayerSpec } from './layerSpec.ts';
import { weightShape } from './layerSpec.ts';
import type { Tensor } from './layers.ts';
import type { LayerWeights } from './methods/method.ts';
import { type NetworkSpec, SMALLEST_RANGE } from './network.ts';
import { nn, numpy as np } from './start.ts';

/**
 * Smallest batch normalisation factor. It goes into the requantisation multiplier, so it must be positive and not
 * tiny.
 */
const SMALLEST_GAMMA = 0.1;
const GAMMA_OFFSET = Math.log(Math.expm1(1 - SMALLEST_GAMMA)); // parameter 0 is gamma 1

export function gammaOf(parameters: Parameters, layer: LayerSpec): Tensor {
  return nn.softplus(parameters[`${layer.name}.gamma`]!.ref.add(GAMMA_OFFSET)).add(SMALLEST_GAMMA);
}

/** Largest magnitude of the activations of a layer or a sum, [1]. */
export function rangeOf(parameters: Parameters, { name }: { name: string }): Tensor {
  return np.maximum(parameters[`${name}.range`]!.ref, SMALLEST_RANGE);
}

/**
 * Of every layer of networks that are trained together, what they share made once. Borrows the parameters.
 */
export function weightsOf(parameters: Parameters, specs: readonly NetworkSpec[]): Map<string, LayerWeights> {
  const methods = [...(specs[0]?.shared ?? []), ...specs.flatMap(({ alone }) => [...alone.values()])];
  const all = new Map(methods.flatMap((method) => [...method.weights(parameters)]));
  const used = new Set(specs.flatMap(({ layers }) => layers.map(({ name }) => name)));
  for (const [name, { levels, scale }] of all) {
    if (used.has(name)) continue;
    all.delete(name); // of a network beside these
    levels.dispose();
    scale.dispose();
  }
  return all;
}

/**
 * Arrays that networks are computed with: <layer>.weights as weightShape says, then .gamma, .beta and .range, or .bias
 * of a classifier; .range of sums. Borrows the parameters.
 */
export function realize(parameters: Parameters, specs: readonly NetworkSpec[]): Parameters {
  const real: Parameters = {};
  const weights = weightsOf(parameters, specs);
  for (const node of specs.flatMap(({ nodes }) => nodes)) {
    if (node.kind === 'add') real[`${node.name}.range`] = rangeOf(parameters, node);
    if (node.kind !== 'layer') continue;
    const { layer } = node;
    const { name } = layer;
    const { levels, scale } = weights.get(name)!;
    real[`${name}.weights`] = levels.mul(scale).reshape(weightShape(layer));
    if (layer.normalized) {
      real[`${name}.gamma`] = gammaOf(parameters, layer);
      real[`${name}.beta`] = parameters[`${name}.beta`]!.ref;
      real[`${name}.range`] = rangeOf(parameters, layer);
    } else real[`${name}.bias`] = parameters[`${name}.bias`]!.ref;
  }
  return real;
}
