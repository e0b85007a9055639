/**
 * Area under the ROC curve, from ranks: the probability that a window of the class scores higher than one of another
 * class, ties counting half. Windows are sorted and counted once; a bootstrap resample costs one pass over the counts,
 * which are few where scores are integers and groups are large.
 */
import type { GroupMetric } from './bootstrap.ts';
import { meanOfDefined } from './metrics.ts';

/** Windows of one group that score the same, for every score upwards and each group that has it. */
interface Counts {
  group: Uint32Array;
  positives: Float64Array;
  negatives: Float64Array;
  /** where the counts of each score end */
  ends: Uint32Array;
}

/** groups[i] is that of window i, a number. The area is NaN when one side has no weight. */
export function prepareAuc(scores: Float64Array, positive: Uint8Array, groups: ArrayLike<number>): GroupMetric {
  const { group, positives, negatives, ends } = countsOf(scores, positive, groups);
  return (times) => {
    let below = 0; // weight of negatives with a lower score
    let wins = 0;
    let total = 0;
    let i = 0;
    for (const end of ends) {
      let tiedPositives = 0;
      let tiedNegatives = 0;
      for (; i < end; i++) {
        const weight = times[group[i]];
        tiedPositives += weight * positives[i];
        tiedNegatives += weight * negatives[i];
      }
      wins += tiedPositives * (below + tiedNegatives / 2);
      below += tiedNegatives;
      total += tiedPositives;
    }
    return wins / (total * below);
  };
}

function countsOf(scores: Float64Array, positive: Uint8Array, groups: ArrayLike<number>): Counts {
  const order = Uint32Array.from(scores.keys()).sort((a, b) => scores[a] - scores[b]);
  const counts: { group: number; sides: [negatives: number, positives: number] }[] = [];
  const ends: number[] = [];
  const tied = new Map<number, [number, number]>();
  order.forEach((window, i) => {
    const sides = tied.get(groups[window]) ?? [0, 0];
    sides[positive[window]]++;
    tied.set(groups[window], sides);
    if (i + 1 < order.length && scores[order[i + 1]] === scores[window]) return;
    for (const [group, sides] of tied) counts.push({ group, sides });
    ends.push(counts.length);
    tied.clear();
  });
  return {
    group: Uint32Array.from(counts, ({ group }) => group),
    positives: Float64Array.from(counts, ({ sides }) => sides[1]),
    negatives: Float64Array.from(counts, ({ sides }) => sides[0]),
    ends: Uint32Array.from(ends),
  };
}

/** Mean one-versus-rest area of the classes for which there is one; scores is [n][classes]. */
export function prepareMacroAuc(
  labels: ArrayLike<number>,
  scores: Float64Array,
  classes: number,
  groups: ArrayLike<number>,
): GroupMetric {
  const perClass = Array.from({ length: classes }, (_, c) =>
    prepareAuc(
      Float64Array.from({ length: labels.length }, (_, i) => scores[i * classes + c]),
      Uint8Array.from(labels, (label) => Number(label === c)),
      groups,
    ),
  );
  return (times) => meanOfDefined(perClass.map((auc) => auc(times)));
}
