/** What training makes small: cross entropy with the labels, and with the answers of a teacher where there is one. */

import type { DistillationConfig } from './config.ts';
import type { Tensor } from './layers.ts';
import { nn } from './start.ts';

/** What a batch should be answered with, as lists of arrays for jit: `soft` only where there is a teacher. */
export type Targets = [hard: Tensor, soft?: Tensor];

/**
 * (1 - weight) * cross entropy with the labels + weight * T^2 * cross entropy of the softened answers with those of the
 * teacher (Hinton et al. 2015), mean over the batch. `hard` carries the class weight at the label, `soft` the
 * probabilities of the teacher at the temperature T; both [B, classes]. Consumes all.
 */
export function lossOf(logits: Tensor, [hard, soft]: Targets, distillation?: DistillationConfig): Tensor {
  if (!soft || !distillation) return crossEntropy(logits, hard);
  const { temperature, weight } = distillation;
  const learnt = crossEntropy(logits.ref, hard).mul(1 - weight);
  return learnt.add(crossEntropy(logits.div(temperature), soft).mul(weight * temperature ** 2));
}

/** Mean over the batch. Consumes both. */
function crossEntropy(logits: Tensor, targets: Tensor): Tensor {
  const batch = logits.shape[0]!;
  return nn
    .logSoftmax(logits, -1)
    .mul(targets)
    .sum()
    .mul(-1 / batch);
}
