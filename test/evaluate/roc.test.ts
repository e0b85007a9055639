/** ROC curves of a few answers worked out by hand, and the area under them as ranks give it. */
import { describe, expect, it } from 'vitest';
import { ROC_PLACES, rocOf } from '../../host/evaluate/roc.ts';
import { random } from '../zoo.ts';

const scored = (labels: number[], scores: number[], groups = labels.map((_, i) => `g${i}`)) => ({
  labels,
  groups,
  scores: Float64Array.from(scores.flatMap((score) => [1 - score, score])),
});

describe('ROC curves', () => {
  it('of a classifier that is always right are 1 everywhere', () => {
    const roc = rocOf(scored([0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9]), ['no', 'yes'])!;
    expect(roc.classes.map(({ auc }) => auc.value)).toEqual([1, 1]);
    expect(new Set(roc.mean)).toEqual(new Set([1]));
  });

  it('of one that answers the same to all are the diagonal', () => {
    const { mean } = rocOf(scored([0, 1, 0, 1], [0.5, 0.5, 0.5, 0.5]), ['no', 'yes'])!;
    for (const [i, rate] of mean.entries()) expect(rate).toBeCloseTo(i / (ROC_PLACES - 1), 12);
  });

  it('have the area that ranks give, within a place', () => {
    const next = random(5);
    const labels = Array.from({ length: 400 }, () => (next() < 0.4 ? 1 : 0));
    const { classes } = rocOf(
      scored(
        labels,
        labels.map((label) => 0.4 * label + 0.6 * next()),
      ),
      ['no', 'yes'],
    )!;
    for (const { auc, curve } of classes) {
      const area = curve.slice(1).reduce((sum, value, i) => sum + (value + curve[i]!) / 2, 0) / (ROC_PLACES - 1);
      expect(Math.abs(area - auc.value)).toBeLessThan(0.01);
    }
  });

  it('lie in their band, which is wider for fewer groups', () => {
    const next = random(9);
    const labels = Array.from({ length: 120 }, (_, i) => i % 2);
    const scores = labels.map((label) => 0.2 * label + 0.8 * next());
    const width = (groups: string[]): number => {
      const { mean, low, high } = rocOf(scored(labels, scores, groups), ['no', 'yes'])!;
      mean.forEach((value, i) => {
        expect(low[i]! <= value + 1e-9 && value <= high[i]! + 1e-9).toBe(true);
      });
      return high.reduce((sum, value, i) => sum + value - low[i]!, 0);
    };
    const few = labels.map((_, i) => `g${Math.floor(i / 30)}`);
    expect(width(labels.map((_, i) => `g${i}`))).not.toBe(width(few));
  });

  it('are none where one class alone occurs', () => {
    expect(rocOf(scored([1, 1], [0.1, 0.9]), ['no', 'yes'])).toBe(null);
  });
});
