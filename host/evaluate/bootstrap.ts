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

/**
 * The metric of the sample and its percentile interval. The same seed draws the same groups whatever the metric, so
 * intervals are comparable. Resamples for which the metric is undefined (NaN) are left out.
 */
export function bootstrap(groups: number, metric: GroupMetric, options: BootstrapOptions = {}): Interval {
  const { level = 0.95 } = options;
  const values: number[] = [];
  for (const times of resampled(groups, options)) {
    const value = metric(times);
    if (!Number.isNaN(value)) values.push(value);
  }
  values.sort((a, b) => a - b);
  return {
    value: metric(new Float64Array(groups).fill(1)),
    low: quantile(values, (1 - level) / 2),
    high: quantile(values, (1 + level) / 2),
  };
}

/** How often each group was drawn, resample after resample. */
export function* resampled(groups: number, { resamples = 1000, seed = 42 }: BootstrapOptions = {}) {
  const random = makeRandom(seed);
  for (let resample = 0; resample < resamples; resample++) {
    const times = new Float64Array(groups);
    for (let draw = 0; draw < groups; draw++) times[Math.floor(random() * groups)]++;
    yield times;
  }
}

/** Linear between order statistics; NaN for no values. */
export function quantile(sorted: readonly number[], q: number): number {
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
