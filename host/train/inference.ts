/** The trained network at work on float arrays: statistics of its activations, and answers for a set of windows. */

import type { WindowSet } from '../data/windows.ts';
import type { Task } from '../task/task.ts';
import type { Parameters } from './arrays.ts';
import { Batcher } from './batches.ts';
import { read } from './descent.ts';
import type { NetworkSpec } from './network.ts';
import { realize } from './real.ts';
import { type Moments, Simulation } from './simulation.ts';
import { jit, tree } from './start.ts';

/** Moments of layers over batches of equal size. */
export class MomentSums {
  private sums: { mean: Float64Array; square: Float64Array }[] = [];
  private batches = 0;

  /** Of each layer over a batch: E[x^2] of all batches is the mean of variance + mean^2. */
  add(moments: readonly Moments[]): void {
    if (this.batches++ === 0)
      this.sums = moments.map(({ mean: { length } }) => ({
        mean: new Float64Array(length),
        square: new Float64Array(length),
      }));
    moments.forEach(({ mean, variance }, layer) => {
      const sum = this.sums[layer]!;
      for (let c = 0; c < mean.length; c++) {
        sum.mean[c]! += mean[c]!;
        sum.square[c]! += variance[c]! + mean[c]! ** 2;
      }
    });
  }

  /** Of each layer over all batches. */
  means(): Moments[] {
    const { batches } = this;
    return this.sums.map(({ mean, square }) => {
      const means = mean.map((sum) => sum / batches);
      const variances = square.map((sum, c) => Math.max(0, sum / batches - means[c]! ** 2));
      return { mean: Float32Array.from(means), variance: Float32Array.from(variances) };
    });
  }
}

/** Borrows parameters everywhere. Compiled once, for one batch size. */
export class Inference {
  private readonly simulation: Simulation;
  private readonly realize;

  constructor(
    private readonly task: Task,
    private readonly spec: NetworkSpec,
    private readonly batch: number,
  ) {
    this.simulation = new Simulation(spec, batch);
    this.realize = jit((parameters: Parameters): Parameters => {
      const real = realize(parameters, [spec]);
      tree.dispose(parameters);
      return real;
    });
  }

  /**
   * "Precise" batch normalisation (Wu & Johnson 2021): statistics of the final weights over whole batches of training
   * windows, instead of a running average over weights that no longer exist.
   */
  preciseMoments(parameters: Parameters, set: WindowSet): Moments[] {
    this.load(parameters);
    const batcher = new Batcher(this.task, set, this.spec);
    const windows = set.labels.length;
    const batches = Math.max(1, Math.floor(windows / this.batch));
    const sums = new MomentSums();
    for (let i = 0; i < batches; i++) {
      const chosen = Array.from({ length: this.batch }, (_, k) => (i * this.batch + k) % windows);
      this.simulation.forward(batcher.patches(chosen, this.batch, null), null);
      sums.add(this.simulation.moments);
    }
    return sums.means();
  }

  /** Logits [n][classes] of every window of the set, in order. */
  logits(parameters: Parameters, moments: readonly Moments[], set: WindowSet): Float32Array {
    return this.each(parameters, moments, set, this.spec.classes, (logits) => logits);
  }

  /** What the classifier takes for every window of the set, in order, [n][length]. */
  features(parameters: Parameters, moments: readonly Moments[], set: WindowSet): Float32Array {
    const { length } = this.simulation.features;
    return this.each(parameters, moments, set, length / this.batch, () => this.simulation.features);
  }

  /** `length` values of every window. */
  private each(
    parameters: Parameters,
    moments: readonly Moments[],
    set: WindowSet,
    length: number,
    valuesOf: (logits: Float32Array) => Float32Array,
  ): Float32Array {
    this.load(parameters);
    const batcher = new Batcher(this.task, set, this.spec);
    const result = new Float32Array(set.labels.length * length);
    for (let first = 0; first < set.labels.length; first += this.batch) {
      const count = Math.min(this.batch, set.labels.length - first);
      const windows = Array.from({ length: count }, (_, i) => first + i);
      const logits = this.simulation.forward(batcher.patches(windows, this.batch, null), moments);
      result.set(valuesOf(logits).subarray(0, count * length), first * length);
    }
    return result;
  }

  dispose(): void {
    this.realize.dispose();
  }

  private load(parameters: Parameters): void {
    this.simulation.load(read(this.realize(tree.ref(parameters)) as Parameters));
  }
}
