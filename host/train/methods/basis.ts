/**
 * The weight generator, differentiable, in the device's own integer units.
 *
 *   code[g] (INT8) -> micro-MLP -> h[g][j] (INT8) -> w[r][k] = round(mixScale * sum_j h[g(r)][j] * basis[j][r][k]) (INT8)
 *
 * g: row group, j: basis matrix, r: output channel, k: input channel. Every rounding that the device does is done
 * here, so the weights that are trained are the weights that are used. Scales are the largest magnitude that occurs:
 * all codes are known, so nothing has to be estimated. Batch normalisation follows each generated layer, so the
 * weights' own scale carries no meaning.
 */

import type { BasisGenerator } from '../../sources/basis.ts';
import * as json from '../../system/json.ts';
import type { Random } from '../../system/random.ts';
import { normal, type Parameters, uniform } from '../arrays.ts';
import type { LayerSpec } from '../layerSpec.ts';
import type { Tensor } from '../layers.ts';
import { quantizeInt2, quantizeRows, roundThrough } from '../quantizers.ts';
import { lax, numpy as np } from '../start.ts';
import type { MethodConfig } from './config.ts';
import { integers, type LayerWeights, type Method, type MethodKind, type Sources, scalar } from './method.ts';
import { type Evaluated, evaluateMlp, exportMlp, initialMlp, type MlpSize, mlpShapes } from './mlp.ts';

/**
 * One basis for all its layers: weights of a row = sum over matrices of h[code of the row][matrix] * basis[matrix].
 */
export interface BasisConfig extends MethodConfig {
  kind: 'basis';
  /** basis matrices that are mixed; 1 means no mixing and no codes: all layers share one matrix */
  matrices: number;
  encoding: 'int8' | 'int4' | 'int2';
  rows: number;
  columns: number;
  /** values in a code, hidden units of the micro-MLP, rows of a layer that share a code; unused with one matrix */
  codeLength: number;
  hidden: number;
  rowsPerCode: number;
}

/** Layers that share a basis. */
interface Shared {
  config: BasisConfig;
  layers: readonly LayerSpec[];
  /** begins the names of what they share */
  prefix: string;
}

/**
 * Generated INT8 weights have no scale of their own: this one keeps activations near 1 for the epsilon of the
 * normalisation.
 */
const GENERATED_SCALE = 1 / 127;

const mixes = ({ matrices }: BasisConfig): boolean => matrices > 1;

const sizeOf = ({ codeLength, hidden, matrices }: BasisConfig): MlpSize => ({ codeLength, hidden, outputs: matrices });

/** Codes of a layer: one per group of rows. */
const codeCount = ({ output }: LayerSpec, { rowsPerCode }: BasisConfig): number => Math.ceil(output[2] / rowsPerCode);

function shapesOf({ config, layers, prefix }: Shared): [string, number[]][] {
  const { matrices, rows, columns, codeLength } = config;
  const basis: [string, number[]] = [`${prefix}.basis`, [matrices, rows, columns]];
  if (!mixes(config)) return [basis];
  return [
    basis,
    ...mlpShapes(prefix, sizeOf(config)),
    ...layers.map((layer): [string, number[]] => [`${layer.name}.codes`, [codeCount(layer, config), codeLength]]),
  ];
}

function initialized({ config, layers, prefix }: Shared, random: Random): Parameters {
  const { matrices, rows, columns, codeLength } = config;
  const parameters: Parameters = {
    [`${prefix}.basis`]: normal([matrices, rows, columns], Math.sqrt(2 / columns), random),
  };
  if (!mixes(config)) return parameters;
  Object.assign(parameters, initialMlp(prefix, sizeOf(config), random));
  for (const layer of layers)
    parameters[`${layer.name}.codes`] = uniform([codeCount(layer, config), codeLength], -1, 1, random);
  return parameters;
}

/** The micro-MLP at work on the codes of all layers. */
interface Mixing extends Evaluated {
  codes: Map<string, Tensor>; // per layer [groups, codeLength]
}

interface Generated {
  basis: Tensor; // [matrices, rows, columns] levels
  mixing: Mixing | null;
  /** per layer [rows, rowLength], INT8 levels */
  weights: Map<string, Tensor>;
  /** per layer: from the mix to the INT8 weight */
  mixScales: Map<string, Tensor>;
}

