/**
 * Weights of low rank: the product of two factors, both quantised, each layer its own.
 *
 *   w[r][k] = round(mixScale * sum_j left[r][j] * right[j][k]) (INT8), real value: w[r][k] * scale[r]
 *
 * Rows of the left factor have a scale each, so that every row of the product uses the range of INT8. The device rounds
 * a product of INT8 factors twice, so that one weight in some hundreds can be a level apart.
 */

import type { Encoding } from '../../model/model.ts';
import * as json from '../../system/json.ts';
import type { Random } from '../../system/random.ts';
import { normal, type Parameters } from '../arrays.ts';
import type { LayerSpec } from '../layerSpec.ts';
import type { Tensor } from '../layers.ts';
import { ROW_QUANTIZERS, roundThrough } from '../quantizers.ts';
import { lax, numpy as np } from '../start.ts';
import type { MethodConfig } from './config.ts';
import { integers, type LayerWeights, type Method, type MethodKind, type Sources, scalar } from './method.ts';
import { depthwiseFault, paddedRows, rowShape } from './rows.ts';

export interface LowRankConfig extends MethodConfig {
  kind: 'lowRank';
  rank: number;
  /** of both factors */
  encoding: Encoding;
}

/** The largest weight, a little below the end of INT8: where it is 127 many sums lie exactly between two weights. */
const PEAK = 126.999;

/** Integer values of everything that is stored, as floats that carry gradients. */
interface Product {
  left: Tensor; // [rows, rank]
  right: Tensor; // [rank, rowLength]
  mixScale: Tensor;
  levels: Tensor; // [rows, rowLength]
  scale: Tensor; // [rows, 1]
}

interface Factors {
  config: LowRankConfig;
  layer: LayerSpec;
}

const leftName = ({ name }: LayerSpec): string => `${name}.left`;
const rightName = ({ name }: LayerSpec): string => `${name}.right`;

/** Products have the deviation that He et al. (2015) give to weights. */
function initialized({ config: { rank }, layer }: Factors, random: Random): Parameters {
  const [rows, rowLength] = rowShape(layer);
  return {
    [leftName(layer)]: normal([rows, rank], 1, random),
    [rightName(layer)]: normal([rank, rowLength], Math.sqrt(2 / (rowLength * rank)), random),
  };
}

/** Borrows the parameters. */
function multiply(parameters: Parameters, { config, layer }: Factors): Product {
  const quantize = ROW_QUANTIZERS[config.encoding];
  const [, rowLength] = rowShape(layer);
  const left = quantize(parameters[leftName(layer)]!);
  // one scale for all of it: as a single row
  const flat = parameters[rightName(layer)]!.ref.reshape([1, config.rank * rowLength]);
  const row = quantize(flat);
  flat.dispose();
  const right = row.levels.reshape([config.rank, rowLength]);
  const sum = np.matmul(left.levels.ref, right.ref);
  const largest = np.maximum(np.max(np.abs(sum.ref)), 1); // of whole numbers
  const mixScale = lax.stopGradient(np.divide(PEAK, largest));
  const levels = roundThrough(sum.mul(mixScale.ref));
  const scale = left.scale.mul(row.scale.reshape([])).div(mixScale.ref);
  return { left: left.levels, right, mixScale, levels, scale };
}

/** Borrows the parameters. */
function exported(parameters: Parameters, factors: Factors, sources: Sources): void {
  const { layer, config } = factors;
  const { rank, encoding } = config;
  const [rows, rowLength] = rowShape(layer);
  const { left, right, mixScale, levels, scale } = multiply(parameters, factors);
  levels.dispose();
  const shape = { rank, columns: rowLength, leftEncoding: encoding, encoding };
  const generator = sources.generators.push({ kind: 'factored', ...shape, values: integers(right) }) - 1;
  const factored = { generator, rows, rowLength, left: integers(left), mixScale: scalar(mixScale) };
  const source = sources.list.push({ kind: 'factored', ...factored }) - 1;
  const scales = Float64Array.from(scale.dataSync() as ArrayLike<number>);
  sources.of.set(layer.name, { source, scales, residency: 'boot' });
}

export const lowRank: MethodKind<LowRankConfig> = {
  schema: json.fields({
    kind: json.oneOf(['lowRank']),
    rank: json.wholeNumber(1, 255),
    encoding: json.optional(json.oneOf(['int8', 'int4', 'int2', 'ternary']), 'int8'),
  }) as unknown as json.Schema<LowRankConfig>,
  about: ({ rank, encoding }) => `products of two factors of rank ${rank} in ${encoding}`,
  isShared: false,
  makingMacs({ rank }, layer) {
    const [rows, rowLength] = rowShape(layer);
    return rows * rank * rowLength;
  },
  fault: ({ kind }, layers) => depthwiseFault(kind, layers),
  make(config, layers): Method {
    const [layer] = layers as [LayerSpec];
    const factors = { config, layer };
    const [rows, rowLength] = rowShape(layer);
    return {
      layers,
      shapes: () => [
        [leftName(layer), [rows, config.rank]],
        [rightName(layer), [config.rank, rowLength]],
      ],
      initialize: (random) => initialized(factors, random),
      weights(parameters): Map<string, LayerWeights> {
        const { left, right, mixScale, levels, scale } = multiply(parameters, factors);
        for (const unused of [left, right, mixScale]) unused.dispose();
        return new Map([[layer.name, { levels: paddedRows(levels, layer), scale }]]);
      },
      export: (parameters, sources) => exported(parameters, factors, sources),
    };
  },
};
