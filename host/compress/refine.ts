/**
 * Better weights for chosen sources, layer by layer: each is fitted to what it is given behind the layers that have
 * changed already, so that it makes up for their errors as well as for its own.
 */
import type { Model } from '../model/model.ts';
import { fromCodebook } from './codebook.ts';
import type { Layer } from './layers.ts';
import { type FewLevels, inLevels } from './levels.ts';
import { type ChangedMoments, changedMomentsOf, type Moments } from './moments.ts';
import { type Quadratic, quadratics } from './quadratic.ts';
import { type Replacement, withReplacements } from './replacement.ts';
import type { Samples } from './samples.ts';

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
  report: (done: number, total: number) => void = () => {},
): Model {
  const refined: (Replacement | null)[] = layers.map(() => null);
  const given: (Moments | ChangedMoments)[] = [...moments];
  layers.forEach((layer, i) => {
    const before = withReplacements(model, layers, refined, given);
    if (refined.some((replacement) => replacement !== null)) given[i] = changedMomentsOf(model, before, layer, samples);
    refined[i] = refit(layer, chosen[i], given[i]);
    report(i + 1, layers.length);
  });
  return withReplacements(model, layers, refined, given);
}

/** The same kind of source, fitted to the inputs that the layer has now. */
function refit(layer: Layer, chosen: Replacement, moments: Moments | ChangedMoments): Replacement {
  const { source, generator } = chosen;
  if (source.kind === 'stored' && source.encoding === 'int8') return chosen; // its bias still takes back what it can
  if (!('cross' in moments)) return chosen;
  const forms = quadratics(moments, layer.channels);
  const targets = retarget(layer, forms, moments);
  if (source.kind === 'stored') return inLevels(layer, forms, source.encoding as FewLevels, targets);
  if (source.kind === 'codebook' && generator?.kind === 'codebook')
    return { ...fromCodebook({ layer, forms }, generator, false, targets), name: chosen.name };
  return chosen;
}

function retarget(
  { weights, channels, depth }: Layer,
  forms: readonly Quadratic[],
  { cross, sets }: ChangedMoments,
): Float64Array {
  const targets = new Float64Array(channels * depth);
  for (let c = 0; c < channels; c++) {
    const set = sets === 1 ? 0 : c;
    const own = Float64Array.from(weights.subarray(c * depth, (c + 1) * depth));
    targets.set(forms[c].retarget(own, cross.subarray(set * depth * depth, (set + 1) * depth * depth)), c * depth);
  }
  return targets;
}
