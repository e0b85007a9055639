/**
 * What selector and classifiers learn from the answers of all classifiers to a batch (Ma et al. 2024): which of them
 * gets a window right decides which of four terms the window counts in.
 */
import type { RouteLossConfig } from '../networkConfig.ts';

/** What is known of a batch of windows, [batch]. */
export interface Windows {
  labels: ArrayLike<number>;
  /** how much each counts */
  weights: ArrayLike<number>;
}

/** Logits of a classifier [batch][classes] as probabilities, and what it answers. */
interface Answers {
  probabilities: Float32Array;
  isRight: boolean[];
}

/**
 * Per classifier the cross entropy of those windows that are its own, as a mean, and `elsewhere` times that of the
 * others; and its gradient by the logits.
 */
export function lossesApart(
  logits: readonly Float32Array[],
  { labels, weights }: Windows,
  owners: ArrayLike<number>,
  elsewhere = 0,
): { value: number; gradients: Float32Array[] } {
  let value = 0;
  const gradients = logits.map((values, i) => {
    const factors = meanOver(labels.length, (window) => owners[window] === i);
    const others = meanOver(labels.length, (window) => owners[window] !== i);
    for (const [window, factor] of others.entries()) factors[window]! += elsewhere * factor;
    const { loss, gradient } = weightedEntropy(softmax(values, labels), labels, weights, factors);
    value += loss / logits.length;
    return gradient;
  });
  return { value, gradients };
}

/**
 * union * CE(nobody right) - overlap * CE(this and others right) + single * CE(this alone right) + selection *
 * CE(routed to this), each a mean over its windows of a batch, for every classifier; the mean of all, and gradients.
 */
export function lossesTogether(
  logits: readonly Float32Array[],
  { labels, weights }: Windows,
  routed: ArrayLike<number>,
  { union, overlap, single, selection }: RouteLossConfig,
): { value: number; gradients: Float32Array[] } {
  const answers = logits.map((values) => softmax(values, labels));
  const rights = Array.from(labels, (_, window) => answers.filter(({ isRight }) => isRight[window]).length);
  let value = 0;
  const gradients = answers.map((answer, i) => {
    const terms: [number, (window: number) => boolean][] = [
      [union, (window) => rights[window] === 0],
      [-overlap, (window) => answer.isRight[window]! && rights[window]! >= 2],
      [single, (window) => answer.isRight[window]! && rights[window] === 1],
      [selection, (window) => routed[window] === i],
    ];
    const factors = new Float64Array(labels.length);
    for (const [share, belongs] of terms)
      meanOver(labels.length, belongs).forEach((factor, window) => {
        factors[window]! += share * factor;
      });
    const { loss, gradient } = weightedEntropy(answer, labels, weights, factors);
    value += loss / logits.length;
    return gradient;
  });
  return { value, gradients };
}

/**
 * Of a mixture of experts (Jacobs et al. 1991): minus the logarithm of the sum over classifiers of share * probability
 * of the label, where shares are the softmax of the selector's scores, and `elsewhere` times the mean cross entropy of
 * all classifiers; a mean over windows. Gradients by scores and logits: each classifier learns a window as far as it has
 * part in the right answer.
 */
