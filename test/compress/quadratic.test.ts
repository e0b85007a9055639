/** Rounding with error feedback against its definition and against plain rounding. */
import { describe, expect, it } from 'vitest';
import { Quadratic } from '../../host/compress/quadratic.ts';
import { random } from '../zoo.ts';

const DEPTH = 12;
const nearest = (x: number): number => Math.max(-8, Math.min(7, Math.round(x)));

/** Inputs that go together, as those of a trained layer do. */
function example(seed: number): { quadratic: Quadratic; weights: Float64Array; covariance: Float64Array } {
  const next = random(seed);
  const mixing = Array.from({ length: DEPTH * DEPTH }, (_, i) => next() - 0.5 + (i % DEPTH === 0 ? 1 : 0));
  const covariance = new Float64Array(DEPTH * DEPTH);
  for (let i = 0; i < DEPTH; i++)
    for (let j = 0; j < DEPTH; j++)
      for (let k = 0; k < DEPTH; k++) covariance[i * DEPTH + j] += mixing[i * DEPTH + k] * mixing[j * DEPTH + k];
  const weights = Float64Array.from({ length: DEPTH }, () => Math.round(200 * (next() - 0.5)));
  return { quadratic: new Quadratic(DEPTH, covariance), weights, covariance };
}

/** e' h e, written out. */
function errorOf({ h }: Quadratic, off: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < DEPTH; i++) for (let j = 0; j < DEPTH; j++) sum += off[i] * h[i * DEPTH + j] * off[j];
  return sum;
}

describe.each([1, 2, 3, 4, 5])('weights under correlated inputs, seed %i', (seed) => {
  const { quadratic, weights } = example(seed);
  const scale = 13;
  const rounded = new Float64Array(DEPTH);
  const error = quadratic.round(weights, scale, nearest, rounded);
  const off = (levels: Float64Array, s = scale) => weights.map((w, k) => w - s * levels[k]);

  it('rounded with feedback have the error that is returned, and none above plain rounding', () => {
    expect(error).toBeCloseTo(errorOf(quadratic, off(rounded)), 6);
    expect(quadratic.error(weights, scale, rounded)).toBeCloseTo(error, 6);
    expect(error).toBeLessThan(errorOf(quadratic, off(weights.map((w) => nearest(w / scale)))));
  });

  it('improved are no worse, and no single level can be moved to advantage', () => {
    const levels = rounded.slice();
    quadratic.improve(weights, scale, nearest, levels);
    const improved = quadratic.error(weights, scale, levels);
    expect(improved).toBeLessThanOrEqual(error + 1e-9);
    for (let k = 0; k < DEPTH; k++) {
      for (const delta of [-1, 1]) {
        const moved = levels.slice();
        moved[k] = nearest(moved[k] + delta);
        expect(quadratic.error(weights, scale, moved)).toBeGreaterThanOrEqual(improved - 1e-6);
      }
    }
  });

  it('have a best scale, and any other is worse', () => {
    const best = quadratic.bestScale(weights, rounded, 1);
    const least = errorOf(quadratic, off(rounded, best));
    for (const factor of [0.9, 0.99, 1.01, 1.1])
      expect(errorOf(quadratic, off(rounded, best * factor))).toBeGreaterThan(least);
  });

  it('stay as they are when inputs have not changed', () => {
    const { covariance } = example(seed);
    const targets = quadratic.retarget(weights, covariance);
    targets.forEach((target, k) => {
      expect(target).toBeCloseTo(weights[k], 6);
    });
  });

  it('double when all inputs have halved', () => {
    const { covariance } = example(seed);
    const halved = new Quadratic(
      DEPTH,
      covariance.map((value) => value / 4),
    );
    const targets = halved.retarget(
      weights,
      covariance.map((value) => value / 2),
    );
    const twice = weights.map((w) => 2 * w);
    expect(
      errorOf(
        halved,
        targets.map((target, k) => target - twice[k]),
      ),
    ).toBeLessThan(0.02 * errorOf(halved, twice));
  });
});
