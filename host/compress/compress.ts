/** Compresses a model: every layer's source chosen by what it costs and disturbs, then better weights for the choice. */
import { pack } from '../image/pack.ts';
import type { Model } from '../model/model.ts';
import { allocate } from './allocate.ts';
import { type Layer, layersOf } from './layers.ts';
import { equalMoments, type Moments, momentsOf } from './moments.ts';
import {
  fitOptions,
  type Method,
  measureOptions,
  type Option,
  type Options,
  type Report,
  withoutBeaten,
} from './options.ts';
import { refine } from './refine.ts';
import { withReplacements } from './replacement.ts';

/** What all budgets of one model have in common. */
export interface Prepared {
  model: Model;
  method: Method;
  layers: Layer[];
  /** raw inputs of program 0 to calibrate on, or null: then errors are those of the weights alone */
  samples: readonly Uint8Array[] | null;
  moments: Moments[];
  /** all that were fitted, and those of them that can pay */
  fitted: Options;
  options: Options;
}

export interface Compressed {
  model: Model;
  /** with compact tables */
  image: Uint8Array;
  /** per layer of Prepared.layers */
  chosen: Option[];
}

export class BudgetError extends Error {
  constructor(
    readonly budget: number,
    /** bytes of the smallest image that the method can make */
    readonly smallest: number,
  ) {
    super(
      `compress: cannot reach ${budget.toLocaleString('en-US')} bytes; the smallest image is ${smallest.toLocaleString('en-US')}`,
    );
  }
}

export type Stage = 'calibrate' | 'fit' | 'measure' | 'refine';
export type StageReport = (stage: Stage, done: number, total: number) => void;

const MEASURED_SAMPLES = 150; // per option: their errors are ranked, not reported

/** Fits every option of a method, and measures each on the samples. Throws for a model that has nothing to compress. */
export function prepare(
  model: Model,
  method: Method,
  samples: readonly Uint8Array[] | null,
  report: StageReport = () => {},
): Prepared {
  const layers = layersOf(model);
  if (layers.length === 0)
    throw new Error('compress: expected a layer with stored INT8 weights of its own, got none; nothing to do');
  report('calibrate', 0, 1);
  const moments = samples ? momentsOf(model, layers, samples) : layers.map(equalMoments);
  const at =
    (stage: Stage): Report =>
    (done, total) =>
      report(stage, done, total);
  const fitted = fitOptions(layers, moments, method, at('fit'));
  const useful = method === 'int4' || method === 'int2' ? fitted : withoutBeaten(fitted);
  const measured = samples
    ? measureOptions(model, layers, useful, moments, evenly(samples, MEASURED_SAMPLES), at('measure'))
    : useful;
  return { model, method, layers, samples, moments, fitted, options: measured };
}

function evenly<T>(all: readonly T[], count: number): T[] {
  const step = Math.max(1, all.length / count);
  return Array.from({ length: Math.min(count, all.length) }, (_, i) => all[Math.floor(i * step)]);
}

/** Every layer by the method, whatever it takes; codebooks and generated weights in as many bytes as INT4 would. */
export function compressUniformly(prepared: Prepared, report?: StageReport): Compressed {
  const { method, layers, options } = prepared;
  if (method === 'auto') throw new Error('compress: auto needs a budget');
  if (method === 'int4' || method === 'int2') {
    return finish(
      prepared,
      options.own.map((own) => own.find(({ replacement }) => replacement.name === method)!),
      report,
    );
  }
  const four = layers.reduce((sum, { rows, rowLength }) => sum + rows * Math.ceil(rowLength / 2), 0);
  const chosen = cheapest(options, Math.max(four, leastBytes(options)));
  return finish(prepared, chosen!, report);
}

/** The smallest summed error in at most `budget` bytes of image, to the byte. Throws BudgetError when there is none. */
export function compressWithin(prepared: Prepared, budget: number, report?: StageReport): Compressed {
  const { options } = prepared;
  let left = budget - overhead(prepared, smallestChoice(options));
  for (;;) {
    const chosen = cheapest(options, left);
    if (!chosen) {
      const smallest = finish(prepared, smallestChoice(options), report);
      if (smallest.image.length <= budget) return smallest;
      throw new BudgetError(budget, smallest.image.length);
    }
    // tables and alignment depend on the choice: most of what is wrong shows before the weights are refined
    const over = unrefined(prepared, chosen).length - budget;
    if (over > 0) {
      left -= over;
      continue;
    }
    const compressed = finish(prepared, chosen, report);
    if (compressed.image.length <= budget) return compressed;
    left = Math.min(left, total(options, chosen)) - (compressed.image.length - budget);
  }
}

/** The best choice in `bytes` of weights and generators: with none of the shared generators, or one of them. */
function cheapest({ own, shared }: Options, bytes: number): Option[] | null {
  const alternatives = [{ bytes: 0, options: own.map(() => null) }, ...shared];
  let best: Option[] | null = null;
  for (const set of alternatives) {
    const offered = own.map((options, l) => [...options, ...(set.options[l] ? [set.options[l] as Option] : [])]);
    const chosen = allocate(offered, bytes - set.bytes)?.map((option, l) => offered[l][option]);
    if (chosen && (best === null || errorOf(chosen) < errorOf(best))) best = chosen;
  }
  return best;
}

const errorOf = (chosen: readonly Option[]): number => chosen.reduce((sum, { error }) => sum + error, 0);

/** Bytes of weights, indices, codes and generators. */
function total({ shared }: Options, chosen: readonly Option[]): number {
  const generators = shared.filter(({ options }) => options.some((option) => option && chosen.includes(option)));
  return [...chosen, ...generators].reduce((sum, { bytes }) => sum + bytes, 0);
}

function smallestChoice({ own, shared }: Options): Option[] {
  const alternatives = [{ bytes: 0, options: own.map(() => null) }, ...shared].map((set) =>
    own.map((options, l) =>
      [...options, ...(set.options[l] ? [set.options[l] as Option] : [])].reduce((a, b) => (b.bytes < a.bytes ? b : a)),
    ),
  );
  const sizes = alternatives.map((chosen) => total({ own, shared }, chosen));
  return alternatives[sizes.indexOf(Math.min(...sizes))];
}

const leastBytes = (options: Options): number => total(options, smallestChoice(options));

function unrefined({ model, layers, samples, moments }: Prepared, chosen: readonly Option[]): Uint8Array {
  const given = layers.map((_, i) => (samples ? moments[i] : null));
  const replacements = chosen.map(({ replacement }) => replacement);
  return pack(withReplacements(model, layers, replacements, given));
}

/** What an image takes beside the weights that are chosen. */
function overhead(prepared: Prepared, chosen: readonly Option[]): number {
  return unrefined(prepared, chosen).length - total(prepared.options, chosen);
}

function finish(prepared: Prepared, chosen: Option[], report: StageReport = () => {}): Compressed {
  const { model, layers, samples, moments } = prepared;
  const replacements = chosen.map(({ replacement }) => replacement);
  const changed = samples
    ? refine(model, layers, replacements, moments, samples, (done, all) => report('refine', done, all))
    : withReplacements(
        model,
        layers,
        replacements,
        layers.map(() => null),
      );
  return { model: changed, image: pack(changed), chosen };
}
