/** Inputs to run: windows of the task that an image is for, else random bytes. */
import type { Account } from '../data/part.ts';
import type { Signal } from '../data/signal.ts';
import { type WindowSet, windowAt } from '../data/windows.ts';
import type { Port } from '../runtime/ports.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { Random } from '../system/random.ts';
import {
  classNamesOf,
  type DataOptions,
  dataAtHand,
  isAtHand,
  openTask,
  readTask,
  type Task,
  taskNames,
} from './task.ts';

export interface Inputs {
  windows: Uint8Array[];
  /** where they are from, for people */
  name: string;
  /** of the data set that they are from, if they are */
  account: Account | null;
}

/** Whether an image takes such windows: their shape and type, not just as many bytes. */
export const takes = (runtime: Runtime, signal: Signal): boolean => takesWindows(runtime.inputs, signal);

/** The same of the inputs of any program. */
export function takesWindows([input, another]: readonly Port[], { shape, type }: Signal): boolean {
  return !another && input.type === { i8: 'int8', i16: 'int16' }[type] && String(input.shape) === String(shape);
}

/** Of all inputs together. */
export const bytesOf = (ports: readonly Port[]): number => ports.reduce((sum, { bytes }) => sum + bytes, 0);

/**
 * The task of the project whose windows the loaded program takes, with an answer for each class: `named` where it is one of those, else the first;
 * null where there is none.
 */
export function taskTaken(runtime: Runtime, named: string | null = null): Task | null {
  const names = taskNames();
  const ordered = named !== null && names.includes(named) ? [named, ...names] : names;
  const tasks = ordered.map((name) => readTask(name));
  const answers = (task: Task): boolean => classNamesOf(task).length === bytesOf(runtime.outputs);
  return tasks.find((task) => takes(runtime, task.input) && answers(task)) ?? null;
}

/**
 * At most `count` inputs spread evenly over the test split of a data set (default: the task's where it is at hand, else
 * what stands in for it; `task`: its name, where several have such windows), or random bytes where neither is, and for an
 * image that no task is about.
 */
export function testWindows(
  runtime: Runtime,
  count: number,
  data?: string,
  { task: named = null, ...options }: Pick<DataOptions, 'root' | 'lead'> & { task?: string | null } = {},
): Inputs {
  const task = taskTaken(runtime, named);
  const name = task && (data ?? dataAtHand(task, options.root));
  if (!name || (data === undefined && !isAtHand(name, options.root)))
    return { windows: randomInputs(bytesOf(runtime.inputs), count), name: 'random bytes', account: null };
  const opened = openTask(task, { ...options, data: name });
  const part = opened.load('test');
  const { inputs } = spreadWindows(part, count);
  return { windows: inputs, name: opened.set.title, account: part.account };
}

/** At most `count` windows spread evenly over a part, as the raw inputs that a program takes, and their classes. */
export function spreadWindows(part: WindowSet, count: number): { inputs: Uint8Array[]; labels: Uint8Array } {
  const chosen = spread(part.labels.length, count);
  return {
    inputs: chosen.map((i) => new Uint8Array(windowAt(part, i).slice().buffer)),
    labels: Uint8Array.from(chosen, (i) => part.labels[i]!),
  };
}

function randomInputs(bytes: number, count: number): Uint8Array[] {
  const random = new Random(1);
  return Array.from({ length: count }, () => Uint8Array.from({ length: bytes }, () => random.below(256)));
}

/** At most `count` numbers below `available`, spread evenly. */
export function spread(available: number, count: number): number[] {
  const length = Math.min(count, available);
  return Array.from({ length }, (_, i) => Math.floor((i * available) / length));
}
