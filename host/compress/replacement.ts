/** What a layer's weights can become, and a model with that. */
import type { Generator, Model, Operator, WeightSource } from '../model/model.ts';
import { sourceBytes } from '../sources/registry.ts';
import type { Layer } from './layers.ts';
import type { ChangedMoments, Moments } from './moments.ts';

/** INT8 weights [channels][depth] that stand for `scales[c]` times as much, in units of the layer's own weights. */
export interface Fit {
  levels: Int8Array;
  scales: Float64Array;
}

export interface Replacement extends Fit {
  /** such as "int4" or "codebook of 256 x 4" */
  name: string;
  /** its generator is set when it goes into a model */
  source: WeightSource;
  /** replacements that share one share the object */
  generator: Generator | null;
}

/** Flash of a replacement's own data, without that of its generator. */
export function ownBytes({ source, generator }: Pick<Replacement, 'source' | 'generator'>): number {
  if (generator === null || source.kind === 'stored') return sourceBytes(source, []);
  return sourceBytes({ ...source, generator: 0 }, [generator]);
}

const MOST_BIAS = 2 ** 26; // leaves room for the zero point that pack folds in

/**
 * The model with some layers' weights replaced: a scale goes into the layer's factors, and where moments are known the
 * bias takes back by how much the outputs would move on average. Both per layer, null for none.
 */
export function withReplacements(
  model: Model,
  layers: readonly Layer[],
  replacements: readonly (Replacement | null)[],
  moments: readonly (Moments | ChangedMoments | null)[],
): Model {
  const operators: Operator[] = [...model.programs[0].operators];
  const sources = [...model.sources];
  const generators = [...model.generators];
  layers.forEach((layer, i) => {
    const replacement = replacements[i];
    if (!replacement) return;
    sources[layer.source] = place(replacement, generators);
    const operator = operators[layer.operator];
    if (!('effectiveScale' in operator)) throw new Error(`compress: ${layer.name} has no weights`);
    const own = moments[i];
    const shifts = own ? meanShift(layer, replacement, own) : new Float64Array(layer.channels);
    operators[layer.operator] = {
      ...operator,
      residency: operator.residency === 'flash' && replacement.name !== 'int8' ? 'boot' : operator.residency,
      bias: operator.bias.map((bias, c) => limited(Math.round((bias + shifts[c]) / replacement.scales[c]))),
      effectiveScale: operator.effectiveScale.map((scale, c) => scale * replacement.scales[c]),
    };
  });
  return { ...model, programs: [{ ...model.programs[0], operators }], sources, generators };
}

const limited = (bias: number): number => Math.max(-MOST_BIAS, Math.min(MOST_BIAS, bias));

function place({ source, generator }: Replacement, generators: Generator[]): WeightSource {
  if (generator === null || source.kind === 'stored') return source;
  if (!generators.includes(generator)) generators.push(generator);
  return { ...source, generator: generators.indexOf(generator) };
}

/** Per channel, by how much the accumulator falls on average, in its original units. */
function meanShift(
  { weights, channels, depth }: Layer,
  { levels, scales }: Fit,
  moments: Moments | ChangedMoments,
): Float64Array {
  const { mean, sets } = moments;
  const before = 'originalMean' in moments ? moments.originalMean : mean;
  return Float64Array.from({ length: channels }, (_, c) => {
    const base = sets === 1 ? 0 : c * depth;
    let shift = 0;
    for (let k = 0; k < depth; k++)
      shift += weights[c * depth + k] * before[base + k] - scales[c] * levels[c * depth + k] * mean[base + k];
    return shift;
  });
}
