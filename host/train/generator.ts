/**
 * The weight generator, differentiable, in the device's own integer units.
 *
 *   code[g] (INT8) -> micro-MLP -> h[g][j] (INT8) -> w[r][k] = round(mixScale * sum_j h[g(r)][j] * basis[j][r][k]) (INT8)
 *
 * g: row group, j: basis matrix, r: output channel, k: input channel. Every rounding that the device does is done here, so the
 * weights that are trained are the weights that are used. Scales are the largest magnitude that occurs: all codes are known, so
 * nothing has to be estimated. Batch normalisation follows each generated layer, so the weights' own scale carries no meaning.
 */

import { lax, numpy as np } from '@jax-js/jax';
import type { Random } from '../system/random.ts';
import type { Tensor } from './layers.ts';
import { codeCount, type GeneratorConfig, type LayerSpec, mixes, type NetworkSpec } from './network.ts';
import { normal, type Parameters, uniform } from './parameters.ts';
import { quantizeAll, quantizeInt2, quantizeRows, roundThrough } from './quantizers.ts';

export function generatedLayers(spec: NetworkSpec): LayerSpec[] {
  return spec.layers.filter((layer) => layer.weights === 'generated');
}

export function initializeGenerator(spec: NetworkSpec, random: Random): Parameters {
  const generator = spec.generator;
  if (!generator) return {};
  const { matrices, rows, columns, codeLength, hidden } = generator;
  const parameters: Parameters = {
    'generator.basis': normal([matrices, rows, columns], Math.sqrt(2 / columns), random),
  };
  if (!mixes(generator)) return parameters;
  parameters['generator.w1'] = normal([hidden, codeLength], Math.sqrt(2 / codeLength), random);
  parameters['generator.b1'] = np.zeros([hidden]);
  parameters['generator.w2'] = normal([matrices, hidden], Math.sqrt(2 / hidden), random);
  parameters['generator.b2'] = np.zeros([matrices]);
  for (const layer of generatedLayers(spec))
    parameters[`${layer.name}.codes`] = uniform([codeCount(layer, generator), codeLength], -1, 1, random);
  return parameters;
}

/** Integer values of everything that is stored or passed on, as floats that carry gradients. */
export interface Mixing {
  codes: Map<string, Tensor>; // per layer [groups, codeLength]
  w1: Tensor;
  b1: Tensor;
  scale1: Tensor;
  w2: Tensor;
  b2: Tensor;
  scale2: Tensor;
  coefficients: Tensor; // [groups of all layers, matrices]
}

export interface Generated {
  basis: Tensor; // [matrices, rows, columns] levels
  mixing: Mixing | null;
  /** per layer [rows, rowLength], INT8 levels */
  weights: Map<string, Tensor>;
  /** per layer: from the mix to the INT8 weight */
  mixScales: Map<string, Tensor>;
}

/** Borrows the parameters. */
export function generate(parameters: Parameters, spec: NetworkSpec): Generated {
  const generator = spec.generator!;
  const basis = quantizeBasis(parameters['generator.basis']!, generator);
  const mixing = mixes(generator) ? mixCoefficients(parameters, spec) : null;
  const generated: Generated = { basis, mixing, weights: new Map(), mixScales: new Map() };
  let firstGroup = 0;
  for (const layer of generatedLayers(spec)) {
    const shape: [number, number] = [layer.outputChannels, layer.inputChannels];
    const part = basis.ref.slice([], [0, shape[0]], [0, shape[1]]);
    if (!mixing) {
      generated.weights.set(layer.name, part.reshape(shape));
      continue;
    }
    const groups = codeCount(layer, generator);
    const coefficients = mixing.coefficients.ref.slice([firstGroup, firstGroup + groups]);
    firstGroup += groups;
    const mix = mixRows(part, coefficients, shape, generator);
    const scale = lax.stopGradient(np.divide(127, np.max(np.abs(mix.ref))));
    generated.weights.set(layer.name, roundThrough(mix.mul(scale.ref)));
    generated.mixScales.set(layer.name, scale);
  }
  return generated;
}

/** sum_j h[g(r)][j] * part[j][r][k] as [rows, rowLength]. Consumes part and coefficients. */
function mixRows(
  part: Tensor,
  coefficients: Tensor,
  shape: [number, number],
  { matrices, rowsPerCode }: GeneratorConfig,
): Tensor {
  const [rows] = shape;
  const perRow = np.repeat(coefficients, rowsPerCode, 0).slice([0, rows]);
  const factors = perRow.transpose().reshape([matrices, rows, 1]);
  return part.mul(factors).sum(0);
}

/** Borrows basis [matrices, rows, columns]. */
function quantizeBasis(basis: Tensor, { matrices, rows, columns, encoding }: GeneratorConfig): Tensor {
  const flat = basis.ref.reshape([matrices * rows, columns]);
  const { levels, scale } = encoding === 'int2' ? quantizeInt2(flat) : quantizeRows(flat, encoding);
  flat.dispose();
  scale.dispose();
  return levels.reshape([matrices, rows, columns]);
}

/** The micro-MLP over the codes of all layers at once. */
function mixCoefficients(parameters: Parameters, spec: NetworkSpec): Mixing {
  const codes = new Map<string, Tensor>();
  for (const layer of generatedLayers(spec)) {
    const clamped = np.clip(parameters[`${layer.name}.codes`]!.ref, -1, 1);
    codes.set(layer.name, roundThrough(clamped.mul(127)));
  }
  const input = np.concatenate(
    [...codes.values()].map((code) => code.ref),
    0,
  );

  const first = quantizeAll(parameters['generator.w1']!);
  // Biases in accumulator units: one code step times one weight step.
  const b1 = roundThrough(parameters['generator.b1']!.ref.div(first.scale).mul(127));
  const hiddenSum = np.maximum(np.matmul(input, first.levels.ref.transpose()).add(b1.ref), 0);
  const scale1 = peakScale(hiddenSum);
  const hidden = roundThrough(hiddenSum.mul(scale1.ref));

  const second = quantizeAll(parameters['generator.w2']!);
  const b2 = roundThrough(parameters['generator.b2']!.ref.div(second.scale).mul(127));
  const outputSum = np.matmul(hidden, second.levels.ref.transpose()).add(b2.ref);
  const scale2 = peakScale(outputSum);
  const coefficients = roundThrough(outputSum.mul(scale2.ref));
  return { codes, w1: first.levels, b1, scale1, w2: second.levels, b2, scale2, coefficients };
}

/** Factor that maps the largest magnitude to 127. Borrows x. */
function peakScale(x: Tensor): Tensor {
  return lax.stopGradient(np.divide(127, np.maximum(np.max(np.abs(x.ref)), 1)));
}
