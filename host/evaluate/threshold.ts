/** t*: the score from which a window counts as positive, chosen on validation windows. */
import { type Confusion, macroF1 } from './metrics.ts';

export interface Threshold {
  /** a window is positive when its score is at least this */
  threshold: number;
  /** macro-F1 of the binary problem on the windows it was chosen on */
  macroF1: number;
}

/** [rest, positive] confusion of a score threshold. */
export function binaryConfusion(counts: { tn: number; fp: number; fn: number; tp: number }): Confusion {
  return { classes: 2, counts: Float64Array.of(counts.tn, counts.fp, counts.fn, counts.tp) };
}

/**
 * t*: the threshold with the highest macro-F1 of "positive or not", the lowest of equals. Candidates are the midpoints
 * between neighbouring observed scores. Choose it on validation windows, never on those it is then measured on.
 * Throws where there is nothing to choose by: see thresholdFault.
 */
export function chooseThreshold(scores: Float64Array, positive: ArrayLike<number>): Threshold {
  const fault = thresholdFault(scores, positive);
  if (fault) throw new RangeError(`threshold: ${fault}`);
  const order = Uint32Array.from(scores.keys()).sort((a, b) => scores[a] - scores[b]);
  let positives = 0;
  for (let i = 0; i < positive.length; i++) positives += positive[i];

  let fn = 0; // positives below the candidate
  let tn = 0; // others below it
  let best: Threshold | null = null;
  for (let i = 0; i + 1 < order.length; i++) {
    if (positive[order[i]]) fn++;
    else tn++;
    const here = scores[order[i]];
    const next = scores[order[i + 1]];
    if (here === next) continue;
    const fp = scores.length - positives - tn;
    const value = macroF1(binaryConfusion({ tn, fp, fn, tp: positives - fn }));
    if (best === null || value > best.macroF1) best = { threshold: (here + next) / 2, macroF1: value };
  }
  return best!; // two different scores have a midpoint
}

/** Why no threshold can be chosen on these windows; null when one can. */
export function thresholdFault(scores: ArrayLike<number>, positive: ArrayLike<number>): string | null {
  const n = scores.length;
  const positives = Array.from(positive).reduce((sum, value) => sum + value, 0);
  if (n === 0) return 'expected validation windows, got none';
  if (positives === 0 || positives === n)
    return `expected validation windows of the class and of others, got ${positives} and ${n - positives}`;
  if (Array.from(scores).every((score) => score === scores[0]))
    return `expected at least two different validation scores, got ${n} times ${scores[0]}`;
  return null;
}
