/** Sums of products of what a layer is given: means and covariances over many rows of inputs. */

/**
 * Of inputs about their mean, since errors of the mean can be taken back in the bias: the error of the output is
 * e' covariance e for weights that are off by e.
 */
export interface Moments {
  depth: number;
  /** one set for all channels, one for each group of them, or (depthwise) one for each channel */
  sets: number;
  /** [sets][depth] */
  mean: Float64Array;
  /** [sets][depth][depth] */
  covariance: Float64Array;
}

/**
 * Of a layer behind others that have changed: what it is given now, and how that goes with what it was given before.
 */
export interface ChangedMoments extends Moments {
  /** inputs that they are of, several a sample where a layer works at several positions */
  count: number;
  /** [sets][depth], before */
  originalMean: Float64Array;
  /** [sets][depth now][depth before] */
  cross: Float64Array;
}

const MOST_PRODUCTS = 1e8; // of inputs, per layer: a second
const LEAST_ROWS = 8; // times depth, or noise is taken for correlation,
const MOST_OF_LEAST = 4e9; // products; but not for minutes

/** The share of `rows` rows of all sets that is enough for their moments. */
export function shareOf(rows: number, sets: number, depth: number): number {
  const each = depth * depth * sets;
  const wanted = Math.max(MOST_PRODUCTS / each, Math.min(LEAST_ROWS * depth, MOST_OF_LEAST / each));
  return Math.min(1, wanted / rows);
}

/** Adds up rows [depth] of sets of inputs. */
export class Products {
  private readonly sums: [now: Float64Array, before: Float64Array];
  private readonly products: Float64Array;
  private readonly crossProducts: Float64Array;

  constructor(
    private readonly sets: number,
    private readonly depth: number,
  ) {
    const zeros = (size: number) => new Float64Array(size);
    this.sums = [zeros(sets * depth), zeros(sets * depth)];
    this.products = zeros(sets * depth * depth);
    this.crossProducts = zeros(sets * depth * depth);
  }

  /** `before`: the same row before layers changed; null where nothing has. */
  add(set: number, now: Float64Array, before: Float64Array | null): void {
    const { depth, sums, products, crossProducts } = this;
    for (let i = 0; i < depth; i++) {
      const value = now[i];
      sums[0][set * depth + i] += value;
      if (before) sums[1][set * depth + i] += before[i];
      if (value === 0) continue;
      const line = (set * depth + i) * depth;
      for (let j = i; j < depth; j++) products[line + j] += value * now[j];
      if (before) for (let j = 0; j < depth; j++) crossProducts[line + j] += value * before[j];
    }
  }

  /** Of `count` rows in each set. Where nothing has changed, `cross` and `originalMean` are 0. */
  finish(count: number): ChangedMoments {
    const { depth, sets, products, crossProducts } = this;
    const [mean, originalMean] = this.sums.map((sum) => sum.map((value) => value / count));
    const covariance = new Float64Array(sets * depth * depth);
    const cross = new Float64Array(sets * depth * depth);
    for (let i = 0; i < sets * depth; i++) {
      const set = Math.floor(i / depth);
      for (let j = 0; j < depth; j++) {
        const other = set * depth + j;
        const [line, column] = j >= i % depth ? [i, j] : [other, i % depth]; // the upper triangle was summed
        covariance[i * depth + j] = products[line * depth + column] / count - mean[i] * mean[other];
        cross[i * depth + j] = crossProducts[i * depth + j] / count - mean[i] * originalMean[other];
      }
    }
    return { depth, sets, count, mean, covariance, originalMean, cross };
  }
}
