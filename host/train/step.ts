/**
 * One step of training: trained arrays become real ones, the networks are simulated forwards and backwards, and the
 * gradients of the real arrays move the trained ones.
 */
import type { Parameters } from './arrays.ts';
import type { DistillationConfig } from './config.ts';
import type { Tensor } from './layers.ts';
import { lossOf, type Targets } from './loss.ts';
import type { NetworkSpec } from './network.ts';
import { type OptimizerConfig, type OptimizerState, update } from './optimizer.ts';
import { realize } from './real.ts';
import { type RealArrays, Simulation } from './simulation.ts';
import { grad, jit, numpy as np, tree } from './start.ts';

/** What one network learns from in a step: patches as patches.ts cuts them. */
export interface BatchArrays {
  patches: Float32Array;
  targets: Targets;
}

/** Of networks that are trained together: what they share is made once, their losses weigh the same. */
export class TrainingStep {
  private readonly simulations: Simulation[];
  private readonly realize;
  private readonly move;

  /** `distillations`: of each network that has a teacher */
  constructor(
    private readonly specs: readonly NetworkSpec[],
    batch: number,
    config: OptimizerConfig,
    private readonly distillations: readonly (DistillationConfig | undefined)[] = [],
  ) {
    this.simulations = specs.map((spec) => new Simulation(spec, batch));
    this.realize = jit((parameters: Parameters): Parameters => {
      const real = realize(parameters, specs);
      tree.dispose(parameters);
      return real;
    });
    this.move = jit(
      (
        parameters: Parameters,
        state: OptimizerState,
        slopes: Parameters,
        rate: Tensor,
        correction: Tensor,
      ): [Parameters, OptimizerState] => {
        /** Its gradient is the chain rule: slopes of the real arrays, by the trained ones. */
        const along = (trained: Parameters): Tensor => {
          const real = realize(trained, specs);
          tree.dispose(trained);
          const products = Object.entries(real).map(([name, array]) => array.mul(slopes[name]!).sum());
          return products.reduce((total, product) => total.add(product));
        };
        const gradients = grad(along)(tree.ref(parameters)) as Parameters;
        return update(parameters, gradients, state, rate, correction, config);
      },
    );
  }

  /** Consumes parameters and state, and returns the next and the mean loss of the networks. */
  run(
    parameters: Parameters,
    state: OptimizerState,
    batches: readonly BatchArrays[],
    rate: number,
    correction: Float32Array<ArrayBuffer>,
  ): [Parameters, OptimizerState, loss: number] {
    const real = this.realize(tree.ref(parameters)) as Parameters;
    const shapes = Object.fromEntries(Object.entries(real).map(([name, { shape }]) => [name, shape]));
    const arrays = read(real);
    const share = 1 / batches.length;
    let loss = 0;
    const slopes: RealArrays = {};
    batches.forEach(({ patches, targets }, i) => {
      const simulation = this.simulations[i]!;
      simulation.load(arrays);
      const logits = simulation.forward(patches, null);
      const { value, gradient } = lossOf(logits, this.specs[i]!.classes, targets, this.distillations[i]);
      loss += value * share;
      Object.assign(slopes, simulation.backward(gradient.map((slope) => slope * share)));
    });
    const given = Object.entries(slopes).map(([name, data]) => [name, np.array(data, { shape: shapes[name]! })]);
    const [next, state2] = this.move(
      parameters,
      state,
      Object.fromEntries(given),
      np.array(rate),
      np.array(correction),
    ) as [Parameters, OptimizerState];
    return [next, state2, loss];
  }

  dispose(): void {
    this.realize.dispose();
    this.move.dispose();
  }
}

/** Copies arrays out of the library. Consumes them. */
export function read(arrays: Parameters): RealArrays {
  const entries = Object.entries(arrays);
  return Object.fromEntries(entries.map(([name, array]) => [name, array.dataSync() as Float32Array<ArrayBuffer>]));
}
