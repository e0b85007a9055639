/**
 * From what is trained to the real arrays that networks are simulated with, and from the gradients of these back to
 * what is trained, which the optimizer moves.
 */
import type { Parameters } from './arrays.ts';
import type { Tensor } from './layers.ts';
import type { NetworkSpec } from './network.ts';
import { Optimizer, type OptimizerConfig } from './optimizer.ts';
import { realize } from './real.ts';
import type { RealArrays } from './simulation.ts';
import { grad, jit, numpy as np, tree } from './start.ts';

/** Of networks that are trained together. Compiled once. */
export class Descent {
  readonly optimizer: Optimizer;
  private readonly makeReal;
  private readonly chain;
  private shapes: Record<string, number[]> = {};

  /** Consumes the parameters. */
  constructor(specs: readonly NetworkSpec[], parameters: Parameters, config: OptimizerConfig) {
    this.optimizer = new Optimizer(parameters, config);
    this.makeReal = jit((parameters: Parameters): Parameters => {
      const real = realize(parameters, specs);
      tree.dispose(parameters);
      return real;
    });
    this.chain = jit((parameters: Parameters, slopes: Parameters): Parameters => {
      /** Its gradient is the chain rule: slopes of the real arrays, by the trained ones. */
      const along = (trained: Parameters): Tensor => {
        const real = realize(trained, specs);
        tree.dispose(trained);
        const products = Object.entries(real).map(([name, array]) => array.mul(slopes[name]!).sum());
        return products.reduce((total, product) => total.add(product));
      };
      return grad(along)(parameters) as Parameters;
    });
  }

  /** Lent: whoever computes with them takes references. */
  get parameters(): Parameters {
    return this.optimizer.parameters;
  }

  /** What networks are simulated with. */
  realize(): RealArrays {
    const real = this.makeReal(tree.ref(this.parameters)) as Parameters;
    this.shapes = Object.fromEntries(Object.entries(real).map(([name, { shape }]) => [name, shape]));
    return read(real);
  }

  /** By the gradients of all that realize() gave last, at this learning rate. */
  move(slopes: RealArrays, rate: number): void {
    const given = Object.entries(slopes).map(([name, data]) => [name, np.array(data, { shape: this.shapes[name]! })]);
    const gradients = this.chain(tree.ref(this.parameters), Object.fromEntries(given)) as Parameters;
    this.optimizer.move(read(gradients), rate);
  }

  dispose(): void {
    this.makeReal.dispose();
    this.chain.dispose();
    this.optimizer.dispose();
  }
}

/** Copies arrays out of the library. Consumes them. */
export function read(arrays: Parameters): RealArrays {
  const entries = Object.entries(arrays);
  return Object.fromEntries(entries.map(([name, array]) => [name, array.dataSync() as Float32Array<ArrayBuffer>]));
}
