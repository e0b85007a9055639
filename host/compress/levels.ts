/** INT8 weights in fewer levels: per channel the scale and the levels that move the layer's output least. */
import type { Encoding } from '../model/model.ts';
import { inSourceOrder, type Layer, targetsOf } from './layers.ts';
import type { Quadratic } from './quadratic.ts';
import type { Replacement } from './replacement.ts';

export type FewLevels = Exclude<Encoding, 'int8'>;

const clamp = (x: number, low: number, high: number): number => Math.max(low, Math.min(high, x));

/** The nearest level of an encoding, and its largest. */
const NEAREST: Record<FewLevels, (x: number) => number> = {
  int4: (x) => clamp(Math.round(x), -8, 7),
  int2: (x) => clamp(2 * Math.floor(x / 2) + 1, -3, 3),
  ternary: (x) => clamp(Math.round(x), -1, 1),
};
const LARGEST: Record<FewLevels, number> = { int4: 7, int2: 3, ternary: 1 };

const STEPS = 28; // scales that are tried, from the one that clips nothing down to LEAST of it
const LEAST = { int4: 0.4, int2: 0.15, ternary: 0.15 } as const;
const KEPT = 3; // of them are improved
const SMALLEST_SCALE = 1 / 8; // of a channel without weights, where a level still means something

/** One channel's weights [depth] as scale * levels. */
function fitChannel(
  weights: Float64Array,
  quadratic: Quadratic,
  encoding: FewLevels,
): { scale: number; levels: Float64Array; error: number } {
  const nearest = NEAREST[encoding];
  const largest = weights.reduce((most, w) => Math.max(most, Math.abs(w)), 0) / LARGEST[encoding];
  const tried = Array.from({ length: STEPS }, (_, i) => {
    const scale = Math.max(SMALLEST_SCALE, largest * LEAST[encoding] ** (i / (STEPS - 1)));
    const levels = new Float64Array(weights.length);
    return { scale, levels, error: quadratic.round(weights, scale, nearest, levels) };
  });
  tried.sort((a, b) => a.error - b.error);
  const improved = tried.slice(0, KEPT).map(({ scale, levels }) => {
    let best = scale;
    for (let i = 0; i < 2; i++) {
      quadratic.improve(weights, best, nearest, levels);
      best = Math.max(SMALLEST_SCALE, quadratic.bestScale(weights, levels, best));
    }
    return { scale: best, levels, error: quadratic.error(weights, best, levels) };
  });
  return improved.reduce((best, one) => (one.error < best.error ? one : best));
}

/** `targets` [channels][depth] in place of the layer's own, where given. */
export function inLevels(
  layer: Layer,
  forms: readonly Quadratic[],
  encoding: FewLevels,
  targets: ArrayLike<number> = targetsOf(layer),
): Replacement {
  const { channels, depth, rows, rowLength } = layer;
  const levels = new Int8Array(channels * depth);
  const scales = new Float64Array(channels);
  for (let c = 0; c < channels; c++) {
    const weights = Float64Array.from({ length: depth }, (_, k) => targets[c * depth + k]);
    const fit = fitChannel(weights, forms[c], encoding);
    levels.set(fit.levels, c * depth);
    scales[c] = fit.scale;
  }
  const values = inSourceOrder(layer, levels);
  return {
    name: encoding,
    source: { kind: 'stored', encoding, rows, rowLength, values },
    generator: null,
    levels,
    scales,
  };
}
