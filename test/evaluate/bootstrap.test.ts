/** Intervals of confidence from patients drawn with replacement. */
import { describe, expect, it } from 'vitest';
import { bootstrap, quantile } from '../../host/evaluate/bootstrap.ts';
import { numbered } from '../../host/evaluate/groups.ts';

const sum = (values: Float64Array) => values.reduce((a, b) => a + b, 0);

it('groups are numbered as they first appear, and are what the data set says: subject 202 is not 201', () => {
  const { names, of } = numbered(['100', '202', '201', '100']);
  expect(names).toEqual(['100', '202', '201']);
  expect([...of]).toEqual([0, 1, 2, 0]);
});

describe('bootstrap', () => {
  it('draws as many groups as there are, with replacement', () => {
    const drawn: number[][] = [];
    bootstrap(5, (times) => {
      drawn.push([...times]);
      return 0;
    });
    expect(drawn).toHaveLength(1001);
    expect(drawn.every((times) => times.reduce((a, b) => a + b) === 5)).toBe(true);
    expect(drawn.some((times) => Math.max(...times) > 1 && times.includes(0))).toBe(true);
    const meanOfFirst = drawn.reduce((total, times) => total + times[0], 0) / drawn.length;
    expect(meanOfFirst).toBeCloseTo(1, 1);
  });

  it('gives the same interval for the same seed and another for another', () => {
    const metric = (times: Float64Array) => times[0] + 0.1 * times[1] * times[2];
    expect(bootstrap(9, metric, { seed: 7 })).toEqual(bootstrap(9, metric, { seed: 7 }));
    const draws = (seed: number) => {
      const seen: string[] = [];
      bootstrap(9, (times) => seen.push(times.join()), { seed, resamples: 3 });
      return seen;
    };
    expect(draws(7)).not.toEqual(draws(8));
  });

  it('covers a mean about as wide as theory says', () => {
    const n = 400; // values 0 and 1 in equal parts: deviation of the mean is 0.5 / 20
    const { value, low, high } = bootstrap(n, (times) => sum(times.filter((_, i) => i % 2)) / n);
    expect(value).toBe(0.5);
    expect(low).toBeCloseTo(0.5 - 1.96 * 0.025, 2);
    expect(high).toBeCloseTo(0.5 + 1.96 * 0.025, 2);
  });

  it('leaves out resamples in which the metric is undefined', () => {
    const { low, high } = bootstrap(3, (times) => (times[0] === 0 ? Number.NaN : 4));
    expect([low, high]).toEqual([4, 4]);
  });
});

it('quantile interpolates between order statistics', () => {
  expect(quantile([1, 2, 4], 0.5)).toBe(2);
  expect(quantile([1, 2, 4], 0.75)).toBe(3);
  expect(quantile([], 0.5)).toBeNaN();
});
