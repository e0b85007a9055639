/** Which cut to take: the one-standard-error rule (Breiman et al. 1984, Classification and Regression Trees). */
import type { Interval } from '../evaluate/bootstrap.ts';

export interface Candidate {
  imageBytes: number;
  /** macro-F1 on validation windows */
  validation: number;
}

/** Standard errors that a 95 % interval spans. */
const SPAN = 2 * 1.96;

/** The least that a cut has to reach: the whole network's score less one standard error, which its interval gives. */
export const least = ({ value, low, high }: Interval): number => value - (high - low) / SPAN;

/** Of those that are enough the best within so many bytes, the smaller of two that are as good. None: undefined. */
export function chooseWithin<C extends Candidate>(
  whole: Interval,
  candidates: readonly C[],
  bytes: number,
): C | undefined {
  return candidates
    .filter(({ imageBytes, validation }) => imageBytes <= bytes && validation >= least(whole))
    .toSorted((a, b) => b.validation - a.validation || a.imageBytes - b.imageBytes)[0];
}

/** The smallest image whose score on validation windows is enough; the better of two of one size. None: undefined. */
export function choose<C extends Candidate>(whole: Interval, candidates: readonly C[]): C | undefined {
  return candidates
    .filter(({ validation }) => validation >= least(whole))
    .toSorted((a, b) => a.imageBytes - b.imageBytes || b.validation - a.validation)[0];
}
