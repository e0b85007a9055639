/** Which beats an epoch sees, and batches of them as arrays. */

import { numpy as np } from '@jax-js/jax';
import { type BeatSet, WINDOW } from '../data/beats.ts';
import type { Random } from '../system/random.ts';
import { type Augmentation, augment, PatchCutter } from './frontEnd.ts';
import type { Tensor } from './layers.ts';
import type { NetworkSpec } from './network.ts';

export interface Batch {
  patches: Tensor; // [B, P, patchLength]
  /** class weight at the label, else 0 */
  targets: Tensor; // [B, classes]
}

/** Indices of an epoch: per class as many as asked for, repeated only where the class has fewer; shuffled. */
export function drawEpoch(set: BeatSet, perClass: Record<string, number>, random: Random): Uint32Array {
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

/** 1 / sqrt(count) per class, scaled so that the mean over an epoch is 1. */
export function classWeights(classNames: readonly string[], perClass: Record<string, number>): number[] {
  const counts = classNames.map((name) => perClass[name] ?? 0);
  const raw = counts.map((count) => (count > 0 ? 1 / Math.sqrt(count) : 0));
  const total = counts.reduce((sum, count) => sum + count, 0);
  const weighted = counts.reduce((sum, count, c) => sum + count * raw[c]!, 0);
  return raw.map((weight) => (weight * total) / weighted);
}

export class Batcher {
  private readonly cutter: PatchCutter;

  constructor(
    private readonly set: BeatSet,
    spec: NetworkSpec,
  ) {
    this.cutter = new PatchCutter(spec.layers[0]!);
    this.positions = spec.layers[0]!.outputWidth;
  }

  private readonly positions: number;

  /** Patches of the beats, in order; `size` windows, of which those beyond the beats are zero. */
  patches(beats: ArrayLike<number>, size: number, augmentation: Augmentation | null, random: Random | null): Tensor {
    const { windowLength } = this.cutter;
    const data = new Float32Array(size * windowLength);
    for (let i = 0; i < beats.length; i++) {
      const window = this.set.samples.subarray(beats[i]! * WINDOW, (beats[i]! + 1) * WINDOW);
      this.cutter.cut(augmentation && random ? augment(window, augmentation, random) : window, data, i * windowLength);
    }
    return np.array(data, { shape: [size, this.positions, windowLength / this.positions] });
  }

  targets(beats: ArrayLike<number>, weights: readonly number[]): Tensor {
    const classes = weights.length;
    const data = new Float32Array(beats.length * classes);
    for (let i = 0; i < beats.length; i++) {
      const label = this.set.labels[beats[i]!]!;
      data[i * classes + label] = weights[label]!;
    }
    return np.array(data, { shape: [beats.length, classes] });
  }
}
