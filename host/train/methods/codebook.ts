/**
 * Weights put together from entries of a codebook that all layers of the method share, trained with it (after Stock et
 * al. 2020): each run of weights of a row is the entry that is nearest to it.
 *
 *   w[r][k] = entry[index[r][k / length]][k mod length] (INT8), real value: w[r][k] * scale[r]
 *
 * Runs are compared in units of the deviation of their row. The gradient of a run goes to its latent weights as if they
 * were used, and to the entry that stands for it. Latent weights begin normal, entries as the k-means of such runs.
 */

import { kMeans } from '../../compress/kmeans.ts';
import type { Generator } from '../../model/model.ts';
import type { Codebook } from '../../sources/codebook.ts';
import * as json from '../../system/json.ts';
import type { Random } from '../../system/random.ts';
import { normal, type Parameters } from '../arrays.ts';
import type { LayerSpec } from '../layerSpec.ts';
import type { Tensor } from '../layers.ts';
import { quantizeAll } from '../quantizers.ts';
import { lax, nn, numpy as np } from '../start.ts';
import type { MethodConfig } from './config.ts';
import { type Installed, integers, type LayerWeights, type Method, type MethodKind, type Sources } from './method.ts';
import { depthwiseFault, paddedRows, rowShape } from './rows.ts';

export interface CodebookConfig extends MethodConfig {
  kind: 'codebook';
  entries: number;
  /** weights in an entry */
  length: number;
}

/** Runs that entries begin from: more would hardly move them. */
const MOST_RUNS = 10_000;
/** A row whose weights are all zero must not divide by zero. */
const TINY = 1e-8;

interface Shared {
  config: CodebookConfig;
  layers: readonly LayerSpec[];
  /** of the entries, which belong to no layer */
  name: string;
  installed: Codebook | null;
}

const latentName = ({ name }: LayerSpec): string => `${name}.weight`;

/** Runs of a row; the last one is cut to the row's length. */
const runsOf = (layer: LayerSpec, { length }: CodebookConfig): number => Math.ceil(rowShape(layer)[1] / length);

const allRuns = (layers: readonly LayerSpec[], config: CodebookConfig): number =>
  layers.reduce((sum, layer) => sum + rowShape(layer)[0] * runsOf(layer, config), 0);

/** Latent weights as He et al. (2015), and the entries that suit them, in units of a deviation. */
function initialized({ config, layers, name, installed }: Shared, random: Random): Parameters {
  const latent = Object.fromEntries(
    layers.map((layer) => {
      const [rows, rowLength] = rowShape(layer);
      return [latentName(layer), normal([rows, rowLength], Math.sqrt(2 / rowLength), random)];
    }),
  );
  if (installed) return latent;
  const { entries, length } = config;
  const runs = Math.min(MOST_RUNS, allRuns(layers, config));
  const vectors = Float64Array.from({ length: runs * length }, () => random.normal());
  const centers = kMeans(vectors, new Float64Array(vectors.length).fill(1), length, entries, random);
  return { ...latent, [name]: np.array(Float32Array.from(centers), { shape: [entries, length] }) };
}

/** Levels of the entries [entries, length], and what one level is in deviations of a row. */
function entriesOf(parameters: Parameters, { config, name, installed }: Shared): { levels: Tensor; scale: Tensor } {
  if (!installed) return quantizeAll(parameters[name]!);
  const { values } = installed;
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
  const levels = np.array(Float32Array.from(values), { shape: [config.entries, config.length] });
  return { levels, scale: np.array(1 / Math.max(deviation, TINY)) };
}

interface Chosen {
  indices: Tensor; // [rows * runs of a row]
  levels: Tensor; // [rows, rowLength]
  scale: Tensor; // [rows, 1]
}

