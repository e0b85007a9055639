/** Two classifiers on the same windows. */
import { describe, expect, it } from 'vitest';
import { accuracyOf, countedAnswers, difference, macroF1Of } from '../../host/evaluate/comparison.ts';
import { evaluate, type Scored } from '../../host/evaluate/evaluate.ts';

/** 60 windows of 2 classes and 6 groups; `wrong` of them in every group are answered wrongly. */
function scored(wrong: number): Scored {
  const labels = Array.from({ length: 60 }, (_, i) => i % 2);
  const groups = labels.map((_, i) => `group ${Math.floor(i / 10)}`);
  const isRight = (i: number): boolean => i % 10 >= wrong;
  const scores = Float64Array.from(
    labels.flatMap((label, i) => (label === Number(isRight(i)) ? [0.2, 0.8] : [0.8, 0.2])),
  );
  return { labels, groups, scores };
}

describe('figures of one classifier', () => {
  it('are those of evaluate, which has many more', () => {
    const { accuracy, macroF1 } = evaluate({ ...scored(3), classNames: ['a', 'b'] });
    const counted = countedAnswers(scored(3));
    expect([accuracyOf(counted), macroF1Of(counted)]).toEqual([accuracy, macroF1]);
  });
});

describe('the difference between two', () => {
  const [good, bad] = [1, 4].map((wrong) => countedAnswers(scored(wrong)));

  it('is that of their scores, and 0 with itself', () => {
    expect(difference(bad, good).value).toBeCloseTo(macroF1Of(good).value - macroF1Of(bad).value, 12);
    expect(difference(good, good)).toEqual({ value: 0, low: 0, high: 0 });
  });

  it('is drawn for both at once: where each group differs by as much, it has no spread', () => {
    const { low, high } = difference(bad, good);
    expect(high - low).toBeLessThan(1e-9);
  });

  it('is refused for answers to other windows', () => {
    const other = { ...scored(1), groups: Array.from(scored(1).groups, (name) => `${name}x`) };
    expect(() => difference(good, countedAnswers(other))).toThrow('expected answers to the same windows');
    const relabelled = { ...scored(1), labels: Array.from({ length: 60 }, () => 0) };
    expect(() => difference(good, countedAnswers(relabelled))).toThrow('expected answers to the same windows');
  });
});
