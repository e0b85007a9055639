/** Metrics against worked examples. */
import { describe, expect, it } from 'vitest';
import { prepareAuc, prepareMacroAuc } from '../../host/evaluate/auc.ts';
import {
  accuracy,
  balancedAccuracy,
  classMetrics,
  confusionMatrix,
  macroF1,
  predict,
} from '../../host/evaluate/metrics.ts';
import { chooseThreshold } from '../../host/evaluate/threshold.ts';

describe('confusion metrics of a worked example', () => {
  // truth 0: 3 right, 1 taken for 1; truth 1: 2 right, 2 taken for 0; truth 2: 1 taken for 0
  const labels = [0, 0, 0, 0, 1, 1, 1, 1, 2];
  const predictions = [0, 0, 0, 1, 1, 1, 0, 0, 0];
  const confusion = confusionMatrix(labels, predictions, 3);

  it('counts truth by prediction', () => {
    expect([...confusion.counts]).toEqual([3, 1, 0, 2, 2, 0, 1, 0, 0]);
  });

  it('has precision, recall and F1 per class', () => {
    expect(classMetrics(confusion, 0)).toEqual({ precision: 0.5, recall: 0.75, f1: 0.6, support: 4 });
    expect(classMetrics(confusion, 1)).toEqual({ precision: 2 / 3, recall: 0.5, f1: 4 / 7, support: 4 });
    expect(classMetrics(confusion, 2)).toEqual({ precision: Number.NaN, recall: 0, f1: 0, support: 1 });
  });

  it('has averages over the classes', () => {
    expect(accuracy(confusion)).toBeCloseTo(5 / 9);
    expect(balancedAccuracy(confusion)).toBeCloseTo((0.75 + 0.5 + 0) / 3);
    expect(macroF1(confusion)).toBeCloseTo((0.6 + 4 / 7 + 0) / 3);
  });

  it('leaves out a class that neither occurs nor is predicted', () => {
    expect(macroF1(confusionMatrix([0, 1], [0, 1], 5))).toBe(1);
    expect(balancedAccuracy(confusionMatrix([0, 1], [0, 2], 5))).toBe(0.5);
  });
});

it('predict takes the first of equal scores, among the candidates only', () => {
  const scores = Float64Array.of(1, 5, 5, 9, 2, 2);
  expect([...predict(scores, 3, [0, 1, 2])]).toEqual([1, 0]);
  expect([...predict(scores, 3, [1, 2])]).toEqual([1, 1]);
});

describe('area under the ROC curve', () => {
  it.each([
    ['is 1 for a perfect order', [1, 2, 3, 4], [0, 0, 1, 1], [1, 1, 1, 1], 1],
    ['is 0 for the reverse', [4, 3, 2, 1], [0, 0, 1, 1], [1, 1, 1, 1], 0],
    ['counts a tie half', [1, 2, 2, 3], [0, 0, 1, 1], [1, 1, 1, 1], 3.5 / 4],
    ['is one half for a constant', [7, 7, 7], [0, 1, 1], [1, 1, 1], 0.5],
    ['counts a weight of 2 as two beats', [1, 2, 3], [0, 1, 0], [2, 1, 1], 2 / 3],
  ])('%s', (_claim, scores, positive, weights, expected) => {
    const auc = prepareAuc(Float64Array.from(scores), Uint8Array.from(positive), [...scores.keys()]);
    expect(auc(Float64Array.from(weights))).toBeCloseTo(expected, 12);
  });

  it('of drawn groups is that of their windows, each as often as its group was drawn', () => {
    const scores = [3, 1, 2, 2, 3, 1, 2, 5, 0, 2];
    const positive = [1, 0, 0, 1, 1, 0, 1, 0, 0, 1];
    const groups = [0, 0, 1, 1, 2, 2, 2, 0, 1, 2];
    const times = [2, 0, 3];
    const copies = scores.flatMap((_, i) => Array<number>(times[groups[i]]).fill(i));
    const pairs = copies.flatMap((i) => copies.map((j) => [i, j])).filter(([i, j]) => positive[i] && !positive[j]);
    const won = pairs.map(([i, j]) => (scores[i] > scores[j] ? 1 : scores[i] === scores[j] ? 0.5 : 0));
    const expected = won.reduce<number>((sum, one) => sum + one, 0) / pairs.length;
    const auc = prepareAuc(Float64Array.from(scores), Uint8Array.from(positive), groups);
    expect(auc(Float64Array.from(times))).toBe(expected);
  });

  it('is undefined without negatives', () => {
    expect(prepareAuc(Float64Array.of(1, 2), Uint8Array.of(1, 1), [0, 1])(Float64Array.of(1, 1))).toBeNaN();
  });

  it('is averaged over the classes that have one', () => {
    const scores = Float64Array.of(0.9, 0.1, 0, 0.2, 0.8, 0, 0.6, 0.4, 0);
    expect(prepareMacroAuc([0, 1, 0], scores, 3, [0, 1, 2])(new Float64Array(3).fill(1))).toBe(1);
  });
});

describe('t*', () => {
  it('is the midpoint with the best macro-F1', () => {
    const found = chooseThreshold(Float64Array.of(0.9, 0.1, 0.4, 0.2), [1, 0, 1, 0]);
    expect(found.threshold).toBeCloseTo(0.3);
    expect(found.macroF1).toBe(1);
  });

  it('weighs a missed positive against false alarms', () => {
    // thresholds 0.5, 1.5, 2.5, 3.5: F1 of 1 and rest; the best keeps both positives and one false alarm
    const { threshold, macroF1: value } = chooseThreshold(Float64Array.of(0, 1, 2, 3, 4), [0, 0, 1, 0, 1]);
    expect(threshold).toBe(1.5);
    expect(value).toBeCloseTo((0.8 + 0.8) / 2);
  });

  it('does not lie between beats of the same score, which no threshold tells apart', () => {
    // 0.5 and 1.5 miss one each way; a cut amid the beats of score 1 would be perfect
    const found = chooseThreshold(Float64Array.of(0, 1, 1, 2), [0, 0, 1, 1]);
    expect(found.threshold).toBe(0.5);
    expect(found.macroF1).toBeCloseTo((4 / 5 + 2 / 3) / 2);
  });

  it('cannot be chosen from one score', () => {
    expect(() => chooseThreshold(Float64Array.of(1, 1), [0, 1])).toThrow('two different');
    expect(() => chooseThreshold(Float64Array.of(1, 2), [0, 0])).toThrow('of the class and of others, got 0 and 2');
    expect(() => chooseThreshold(Float64Array.of(), [])).toThrow('expected validation windows, got none');
  });
});
