/**
 * Area under the ROC curve, from ranks: the probability that a window of the class scores higher than one of another
 * class, ties counting half. Windows are sorted once; the weights may change, so a bootstrap resample costs one pass.
 */
import { meanOfDefined } from './metrics.ts';

/** weights[i] of window i -> area; NaN when one side has no weight. */
export type WeightedAuc = (weights: Float64Array) => number;

export function prepareAuc(scores: Float64Array, positive: Uint8Array): WeightedAuc {
  const order = Uint32Array.from(scores.keys()).sort((a, b) => scores[a] - scores[b]);
  // in this order, so that each resample reads its memory from end to end
  const sorted = Float64Array.from(order, (window) => scores[window]);
  const isPositive = Uint8Array.from(order, (window) => positive[window]);
  return (weights) => {
    let below = 0; // weight of negatives with a lower score
    let wins = 0;
    let positives = 0;
    for (let i = 0; i < order.length; ) {
      const score = sorted[i];
      let tiedPositives = 0;
      let tiedNegatives = 0;
      for (; i < order.length && sorted[i] === score; i++) {
        const weight = weights[order[i]];
        if (isPositive[i]) tiedPositives += weight;
        else tiedNegatives += weight;
      }
      wins += tiedPositives * (below + tiedNegatives / 2);
      below += tiedNegatives;
      positives += tiedPositives;
    }
    return wins / (positives * below);
  };
}

/** Mean one-versus-rest area of the classes for which there is one; scores is [n][classes]. */
export function prepareMacroAuc(labels: ArrayLike<number>, scores: Float64Array, classes: number): WeightedAuc {
  const perClass = Array.from({ length: classes }, (_, c) =>
    prepareAuc(
      Float64Array.from({ length: labels.length }, (_, i) => scores[i * classes + c]),
      Uint8Array.from(labels, (label) => Number(label === c)),
    ),
  );
  return (weights) => meanOfDefined(perClass.map((auc) => auc(weights)));
}
