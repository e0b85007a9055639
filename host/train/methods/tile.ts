/**
 * Weights written tile by tile: row-major, each run of `tile` weights is what a micro-MLP that all layers of the method
 * share makes of a code of its own.
 */

import * as json from '../../system/json.ts';
import type { Random } from '../../system/random.ts';
import { type Parameters, uniform } from '../arrays.ts';
import type { LayerSpec } from '../layerSpec.ts';
import { straightThrough, type Tensor } from '../layers.ts';
import { roundThrough } from '../quantizers.ts';
import { numpy as np } from '../start.ts';
import type { MethodConfig } from './config.ts';
import { integers, type LayerWeights, type Method, type MethodKind, type Sources } from './method.ts';
import { type Evaluated, evaluateMlp, exportMlp, initialMlp, type MlpSize, mlpMacs, mlpShapes } from './mlp.ts';

export interface TileConfig extends MethodConfig {
  kind: 'tile';
  /** weights of a tile */
  tile: number;
  /** values of a code, and how they are stored; many of few bits are better than few of many */
  codeLength: number;
  codes: 'int8' | 'int4' | 'int2';
  hidden: number;
}

/** Levels of a code that stand for 1. */
const CODE_STEPS = { int8: 127, int4: 7, int2: 4 } as const;

/** As in basis.ts: the weights' own scale carries no meaning before batch normalisation. */
const GENERATED_SCALE = 1 / 127;

interface Shared {
  config: TileConfig;
  layers: readonly LayerSpec[];
  prefix: string;
}

const mlpSize = ({ codeLength, hidden, tile }: TileConfig): MlpSize => ({ codeLength, hidden, outputs: tile });

const tilesOf = ({ output, input }: LayerSpec, { tile }: TileConfig): number => (output[2] * input[2]) / tile;

const codeShape = (layer: LayerSpec, config: TileConfig): [number, number] => [
  tilesOf(layer, config),
  config.codeLength,
];

function initialized({ config, layers, prefix }: Shared, random: Random): Parameters {
  const parameters = initialMlp(prefix, mlpSize(config), random);
  for (const layer of layers) parameters[`${layer.name}.codes`] = uniform(codeShape(layer, config), -1, 1, random);
  return parameters;
}

/** Borrows the codes. */
function quantizedCodes(codes: Tensor, encoding: TileConfig['codes']): Tensor {
  const latent = np.clip(codes.ref, -1, 1).mul(CODE_STEPS[encoding]);
  if (encoding !== 'int2') return roundThrough(latent);
  const levels = np
    .clip(np.floor(latent.ref.div(2)), -2, 1)
    .mul(2)
    .add(1);
  return straightThrough(latent, levels);
}

interface Generated {
  codes: Map<string, Tensor>; // per layer [tiles, codeLength]
  mlp: Evaluated;
  /** per layer [rows, rowLength], INT8 levels */
  weights: Map<string, Tensor>;
}

/** Borrows the parameters. */
function generate(parameters: Parameters, { config, layers, prefix }: Shared): Generated {
  const codes = new Map(
    layers.map(({ name }) => [name, quantizedCodes(parameters[`${name}.codes`]!, config.codes)] as const),
  );
  const input = np.concatenate(
    [...codes.values()].map((code) => code.ref),
    0,
  );
  const mlp = evaluateMlp(parameters, prefix, input, CODE_STEPS[config.codes]);
  const weights = new Map<string, Tensor>();
  let first = 0;
  for (const layer of layers) {
    const tiles = tilesOf(layer, config);
    const part = mlp.outputs.ref.slice([first, first + tiles]);
    weights.set(layer.name, part.reshape([layer.output[2], layer.input[2]]));
    first += tiles;
  }
  return { codes, mlp, weights };
}

/** Borrows the parameters. */
function exported(parameters: Parameters, shared: Shared, sources: Sources): void {
  const { config, layers } = shared;
  const { codes, mlp } = generate(parameters, shared);
  const generator = sources.generators.push({ kind: 'tile', mlp: exportMlp(mlp, mlpSize(config), config.codes) }) - 1;
  for (const { name, output, input } of layers) {
    const [rows, rowLength] = [output[2], input[2]];
    const source = { kind: 'tile' as const, generator, rows, rowLength, codes: integers(codes.get(name)!) };
    const scales = new Float64Array(rows).fill(Math.fround(GENERATED_SCALE));
    sources.of.set(name, { source: sources.list.push(source) - 1, scales, residency: 'boot' });
  }
}

const size = json.wholeNumber(1, 255);

export const tile: MethodKind<TileConfig> = {
  schema: json.fields({
    kind: json.oneOf(['tile']),
    tile: size,
    codeLength: size,
    codes: json.optional(json.oneOf(['int8', 'int4', 'int2']), 'int2'),
    hidden: size,
  }) as unknown as json.Schema<TileConfig>,
  about: ({ tile, codeLength, codes }) =>
    `generated in tiles of ${tile}, each from a code of ${codeLength} values in ${codes}`,
  isShared: true,
  makingMacs: (config, layer) => tilesOf(layer, config) * mlpMacs(mlpSize(config)),
  fault(config, layers) {
    const other = layers.find(({ kind }) => kind !== 'pointwise');
    if (other) return ['kind', `expected int8 or the like for ${other.name}, as tiles make pointwise weights only`];
    // the device makes rows, each of whole tiles
    const odd = layers.find(({ input }) => input[2] % config.tile > 0);
    return odd ? ['tile', `expected a divisor of the ${odd.input[2]} weights of a row of ${odd.name}`] : null;
  },
  make(config, layers, prefix): Method {
    const shared = { config, layers, prefix };
    return {
      layers,
      shapes: () => [
        ...mlpShapes(prefix, mlpSize(config)),
        ...layers.map((layer): [string, number[]] => [`${layer.name}.codes`, codeShape(layer, config)]),
      ],
      initialize: (random) => initialized(shared, random),
      weights: (parameters) =>
        new Map(
          [...generate(parameters, shared).weights].map(([name, levels]): [string, LayerWeights] => [
            name,
            { levels, scale: np.array([GENERATED_SCALE]) },
          ]),
        ),
      export: (parameters, sources) => exported(parameters, shared, sources),
    };
  },
};
