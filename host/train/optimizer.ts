/** AdamW (Loshchilov & Hutter 2019) with clipped gradient norm, and the learning rate over time. */

import type { Parameters } from './arrays.ts';
import { Workspace } from './kernels/kernels.ts';
import type { Tensor } from './layers.ts';
import type { RealArrays } from './simulation.ts';
import { numpy as np, tree } from './start.ts';
import type { Arrays } from './state.ts';

// as in kernels/source/adamw.ts
const BETA1 = 0.9;
const BETA2 = 0.999;

/** Added to the squares of the norm. */
const EPSILON = Math.fround(1e-8);

export interface OptimizerConfig {
  weightDecay: number;
  codeRate: number;
  clip: number;
}

/** Where the numbers of one trained array lie in the workspace. */
interface Place {
  shape: number[];
  length: number;
  value: number;
  gradient: number;
  first: number;
  second: number;
}

/**
 * Trained arrays and both moments of their gradients. The numbers move in a workspace of its own; the library gets a
 * copy after each step, whose arrays nothing has to be computed for.
 */
export class Optimizer {
  private readonly workspace = new Workspace();
  private readonly places: ReadonlyMap<string, Place>;
  private held: Parameters;
  private steps = 0;

  /** Consumes the parameters. */
  constructor(
    parameters: Parameters,
    private readonly config: OptimizerConfig,
  ) {
    const { workspace } = this;
    const place = ({ shape, size: length }: Tensor): Place => {
      const [value, gradient, first, second] = Array.from({ length: 4 }, () => workspace.allocate(length));
      return { shape, length, value: value!, gradient: gradient!, first: first!, second: second! };
    };
    this.places = new Map(Object.entries(parameters).map(([name, array]) => [name, place(array)]));
    for (const [name, { value, length }] of this.places)
      workspace.at(value, length).set(parameters[name]!.ref.dataSync() as Float32Array);
    this.held = parameters;
  }

  /** As the last step left them. Lent: whoever computes with them takes references. */
  get parameters(): Parameters {
    return this.held;
  }

  /** One step down the gradients, at this learning rate. */
  move(gradients: RealArrays, rate: number): void {
    const { workspace, places, config } = this;
    for (const [name, { length, gradient }] of places) workspace.at(gradient, length).set(gradients[name]!);
    const shrink = this.shrink;
    const [correction1, correction2] = corrections(++this.steps);
    for (const [name, { length, value, gradient, first, second }] of places) {
      const decay = decays(name) ? config.weightDecay : 0;
      const boost = isCode(name) ? config.codeRate : 1;
      const numbers = [shrink, correction1, correction2, decay, rate, boost] as const;
      workspace.kernels.adamw(value, gradient, first, second, length, ...numbers);
    }
    this.lend();
  }

  /** Both moments, copied. */
  get state(): { first: Arrays; second: Arrays } {
    return { first: this.copied('first'), second: this.copied('second') };
  }

  /** As all was after so many steps. The arrays must include those of the parameters. */
  restore(parameters: Arrays, { first, second }: { first: Arrays; second: Arrays }, steps: number): void {
    const { workspace, places } = this;
    for (const [name, place] of places) {
      workspace.at(place.value, place.length).set(parameters.get(name)!.data as Float32Array);
      workspace.at(place.first, place.length).set(first.get(name)!.data as Float32Array);
      workspace.at(place.second, place.length).set(second.get(name)!.data as Float32Array);
    }
    this.steps = steps;
    this.lend();
  }

  /** Goes on with these values, of which nothing has been learnt yet. */
  restart(parameters: Arrays | null = null): void {
    const { workspace, places } = this;
    for (const [name, { length, value, first, second }] of places) {
      for (const moment of [first, second]) workspace.clear(moment, length);
      if (parameters) workspace.at(value, length).set(parameters.get(name)!.data as Float32Array);
    }
    this.steps = 0;
    this.lend();
  }

  dispose(): void {
    tree.dispose(this.held);
  }

  /** What gradients are scaled by so that their norm is at most `clip`; each step is rounded, as the library did it. */
  private get shrink(): number {
    const { workspace, places, config } = this;
    let sum = 0;
    for (const { gradient, length } of places.values())
      sum = Math.fround(sum + workspace.kernels.squares(gradient, length));
    const norm = Math.fround(Math.sqrt(Math.fround(sum + EPSILON)));
    return Math.min(Math.fround(Math.fround(config.clip) * Math.fround(1 / norm)), 1);
  }

  private copied(what: 'first' | 'second'): Arrays {
    const { workspace } = this;
    return new Map(
      [...this.places].map(([name, place]) => [
        name,
        { shape: place.shape, data: workspace.at(place[what], place.length).slice() },
      ]),
    );
  }

  private lend(): void {
    tree.dispose(this.held);
    const entries = [...this.places].map(
      ([name, { shape, length, value }]) => [name, np.array(this.workspace.at(value, length), { shape })] as const,
    );
    this.held = Object.fromEntries(entries);
  }
}

const isCode = (name: string): boolean => name.endsWith('.codes');

/** Weights only: codes are bounded, and normalisation, biases and ranges must be free to take their value. */
const decays = (name: string): boolean => /\.(weight|basis|w1|w2|left|right)$/.test(name);

/** Factors that undo the start at zero of both moments; step counts from 1. */
const corrections = (step: number): [number, number] => [1 / (1 - BETA1 ** step), 1 / (1 - BETA2 ** step)];

/** Linear warm-up, then half a cosine down to zero. */
export function learningRate(step: number, steps: number, peak: number, warmupSteps: number): number {
  const warmup = Math.min(warmupSteps, Math.floor(steps / 2));
  if (step < warmup) return (peak * (step + 1)) / warmup;
  return (peak * (1 + Math.cos((Math.PI * (step - warmup)) / Math.max(1, steps - warmup)))) / 2;
}
