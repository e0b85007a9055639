/** Windows of a task through an image: whether it is made for them, and the class probabilities that it gives. */
import { lengthOf, type Signal, timingOf } from '../data/signal.ts';
import { type WindowSet, windowAt } from '../data/windows.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { UsageError } from '../system/errors.ts';
import { shownPath } from '../system/shownPath.ts';
import { bytesOf, takes, taskTaken } from '../task/inputs.ts';
import { classNamesOf, readTask, type Task, taskNames } from '../task/task.ts';
import type { Scored } from './evaluate.ts';

/**
 * The task of an image: the file that is named, else that of its metadata, else the one whose windows it takes. Throws
 * UsageError where there is none.
 */
export function taskOfImage(path: string, runtime: Runtime, metadata: Record<string, unknown>, named?: string): Task {
  if (named !== undefined) return readTask(named);
  const known = taskNames();
  if (typeof metadata.task === 'string' && known.includes(metadata.task)) return readTask(metadata.task);
  const taken = taskTaken(runtime);
  if (taken) return taken;
  throw new UsageError(
    `${shownPath(path)}: expected an image for one of the tasks ${known.join(', ')}, got one that takes ` +
      `${bytesOf(runtime.inputs)} bytes and gives ${bytesOf(runtime.outputs)}; give its own with --task`,
  );
}

/**
 * Throws UsageError for an image that takes other windows, or answers other classes or in another order: its figures
 * would be of something else. What its metadata do not say is not checked.
 */
export function assertTakes(path: string, task: Task, runtime: Runtime, metadata: Record<string, unknown>): void {
  const classes = classNamesOf(task);
  if (!takes(runtime, task.input) || bytesOf(runtime.outputs) !== classes.length)
    throw new UsageError(
      `${shownPath(path)}: expected an image that takes ${windowOf(task.input)} and gives ` +
        `${classes.length} bytes, for classes ${classes.join(', ')}, got one that takes ` +
        `${bytesOf(runtime.inputs)} bytes and gives ${bytesOf(runtime.outputs)}; task ${task.name} is about these only`,
    );
  const expected = { labels: classes.join(', '), ...timingOf(task.input) };
  const wrong = Object.entries(expected).find(([field, value]) => {
    const got = metadata[field];
    return got !== undefined && (Array.isArray(got) ? got.join(', ') : String(got)) !== String(value);
  });
  if (wrong)
    throw new UsageError(
      `${shownPath(path)}: ${wrong[0]} in its metadata: expected ${wrong[1]}, as in the data, got ` +
        `${String(metadata[wrong[0]])}; htpw train makes images for these data`,
    );
}

/** "320 raw samples (640 bytes)" */
function windowOf(signal: Signal): string {
  const length = lengthOf(signal);
  return signal.type === 'i16' ? `${length} raw samples (${2 * length} bytes)` : `${length} values of int8`;
}

/** The data set that an image was trained on; null where its metadata do not say. */
export const trainedOn = ({ dataset }: Record<string, unknown>): string | null =>
  typeof dataset === 'string' ? dataset : null;

/** Why figures are low on data of another kind than an image was trained on; empty where it was trained on these. */
export function unlike(trained: string | null, data: string): string[] {
  if (trained === null || trained === data) return [];
  return [
    `note: this network was trained on ${trained}; what ${data} holds is unlike what it has learned from.\n` +
      `Low figures are to be expected and say little about it. --data ${trained} judges it on its own kind.`,
  ];
}

/** How many windows are run between two reports. */
const REPORTED_EVERY = 500;

/** Class probabilities of every window from the integer logits of a loaded image (assertTakes). */
export function scoreWindows(
  runtime: Runtime,
  set: WindowSet,
  report: (done: number, total: number) => void = () => {},
): Scored {
  const n = set.labels.length;
  const classes = set.classNames.length;
  const scores = new Float64Array(n * classes);
  const { scale } = runtime.outputs[0]!;
  for (let i = 0; i < n; i++) {
    runtime.reset(); // each is judged by itself
    const logits = new Int8Array(runtime.run(windowAt(set, i)).buffer);
    scores.set(probabilities(logits, scale), i * classes);
    if (i % REPORTED_EVERY === 0) report(i, n);
  }
  return { labels: set.labels, groups: set.groups, scores };
}

/** The softmax of integer logits with this scale. */
export function probabilities(logits: Int8Array, scale: number): number[] {
  const largest = Math.max(...logits);
  const exponentials = Array.from(logits, (q) => Math.exp(scale * (q - largest)));
  const sum = exponentials.reduce((a, b) => a + b, 0);
  return exponentials.map((e) => e / sum);
}
