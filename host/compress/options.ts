/** What each layer can become, what that takes in flash, and how much it disturbs the outputs when it alone changes. */
import { COMPACT_BYTES_PER_CHANNEL, Q31_BYTES_PER_CHANNEL } from '../../assembly/format.ts';
import type { Encoding, Model } from '../model/model.ts';
import { generatorBytes } from '../sources/registry.ts';
import { compare, type Outputs, outputsOf, outputZeroPoint } from './agreement.ts';
import type { Choice } from './allocate.ts';
import { canShare, fromBasis } from './basis.ts';
import { fromCodebook, trainCodebook, type Weighed } from './codebook.ts';
import { inSourceOrder, type Layer, targetsOf } from './layers.ts';
import { inLevels } from './levels.ts';
import type { Moments } from './moments.ts';
import { quadratics } from './quadratic.ts';
import { ownBytes, type Replacement, withReplacements } from './replacement.ts';
import type { Samples } from './samples.ts';

/** What layers may become; docs/compress.md compares the methods. */
export type Method = 'int4' | 'int2' | 'codebook' | 'generated' | 'auto';
/** The names of all methods. */
export const METHODS: readonly Method[] = ['int4', 'int2', 'codebook', 'generated', 'auto'];

export interface Option extends Choice {
  replacement: Replacement;
  /** squared error of the layer's outputs as its inputs' covariance says it, over that of having no weights */
  layerError: number;
}

/** Options that need a generator which they share: it is paid once for all that take one. */
export interface SharedOptions {
  name: string;
  /** of the generator with its record */
  bytes: number;
  /** per layer, null for those that cannot */
  options: (Option | null)[];
}

export interface Options {
  /** per layer, INT8 as it is first */
  own: Option[][];
  shared: SharedOptions[];
}

/** Progress of something that takes seconds. */
export type Report = (done: number, total: number) => void;

const ENCODINGS: Record<Method, Exclude<Encoding, 'int8'>[]> = {
  int4: ['int4'],
  int2: ['int2'],
  codebook: [],
  generated: [],
  auto: ['int4', 'int2', 'ternary'],
};
const CODEBOOKS = [
  [16, 2],
  [256, 2],
  [64, 4],
  [256, 4],
  [256, 8],
] as const;
const BASES = [
  [1, 'int8'],
  [2, 'int4'],
  [2, 'int8'],
  [3, 'int4'],
] as const;

/** Everything a method allows, each fitted to the moments; errors are those of the layer alone, not yet measured. */
export function fitOptions(
  layers: readonly Layer[],
  moments: readonly Moments[],
  method: Method,
  report: Report,
): Options {
  const weighed = layers.map((layer, i): Weighed => ({ layer, forms: quadratics(moments[i], layer.channels) }));
  const codebooks = method === 'codebook' || method === 'auto' ? CODEBOOKS : [];
  const bases = method === 'generated' || method === 'auto' ? BASES : [];
  const total = layers.length + codebooks.length + bases.length;
  let done = 0;
  const option = (i: number, replacement: Replacement, extra = 0): Option => {
    const error = layerError(weighed[i], replacement);
    return { replacement, bytes: ownBytes(replacement) + extra, error, layerError: error };
  };
  const own = layers.map((layer, i) => {
    const levels = ENCODINGS[method].map((encoding) => option(i, inLevels(layer, weighed[i].forms, encoding)));
    const books = codebooks.map(([entries, length]) => {
      const codebook = trainCodebook([weighed[i]], entries, length);
      return option(i, fromCodebook(weighed[i], codebook, false), generatorBytes(codebook));
    });
    report(++done, total);
    return [option(i, asItIs(layer)), ...levels, ...books];
  });
  const shared: SharedOptions[] = [];
  for (const [entries, length] of layers.length > 1 ? codebooks : []) {
    const codebook = trainCodebook(weighed, entries, length);
    shared.push({
      name: `shared codebook of ${entries} x ${length}`,
      bytes: generatorBytes(codebook),
      options: weighed.map((one, i) => option(i, fromCodebook(one, codebook, true))),
    });
    report(++done, total);
  }
  const alike = canShare(layers);
  for (const [count, encoding] of alike.length > 1 ? bases : []) {
    const replacements = fromBasis(
      weighed.filter(({ layer }) => alike.includes(layer)),
      count,
      encoding,
    );
    shared.push({
      name: replacements[0].name,
      bytes: generatorBytes(replacements[0].generator),
      options: layers.map((layer, i) => (alike.includes(layer) ? option(i, replacements[alike.indexOf(layer)]) : null)),
    });
    report(++done, total);
  }
  return { own, shared };
}

