/** What selector and classifiers learn from a batch: which windows count where, and slopes against differences. */
import { describe, expect, it } from 'vitest';
import { Random } from '../../host/system/random.ts';
import { bestBranches, lossesApart, lossesTogether, lossOfMixture } from '../../host/train/routed/losses.ts';

const NOTHING = { union: 0, overlap: 0, single: 0, selection: 0 };
const CLASSES = 3;

/** Logits that answer each window with this class, a little more surely the later the window. */
const answering = (answers: readonly number[]): Float32Array =>
  Float32Array.from(
    answers.flatMap((answer, i) => Array.from({ length: CLASSES }, (_, c) => (c === answer ? 2 + i / 10 : 0))),
  );

/** Of each window whether any slope of its logits is not 0. */
const counted = (gradient: Float32Array): boolean[] =>
  Array.from({ length: gradient.length / CLASSES }, (_, i) =>
    gradient.subarray(i * CLASSES, (i + 1) * CLASSES).some((slope) => slope !== 0),
  );

describe('terms of a classifier', () => {
  // labels 0 1 2 0; right are: both, the first alone, the second alone, nobody
  const labels = [0, 1, 2, 0];
  const logits = [answering([0, 1, 1, 1]), answering([0, 0, 2, 2])];
  const known = { labels, weights: [1, 1, 1, 1] };

  it.each([
    ['union', [false, false, false, true], [false, false, false, true]],
    ['overlap', [true, false, false, false], [true, false, false, false]],
    ['single', [false, true, false, false], [false, false, true, false]],
    ['selection', [true, false, false, true], [false, true, true, false]],
  ] as const)('%s counts in the windows that are its own alone', (term, first, second) => {
    const routed = [0, 1, 1, 0];
    const { gradients } = lossesTogether(logits, known, routed, { ...NOTHING, [term]: 1 });
    expect(gradients.map(counted)).toEqual([first, second]);
  });

  it('overlap drives a classifier away from the label, the others towards it', () => {
    const slopeAt = (term: string, window: number): number =>
      lossesTogether(logits, known, [0, 0, 0, 0], { ...NOTHING, [term]: 1 }).gradients[0]![
        window * CLASSES + labels[window]!
      ]!;
    expect(slopeAt('overlap', 0)).toBeGreaterThan(0);
    expect(slopeAt('union', 3)).toBeLessThan(0);
    expect(slopeAt('single', 1)).toBeLessThan(0);
    expect(slopeAt('selection', 2)).toBeLessThan(0);
  });

  it('a term without windows is 0, not infinite', () => {
    const { value, gradients } = lossesTogether(logits, known, [0, 0, 0, 0], { ...NOTHING, selection: 1 });
    expect(Number.isFinite(value)).toBe(true);
    expect(counted(gradients[1]!)).toEqual([false, false, false, false]);
  });

  it('slopes of all four together are those of the loss', () => {
    const random = new Random(3, 1);
    const batch = 12;
    const some = [0, 1, 2].map(() => Float32Array.from({ length: batch * CLASSES }, () => random.normal()));
    const windows = {
      labels: Array.from({ length: batch }, () => random.below(CLASSES)),
      weights: Array.from({ length: batch }, () => random.uniform(0.5, 2)),
    };
    const routed = Array.from({ length: batch }, () => random.below(3));
    const loss = { union: 0.1, overlap: 0.03, single: 0.1, selection: 1 };
    const of = (changed: readonly Float32Array[]): number => lossesTogether(changed, windows, routed, loss).value;
    const { gradients } = lossesTogether(some, windows, routed, loss);
    const step = 1e-2;
    for (const [k, i] of [
      [0, 0],
      [1, 7],
      [2, 20],
      [0, 35],
    ] as const) {
      const moved = (by: number) =>
        some.map((values, at) => (at === k ? values.map((value, j) => (j === i ? value + by : value)) : values));
      const slope = (of(moved(step)) - of(moved(-step))) / (2 * step);
      // each classifier goes down its own loss; the value is the mean of all
      expect(gradients[k]![i]! / some.length).toBeCloseTo(slope, 4);
    }
  });

  it('a window of a cluster counts for the classifier of that cluster alone', () => {
    const { gradients } = lossesApart(logits, known, [0, 0, 1, 1]);
    expect(gradients.map(counted)).toEqual([
      [true, true, false, false],
      [false, false, true, true],
    ]);
  });
});

describe('a mixture of experts', () => {
  const random = new Random(5, 1);
  const [batch, experts] = [6, 3];
  const windows = {
    labels: Array.from({ length: batch }, () => random.below(CLASSES)),
    weights: Array.from({ length: batch }, () => random.uniform(0.5, 2)),
  };
  const normal = (length: number) => Float32Array.from({ length }, () => random.normal());
  const scores = normal(batch * experts);
  const logits = Array.from({ length: experts }, () => normal(batch * CLASSES));
  const step = 1e-2;
  const changed = (values: Float32Array, i: number, by: number) =>
    values.map((value, j) => (j === i ? value + by : value));

  it.each([0, 0.4])('has slopes of its loss by scores and logits, with %s of the windows of others', (elsewhere) => {
    const { toScores, gradients } = lossOfMixture(scores, logits, windows, elsewhere);
    const of = (some: Float32Array, others: readonly Float32Array[]): number =>
      lossOfMixture(some, others, windows, elsewhere).value;
    for (let i = 0; i < scores.length; i++) {
      const slope = (of(changed(scores, i, step), logits) - of(changed(scores, i, -step), logits)) / (2 * step);
      expect(toScores[i]).toBeCloseTo(slope, 4);
    }
    for (const [k, i] of [
      [0, 0],
      [1, 7],
      [2, 17],
    ] as const) {
      const moved = (by: number) => logits.map((values, at) => (at === k ? changed(values, i, by) : values));
      expect(gradients[k]![i]).toBeCloseTo((of(scores, moved(step)) - of(scores, moved(-step))) / (2 * step), 4);
    }
  });

  it('teaches a window to the classifier that gets it right, and the selector to pick that one', () => {
    const sure = [answering([0]), answering([1])];
    const { toScores, gradients } = lossOfMixture(new Float32Array(2), sure, { labels: [0], weights: [1] }, 0);
    expect(toScores[0]).toBeLessThan(0);
    expect(toScores[1]).toBeGreaterThan(0);
    // how much of what it would learn alone each learns
    const parts = sure.map((one, i) => {
      const whole = lossesApart([one], { labels: [0], weights: [1] }, [0]).gradients[0]!;
      return gradients[i]![0]! / whole[0]!;
    });
    expect(parts[0]! + parts[1]!).toBeCloseTo(1, 5);
    expect(parts[0]).toBeGreaterThan(0.8);
  });
});

describe('the classifier to pick', () => {
  it.each([
    [
      'the surest of those that are right',
      [
        [3, 0, 0],
        [1, 0, 0],
        [0, 9, 0],
      ],
      0,
    ],
    [
      'one that is right before one that is surely wrong',
      [
        [0, 9, 0],
        [0.1, 0, 0],
        [0, 0, 9],
      ],
      1,
    ],
    [
      'where none is right the least sure',
      [
        [0, 9, 0],
        [0, 5, 0],
        [0, 0.5, 0.4],
      ],
      2,
    ],
    [
      'of equals the first',
      [
        [0, 2, 0],
        [2, 0, 0],
        [2, 0, 0],
      ],
      1,
    ],
  ])('is %s', (_, rows, expected) => {
    const logits = rows.map((row) => Float32Array.from(row));
    expect([...bestBranches(logits, [0])]).toEqual([expected]);
  });
});
