/** Classification metrics that follow from a confusion matrix. Undefined ratios are NaN, unless said otherwise. */

/** counts[truth * classes + prediction]; counts may be weighted. */
export interface Confusion {
  classes: number;
  counts: Float64Array;
}

export interface ClassMetrics {
  precision: number;
  recall: number;
  f1: number;
  /** windows that carry the label */
  support: number;
}

export function emptyConfusion(classes: number): Confusion {
  return { classes, counts: new Float64Array(classes * classes) };
}

export function confusionMatrix(labels: ArrayLike<number>, predictions: ArrayLike<number>, classes: number): Confusion {
  const confusion = emptyConfusion(classes);
  for (let i = 0; i < labels.length; i++) confusion.counts[labels[i] * classes + predictions[i]]++;
  return confusion;
}

/** sum_i weights[i] * matrices[i] */
export function weightedSum(matrices: readonly Confusion[], weights: ArrayLike<number>): Confusion {
  const sum = emptyConfusion(matrices[0].classes);
  matrices.forEach(({ counts }, i) => {
    if (weights[i] === 0) return;
    for (let at = 0; at < counts.length; at++) sum.counts[at] += weights[i] * counts[at];
  });
  return sum;
}

/** Index of the largest score among `candidates`, the first of equals; scores is [n][classes]. */
export function predict(scores: Float64Array, classes: number, candidates: readonly number[]): Int32Array {
  return Int32Array.from({ length: scores.length / classes }, (_, i) =>
    candidates.reduce((best, c) => (scores[i * classes + c] > scores[i * classes + best] ? c : best)),
  );
}

export function accuracy({ classes, counts }: Confusion): number {
  let right = 0;
  for (let c = 0; c < classes; c++) right += counts[c * classes + c];
  return right / counts.reduce((sum, count) => sum + count, 0);
}

export function classMetrics({ classes, counts }: Confusion, c: number): ClassMetrics {
  let support = 0;
  let predicted = 0;
  for (let other = 0; other < classes; other++) {
    support += counts[c * classes + other];
    predicted += counts[other * classes + c];
  }
  const right = counts[c * classes + c];
  return {
    precision: right / predicted,
    recall: right / support,
    f1: (2 * right) / (support + predicted),
    support,
  };
}

/**
 * Mean F1 of the classes. A class that is neither labelled nor predicted has no F1 and is left out;
 * one that is predicted without ever being the label counts as 0.
 */
export function macroF1(confusion: Confusion): number {
  return meanOfDefined(allClassMetrics(confusion).map(({ f1 }) => f1));
}

/** Mean recall of the classes that occur as labels. */
export function balancedAccuracy(confusion: Confusion): number {
  return meanOfDefined(allClassMetrics(confusion).map(({ recall }) => recall));
}

export function allClassMetrics(confusion: Confusion): ClassMetrics[] {
  return Array.from({ length: confusion.classes }, (_, c) => classMetrics(confusion, c));
}

export function meanOfDefined(values: readonly number[]): number {
  const defined = values.filter((value) => !Number.isNaN(value));
  return defined.reduce((sum, value) => sum + value, 0) / defined.length;
}
