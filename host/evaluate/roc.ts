/**
 * ROC curves, one class against the rest, read at even false positive rates so that curves can be averaged: that of each
 * class, their mean, and a band in which the mean lies in 95 % of resamples of groups.
 */
import { prepareAuc } from './auc.ts';
import { type BootstrapOptions, bootstrap, draws, type Interval, quantile } from './bootstrap.ts';
import type { Scored } from './evaluate.ts';
import { numbered } from './groups.ts';

/** Places between the false positive rates 0 and 1, both included. */
export const ROC_PLACES = 101;
/** Enough for a band; intervals of figures take more. */
const BAND: BootstrapOptions = { resamples: 200 };

export interface Roc {
  /** of the classes that occur, and not alone */
  classes: { name: string; auc: Interval; curve: Float64Array }[];
  /** [ROC_PLACES] true positive rates */
  mean: Float64Array;
  low: Float64Array;
  high: Float64Array;
}

/** The curves of answers; null where no class has both inputs and others. */
export function rocOf({ labels, groups: names, scores }: Scored, classNames: readonly string[]): Roc | null {
  const groups = numbered(names);
  const count = classNames.length;
  const weighted = (times: Float64Array): Float64Array => Float64Array.from(groups.of, (group) => times[group]!);
  const all = classNames.flatMap((name, c) => {
    const positive = Uint8Array.from(labels, (label) => Number(label === c));
    const found = positive.reduce((sum, one) => sum + one, 0);
    if (found === 0 || found === positive.length) return [];
    const own = scores.filter((_, at) => at % count === c);
    return [{ name, curveOf: prepareRoc(own, positive), areaOf: prepareAuc(own, positive, groups.of) }];
  });
  if (all.length === 0) return null;
  const meanOf = (weights: Float64Array): Float64Array =>
    meanCurve(all.map(({ curveOf }) => curveOf(weights)).filter((curve) => curve !== null));
  const ones = new Float64Array(labels.length).fill(1);
  const drawn = [...draws(groups.names.length, BAND)].map((times) => meanOf(weighted(times)));
  const band = (q: number): Float64Array =>
    Float64Array.from({ length: ROC_PLACES }, (_, i) =>
      quantile(
        drawn.map((curve) => curve[i]!).sort((a, b) => a - b),
        q,
      ),
    );
  return {
    classes: all.map(({ name, curveOf, areaOf }) => ({
      name,
      auc: bootstrap(groups.names.length, areaOf),
      curve: curveOf(ones)!,
    })),
    mean: meanOf(ones),
    low: band(0.025),
    high: band(0.975),
  };
}

/** weights[i] of window i -> true positive rates at even false positive rates; null when one side has no weight. */
function prepareRoc(scores: Float64Array, positive: Uint8Array): (weights: Float64Array) => Float64Array | null {
  const order = Uint32Array.from(scores.keys()).sort((a, b) => scores[b]! - scores[a]!);
  return (weights) => {
    const total = [0, 0];
    for (const [i, one] of positive.entries()) total[one]! += weights[i]!;
    const [negatives, positives] = total as [number, number];
    if (negatives === 0 || positives === 0) return null;
    const curve = new Float64Array(ROC_PLACES);
    let [place, x, y] = [0, 0, 0];
    for (let i = 0; i < order.length; ) {
      const [before, below] = [x, y];
      const score = scores[order[i]!];
      for (; i < order.length && scores[order[i]!] === score; i++) {
        const share = weights[order[i]!]!;
        if (positive[order[i]!]) y += share / positives;
        else x += share / negatives;
      }
      // the line between two thresholds, at the places that it passes; where it goes straight up, its upper end
      for (; place < ROC_PLACES && place / (ROC_PLACES - 1) < x; place++) {
        const along = (place / (ROC_PLACES - 1) - before) / (x - before);
        curve[place] = below + along * (y - below);
      }
    }
    return curve.fill(1, place);
  };
}

function meanCurve(curves: readonly Float64Array[]): Float64Array {
  return Float64Array.from(
    { length: ROC_PLACES },
    (_, i) => curves.reduce((sum, curve) => sum + curve[i]!, 0) / curves.length,
  );
}