/** Of one layer. Borrows everything. */
function choose(
  latent: Tensor,
  entries: { levels: Tensor; scale: Tensor },
  layer: LayerSpec,
  config: CodebookConfig,
): Chosen {
  const [rows, rowLength] = rowShape(layer);
  const runs = runsOf(layer, config);
  const length = runs * config.length;
  const deviation = np.sqrt(lax.stopGradient(np.square(latent.ref)).mean(1, { keepdims: true }));
  const scale = np.maximum(deviation, TINY).mul(entries.scale.ref);
  const wanted = np.pad(latent.ref.div(scale.ref), [
    [0, 0],
    [0, length - rowLength],
  ]);
  const vectors = lax.stopGradient(wanted.ref).reshape([rows * runs, config.length]);
  const fixed = lax.stopGradient(entries.levels.ref);
  // squared distance without what is the same for all entries
  const products = np.matmul(vectors, fixed.ref.transpose());
  const indices = np.argmin(np.square(fixed).sum(1).sub(products.mul(2)), 1);
  const entry = np.matmul(nn.oneHot(indices.ref, config.entries), entries.levels.ref).reshape([rows, length]);
  // the value of the entry, and the gradient of both
  const levels = entry.add(wanted.ref.sub(lax.stopGradient(wanted)));
  return { indices, levels: levels.slice([], [0, rowLength]), scale };
}

/** Borrows the parameters. */
function weightsOf(parameters: Parameters, shared: Shared): Map<string, LayerWeights> {
  const entries = entriesOf(parameters, shared);
  const weights = shared.layers.map((layer): [string, LayerWeights] => {
    const { indices, levels, scale } = choose(parameters[latentName(layer)]!, entries, layer, shared.config);
    indices.dispose();
    return [layer.name, { levels: paddedRows(levels, layer), scale }];
  });
  entries.levels.dispose();
  entries.scale.dispose();
  return new Map(weights);
}

/** Borrows the parameters. */
function exported(parameters: Parameters, shared: Shared, index: number | null, sources: Sources): void {
  const { layers, config } = shared;
  const entries = entriesOf(parameters, shared);
  const values = integers(entries.levels.ref);
  const generator =
    index ?? sources.generators.push({ kind: 'codebook', entries: config.entries, length: config.length, values }) - 1;
  for (const layer of layers) {
    const [rows, rowLength] = rowShape(layer);
    const { indices, levels, scale } = choose(parameters[latentName(layer)]!, entries, layer, config);
    levels.dispose();
    const chosen = Uint8Array.from(indices.dataSync());
    const source = sources.list.push({ kind: 'codebook', generator, rows, rowLength, indices: chosen }) - 1;
    const scales = Float64Array.from(scale.dataSync() as ArrayLike<number>);
    sources.of.set(layer.name, { source, scales, residency: 'boot' });
  }
  entries.levels.dispose();
  entries.scale.dispose();
}

const isOf = ({ entries, length }: CodebookConfig, generator: Generator): generator is Codebook =>
  generator.kind === 'codebook' && generator.entries === entries && generator.length === length;

export const codebook: MethodKind<CodebookConfig> = {
  schema: json.fields({
    kind: json.oneOf(['codebook']),
    entries: json.wholeNumber(2, 256),
    length: json.wholeNumber(1, 255),
  }) as unknown as json.Schema<CodebookConfig>,
  about: ({ entries, length }) => `put together from a shared codebook of ${entries} entries of ${length} weights`,
  isShared: true,
  isOf,
  fault(config, layers) {
    const runs = allRuns(layers, config);
    if (config.entries > runs)
      return ['entries', `expected at most ${runs}, as many as the layers have runs of weights`];
    return depthwiseFault(config.kind, layers);
  },
  make(config, layers, prefix, installed: Installed<Codebook> | null): Method {
    const name = `${prefix}.codebook`;
    const shared = { config, layers, name, installed: installed?.generator ?? null };
    return {
      layers,
      shapes: () => [
        ...layers.map((layer): [string, number[]] => [latentName(layer), rowShape(layer)]),
        ...(installed ? [] : [[name, [config.entries, config.length]] as [string, number[]]]),
      ],
      initialize: (random) => initialized(shared, random),
      weights: (parameters) => weightsOf(parameters, shared),
      export: (parameters, sources) => exported(parameters, shared, installed?.index ?? null, sources),
    };
  },
};