export function lossOfMixture(
  scores: Float32Array,
  logits: readonly Float32Array[],
  known: Windows,
  elsewhere: number,
): { value: number; toScores: Float32Array; gradients: Float32Array[] } {
  const { labels, weights } = known;
  const experts = logits.length;
  const shares = softmax(scores, labels).probabilities;
  const answers = logits.map((values) => softmax(values, labels));
  const toScores = new Float32Array(scores.length);
  const parts = answers.map(() => new Float64Array(labels.length));
  let value = 0;
  for (const [window, weight] of Array.from(weights).entries()) {
    const row = rowOf(shares, window * experts, labels.length);
    const joint = answers.map(({ probabilities }, i) => row[i]! * probabilityOf(probabilities, window, labels));
    const total = joint.reduce((sum, one) => sum + one, SMALLEST);
    const counted = weight / labels.length;
    value -= counted * Math.log(total);
    for (const [i, one] of joint.entries()) {
      toScores[window * experts + i] = counted * (row[i]! - one / total);
      parts[i]![window] = one / total / labels.length;
    }
  }
  const everywhere = new Float64Array(labels.length).fill(elsewhere / experts / labels.length);
  const gradients = answers.map((answer, i) => {
    const all = weightedEntropy(answer, labels, weights, everywhere);
    const own = weightedEntropy(answer, labels, weights, parts[i]!);
    value += all.loss;
    return own.gradient.map((slope, at) => slope + all.gradient[at]!);
  });
  return { value, toScores, gradients };
}

const probabilityOf = (probabilities: Float32Array, window: number, labels: ArrayLike<number>): number =>
  rowOf(probabilities, window * (probabilities.length / labels.length), labels.length)[labels[window]!]!;

/** For every window the classifier to pick: the surest that is right, or where none is, the least sure of its error. */
export function bestBranches(logits: readonly Float32Array[], labels: ArrayLike<number>): Uint8Array {
  const answers = logits.map((values) => softmax(values, labels));
  return Uint8Array.from(labels, (label, window) => {
    const merits = answers.map(({ probabilities, isRight }) => {
      const at = window * (probabilities.length / labels.length);
      return isRight[window] ? probabilities[at + label]! : -Math.max(...rowOf(probabilities, at, labels.length));
    });
    return merits.indexOf(Math.max(...merits));
  });
}

const rowOf = (values: Float32Array, at: number, windows: number): Float32Array =>
  values.subarray(at, at + values.length / windows);

/** 1 / count for windows that belong, else 0. */
function meanOver(windows: number, belongs: (window: number) => boolean): Float64Array {
  const chosen = Float64Array.from({ length: windows }, (_, window) => Number(belongs(window)));
  const count = chosen.reduce((sum, one) => sum + one, 0);
  return chosen.map((one) => one / Math.max(1, count));
}

/** sum over windows of factor * weight * cross entropy with the label, and its gradient by the logits. */
function weightedEntropy(
  { probabilities }: Answers,
  labels: ArrayLike<number>,
  weights: ArrayLike<number>,
  factors: Float64Array,
): { loss: number; gradient: Float32Array } {
  const classes = probabilities.length / labels.length;
  const gradient = new Float32Array(probabilities.length);
  let loss = 0;
  factors.forEach((factor, window) => {
    if (factor === 0) return;
    const [share, at, label] = [factor * weights[window]!, window * classes, labels[window]!];
    loss -= share * Math.log(Math.max(SMALLEST, probabilities[at + label]!));
    for (let c = 0; c < classes; c++) gradient[at + c] = share * (probabilities[at + c]! - Number(c === label));
  });
  return { loss, gradient };
}

const SMALLEST = 1e-30;

/** [batch][classes]; the first of equals is the answer, as on the device. */
function softmax(logits: Float32Array, labels: ArrayLike<number>): Answers {
  const classes = logits.length / labels.length;
  const probabilities = new Float32Array(logits.length);
  const isRight = Array.from(labels, (label, window) => {
    const row = rowOf(logits, window * classes, labels.length);
    const answer = largest(row);
    const exponentials = row.map((value) => Math.exp(value - row[answer]!));
    const total = exponentials.reduce((sum, value) => sum + value, 0);
    probabilities.set(
      exponentials.map((value) => value / total),
      window * classes,
    );
    return answer === label;
  });
  return { probabilities, isRight };
}

/** Index of the first largest. */
export function largest(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}

/** Of each row of [n][columns]. */
export const largestOfRows = (values: Float32Array, columns: number): Uint8Array =>
  Uint8Array.from({ length: values.length / columns }, (_, row) =>
    largest(values.subarray(row * columns, (row + 1) * columns)),
  );
