/** One step of training: networks are simulated forwards and backwards, and what is trained moves down the gradient. */
import type { Parameters } from './arrays.ts';
import type { DistillationConfig } from './config.ts';
import { Descent } from './descent.ts';
import { lossOf, type Targets } from './loss.ts';
import type { NetworkSpec } from './network.ts';
import type { OptimizerConfig } from './optimizer.ts';
import { type RealArrays, Simulation } from './simulation.ts';

/** What one network learns from in a step: patches as patches.ts cuts them. */
export interface BatchArrays {
  patches: Float32Array;
  targets: Targets;
}

/** Of networks that are trained together: what they share is made once, their losses weigh the same. */
export class TrainingStep {
  readonly descent: Descent;
  private readonly simulations: Simulation[];

  /** Consumes the parameters. `distillations`: of each network that has a teacher */
  constructor(
    private readonly specs: readonly NetworkSpec[],
    parameters: Parameters,
    batch: number,
    config: OptimizerConfig,
    private readonly distillations: readonly (DistillationConfig | undefined)[] = [],
  ) {
    this.simulations = specs.map((spec) => new Simulation(spec, batch));
    this.descent = new Descent(specs, parameters, config);
  }

  /** Returns the mean loss of the networks. */
  run(batches: readonly BatchArrays[], rate: number): number {
    const arrays = this.descent.realize();
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
    this.descent.move(slopes, rate);
    return loss;
  }

  dispose(): void {
    this.descent.dispose();
  }
}
