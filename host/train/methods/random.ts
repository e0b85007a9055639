/**
 * Weights mixed from random matrices that a seed stands for: no bytes in the image, and nothing of them is trained but
 * how they are mixed. What a trained basis must beat.
 */

import type { Generator } from '../../model/model.ts';
import { type RandomGenerator, randomRow } from '../../sources/random.ts';
import * as json from '../../system/json.ts';
import type { LayerSpec } from '../layerSpec.ts';
import type { Tensor } from '../layers.ts';
import { numpy as np } from '../start.ts';
import type { Installed, Method, MethodKind } from './method.ts';
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

export interface RandomConfig extends MixConfig {
  kind: 'random';
  /** of the matrices, whatever the seed of the training is */
  seed: number;
}

const isOf = (config: RandomConfig, generator: Generator): generator is RandomGenerator =>
  generator.kind === 'random' && generator.seed === config.seed && isMixOf(config, generator.mlp);

/** Values -1, 0 and 1, [matrices][rows][columns], as large as the largest of the layers; drawn when first asked for. */
function matricesFor(layers: readonly LayerSpec[], { matrices, seed }: RandomConfig): () => Tensor {
  const rows = Math.max(...layers.map(({ output }) => output[2]));
  const columns = Math.max(...layers.map(rowLengthOf));
  let values: Float32Array<ArrayBuffer> | null = null;
  const draw = (): Float32Array<ArrayBuffer> => {
    const drawn = new Float32Array(matrices * rows * columns);
    for (let j = 0; j < matrices; j++)
      for (let r = 0; r < rows; r++) drawn.set(randomRow(seed, j, r, columns), (j * rows + r) * columns);
    return drawn;
  };
  return () => {
    values ??= draw();
    return np.array(values, { shape: [matrices, rows, columns] });
  };
}

const SCHEMA = json.agreeing(
  json.fields({ kind: json.oneOf(['random']), seed: json.wholeNumber(0, 2 ** 32 - 1), ...MIX_SCHEMA }),
  mixFault,
) as unknown as json.Schema<RandomConfig>;

export const random: MethodKind<RandomConfig> = {
  schema: SCHEMA,
  about: ({ matrices, seed }) =>
    `mixed from ${matrices === 1 ? 'one random matrix' : `${matrices} random matrices`} of seed ${seed}`,
  isShared: true,
  isOf,
  makingMacs: mixMacs,
  fault: (_, layers) => mixLayersFault(layers),
  make(config, layers, prefix, installed: Installed<RandomGenerator> | null): Method {
    const shared = { config, layers, prefix, installed: installed && { mlp: installed.generator.mlp } };
    const matrices = matricesFor(layers, config);
    return {
      layers,
      shapes: () => mixShapes(shared),
      initialize: (random) => initialMix(shared, random),
      weights: (parameters) => mixedWeights(parameters, matrices(), shared),
      export(parameters, sources) {
        exportMix(parameters, matrices(), shared, 'random', sources, (mlp) =>
          installed ? installed.index : sources.generators.push({ kind: 'random', mlp, seed: config.seed }) - 1,
        );
      },
    };
  },
};
