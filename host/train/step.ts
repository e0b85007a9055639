/** One step of training: networks are simulated forwards and backwards, and what is trained moves down the gradient. */
import type { Parameters } from './arrays.ts';
import type { DistillationConfig } from './config.ts';
import { Descent } from './descent.ts';
import { lossOf, type Targets } from './loss.ts';
import type { NetworkSpec } from './network.ts';
import type { OptimizerConfig, OptimizerState } from './optimizer.ts';
import { type RealArrays, Simulation } from './simulation.ts';

/** What one network learns from in a step: patches as patches.ts cuts them. */
export interface BatchArrays {
  patches: Float32Array;
  targets: Targets;
}

/** Of networks that are trained together: what they share is made once, their losses weigh the same. */
export class TrainingStep {
  private readonly simulations: Simulation[];
  private readonly descent: Descent;

  /** `distillations`: of each network that has a teacher */
  constructor(
    private readonly specs: readonly NetworkSpec[],
    batch: number,
    config: OptimizerConfig,
    private readonly distillations: readonly (DistillationConfig | undefined)[] = [],
  ) {
    this.simulations = specs.map((spec) => new Simulation(spec, batch));
    this.descent = new Descent(specs, config);
  }

  /** Consumes parameters and state, and returns the next and the mean loss of the networks. */
  run(
    parameters: Parameters,
    state: OptimizerState,
    batches: readonly BatchArrays[],
    rate: number,
    correction: Float32Array<ArrayBuffer>,
  ): [Parameters, OptimizerState, loss: number] {
    const arrays = this.descent.realize(parameters);
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
    return [...this.descent.move(parameters, state, slopes, rate, correction), loss];
  }

  dispose(): void {
    this.descent.dispose();
  }
}
