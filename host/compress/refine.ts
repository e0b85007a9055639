/**
 * Better weights for chosen sources, layer by layer: each is fitted to what it is given behind the layers that have
 * changed already, so that it makes up for their errors as well as for its own.
 */
import type { Model } from '../model/model.ts';
import { fromCodebook } from './codebook.ts';
import { inSourceOrder, type Layer, targetsOf } from './layers.ts';
import { type FewLevels, inLevels } from './levels.ts';
import { type ChangedMoments, changedMomentsOf, type Moments } from './moments.ts';
import { type Quadratic, quadratics } from './quadratic.ts';
import { type Replacement, withReplacements } from './replacement.ts';
import type { Samples } from './samples.ts';

export interface RefineOptions {
  /** whether INT8 weights behind changed layers make up for them, too; default: they stay, and their biases alone do */
  int8?: boolean;
  report?: (done: number, total: number) => void;
}

/**
 * Takes a model, the source that each of its layers is to have, and calibration samples;
 * returns the model with those sources and better weights in them. `moments` are the layers' own, before any change.
 */
export function refine(
  model: Model,
  layers: readonly Layer[],
  chosen: readonly Replacement[],
  moments: readonly Moments[],
  samples: Samples,
  { int8 = false, report = () => {} }: RefineOptions = {},
): Model {
  const refined: (Replacement | null)[] = layers.map(() => null);
  const given: (Moments | ChangedMoments)[] = [...moments];
  layers.forEach((layer, i) => {
    const before = withReplacements(model, layers, refined, given);
    if (refined.some((replacement) => replacement !== null)) given[i] = changedMomentsOf(model, before, layer, samples);
    refined[i] = refit(layer, chosen[i], given[i], int8);
    report(i + 1, layers.length);
  });
  return withReplacements(model, layers, refined, given);
}

/** The same kind of source, fitted to the inputs that the layer has now. */
function refit(layer: Layer, chosen: Replacement, moments: Moments | ChangedMoments, int8: boolean): Replacement {
  const { source, generator } = chosen;
  const isInt8 = source.kind === 'stored' && source.encoding === 'int8';
  if (isInt8 && !int8) return chosen; // its bias still takes back what it can
  if (!('cross' in moments)) return chosen;
  const forms = quadratics(moments, layer.channels);
  const targets = retarget(layer, forms, moments);
  if (isInt8) return inInt8(layer, partOfTheWay(layer, targets, moments.count));
  if (source.kind === 'stored') return inLevels(layer, forms, source.encoding as FewLevels, targets);
  if (source.kind === 'codebook' && generator?.kind === 'codebook')
    return { ...fromCodebook({ layer, forms }, generator, false, targets), name: chosen.name };
  return chosen;
}

/**
 * Least squares on `count` inputs fit their noise as well, in all `depth` weights: the fewer inputs there are for a
 * weight, the less of the way from its own weights a layer goes.
 */
function partOfTheWay({ weights, depth }: Layer, targets: Float64Array, count: number): Float64Array {
  const share = Math.max(0, 1 - depth / count);
  return targets.map((target, i) => weights[i] + share * (target - weights[i]));
}

const LARGEST = 127;

/** Targets [channels][depth] to the nearest of 255 levels, which reach as far as the largest of each channel. */
function inInt8(layer: Layer, targets: Float64Array): Replacement {
  const { rows, rowLength, channels, depth } = layer;
  const levels = new Int8Array(channels * depth);
  const scales = Float64Array.from({ length: channels }, (_, c) => {
    const own = targets.subarray(c * depth, (c + 1) * depth);
    const largest = own.reduce((most, target) => Math.max(most, Math.abs(target)), 0);
    const scale = largest > 0 ? largest / LARGEST : 1;
    levels.set(
      own.map((target) => Math.round(target / scale)),
      c * depth,
    );
    return scale;
  });
  const values = inSourceOrder(layer, levels);
  return {
    name: 'int8',
    source: { kind: 'stored', encoding: 'int8', rows, rowLength, values },
    generator: null,
    levels,
    scales,
  };
}

function retarget(layer: Layer, forms: readonly Quadratic[], { cross, sets }: ChangedMoments): Float64Array {
  const { channels, depth } = layer;
  const [wanted, targets] = [targetsOf(layer), new Float64Array(channels * depth)];
  for (let c = 0; c < channels; c++) {
    const set = sets === 1 ? 0 : c;
    const own = Float64Array.from(wanted.subarray(c * depth, (c + 1) * depth));
    targets.set(forms[c].retarget(own, cross.subarray(set * depth * depth, (set + 1) * depth * depth)), c * depth);
  }
  return targets;
}
