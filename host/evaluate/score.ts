/** What a classifier of heartbeats answers to a split: the scores that evaluate() reports on. */
import { type BeatSet, WINDOW } from '../data/beats.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { UsageError } from '../system/errors.ts';
import type { Scored } from './evaluate.ts';

/** Whether an image takes raw windows of one ECG lead, not just as many bytes. */
export const takesEcg = (runtime: Runtime): boolean => runtime.takesSamples() && runtime.inputBytes() === 2 * WINDOW;

/**
 * Class probabilities of every beat from the integer logits. `runtime` is loaded. Throws UsageError for an image that
 * is made for something else.
 */
export function scoreBeats(
  runtime: Runtime,
  set: BeatSet,
  report: (done: number, total: number) => void = () => {},
): Scored {
  const n = set.labels.length;
  const classes = set.classNames.length;
  if (!takesEcg(runtime) || runtime.outputBytes() !== classes) {
    throw new UsageError(
      `expected an image that takes ${WINDOW} raw samples (${2 * WINDOW} bytes) and gives ${classes} bytes, for ` +
        `classes ${set.classNames.join(', ')}, got one that takes ${runtime.inputBytes()} bytes and gives ` +
        `${runtime.outputBytes()}; figures are made of ECG beats only`,
    );
  }
  const scores = new Float64Array(n * classes);
  const raw = new Uint8Array(set.samples.buffer, set.samples.byteOffset, set.samples.byteLength);
  for (let i = 0; i < n; i++) {
    const logits = new Int8Array(runtime.run(raw.subarray(2 * WINDOW * i, 2 * WINDOW * (i + 1))).buffer);
    scores.set(probabilities(logits, runtime.outputScale()), i * classes);
    if (i % 500 === 0) report(i, n);
  }
  return { labels: set.labels, records: set.records, scores };
}

function probabilities(logits: Int8Array, scale: number): number[] {
  const largest = Math.max(...logits);
  const exponentials = Array.from(logits, (q) => Math.exp(scale * (q - largest)));
  const sum = exponentials.reduce((a, b) => a + b, 0);
  return exponentials.map((e) => e / sum);
}
