/**
 * Compresses a model: every layer's source chosen by what it costs and disturbs, then better weights for the choice.
 */

import type { TableEncoding } from '../arithmetic/channels.ts';
import { pack } from '../image/pack.ts';
import type { Unpacked } from '../image/unpack.ts';
import type { Model, Operator, WeightedOperator } from '../model/model.ts';
import { grouped } from '../system/grouped.ts';
import { allocate, type Choice } from './allocate.ts';
import { type Layer, layersOf } from './layers.ts';
import { equalMoments, type Moments, momentsOf } from './moments.ts';
import {
  fitOptions,
  type Method,
  measureOptions,
  measureTables,
  type Option,
  type Options,
  type Report,
  type SharedOptions,
  withoutBeaten,
} from './options.ts';
import { refine } from './refine.ts';
import { withReplacements } from './replacement.ts';
import type { Samples } from './samples.ts';

export type Tables = (operator: WeightedOperator) => TableEncoding;

/** What all budgets of one model have in common. */
export interface Prepared {
  model: Model;
  method: Method;
  layers: Layer[];
  /** to calibrate on, or null: then errors are those of the weights alone */
  samples: Samples | null;
  moments: Moments[];
  /** all that were fitted, and those of them that can pay */
  fitted: Options;
  options: Options;
  /** compact or exact, per layer */
  tables: [compact: Choice, exact: Choice][];
}

/** The compressed model, its image, and what each layer has become. */
export interface Compressed {
  model: Model;
  image: Uint8Array;
  /** the encodings of its quantisation tables, for pack */
  tables: Tables;
  /** per layer of Prepared.layers, and whether its table is exact */
  chosen: Option[];
  exact: boolean[];
}

/** No image of the method fits the budget. */
export class BudgetError extends Error {
  constructor(
    readonly budget: number,
    /** bytes of the smallest image that the method can make */
    readonly smallest: number,
  ) {
    super(`compress: cannot reach ${grouped(budget)} bytes; the smallest image is ${grouped(smallest)}`);
  }
}

/** The steps of a compression, in order. */
export type Stage = 'calibrate' | 'fit' | 'measure' | 'refine';
/** Called as a stage goes on, with how much of it is done. */
export type StageReport = (stage: Stage, done: number, total: number) => void;

const MEASURED_SAMPLES = 150; // per option: their errors are ranked, not reported

/** Fits every option of a method, and measures each on the samples. Throws for a model that has nothing to compress. */
export function prepare(
  model: Model,
  method: Method,
  samples: Samples | null,
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
  const some = samples && { ...samples, inputs: evenly(samples.inputs, MEASURED_SAMPLES) };
  const options = some ? measureOptions(model, layers, useful, moments, some, at('measure')) : useful;
  return { model, method, layers, samples, moments, fitted, options, tables: measureTables(model, layers, some) };
}

function evenly<T>(all: readonly T[], count: number): T[] {
  const step = Math.max(1, all.length / count);
  return Array.from({ length: Math.min(count, all.length) }, (_, i) => all[Math.floor(i * step)]);
}

/** Every layer by the method, whatever it takes; codebooks and generated weights in as many bytes as INT4 would. */
export function compressUniformly(prepared: Prepared, report?: StageReport): Compressed {
  const { method, layers, options } = prepared;
  if (method === 'auto') throw new Error('compress: auto needs a budget');
  const compact = layers.map(() => false);
  if (method === 'int4' || method === 'int2') {
    const chosen = options.own.map((own) => own.find(({ replacement }) => replacement.name === method)!);
    return finish(prepared, { chosen, exact: compact }, report);
  }
  const four = layers.reduce((sum, { rows, rowLength }) => sum + rows * Math.ceil(rowLength / 2), 0);
  const smallest = smallestSelection(options);
  const selection = cheapest(options, null, Math.max(four, total(prepared, smallest)));
  return finish(prepared, selection ?? smallest, report);
}

/** The smallest summed error in at most `budget` bytes of image, to the byte. Throws BudgetError when there is none. */
export function compressWithin(prepared: Prepared, budget: number, report?: StageReport): Compressed {
  const { options, tables } = prepared;
  const smallest = smallestSelection(options);
  // what an image takes beside what is selected
  let left = budget - (unrefined(prepared, smallest).length - total(prepared, smallest));
  for (;;) {
    const selection = cheapest(options, tables, left);
    if (!selection) {
      const last = finish(prepared, smallest, report);
      if (last.image.length <= budget) return last;
      throw new BudgetError(budget, last.image.length);
    }
    // alignment and tables that cannot be compact: most of it shows before the weights are refined
    const over = unrefined(prepared, selection).length - budget;
    if (over > 0) {
      left -= over;
      continue;
    }
    const compressed = finish(prepared, selection, report);
    if (compressed.image.length <= budget) return compressed;
    left = Math.min(left, total(prepared, selection)) - (compressed.image.length - budget);
  }
}