/** The layer's own INT8 weights. */
export function asItIs(layer: Layer): Replacement {
  const { rows, rowLength, weights, channels } = layer;
  return {
    name: 'int8',
    source: { kind: 'stored', encoding: 'int8', rows, rowLength, values: inSourceOrder(layer, weights) },
    generator: null,
    levels: weights,
    scales: new Float64Array(channels).fill(1),
  };
}

/** Squared error of the layer's outputs, as the covariance of its inputs says it, over that of having no weights. */
export function layerError({ layer, forms }: Weighed, { levels, scales }: Replacement): number {
  const { channels, depth, effectiveScale } = layer;
  const targets = targetsOf(layer);
  const nothing = new Float64Array(depth);
  let [error, whole] = [0, 0];
  for (let c = 0; c < channels; c++) {
    const own = Float64Array.from(targets.subarray(c * depth, (c + 1) * depth));
    const square = effectiveScale[c] ** 2;
    error += square * forms[c].error(own, scales[c], levels.subarray(c * depth, (c + 1) * depth));
    whole += square * forms[c].error(own, 1, nothing);
  }
  return whole > 0 ? error / whole : 0;
}

/**
 * Drops an option that another of the layer's own beats in bytes and error; shared ones count without their generator.
 */
export function withoutBeaten({ own, shared }: Options): Options {
  const beaten = (option: Option, by: readonly Option[]) =>
    by.some(
      (other) =>
        other !== option &&
        other.bytes <= option.bytes &&
        other.layerError <= option.layerError &&
        (other.bytes < option.bytes || other.layerError < option.layerError),
    );
  const kept = shared.map((set) => ({
    ...set,
    options: set.options.map((option, l) => (option && !beaten(option, own[l]) ? option : null)),
  }));
  return {
    own: own.map((options) => options.filter((option) => !beaten(option, options))),
    shared: kept.filter(({ options }) => options.some((option) => option !== null)),
  };
}

/**
 * What each layer's quantisation table can be: compact, with what that does to the network's outputs on samples when
 * all other tables are exact; or exact, in more bytes. Without samples nothing speaks against compact ones.
 */
export function measureTables(
  model: Model,
  layers: readonly Layer[],
  samples: Samples | null,
): [compact: Choice, exact: Choice][] {
  const original = samples && outputsOf(model, samples, 'q31');
  return layers.map(({ operator, channels }) => {
    const own = model.programs[0].operators[operator];
    const bytes = 4 * Math.ceil((Q31_BYTES_PER_CHANNEL * channels) / 4) - COMPACT_BYTES_PER_CHANNEL * channels;
    const outputs = samples && outputsOf(model, samples, (one) => (one === own ? 'compact' : 'q31'));
    const error = original && outputs ? compare(original, outputs, outputZeroPoint(model)).relativeError : 0;
    return [
      { bytes: 0, error },
      { bytes, error: 0 },
    ];
  });
}

/** What changed outputs cost, 0 for those of the original. */
export type OutputError = (original: Outputs, changed: Outputs) => number;

/** The squared error over the variance of the original's outputs. */
const relativeError = (model: Model): OutputError => {
  const zeroPoint = outputZeroPoint(model);
  return (original, changed) => compare(original, changed, zeroPoint).relativeError;
};

/** The same options with the error of the whole network's outputs on samples when only that one layer changes. */
export function measureOptions(
  model: Model,
  layers: readonly Layer[],
  { own, shared }: Options,
  moments: readonly Moments[],
  samples: Samples,
  report: Report,
  errorOf: OutputError = relativeError(model),
): Options {
  const original = outputsOf(model, samples);
  const total = [...own, ...shared.map(({ options }) => options)].flat().filter((option) => option !== null).length;
  let done = 0;
  const measured = (option: Option, l: number): Option => {
    report(++done, total);
    if (option.replacement.name === 'int8') return { ...option, error: 0 };
    const only = layers.map((_, i) => (i === l ? option.replacement : null));
    const outputs: Outputs = outputsOf(withReplacements(model, layers, only, moments), samples);
    return { ...option, error: errorOf(original, outputs) };
  };
  return {
    own: own.map((options, l) => options.map((option) => measured(option, l))),
    shared: shared.map((set) => ({ ...set, options: set.options.map((option, l) => option && measured(option, l)) })),
  };
}
