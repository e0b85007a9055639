/**
 * Confidence intervals by resampling whole groups (patients, speakers), with replacement: percentile cluster
 * bootstrap.
 */

export interface Interval {
  value: number;
  low: number;
  high: number;
}

export interface BootstrapOptions {
  resamples?: number;
  seed?: number;
  /** coverage of the interval */
  level?: number;
}

/** times[group]: how often the group was drawn; all 1 is the sample itself. */
export type GroupMetric = (times: Float64Array) => number;

/** A metric of the sample, and of each resample in the order in which they were drawn. */
export interface Resampled {
  value: number;
  /** NaN where the metric is undefined */
  values: Float64Array;
}

/**
 * The metric of the sample and its percentile interval. The same seed draws the same groups whatever the metric, so
 * intervals are comparable. Resamples for which the metric is undefined (NaN) are left out.
 */
export function bootstrap(groups: number, metric: GroupMetric, options: BootstrapOptions = {}): Interval {
  return intervalOf(resampled(groups, metric, options), options.level);
}

/** The same before the interval: of one seed and number of resamples, two metrics can be compared draw by draw. */
export function resampled(groups: number, metric: GroupMetric, options: BootstrapOptions = {}): Resampled {
  const values = Float64Array.from(draws(groups, options), metric);
  return { value: metric(new Float64Array(groups).fill(1)), values };
}

/** What lies between the two tails of the resamples. */
export function intervalOf({ value, values }: Resampled, level = 0.95): Interval {
  const sorted = values.filter((one) => !Number.isNaN(one)).sort();
  return { value, low: quantile(sorted, (1 - level) / 2), high: quantile(sorted, (1 + level) / 2) };
}

/** How often each group was drawn, resample after resample. */
export function* draws(groups: number, { resamples = 1000, seed = 42 }: BootstrapOptions = {}) {
  const random = makeRandom(seed);
  for (let resample = 0; resample < resamples; resample++) {
    const times = new Float64Array(groups);
    for (let draw = 0; draw < groups; draw++) times[Math.floor(random() * groups)]++;
    yield times;
  }
}

/** Linear between order statistics; NaN for no values. */
export function quantile(sorted: ArrayLike<number>, q: number): number {
  if (sorted.length === 0) return Number.NaN;
  const at = q * (sorted.length - 1);
  const below = Math.floor(at);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
}

/** Uniform numbers in [0, 1), the same for a seed everywhere: a Weyl sequence through a 32-bit mixer. */
function makeRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let x = state ^ (state >>> 16);
    x = Math.imul(x, 0x21f0aaad);
    x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
    return ((x ^ (x >>> 15)) >>> 0) / 2 ** 32;
  };
}
