/** What training makes small: cross entropy with the labels, and with the answers of a teacher where there is one. */

import type { DistillationConfig } from './config.ts';

/** What a batch should be answered with, each [batch][classes]. */
export interface Targets {
  /** class weight at the label, else 0 */
  hard: Float32Array;
  /** probabilities of the teacher at its temperature; null without a teacher */
  soft: Float32Array | null;
}

/** Mean over the batch, and its gradient by the logits [batch][classes]. */
export interface Loss {
  value: number;
  gradient: Float32Array;
}

/**
 * (1 - weight) * cross entropy with the labels + weight * T^2 * cross entropy of the softened answers with those of the
 * teacher (Hinton et al. 2015), T its temperature.
 */
export function lossOf(
  logits: Float32Array,
  classes: number,
  { hard, soft }: Targets,
  distillation?: DistillationConfig,
): Loss {
  const learnt = crossEntropy(logits, classes, hard, 1);
  if (!soft || !distillation) return learnt;
  const { temperature, weight } = distillation;
  const taught = crossEntropy(logits, classes, soft, temperature);
  const share = weight * temperature ** 2;
  return {
    value: (1 - weight) * learnt.value + share * taught.value,
    gradient: learnt.gradient.map((slope, i) => (1 - weight) * slope + share * taught.gradient[i]!),
  };
}

/** Of softmax(logits / temperature) with targets, whose rows need not sum to 1. */
function crossEntropy(logits: Float32Array, classes: number, targets: Float32Array, temperature: number): Loss {
  const batch = logits.length / classes;
  const gradient = new Float32Array(logits.length);
  let value = 0;
  for (let first = 0; first < logits.length; first += classes) {
    let peak = -Infinity;
    let weight = 0;
    for (let i = first; i < first + classes; i++) {
      peak = Math.max(peak, logits[i]! / temperature);
      weight += targets[i]!;
    }
    let total = 0;
    for (let i = first; i < first + classes; i++) total += Math.exp(logits[i]! / temperature - peak);
    const offset = peak + Math.log(total);
    for (let i = first; i < first + classes; i++) {
      const logProbability = logits[i]! / temperature - offset;
      value -= targets[i]! * logProbability;
      gradient[i] = (Math.exp(logProbability) * weight - targets[i]!) / (batch * temperature);
    }
  }
  return { value: value / batch, gradient };
}
