/**
 * Weights mixed from a basis that is trained: matrices that all layers of the method share, of whatever task they are.
 * mix.ts mixes them.
 */

import type { Encoding, Generator } from '../../model/model.ts';
import type { BasisGenerator } from '../../sources/basis.ts';
import * as json from '../../system/json.ts';
import { normal, type Parameters } from '../arrays.ts';
import type { Tensor } from '../layers.ts';
import { quantizeInt2, ROW_QUANTIZERS } from '../quantizers.ts';
import { numpy as np } from '../start.ts';
import { type Installed, integers, type Method, type MethodKind } from './method.ts';
import {
  exportMix,
  initialMix,
  isMixOf,
  MIX_SCHEMA,
  type MixConfig,
  mixedWeights,
  mixFault,
  mixLayersFault,
  mixMacs,
  mixShapes,
  rowLengthOf,
} from './mix.ts';

/**
 * One basis for all its layers: weights of a row = sum over matrices of h[code of the row][matrix] * basis[matrix].
 */
export interface BasisConfig extends MixConfig {
  kind: 'basis';
  encoding: Encoding;
  rows: number;
  columns: number;
}

/** Borrows basis [matrices, rows, columns]. */
function quantizeBasis(basis: Tensor, { matrices, rows, columns, encoding }: BasisConfig): Tensor {
  const flat = basis.ref.reshape([matrices * rows, columns]);
  const { levels, scale } = encoding === 'int2' ? quantizeInt2(flat) : ROW_QUANTIZERS[encoding](flat);
  flat.dispose();
  scale.dispose();
  return levels.reshape([matrices, rows, columns]);
}

function isOf(config: BasisConfig, generator: Generator): generator is BasisGenerator {
  if (generator.kind !== 'basis' || !isMixOf(config, generator.mlp)) return false;
  const { encoding, count, rows, columns } = generator;
  return (
    encoding === config.encoding && count === config.matrices && rows === config.rows && columns === config.columns
  );
}

/** Its levels, of which none changes. */
function frozen({ values, count, rows, columns }: BasisGenerator): Tensor {
  return np.array(Float32Array.from(values), { shape: [count, rows, columns] });
}

const count = json.wholeNumber(1, 4095);

const SCHEMA = json.agreeing(
  json.fields({
    kind: json.oneOf(['basis']),
    matrices: MIX_SCHEMA.matrices,
    encoding: json.oneOf(['int8', 'int4', 'int2', 'ternary']),
    rows: count,
    columns: count,
    codeLength: MIX_SCHEMA.codeLength,
    hidden: MIX_SCHEMA.hidden,
    rowsPerCode: MIX_SCHEMA.rowsPerCode,
  }),
  mixFault,
) as unknown as json.Schema<BasisConfig>;

export const basis: MethodKind<BasisConfig> = {
  schema: SCHEMA,
  about: ({ matrices, rows, columns, encoding }) =>
    `generated from one shared basis, ${matrices === 1 ? 'one matrix' : `${matrices} matrices`} of ` +
    `${rows} x ${columns} in ${encoding}`,
  isShared: true,
  isOf,
  makingMacs: mixMacs,
  fault({ rows, columns }, layers) {
    const other = mixLayersFault(layers);
    if (other) return other;
    const mostRows = Math.max(...layers.map(({ output }) => output[2]));
    const mostColumns = Math.max(...layers.map(rowLengthOf));
    if (rows < mostRows) return ['rows', `expected at least ${mostRows}, of the largest layer`];
    if (columns < mostColumns) return ['columns', `expected at least ${mostColumns}, of the largest layer`];
    return null;
  },
  make(config, layers, prefix, installed: Installed<BasisGenerator> | null): Method {
    const shared = { config, layers, prefix, installed: installed && { mlp: installed.generator.mlp } };
    const { matrices, rows, columns, encoding } = config;
    const name = `${prefix}.basis`;
    const shape = [matrices, rows, columns];
    const levelsOf = (parameters: Parameters): Tensor =>
      installed ? frozen(installed.generator) : quantizeBasis(parameters[name]!, config);
    return {
      layers,
      shapes: () => [...(installed ? [] : [[name, shape] as [string, number[]]]), ...mixShapes(shared)],
      initialize: (random) => ({
        ...(!installed && { [name]: normal(shape, Math.sqrt(2 / columns), random) }),
        ...initialMix(shared, random),
      }),
      weights: (parameters) => mixedWeights(parameters, levelsOf(parameters), shared),
      export(parameters, sources) {
        const levels = levelsOf(parameters);
        exportMix(parameters, levels.ref, shared, 'basis', sources, (mlp) => {
          if (installed) return installed.index;
          const values = integers(levels.ref);
          return sources.generators.push({ kind: 'basis', mlp, encoding, count: matrices, rows, columns, values }) - 1;
        });
        levels.dispose();
      },
    };
  },
};
