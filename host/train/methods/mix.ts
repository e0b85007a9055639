/**
 * Weights of pointwise layers and convolutions mixed from matrices that layers share, differentiable, in the device's own integer units, wherever
 * the matrices come from:
 *
 *   code[g] (INT8) -> micro-MLP -> h[g][j] (INT8) -> w[r][k] = round(mixScale * sum_j h[g(r)][j] * matrix[j][r][k]) (INT8)
 *
 * g: row group, j: matrix, r: output channel, k: input channel, of each tap in turn. Every rounding that the device does is done here, so the
 * weights that are trained are the weights that are used. Scales are the largest magnitude that occurs: all codes are
 * known, so nothing has to be estimated. Batch normalisation follows each generated layer, so the weights' own scale
 * carries no meaning. The MLP of an installed generator stays as it is, with the scales that it has.
 */

import type { Mlp } from '../../sources/mlp.ts';
import * as json from '../../system/json.ts';
import type { Random } from '../../system/random.ts';
import { type Parameters, uniform } from '../arrays.ts';
import { depthOf, type LayerSpec, taps, weightShape } from '../layerSpec.ts';
import type { Tensor } from '../layers.ts';
import { roundThrough } from '../quantizers.ts';
import { lax, numpy as np } from '../start.ts';
import type { MethodConfig } from './config.ts';
import { integers, type LayerWeights, type Sources, scalar } from './method.ts';
import { applyMlp, evaluateMlp, exportMlp, initialMlp, type MlpSize, mlpMacs, mlpShapes } from './mlp.ts';

export interface MixConfig extends MethodConfig {
  /** that are mixed; 1 means no mixing and no codes: all layers share one matrix */
  matrices: number;
  /** values in a code, hidden units of the micro-MLP, rows of a layer that share a code; unused with one matrix */
  codeLength: number;
  hidden: number;
  rowsPerCode: number;
}

/** Layers that share matrices. */
export interface Shared<C extends MixConfig = MixConfig> {
  config: C;
  layers: readonly LayerSpec[];
  /** begins the names of what they share */
  prefix: string;
  /** null where the MLP is trained; else that of an image, or none */
  installed: { mlp: Mlp | null } | null;
}

/**
 * Generated INT8 weights have no scale of their own: this one keeps activations near 1 for the epsilon of the
 * normalisation.
 */
const GENERATED_SCALE = 1 / 127;

const mixes = ({ matrices }: MixConfig): boolean => matrices > 1;

const sizeOf = ({ codeLength, hidden, matrices }: MixConfig): MlpSize => ({ codeLength, hidden, outputs: matrices });

/** Weights of a row. */
export const rowLengthOf = (layer: LayerSpec): number => taps(layer) * depthOf(layer);

/** Codes of a layer: one per group of rows. */
const codeCount = ({ output }: LayerSpec, { rowsPerCode }: MixConfig): number => Math.ceil(output[2] / rowsPerCode);

/** Multiply-accumulates of the codes and of the sum over matrices; one matrix needs neither. */
export const mixMacs = (config: MixConfig, layer: LayerSpec): number =>
  mixes(config)
    ? codeCount(layer, config) * mlpMacs(sizeOf(config)) + layer.output[2] * rowLengthOf(layer) * config.matrices
    : 0;

/** Of MLP and codes. */
export function mixShapes({ config, layers, prefix, installed }: Shared): [string, number[]][] {
  if (!mixes(config)) return [];
  return [
    ...(installed ? [] : mlpShapes(prefix, sizeOf(config))),
    ...layers.map((layer): [string, number[]] => [
      `${layer.name}.codes`,
      [codeCount(layer, config), config.codeLength],
    ]),
  ];
}

export function initialMix({ config, layers, prefix, installed }: Shared, random: Random): Parameters {
  if (!mixes(config)) return {};
  const parameters: Parameters = installed ? {} : initialMlp(prefix, sizeOf(config), random);
  for (const layer of layers)
    parameters[`${layer.name}.codes`] = uniform([codeCount(layer, config), config.codeLength], -1, 1, random);
  return parameters;
}

/** The micro-MLP at work on the codes of all layers. */
interface Mixing {
  codes: Map<string, Tensor>; // per layer [groups, codeLength]
  outputs: Tensor; // [groups of all layers, matrices]
}

interface Mixed {
  mixing: (Mixing & { mlp: Mlp | null }) | null;
  /** per layer, INT8 levels of weightShape: a row of a convolution is padded with zeros */
  weights: Map<string, Tensor>;
  /** per layer: from the mix to the INT8 weight */
  mixScales: Map<string, Tensor>;
}

/** Borrows the parameters, consumes the matrices [matrices, rows, columns]. With `exports` the MLP as an image has it. */
function mix(parameters: Parameters, matrices: Tensor, shared: Shared, exports = false): Mixed {
  const { config, layers } = shared;
  const mixing = mixes(config) ? mixCoefficients(parameters, shared, exports) : null;
  const mixed: Mixed = { mixing, weights: new Map(), mixScales: new Map() };
  let firstGroup = 0;
  for (const layer of layers) {
    const shape: [number, number] = [layer.output[2], rowLengthOf(layer)];
    const part = matrices.ref.slice([], [0, shape[0]], [0, shape[1]]);
    if (!mixing) {
      mixed.weights.set(layer.name, padded(part.reshape(shape), layer));
      continue;
    }
    const groups = codeCount(layer, config);
    const coefficients = mixing.outputs.ref.slice([firstGroup, firstGroup + groups]);
    firstGroup += groups;
    const sum = mixRows(part, coefficients, shape, config);
    const scale = lax.stopGradient(np.divide(127, np.max(np.abs(sum.ref))));
    mixed.weights.set(layer.name, padded(roundThrough(sum.mul(scale.ref)), layer));
    mixed.mixScales.set(layer.name, scale);
  }
  matrices.dispose();
  return mixed;
}

