/** Everything that is reported about a classifier on one split, with 95 % confidence intervals over groups. */

import type { Metrics } from '../task/task.ts';
import { prepareMacroAuc } from './auc.ts';
import { type BootstrapOptions, bootstrap, type Interval } from './bootstrap.ts';
import { type Groups, numbered } from './groups.ts';
import {
  accuracy,
  allClassMetrics,
  balancedAccuracy,
  type ClassMetrics,
  type Confusion,
  confusionMatrix,
  macroF1,
  predict,
  weightedSum,
} from './metrics.ts';
import { chooseThreshold, thresholdFault } from './threshold.ts';

/** n windows of one split. */
export interface Scored {
  labels: ArrayLike<number>; // [n] index into classNames
  groups: ArrayLike<string>; // [n] patient, subject, speaker
  scores: Float64Array; // [n][classes], higher means more likely
}

/** Scores of windows, and what figures are wanted of them. */
export interface EvaluateInput extends Scored {
  classNames: readonly string[];
  /** where t* is chosen; without it there is no result of a class against the rest */
  validation?: Scored;
  /** beside the metrics that every task has */
  metrics?: Partial<Metrics>;
  task?: string;
  split?: string;
  /** what a window shows and what a group is, for people: beat, patient */
  unit?: string;
  group?: string;
  bootstrap?: BootstrapOptions;
}

/** Figures of a network on a split, each with its interval. */
export interface Evaluation {
  task: string;
  split: string;
  n: number;
  groups: number;
  unit: string;
  group: string;
  /** groups that also occur in the validation windows: should be none */
  sharedGroups: string[];
  accuracy: Interval;
  macroF1: Interval;
  /** of windows labelled as one of these classes, answered among these; null where the task asks for none */
  among: { classes: string[]; macroF1: Interval } | null;
  /** of a class; the threshold stays that of the validation windows in every resample */
  versusRest: { class: string; threshold: number; macroF1: Interval } | null;
  /** why the validation windows give no threshold; null when they do, or were not asked */
  noThreshold: string | null;
  balancedAccuracy: Interval;
  /** macro one-versus-rest */
  auc: Interval;
  perClass: ({ name: string } & ClassMetrics)[];
  /** [truth][prediction] windows */
  confusion: number[][];
}

/** Figures of scores, with intervals by bootstrap over groups. Throws RangeError where nothing was scored. */
export function evaluate(input: EvaluateInput): Evaluation {
  const { labels, scores, classNames, validation } = input;
  const { task = '', split = '', unit = 'window', group = 'group' } = input;
  const classes = classNames.length;
  check(input, classes, `${unit}s`);
  if (validation) check(validation, classes, 'validation');

  const groups = numbered(input.groups);
  const everyClass = [...classNames.keys()];
  const predictions = predict(scores, classes, everyClass);
  const total = confusionMatrix(labels, predictions, classes);

  const interval = (matrices: Confusion[], metric: (confusion: Confusion) => number) =>
    bootstrap(groups.names.length, (times) => metric(weightedSum(matrices, times)), input.bootstrap);
  const matrices = confusionPerGroup(groups, labels, predictions, classes);

  const macroAuc = prepareMacroAuc(labels, scores, classes, groups.of);
  const auc = bootstrap(groups.names.length, macroAuc, input.bootstrap);

  const among = restrictTo(input, groups);
  const versus = versusRest(input, groups);
  const tested = new Set(groups.names);
  const validated = new Set(Array.from(validation?.groups ?? []));
  return {
    task,
    split,
    n: labels.length,
    groups: groups.names.length,
    unit,
    group,
    sharedGroups: [...validated].filter((name) => tested.has(name)),
    accuracy: interval(matrices, accuracy),
    macroF1: interval(matrices, macroF1),
    among: among && { classes: input.metrics!.among!, macroF1: interval(among, macroF1) },
    versusRest: versus?.matrices
      ? {
          class: input.metrics!.versusRest!,
          threshold: versus.threshold,
          macroF1: interval(versus.matrices, macroF1),
        }
      : null,
    noThreshold: versus?.fault ?? null,
    balancedAccuracy: interval(matrices, balancedAccuracy),
    auc,
    perClass: allClassMetrics(total).map((metrics, c) => ({ name: classNames[c], ...metrics })),
    confusion: everyClass.map((c) => [...total.counts.subarray(c * classes, (c + 1) * classes)]),
  };
}

/** One matrix a group, so that a resample of groups is a weighted sum of matrices. */
export function confusionPerGroup(
  groups: Groups,
  labels: ArrayLike<number>,
  predictions: ArrayLike<number>,
  classes: number,
  chosen: (window: number) => boolean = () => true,
): Confusion[] {
  const matrices = groups.names.map(() => confusionMatrix([], [], classes));
  groups.of.forEach((group, i) => {
    if (chosen(i)) matrices[group].counts[labels[i] * classes + predictions[i]]++;
  });
  return matrices;
}

function restrictTo({ labels, scores, classNames, metrics }: EvaluateInput, groups: Groups): Confusion[] | null {
  if (!metrics?.among) return null;
  const among = metrics.among.map((name) => classNames.indexOf(name));
  const predictions = predict(scores, classNames.length, among);
  return confusionPerGroup(groups, labels, predictions, classNames.length, (i) => among.includes(labels[i]));
}

function versusRest(
  { labels, scores, classNames, metrics, validation }: EvaluateInput,
  groups: Groups,
): { threshold: number; matrices: Confusion[]; fault?: undefined } | { fault: string; matrices?: undefined } | null {
  if (!metrics?.versusRest || !validation) return null;
  const positive = classNames.indexOf(metrics.versusRest);
  const isPositive = (windows: ArrayLike<number>) => Uint8Array.from(windows, (label) => Number(label === positive));
  const scoreOf = (all: Float64Array) => all.filter((_, at) => at % classNames.length === positive);
  const chosenOn = [scoreOf(validation.scores), isPositive(validation.labels)] as const;
  const fault = thresholdFault(...chosenOn);
  if (fault) return { fault };
  const { threshold } = chooseThreshold(...chosenOn);
  const predictions = Uint8Array.from(scoreOf(scores), (score) => Number(score >= threshold));
  return { threshold, matrices: confusionPerGroup(groups, isPositive(labels), predictions, 2) };
}

function check({ labels, groups, scores }: Scored, classes: number, what: string): void {
  const n = labels.length;
  if (n === 0)
    throw new RangeError(`evaluate: ${what}: expected at least one label, got none; give a split with windows`);
  if (groups.length !== n || scores.length !== n * classes) {
    throw new RangeError(
      `evaluate: ${what}: expected ${n} groups and ${n * classes} scores for ${n} labels, ` +
        `got ${groups.length} and ${scores.length}; give one group and ${classes} scores a label`,
    );
  }
  const wrong = Array.from(labels).findIndex((label) => !(Number.isInteger(label) && label >= 0 && label < classes));
  if (wrong >= 0)
    throw new RangeError(
      `evaluate: ${what}: label ${labels[wrong]} of sample ${wrong}: expected a class below ${classes}; count from 0`,
    );
  const noScore = scores.findIndex(Number.isNaN);
  if (noScore >= 0)
    throw new RangeError(
      `evaluate: ${what}: score of sample ${Math.floor(noScore / classes)}: expected a number, got NaN`,
    );
}