interface Selection {
  chosen: Option[];
  /** per layer, whether its quantisation table is exact */
  exact: boolean[];
}

/**
 * The best selection in `bytes` of weights, generators and what exact tables take more: with none of the shared
 * generators, or one of them. Without `tables` all are compact.
 */
function cheapest({ own, shared }: Options, tables: Prepared['tables'] | null, bytes: number): Selection | null {
  let [best, least]: [Selection | null, number] = [null, Number.POSITIVE_INFINITY];
  for (const set of [null, ...shared]) {
    const offered = offers(own, set);
    const layers = [...offered, ...(tables ?? [])];
    const taken = allocate(layers, bytes - (set?.bytes ?? 0));
    const error = taken?.reduce((sum, option, l) => sum + layers[l][option].error, 0) ?? Number.POSITIVE_INFINITY;
    if (!taken || error >= least) continue;
    least = error;
    best = {
      chosen: offered.map((options, l) => options[taken[l]]),
      exact: offered.map((_, l) => tables !== null && taken[offered.length + l] === 1),
    };
  }
  return best;
}

/** Per layer its own options, and that of a set of shared ones. */
function offers(own: Options['own'], set: SharedOptions | null): Option[][] {
  return own.map((options, l) => {
    const more = set?.options[l];
    return more ? [...options, more] : options;
  });
}

/** Bytes of weights, indices, codes, generators and what exact tables take more. */
function total({ options: { shared }, tables }: Prepared, { chosen, exact }: Selection): number {
  const generators = shared.filter(({ options }) => options.some((option) => option && chosen.includes(option)));
  const more = tables.filter((_, l) => exact[l]).map(([, table]) => table);
  return [...chosen, ...generators, ...more].reduce((sum, { bytes }) => sum + bytes, 0);
}

function smallestSelection({ own, shared }: Options): Selection {
  const sizes = [null, ...shared].map((set) => {
    const chosen = offers(own, set).map((options) => options.reduce((a, b) => (b.bytes < a.bytes ? b : a)));
    const generator = set?.options.some((option) => option && chosen.includes(option)) ? set.bytes : 0;
    return { chosen, bytes: chosen.reduce((sum, { bytes }) => sum + bytes, generator) };
  });
  const { chosen } = sizes.reduce((a, b) => (b.bytes < a.bytes ? b : a));
  return { chosen, exact: chosen.map(() => false) };
}

function unrefined({ model, layers, samples, moments }: Prepared, { chosen, exact }: Selection): Uint8Array {
  const given = layers.map((_, i) => (samples ? moments[i] : null));
  const replacements = chosen.map(({ replacement }) => replacement);
  const changed = withReplacements(model, layers, replacements, given);
  return pack(changed, { tables: tablesOf(changed, layers, exact) });
}

function finish(prepared: Prepared, { chosen, exact }: Selection, report: StageReport = () => {}): Compressed {
  const { model, layers, samples, moments } = prepared;
  const replacements = chosen.map(({ replacement }) => replacement);
  const none = layers.map(() => null);
  const changed = samples
    ? refine(model, layers, replacements, moments, samples, { report: (done, all) => report('refine', done, all) })
    : withReplacements(model, layers, replacements, none);
  const tables = tablesOf(changed, layers, exact);
  return { model: changed, tables, image: pack(changed, { tables }), chosen, exact };
}

function tablesOf(model: Model, layers: readonly Layer[], exact: readonly boolean[]): Tables {
  const { operators } = model.programs[0];
  const found = new Set<Operator>(layers.filter((_, l) => exact[l]).map(({ operator }) => operators[operator]));
  return (operator) => (found.has(operator) ? 'q31' : 'compact');
}

/** The result for a budget that the image already fits: the image itself. */
export function unchanged({ options, layers }: Prepared, { model, tables }: Unpacked, image: Uint8Array): Compressed {
  const { operators } = model.programs[0];
  const exact = layers.map(({ operator }) => tables(operators[operator] as WeightedOperator) === 'q31');
  return { model, tables, image, chosen: options.own.map(([int8]) => int8), exact };
}
