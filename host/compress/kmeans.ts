/** Weighted k-means over short vectors, seeded: k-means++ to begin with, then Lloyd's iterations. */
import type { Random } from '../system/random.ts';

const ITERATIONS = 12;

/**
 * vectors, weights [n][length]; returns centres [k][length]. Distances count each element by its weight; a centre
 * without vectors stays where it is.
 */
export function kMeans(
  vectors: Float64Array,
  weights: Float64Array,
  length: number,
  k: number,
  random: Random,
): Float64Array {
  const n = vectors.length / length;
  const centers = spread(vectors, weights, length, k, random);
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    const sums = new Float64Array(centers.length);
    const totals = new Float64Array(centers.length);
    for (let i = 0; i < n; i++) {
      const at = nearestCenter(vectors, weights, i * length, length, centers) * length;
      for (let j = 0; j < length; j++) {
        sums[at + j] += weights[i * length + j] * vectors[i * length + j];
        totals[at + j] += weights[i * length + j];
      }
    }
    for (let at = 0; at < centers.length; at++) if (totals[at] > 0) centers[at] = sums[at] / totals[at];
  }
  return centers;
}

/** k-means++: each centre a vector, drawn with the probability of its distance to those before. */
function spread(vectors: Float64Array, weights: Float64Array, length: number, k: number, random: Random): Float64Array {
  const n = vectors.length / length;
  const centers = new Float64Array(k * length);
  const distances = new Float64Array(n).fill(Number.POSITIVE_INFINITY);
  let chosen = random.below(n);
  for (let center = 0; center < k; center++) {
    centers.set(vectors.subarray(chosen * length, (chosen + 1) * length), center * length);
    let total = 0;
    for (let i = 0; i < n; i++) {
      distances[i] = Math.min(distances[i], distance(vectors, weights, i * length, length, centers, center * length));
      total += distances[i];
    }
    let left = random.uniform() * total;
    chosen = 0;
    while (chosen < n - 1 && left >= distances[chosen]) left -= distances[chosen++];
  }
  return centers;
}

/** Index of the centre nearest to the vector at `at`. */
export function nearestCenter(
  vectors: ArrayLike<number>,
  weights: ArrayLike<number>,
  at: number,
  length: number,
  centers: ArrayLike<number>,
): number {
  let [best, least] = [0, Number.POSITIVE_INFINITY];
  for (let center = 0; center * length < centers.length; center++) {
    const d = distance(vectors, weights, at, length, centers, center * length);
    if (d < least) [best, least] = [center, d];
  }
  return best;
}

function distance(
  vectors: ArrayLike<number>,
  weights: ArrayLike<number>,
  at: number,
  length: number,
  centers: ArrayLike<number>,
  centerAt: number,
): number {
  let sum = 0;
  for (let j = 0; j < length; j++) {
    const off = vectors[at + j] - centers[centerAt + j];
    sum += weights[at + j] * off * off;
  }
  return sum;
}
