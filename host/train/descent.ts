/**
 * From what is trained to the real arrays that networks are simulated with, and from the gradients of these back to
 * what is trained, which the optimizer moves.
 */
import type { Parameters } from './arrays.ts';
import type { Tensor } from './layers.ts';
import type { NetworkSpec } from './network.ts';
import { type OptimizerConfig, type OptimizerState, update } from './optimizer.ts';
import { realize } from './real.ts';
import type { RealArrays } from './simulation.ts';
import { grad, jit, numpy as np, tree } from './start.ts';

/** Of networks that are trained together. Compiled once. */
export class Descent {
  private readonly makeReal;
  private readonly moveAlong;
  private shapes: Record<string, number[]> = {};

  constructor(specs: readonly NetworkSpec[], config: OptimizerConfig) {
    this.makeReal = jit((parameters: Parameters): Parameters => {
      const real = realize(parameters, specs);
      tree.dispose(parameters);
      return real;
    });
    this.moveAlong = jit(
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

  /** What networks are simulated with. Borrows the parameters. */
  realize(parameters: Parameters): RealArrays {
    const real = this.makeReal(tree.ref(parameters)) as Parameters;
    this.shapes = Object.fromEntries(Object.entries(real).map(([name, { shape }]) => [name, shape]));
    return read(real);
  }

  /** By the gradients of all that realize() gave last. Consumes parameters and state, and returns the next. */
  move(
    parameters: Parameters,
    state: OptimizerState,
    slopes: RealArrays,
    rate: number,
    correction: Float32Array<ArrayBuffer>,
  ): [Parameters, OptimizerState] {
    const given = Object.entries(slopes).map(([name, data]) => [name, np.array(data, { shape: this.shapes[name]! })]);
    return this.moveAlong(parameters, state, Object.fromEntries(given), np.array(rate), np.array(correction)) as [
      Parameters,
      OptimizerState,
    ];
  }

  dispose(): void {
    this.makeReal.dispose();
    this.moveAlong.dispose();
  }
}

/** Copies arrays out of the library. Consumes them. */
export function read(arrays: Parameters): RealArrays {
  const entries = Object.entries(arrays);
  return Object.fromEntries(entries.map(([name, array]) => [name, array.dataSync() as Float32Array<ArrayBuffer>]));
}