/** [rows, rowLength] -> weightShape. Consumes the weights. */
function padded(weights: Tensor, layer: LayerSpec): Tensor {
  const missing = weightShape(layer)[1] - rowLengthOf(layer);
  return missing === 0
    ? weights
    : np.pad(weights, [
        [0, 0],
        [0, missing],
      ]);
}

/** Of each layer. Borrows the parameters, consumes the matrices. */
export function mixedWeights(parameters: Parameters, matrices: Tensor, shared: Shared): Map<string, LayerWeights> {
  const { weights } = mix(parameters, matrices, shared);
  return new Map([...weights].map(([name, levels]) => [name, { levels, scale: np.array([GENERATED_SCALE]) }]));
}

/** sum_j h[g(r)][j] * part[j][r][k] as [rows, rowLength]. Consumes part and coefficients. */
function mixRows(
  part: Tensor,
  coefficients: Tensor,
  shape: [number, number],
  { matrices, rowsPerCode }: MixConfig,
): Tensor {
  const [rows] = shape;
  const perRow = np.repeat(coefficients, rowsPerCode, 0).slice([0, rows]);
  const factors = perRow.transpose().reshape([matrices, rows, 1]);
  return part.mul(factors).sum(0);
}

/** The micro-MLP over the codes of all layers at once. */
function mixCoefficients(
  parameters: Parameters,
  { config, layers, prefix, installed }: Shared,
  exports: boolean,
): NonNullable<Mixed['mixing']> {
  const codes = new Map<string, Tensor>();
  for (const layer of layers) {
    const clamped = np.clip(parameters[`${layer.name}.codes`]!.ref, -1, 1);
    codes.set(layer.name, roundThrough(clamped.mul(127)));
  }
  const input = np.concatenate(
    [...codes.values()].map((code) => code.ref),
    0,
  );
  if (installed) return { codes, outputs: applyMlp(installed.mlp!, input), mlp: installed.mlp };
  const evaluated = evaluateMlp(parameters, prefix, input, 127);
  return { codes, outputs: evaluated.outputs, mlp: exports ? exportMlp(evaluated, sizeOf(config), 'int8') : null };
}

/**
 * Adds a source for each layer; the generator is what `generatorOf` says of the MLP. Borrows the parameters, consumes
 * the matrices.
 */
export function exportMix(
  parameters: Parameters,
  matrices: Tensor,
  shared: Shared,
  kind: 'basis' | 'random',
  sources: Sources,
  generatorOf: (mlp: Mlp | null) => number,
): void {
  const { mixing, mixScales } = mix(parameters, matrices, shared, true);
  const generator = generatorOf(mixing?.mlp ?? null);
  for (const layer of shared.layers) {
    const [rows, rowLength] = [layer.output[2], rowLengthOf(layer)];
    const source = sources.list.push({
      kind,
      generator,
      rows,
      rowLength,
      rowsPerCode: mixing ? shared.config.rowsPerCode : rows,
      codes: mixing ? integers(mixing.codes.get(layer.name)!) : new Int8Array(0),
      mixScale: mixing ? scalar(mixScales.get(layer.name)!) : 1,
    });
    const scales = new Float64Array(rows).fill(Math.fround(GENERATED_SCALE));
    sources.of.set(layer.name, { source: source - 1, scales, residency: 'boot' });
  }
}

/** Whether an MLP of an image is that of a configuration: none for one matrix. */
export function isMixOf(config: MixConfig, mlp: Mlp | null): boolean {
  if (mlp === null || !mixes(config)) return mlp === null && !mixes(config);
  const { codeLength, hidden, matrices } = config;
  return (
    mlp.codeEncoding === 'int8' && mlp.codeLength === codeLength && mlp.hidden === hidden && mlp.outputs === matrices
  );
}

/** Not used with one matrix. */
const mixingSize = json.optional(json.wholeNumber(0, 255), 0);

/** Fields of a configuration. */
export const MIX_SCHEMA = {
  matrices: json.wholeNumber(1, 255),
  codeLength: mixingSize,
  hidden: mixingSize,
  rowsPerCode: json.optional(json.wholeNumber(0, 4095), 0),
};

/** What does not agree among the fields. */
export function mixFault(config: Pick<MixConfig, keyof typeof MIX_SCHEMA>): [field: string, message: string] | null {
  const missing = (['codeLength', 'hidden', 'rowsPerCode'] as const).find((key) => config[key] === 0);
  if (config.matrices === 1 || missing === undefined) return null;
  return [missing, `expected a whole number above 0, as ${config.matrices} matrices are mixed`];
}

/** Pointwise layers and convolutions only: a classifier has no normalisation to give its weights a scale. */
export function mixLayersFault(layers: readonly LayerSpec[]): [field: string, message: string] | null {
  const other = layers.find(({ kind }) => kind !== 'pointwise' && kind !== 'convolution');
  return other
    ? [
        'kind',
        `expected int8 or the like for ${other.name}, as a basis makes weights of pointwise layers and convolutions`,
      ]
    : null;
}
