/**
 * Accuracy and macro-F1 of classifiers on the same windows, and by how much one is better than another: intervals come
 * from resamples of groups, which are drawn for both at once.
 */
import { bootstrap, type Interval } from './bootstrap.ts';
import type { Scored } from './evaluate.ts';
import { type Groups, numbered } from './groups.ts';
import { accuracy, type Confusion, confusionMatrix, macroF1, predict, weightedSum } from './metrics.ts';

/** Answers of a classifier, counted by group. */
export interface Counted {
  groups: Groups;
  /** a confusion matrix of each group */
  matrices: Confusion[];
}

export function countedAnswers({ labels, groups: names, scores }: Scored): Counted {
  const groups = numbered(names);
  const classes = scores.length / labels.length;
  const predictions = predict(scores, classes, [...Array(classes).keys()]);
  const matrices = groups.names.map(() => confusionMatrix([], [], classes));
  groups.of.forEach((group, i) => {
    matrices[group].counts[labels[i] * classes + predictions[i]]++;
  });
  return { groups, matrices };
}

type Metric = (confusion: Confusion) => number;

const interval = ({ matrices }: Counted, metric: Metric): Interval =>
  bootstrap(matrices.length, (times) => metric(weightedSum(matrices, times)));

export const accuracyOf = (counted: Counted): Interval => interval(counted, accuracy);

export const macroF1Of = (counted: Counted): Interval => interval(counted, macroF1);

/**
 * Macro-F1, or another metric, of `second` less that of `first`. Throws RangeError where they did not answer the same
 * windows.
 */
export function difference(first: Counted, second: Counted, metric: Metric = macroF1): Interval {
  const windowsOf = ({ groups, matrices }: Counted): string =>
    groups.names.map((name, g) => `${name} ${labelsOf(matrices[g])}`).join(';');
  if (windowsOf(first) !== windowsOf(second))
    throw new RangeError('difference: expected answers to the same windows, got others; score both on one set');
  return bootstrap(
    first.matrices.length,
    (times) => metric(weightedSum(second.matrices, times)) - metric(weightedSum(first.matrices, times)),
  );
}

/** Two classifiers on the same windows. */
export interface Comparison {
  accuracy: Compared;
  macroF1: Compared;
  /** share of windows that both answer alike */
  agreement: number;
}

/** A metric of both, and the second less the first in the same resamples. */
interface Compared {
  first: Interval;
  second: Interval;
  difference: Interval;
}

/** Both metrics of two classifiers. Throws RangeError as `difference` does. */
export function compared(first: Scored, second: Scored): Comparison {
  const [a, b] = [countedAnswers(first), countedAnswers(second)];
  const pair = (metric: Metric): Compared => ({
    first: interval(a, metric),
    second: interval(b, metric),
    difference: difference(a, b, metric),
  });
  return { accuracy: pair(accuracy), macroF1: pair(macroF1), agreement: agreementOf(first, second) };
}

function agreementOf(first: Scored, second: Scored): number {
  const [a, b] = [first, second].map(({ labels, scores }) => {
    const classes = scores.length / labels.length;
    return predict(scores, classes, [...Array(classes).keys()]);
  });
  return a.filter((answer, i) => answer === b[i]).length / a.length;
}

/** Windows of each class, whatever was answered. */
const labelsOf = ({ classes, counts }: Confusion): number[] =>
  Array.from({ length: classes }, (_, c) =>
    counts.subarray(c * classes, (c + 1) * classes).reduce((sum, count) => sum + count, 0),
  );
