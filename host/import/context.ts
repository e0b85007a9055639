/**
 * What the rules of host/operators/ are given: the lowering, and what this folder makes of constants, shapes and
 * options.
 */
import type { Shape, Window } from '../model/model.ts';
import type {
  Activation,
  Constant,
  FusedActivation,
  LoweringContext,
  Scaled,
  WindowOptions,
} from '../operators/lowering.ts';
import { tensorOf } from './constants.ts';
import { repeated } from './copies.ts';
import type { GraphOperator } from './graph.ts';
import { Lowering } from './lowering.ts';
import { activationRange, checkFactor } from './quantization.ts';
import { windowOf } from './shape.ts';

export class Context extends Lowering implements LoweringContext {
  computed(operator: GraphOperator, constant: Constant, beside: Activation): Activation {
    return tensorOf(operator, this, constant, beside);
  }

  repeated(operator: GraphOperator, input: Activation, own: Shape, shape: Shape): Activation {
    return repeated(operator, this, input, own, shape);
  }

  fused(activation: FusedActivation, output: Scaled): [min: number, max: number] {
    return activationRange(activation, output);
  }

  window(options: WindowOptions, input: Shape, output: Shape): Window {
    return windowOf(options, options.kernel, input, output);
  }

  checkFactor(factor: number, largestShift: number, what: string): void {
    checkFactor(factor, largestShift, what);
  }
}
