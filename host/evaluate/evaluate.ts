/** Everything that is reported about a classifier on one split, with 95 % confidence intervals over patients. */
import { prepareMacroAuc } from './auc.ts';
import { type BootstrapOptions, bootstrap, type Interval } from './bootstrap.ts';
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
import { groupByPatient, type Patients, patientOf, type RecordName } from './patients.ts';
import { chooseThreshold, thresholdFault } from './threshold.ts';

/** n beats (or windows) of one split. */
export interface Scored {
  labels: ArrayLike<number>; // [n] index into classNames
  records: ArrayLike<RecordName>; // [n]
  scores: Float64Array; // [n][classes], higher means more likely
}

export interface EvaluateInput extends Scored {
  classNames: readonly string[];
  /** where t* is chosen; without it there is no V-versus-rest result */
  validation?: Scored;
  task?: string;
  split?: string;
  bootstrap?: BootstrapOptions;
}

export interface Evaluation {
  task: string;
  split: string;
  n: number;
  patients: number;
  /** patients that also occur in the validation beats: should be none */
  sharedPatients: string[];
  accuracy: Interval;
  macroF1: Interval;
  /** beats labelled N, S or V, predicted among these three; null when the classes have other names */
  macroF1NSV: Interval | null;
  /** the threshold stays that of the validation beats in every resample */
  vVersusRest: { threshold: number; macroF1: Interval } | null;
  /** why the validation beats give no threshold; null when they do, or were not asked */
  noThreshold: string | null;
  balancedAccuracy: Interval;
  /** macro one-versus-rest */
  auc: Interval;
  perClass: ({ name: string } & ClassMetrics)[];
  /** [truth][prediction] beats */
  confusion: number[][];
}

export function evaluate(input: EvaluateInput): Evaluation {
  const { labels, records, scores, classNames, validation, task = '', split = '' } = input;
  const classes = classNames.length;
  check(input, classes, 'beats');
  if (validation) check(validation, classes, 'validation');

  const patients = groupByPatient(records);
  const everyClass = [...classNames.keys()];
  const predictions = predict(scores, classes, everyClass);
  const total = confusionMatrix(labels, predictions, classes);

  const interval = (matrices: Confusion[], metric: (confusion: Confusion) => number) =>
    bootstrap(patients.names.length, (times) => metric(weightedSum(matrices, times)), input.bootstrap);
  const matrices = confusionPerPatient(patients, labels, predictions, classes);

  const macroAuc = prepareMacroAuc(labels, scores, classes);
  const weights = new Float64Array(labels.length);
  const auc = bootstrap(
    patients.names.length,
    (times) => macroAuc(weights.map((_, i) => times[patients.of[i]])),
    input.bootstrap,
  );

  const nsv = restrictToNsv(input, patients);
  const v = versusRest(input, patients);
  const tested = new Set(patients.names);
  const validated = new Set(Array.from(validation?.records ?? [], patientOf));
  return {
    task,
    split,
    n: labels.length,
    patients: patients.names.length,
    sharedPatients: [...validated].filter((name) => tested.has(name)),
    accuracy: interval(matrices, accuracy),
    macroF1: interval(matrices, macroF1),
    macroF1NSV: nsv && interval(nsv, macroF1),
    vVersusRest: v?.matrices ? { threshold: v.threshold, macroF1: interval(v.matrices, macroF1) } : null,
    noThreshold: v?.fault ?? null,
    balancedAccuracy: interval(matrices, balancedAccuracy),
    auc,
    perClass: allClassMetrics(total).map((metrics, c) => ({ name: classNames[c], ...metrics })),
    confusion: everyClass.map((c) => [...total.counts.subarray(c * classes, (c + 1) * classes)]),
  };
}

/** One matrix a patient, so that a resample of patients is a weighted sum of matrices. */
function confusionPerPatient(
  patients: Patients,
  labels: ArrayLike<number>,
  predictions: ArrayLike<number>,
  classes: number,
  chosen: (beat: number) => boolean = () => true,
): Confusion[] {
  const matrices = patients.names.map(() => confusionMatrix([], [], classes));
  patients.of.forEach((patient, i) => {
    if (chosen(i)) matrices[patient].counts[labels[i] * classes + predictions[i]]++;
  });
  return matrices;
}

function restrictToNsv({ labels, scores, classNames }: EvaluateInput, patients: Patients): Confusion[] | null {
  const nsv = ['N', 'S', 'V'].map((name) => classNames.indexOf(name));
  if (nsv.includes(-1)) return null;
  const predictions = predict(scores, classNames.length, nsv);
  return confusionPerPatient(patients, labels, predictions, classNames.length, (i) => nsv.includes(labels[i]));
}

function versusRest(
  { labels, scores, classNames, validation }: EvaluateInput,
  patients: Patients,
): { threshold: number; matrices: Confusion[]; fault?: undefined } | { fault: string; matrices?: undefined } | null {
  const v = classNames.indexOf('V');
  if (v < 0 || !validation) return null;
  const isV = (beats: ArrayLike<number>) => Uint8Array.from(beats, (label) => Number(label === v));
  const scoreOfV = (all: Float64Array) => all.filter((_, at) => at % classNames.length === v);
  const chosenOn = [scoreOfV(validation.scores), isV(validation.labels)] as const;
  const fault = thresholdFault(...chosenOn);
  if (fault) return { fault };
  const { threshold } = chooseThreshold(...chosenOn);
  const predictions = Uint8Array.from(scoreOfV(scores), (score) => Number(score >= threshold));
  return { threshold, matrices: confusionPerPatient(patients, isV(labels), predictions, 2) };
}

function check({ labels, records, scores }: Scored, classes: number, what: string): void {
  const n = labels.length;
  if (n === 0)
    throw new RangeError(`evaluate: ${what}: expected at least one label, got none; give a split with beats`);
  if (records.length !== n || scores.length !== n * classes) {
    throw new RangeError(
      `evaluate: ${what}: expected ${n} records and ${n * classes} scores for ${n} labels, ` +
        `got ${records.length} and ${scores.length}; give one record and ${classes} scores a label`,
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