/** Borrows the parameters. */
function generate(parameters: Parameters, shared: Shared): Generated {
  const { config: generator, layers, prefix } = shared;
  const basis = quantizeBasis(parameters[`${prefix}.basis`]!, generator);
  const mixing = mixes(generator) ? mixCoefficients(parameters, shared) : null;
  const generated: Generated = { basis, mixing, weights: new Map(), mixScales: new Map() };
  let firstGroup = 0;
  for (const layer of layers) {
    const shape: [number, number] = [layer.output[2], layer.input[2]];
    const part = basis.ref.slice([], [0, shape[0]], [0, shape[1]]);
    if (!mixing) {
      generated.weights.set(layer.name, part.reshape(shape));
      continue;
    }
    const groups = codeCount(layer, generator);
    const coefficients = mixing.outputs.ref.slice([firstGroup, firstGroup + groups]);
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
  { matrices, rowsPerCode }: BasisConfig,
): Tensor {
  const [rows] = shape;
  const perRow = np.repeat(coefficients, rowsPerCode, 0).slice([0, rows]);
  const factors = perRow.transpose().reshape([matrices, rows, 1]);
  return part.mul(factors).sum(0);
}

/** Borrows basis [matrices, rows, columns]. */
function quantizeBasis(basis: Tensor, { matrices, rows, columns, encoding }: BasisConfig): Tensor {
  const flat = basis.ref.reshape([matrices * rows, columns]);
  const { levels, scale } =
    encoding === 'int2' ? quantizeInt2(flat) : quantizeRows(flat, encoding === 'int4' ? 7 : 127);
  flat.dispose();
  scale.dispose();
  return levels.reshape([matrices, rows, columns]);
}

/** The micro-MLP over the codes of all layers at once. */
function mixCoefficients(parameters: Parameters, { layers, prefix }: Shared): Mixing {
  const codes = new Map<string, Tensor>();
  for (const layer of layers) {
    const clamped = np.clip(parameters[`${layer.name}.codes`]!.ref, -1, 1);
    codes.set(layer.name, roundThrough(clamped.mul(127)));
  }
  const input = np.concatenate(
    [...codes.values()].map((code) => code.ref),
    0,
  );

  return { codes, ...evaluateMlp(parameters, prefix, input, 127) };
}

/** Borrows the parameters. */
function exportBasis(parameters: Parameters, shared: Shared, sources: Sources): void {
  const { config, layers } = shared;
  const generated = generate(parameters, shared);
  const generator = sources.generators.push(basisGenerator(generated, config)) - 1;
  for (const layer of layers) addGenerated(sources, layer, generated, config, generator);
}

function addGenerated(
  sources: Sources,
  layer: LayerSpec,
  generated: Generated,
  config: BasisConfig,
  generator: number,
): void {
  const [rows, rowLength] = [layer.output[2], layer.input[2]];
  const source = sources.list.push({
    kind: 'basis',
    generator,
    rows,
    rowLength,
    rowsPerCode: generated.mixing ? config.rowsPerCode : rows,
    codes: generated.mixing ? integers(generated.mixing.codes.get(layer.name)!) : new Int8Array(0),
    mixScale: generated.mixing ? scalar(generated.mixScales.get(layer.name)!) : 1,
  });
  const scales = new Float64Array(rows).fill(Math.fround(GENERATED_SCALE));
  sources.of.set(layer.name, { source: source - 1, scales, residency: 'boot' });
}

function basisGenerator({ basis, mixing }: Generated, config: BasisConfig): BasisGenerator {
  const { encoding, matrices, rows, columns } = config;
  return {
    kind: 'basis',
    mlp: mixing && exportMlp(mixing, sizeOf(config), 'int8'),
    encoding,
    count: matrices,
    rows,
    columns,
    values: integers(basis),
  };
}

const count = json.wholeNumber(1, 4095);
/** Not used with one matrix. */
const mixingSize = json.optional(json.wholeNumber(0, 255), 0);

const SCHEMA = json.agreeing(
  json.fields({
    kind: json.oneOf(['basis']),
    matrices: json.wholeNumber(1, 255),
    encoding: json.oneOf(['int8', 'int4', 'int2']),
    rows: count,
    columns: count,
    codeLength: mixingSize,
    hidden: mixingSize,
    rowsPerCode: json.optional(json.wholeNumber(0, 4095), 0),
  }),
  (config) => {
    const missing = (['codeLength', 'hidden', 'rowsPerCode'] as const).find((key) => config[key] === 0);
    if (config.matrices === 1 || missing === undefined) return null;
    return [missing, `expected a whole number above 0, as ${config.matrices} matrices are mixed`];
  },
) as unknown as json.Schema<BasisConfig>;

export const basis: MethodKind<BasisConfig> = {
  schema: SCHEMA,
  about: ({ matrices, rows, columns, encoding }) =>
    `generated from one shared basis, ${matrices === 1 ? 'one matrix' : `${matrices} matrices`} of ` +
    `${rows} x ${columns} in ${encoding}`,
  isShared: true,
  fault({ rows, columns }, layers) {
    const other = layers.find(({ kind }) => kind !== 'pointwise');
    if (other) return ['kind', `expected int8 or the like for ${other.name}, as a basis makes pointwise weights only`];
    const mostRows = Math.max(...layers.map(({ output }) => output[2]));
    const mostColumns = Math.max(...layers.map(({ input }) => input[2]));
    if (rows < mostRows) return ['rows', `expected at least ${mostRows}, of the largest layer`];
    if (columns < mostColumns) return ['columns', `expected at least ${mostColumns}, of the largest layer`];
    return null;
  },
  make(config, layers, prefix): Method {
    const shared = { config, layers, prefix };
    return {
      layers,
      shapes: () => shapesOf(shared),
      initialize: (random) => initialized(shared, random),
      weights: (parameters) =>
        new Map(
          [...generate(parameters, shared).weights].map(([name, levels]): [string, LayerWeights] => [
            name,
            { levels, scale: np.array([GENERATED_SCALE]) },
          ]),
        ),
      export: (parameters, sources) => exportBasis(parameters, shared, sources),
    };
  },
};
