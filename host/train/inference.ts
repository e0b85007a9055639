/** The trained network at work on float arrays: statistics of its activations, and answers for a set of windows. */

import type { WindowSet } from '../data/windows.ts';
import type { Task } from '../task/task.ts';
import type { Parameters } from './arrays.ts';
import { Batcher } from './batches.ts';
import { forward } from './forward.ts';
import type { Moments, Tensor } from './layers.ts';
import type { NetworkSpec } from './network.ts';
import { jit, numpy as np } from './start.ts';

/**
 * Mean and variance per normalised layer, flattened for jit: mean of layer 0, variance of layer 0, mean of layer 1,
 * ...
 */
type MomentList = Tensor[];

const flatten = (moments: readonly Moments[]): MomentList => moments.flatMap(({ mean, variance }) => [mean, variance]);

const unflatten = (list: MomentList): Moments[] =>
  Array.from({ length: list.length / 2 }, (_, i) => ({ mean: list[2 * i]!, variance: list[2 * i + 1]! }));

/** Borrows parameters and moments everywhere. Compiled once, for one batch size. */
export class Inference {
  private readonly observe;
  private readonly answer;

  constructor(
    private readonly task: Task,
    private readonly spec: NetworkSpec,
    private readonly batch: number,
  ) {
    this.observe = jit((parameters: Parameters, patches: Tensor): MomentList => {
      const { logits, moments } = forward(parameters, patches, spec, null);
      logits.dispose();
      return flatten(moments);
    });
    this.answer = jit((parameters: Parameters, patches: Tensor, list: MomentList): Tensor => {
      return forward(parameters, patches, spec, unflatten(list)).logits;
    });
  }

  /**
   * "Precise" batch normalisation (Wu & Johnson 2021): statistics of the final weights over whole batches of training
   * windows, instead of a running average over weights that no longer exist.
   */
  preciseMoments(parameters: Parameters, set: WindowSet): Moments[] {
    const batcher = new Batcher(this.task, set, this.spec);
    const windows = set.labels.length;
    const batches = Math.max(1, Math.floor(windows / this.batch));
    let sums: Float64Array[] = [];
    for (let i = 0; i < batches; i++) {
      const chosen = Array.from({ length: this.batch }, (_, k) => (i * this.batch + k) % windows);
      const list = this.observe(borrow(parameters), batcher.patches(chosen, this.batch, null));
      const values = list.map((array) => Float64Array.from(array.dataSync()));
      // Batches have equal size: E[x^2] of all is the mean of variance + mean^2.
      for (let k = 1; k < values.length; k += 2)
        values[k] = values[k]!.map((variance, c) => variance + values[k - 1]![c]! ** 2);
      sums = i === 0 ? values : sums.map((sum, k) => sum.map((total, c) => total + values[k]![c]!));
    }
    const means = sums.map((sum) => sum.map((total) => total / batches));
    return Array.from({ length: means.length / 2 }, (_, layer) => {
      const mean = means[2 * layer]!;
      const variance = means[2 * layer + 1]!.map((square, c) => Math.max(0, square - mean[c]! ** 2));
      return { mean: np.array(Float32Array.from(mean)), variance: np.array(Float32Array.from(variance)) };
    });
  }

  /** Logits [n][classes] of every window of the set, in order. */
  logits(parameters: Parameters, moments: readonly Moments[], set: WindowSet): Float32Array {
    const batcher = new Batcher(this.task, set, this.spec);
    const { classes } = this.spec;
    const result = new Float32Array(set.labels.length * classes);
    for (let first = 0; first < set.labels.length; first += this.batch) {
      const count = Math.min(this.batch, set.labels.length - first);
      const windows = Array.from({ length: count }, (_, i) => first + i);
      const patches = batcher.patches(windows, this.batch, null);
      const list = flatten(moments).map((array) => array.ref);
      const logits = this.answer(borrow(parameters), patches, list).dataSync() as Float32Array;
      result.set(logits.subarray(0, count * classes), first * classes);
    }
    return result;
  }

  dispose(): void {
    this.observe.dispose();
    this.answer.dispose();
  }
}

/** A reference to every array, for a call that consumes them. */
export function borrow(parameters: Parameters): Parameters {
  return Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, value.ref]));
}
