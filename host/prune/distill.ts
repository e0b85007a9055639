/** Distillation (Hinton, Vinyals & Dean 2015): a network learns what another answers, beside the labels or alone. */
import { crossEntropy, type Teaching } from '../train/loop.ts';
import { numpy as np } from '../train/start.ts';

/** What both sets of logits are divided by, so that answers which are nearly right count as well. */
const TEMPERATURE = 2;
/** Of the loss, where there is a label, too. */
const TEACHERS_SHARE = 0.7;

/** What is learned from. */
export interface Lessons {
  /** index of the class of the first windows; of those behind them nobody knows, and the teacher alone decides */
  labels: ArrayLike<number>;
  /** [n][classes] real logits of the teacher */
  logits: Float32Array;
  classes: number;
}

/** Cross-entropy to the labels and, times the square of the temperature, to the softened answers of the teacher. */
export function distillation({ labels, logits, classes }: Lessons): Teaching {
  const soft = softened(logits, classes);
  return {
    targets(windows, weights) {
      const data = new Float32Array(2 * classes * windows.length);
      windows.forEach((window, i) => {
        const at = 2 * classes * i;
        const label = labels[window];
        const share = label === undefined ? 1 : TEACHERS_SHARE;
        if (label !== undefined) data[at + label] = (1 - share) * weights[label]!;
        for (let c = 0; c < classes; c++) data[at + classes + c] = share * soft[window * classes + c]!;
      });
      return np.array(data, { shape: [windows.length, 2 * classes] });
    },
    loss(answers, targets) {
      const hard = crossEntropy(answers.ref, targets.ref.slice([], [0, classes]));
      const taught = crossEntropy(answers.div(TEMPERATURE), targets.slice([], [classes, 2 * classes]));
      return hard.add(taught.mul(TEMPERATURE ** 2));
    },
  };
}

/** Probabilities [n][classes] at the temperature. */
function softened(logits: Float32Array, classes: number): Float32Array {
  const soft = new Float32Array(logits.length);
  for (let at = 0; at < logits.length; at += classes) {
    const row = logits.subarray(at, at + classes);
    const largest = Math.max(...row);
    const powers = Array.from(row, (logit) => Math.exp((logit - largest) / TEMPERATURE));
    const sum = powers.reduce((a, b) => a + b, 0);
    soft.set(
      powers.map((power) => power / sum),
      at,
    );
  }
  return soft;
}
