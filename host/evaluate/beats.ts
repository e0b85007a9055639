/** ECG beats through an image: whether it is made for them, and the class probabilities that it gives. */
import { BEAT_POSITION, type BeatSet, CLASS_NAMES, SAMPLE_RATE, WINDOW } from '../data/beats.ts';
import { takesEcg } from '../data/windows.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { UsageError } from '../system/errors.ts';
import { shownPath } from '../system/shownPath.ts';
import type { Scored } from './evaluate.ts';

/**
 * Throws UsageError for an image that takes other windows, or answers other classes or in another order: its figures
 * would be of something else. What its metadata do not say is not checked.
 */
export function assertTakesBeats(path: string, runtime: Runtime, metadata: Record<string, unknown>): void {
  if (!takesEcg(runtime) || runtime.outputBytes() !== CLASS_NAMES.length)
    throw new UsageError(
      `${shownPath(path)}: expected an image that takes ${WINDOW} raw samples (${2 * WINDOW} bytes) and gives ` +
        `${CLASS_NAMES.length} bytes, for classes ${CLASS_NAMES.join(', ')}, got one that takes ` +
        `${runtime.inputBytes()} bytes and gives ${runtime.outputBytes()}; figures are made of ECG beats only`,
    );
  const wrong = [
    { what: 'labels', expected: CLASS_NAMES.join(', '), got: metadata.labels },
    { what: 'sampleRate', expected: String(SAMPLE_RATE), got: metadata.sampleRate },
    { what: 'beatPosition', expected: String(BEAT_POSITION), got: metadata.beatPosition },
  ].find(({ expected, got }) => got !== undefined && (Array.isArray(got) ? got.join(', ') : String(got)) !== expected);
  if (wrong)
    throw new UsageError(
      `${shownPath(path)}: ${wrong.what} in its metadata: expected ${wrong.expected}, as in the data, got ` +
        `${String(wrong.got)}; htpw train makes images for these data`,
    );
}

/** The data set that an image was trained on; null where its metadata do not say. */
export const trainedOn = ({ dataset }: Record<string, unknown>): string | null =>
  typeof dataset === 'string' ? dataset : null;

/** Why figures are low on data of another kind than an image was trained on; empty where it was trained on these. */
export function unlike(trained: string | null, data: string): string[] {
  if (trained === null || trained === data) return [];
  return [
    `note: this network was trained on ${trained}; the hearts of ${data} are unlike those that it has learned from.\n` +
      `Low figures are to be expected and say little about it. --data ${trained} judges it on its own kind.`,
  ];
}

/** How many beats are run between two reports. */
const REPORTED_EVERY = 500;

/** Class probabilities of every beat from the integer logits of a loaded image (assertTakesBeats). */
export function scoreBeats(
  runtime: Runtime,
  set: BeatSet,
  report: (done: number, total: number) => void = () => {},
): Scored {
  const n = set.labels.length;
  const classes = set.classNames.length;
  const scores = new Float64Array(n * classes);
  for (let i = 0; i < n; i++) {
    const logits = new Int8Array(runtime.run(set.samples.subarray(WINDOW * i, WINDOW * (i + 1))).buffer);
    scores.set(probabilities(logits, runtime.outputScale()), i * classes);
    if (i % REPORTED_EVERY === 0) report(i, n);
  }
  return { labels: set.labels, records: set.records, scores };
}

function probabilities(logits: Int8Array, scale: number): number[] {
  const largest = Math.max(...logits);
  const exponentials = Array.from(logits, (q) => Math.exp(scale * (q - largest)));
  const sum = exponentials.reduce((a, b) => a + b, 0);
  return exponentials.map((e) => e / sum);
}
