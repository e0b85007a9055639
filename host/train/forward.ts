/**
 * The forward pass with every rounding of the device simulated: training, calibration and evaluation run this one
 * function.
 *
 * Input: [B, P, taps * channels] patches where the network begins with a convolution (patches.ts cuts them; the input
 * needs no gradient, so that is done once, outside), else [B, P, channels].
 */

import type { Parameters } from './arrays.ts';
import { type LayerSpec, weightShape } from './layerSpec.ts';
import { depthwise, type Moments, moments, normalize, patchesOf, pointwise, poolMean, type Tensor } from './layers.ts';
import type { LayerWeights } from './methods/method.ts';
import { type NetworkSpec, type NodeSpec, SMALLEST_RANGE } from './network.ts';
import { quantizeActivation, quantizeSigned, roundThrough } from './quantizers.ts';
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

export interface Outcome {
  logits: Tensor; // [B, classes]
  /** of each normalised layer, in order: those of this batch, or those that were given */
  moments: Moments[];
}

/** A result on the way: values, and one step of its integers as an array; the input has no step of its own. */
interface Result {
  values: Tensor;
  step: Tensor | null;
}

/**
 * Consumes the input and the weights of its layers, borrows the rest. Without `fixed` the batch's own mean and variance
 * are used, as in training.
 */
export function forward(
  parameters: Parameters,
  input: Tensor,
  spec: NetworkSpec,
  fixed: Moments[] | null,
  weights = weightsOf(parameters, [spec]),
): Outcome {
  const used: Moments[] = [];
  const readers = readersOf(spec.nodes);
  const results = new Map<number, Result>([[-1, { values: input, step: null }]]);
  /** the values of a node, a reference for all but its last reader */
  const take = (node: number): Result => {
    const result = results.get(node)!;
    const left = readers.get(node)! - 1;
    readers.set(node, left);
    if (left === 0) results.delete(node);
    return left === 0 ? result : { values: result.values.ref, step: result.step?.ref ?? null };
  };

  for (const [index, node] of spec.nodes.entries()) {
    if (node.kind === 'layer') {
      const { layer } = node;
      const real = realWeights(weights.get(layer.name)!);
      const before = take(node.input);
      before.step?.dispose();
      if (!layer.normalized) {
        const flat = before.values.reshape([before.values.shape[0]!, weightShape(layer)[1]]);
        const logits = np.matmul(flat, real.transpose()).add(parameters[`${layer.name}.bias`]!.ref);
        return { logits, moments: used };
      }
      let x = linear(before.values, real, layer, node.input === -1);
      const current = fixed ? fixed[used.length]! : moments(x);
      used.push(current);
      const range = rangeOf(parameters, layer);
      x = normalize(x, current, gammaOf(parameters, layer), parameters[`${layer.name}.beta`]!);
      results.set(index, quantized(x, range, layer.activation));
    } else if (node.kind === 'add') {
      const [first, second] = node.inputs.map(take) as [Result, Result];
      first.step?.dispose();
      second.step?.dispose();
      const range = rangeOf(parameters, node);
      results.set(index, quantized(first.values.add(second.values), range, 'relu'));
    } else {
      const { values, step } = take(node.input);
      const mean = poolMean(values, shapeOf(spec, node.input), node.kernel);
      // rounded to the steps of its input, as the device's average pool does
      const rounded = step ? roundThrough(mean.div(step.ref)).mul(step.ref) : mean;
      results.set(index, { values: rounded, step });
    }
  }
  throw new Error('network: the last layer must be a classifier');
}

/** How often each result is read. */
function readersOf(nodes: readonly NodeSpec[]): Map<number, number> {
  const readers = new Map<number, number>();
  for (const node of nodes)
    for (const input of node.kind === 'add' ? node.inputs : [node.input])
      readers.set(input, (readers.get(input) ?? 0) + 1);
  return readers;
}

function shapeOf({ nodes, input }: NetworkSpec, index: number): readonly number[] {
  const node = nodes[index];
  if (!node) return input;
  return node.kind === 'layer' ? node.layer.output : node.output;
}

const realWeights = ({ levels, scale }: LayerWeights): Tensor => levels.mul(scale);

/** Before normalisation, [B, P, C]. Consumes values, which may be [B, C], and weights. */
function linear(input: Tensor, weights: Tensor, layer: LayerSpec, isInput: boolean): Tensor {
  const values = input.shape.length === 2 ? input.reshape([input.shape[0]!, 1, input.shape[1]!]) : input;
  if (layer.kind === 'depthwise') return depthwise(values, weights, layer);
  if (layer.kind === 'convolution')
    return pointwise(isInput ? values : patchesOf(values, layer, weightShape(layer)[1]), weights);
  if (layer.kind === 'pointwise') return pointwise(values, weights);
  return pointwise(values.reshape([values.shape[0]!, 1, weightShape(layer)[1]]), weights);
}

/** Rounded to the steps of int8, of which one side or both are used. Consumes x and the range. */
function quantized(x: Tensor, range: Tensor, activation: LayerSpec['activation']): Result {
  const step = range.ref.div(activation === 'relu' ? 255 : 127);
  return {
    values: activation === 'relu' ? quantizeActivation(x, range) : quantizeSigned(x, range),
    step,
  };
}
