/** Confusion matrix and F1, for watching a training. What is reported comes from the integer runtime, elsewhere. */

export interface Scores {
  confusion: number[][]; // [label][answer]
  accuracy: number;
  f1: number[]; // per class
  /** mean F1 over classes that occur */
  macroF1: number;
}

/** logits [n][classes]; the first of equals wins, as on the device. */
export function score(labels: Uint8Array, logits: Float32Array, classes: number): Scores {
  const every = Array.from({ length: classes }, (_, c) => c);
  const confusion = every.map(() => every.map(() => 0));
  labels.forEach((label, i) => {
    let answer = 0;
    for (let c = 1; c < classes; c++) if (logits[i * classes + c]! > logits[i * classes + answer]!) answer = c;
    confusion[label]![answer]!++;
  });
  const total = (row: number[]): number => row.reduce((sum, count) => sum + count, 0);
  const f1 = every.map((c) => {
    const right = confusion[c]![c]!;
    const answered = total(confusion.map((row) => row[c]!));
    return (2 * right) / Math.max(1, total(confusion[c]!) + answered);
  });
  const occurring = every.filter((c) => total(confusion[c]!) > 0);
  return {
    confusion,
    accuracy: total(every.map((c) => confusion[c]![c]!)) / Math.max(1, labels.length),
    f1,
    macroF1: occurring.reduce((sum, c) => sum + f1[c]!, 0) / Math.max(1, occurring.length),
  };
}
