/** Which windows an epoch sees, and batches of them as arrays. */

import { type WindowSet, windowAt } from '../data/windows.ts';
import type { Random } from '../system/random.ts';
import { Augmenter } from '../task/augmentation.ts';
import { mask } from '../task/masks.ts';
import { frontEndOf, type Task } from '../task/task.ts';
import type { NetworkSpec } from './network.ts';
import { PatchCutter } from './patches.ts';

/** Indices of an epoch: per class as many as asked for, repeated only where the class has fewer; shuffled. */
export function drawEpoch(set: WindowSet, perClass: Record<string, number>, random: Random): Uint32Array {
  const drawn: number[] = [];
  set.classNames.forEach((name, label) => {
    const members: number[] = [];
    set.labels.forEach((value, i) => {
      if (value === label) members.push(i);
    });
    if (members.length === 0) return;
    random.shuffle(members);
    for (let i = 0; i < (perClass[name] ?? 0); i++) drawn.push(members[i % members.length]!);
  });
  return random.shuffle(Uint32Array.from(drawn));
}

export class Batcher {
  private readonly cutter: PatchCutter;
  private readonly augmenter: Augmenter;

  constructor(
    private readonly task: Task,
    private readonly set: WindowSet,
    spec: NetworkSpec,
  ) {
    this.cutter = new PatchCutter(frontEndOf(task), spec);
    this.augmenter = new Augmenter(task.augmentation, task.input);
  }

  /**
   * Patches [size][positions][length] of windows by index, in order, of which those beyond the indices are zero. With
   * `random` they are varied as the task says.
   */
  patches(windows: ArrayLike<number>, size: number, random: Random | null): Float32Array<ArrayBuffer> {
    const { positions, length } = this.cutter;
    const { augmentation } = this.task;
    const data = new Float32Array(size * positions * length);
    for (let i = 0; i < windows.length; i++) {
      const window = windowAt(this.set, windows[i]!);
      const to = i * positions * length;
      if (!random) this.cutter.cut(window, data, to);
      else
        this.cutter.cut(this.augmenter.vary(window, random), data, to, (features, shape) =>
          mask(features, shape, augmentation, random),
        );
    }
    return data;
  }

  /** [windows][classes]: the class weight at the label, else 0. */
  targets(windows: ArrayLike<number>, weights: readonly number[]): Float32Array<ArrayBuffer> {
    const classes = weights.length;
    const data = new Float32Array(windows.length * classes);
    for (let i = 0; i < windows.length; i++) {
      const label = this.set.labels[windows[i]!]!;
      data[i * classes + label] = weights[label]!;
    }
    return data;
  }
}
