/**
 * The micro-MLP of generators, differentiable, in the device's own integer units: codes -> hidden -> outputs, all INT8.
 *
 * Every rounding that the device does is done here. Scales are the largest magnitude that occurs: all codes are known,
 * so nothing has to be estimated.
 */

import type { Mlp } from '../../sources/mlp.ts';
import type { Random } from '../../system/random.ts';
import { normal, type Parameters } from '../arrays.ts';
import type { Tensor } from '../layers.ts';
import { quantizeAll, roundThrough } from '../quantizers.ts';
import { lax, numpy as np } from '../start.ts';
import { integers, scalar } from './method.ts';

export interface MlpSize {
  codeLength: number;
  hidden: number;
  outputs: number;
}

/** Multiply-accumulates of one code. */
export const mlpMacs = ({ codeLength, hidden, outputs }: MlpSize): number => hidden * (codeLength + outputs);

export function mlpShapes(prefix: string, { codeLength, hidden, outputs }: MlpSize): [string, number[]][] {
  return [
    [`${prefix}.w1`, [hidden, codeLength]],
    [`${prefix}.b1`, [hidden]],
    [`${prefix}.w2`, [outputs, hidden]],
    [`${prefix}.b2`, [outputs]],
  ];
}

export function initialMlp(prefix: string, { codeLength, hidden, outputs }: MlpSize, random: Random): Parameters {
  const w1 = normal([hidden, codeLength], Math.sqrt(2 / codeLength), random);
  const w2 = normal([outputs, hidden], Math.sqrt(2 / hidden), random);
  return {
    [`${prefix}.w1`]: w1,
    [`${prefix}.b1`]: np.zeros([hidden]),
    [`${prefix}.w2`]: w2,
    [`${prefix}.b2`]: np.zeros([outputs]),
  };
}

/** Integer values of everything that is stored or passed on, as floats that carry gradients. */
export interface Evaluated {
  w1: Tensor;
  b1: Tensor;
  scale1: Tensor;
  w2: Tensor;
  b2: Tensor;
  scale2: Tensor;
  outputs: Tensor; // [codes, outputs]
}

/** All codes at once, [codes, codeLength] levels of which `codeSteps` are 1. Borrows the parameters, consumes input. */
export function evaluateMlp(parameters: Parameters, prefix: string, input: Tensor, codeSteps: number): Evaluated {
  const first = quantizeAll(parameters[`${prefix}.w1`]!);
  // Biases in accumulator units: one code step times one weight step.
  const b1 = roundThrough(parameters[`${prefix}.b1`]!.ref.div(first.scale).mul(codeSteps));
  const hiddenSum = np.maximum(np.matmul(input, first.levels.ref.transpose()).add(b1.ref), 0);
  const scale1 = peakScale(hiddenSum);
  const hidden = roundThrough(hiddenSum.mul(scale1.ref));

  const second = quantizeAll(parameters[`${prefix}.w2`]!);
  const b2 = roundThrough(parameters[`${prefix}.b2`]!.ref.div(second.scale).mul(127));
  const outputSum = np.matmul(hidden, second.levels.ref.transpose()).add(b2.ref);
  const scale2 = peakScale(outputSum);
  const outputs = roundThrough(outputSum.mul(scale2.ref));
  return { w1: first.levels, b1, scale1, w2: second.levels, b2, scale2, outputs };
}

/** An MLP of an image on all codes, which changes no more: [codes, outputs]. Consumes input. */
export function applyMlp(mlp: Mlp, input: Tensor): Tensor {
  const { codeLength, hidden, outputs } = mlp;
  const array = (values: Int8Array | Int32Array, shape: number[]): Tensor =>
    np.array(Float32Array.from(values), { shape });
  const first = np.matmul(input, array(mlp.w1, [hidden, codeLength]).transpose()).add(array(mlp.b1, [hidden]));
  const h = roundThrough(np.clip(first.mul(mlp.scale1), 0, 127));
  const second = np.matmul(h, array(mlp.w2, [outputs, hidden]).transpose()).add(array(mlp.b2, [outputs]));
  return roundThrough(np.clip(second.mul(mlp.scale2), -127, 127));
}

/** Factor that maps the largest magnitude to 127. Borrows x. */
function peakScale(x: Tensor): Tensor {
  return lax.stopGradient(np.divide(127, np.maximum(np.max(np.abs(x.ref)), 1)));
}

export function exportMlp(
  { w1, b1, scale1, w2, b2, scale2 }: Omit<Evaluated, 'outputs'>,
  { codeLength, hidden, outputs }: MlpSize,
  codeEncoding: Mlp['codeEncoding'],
): Mlp {
  return {
    codeLength,
    codeEncoding,
    hidden,
    outputs,
    w1: integers(w1),
    b1: Int32Array.from(b1.dataSync(), Math.round),
    scale1: scalar(scale1),
    w2: integers(w2),
    b2: Int32Array.from(b2.dataSync(), Math.round),
    scale2: scalar(scale2),
  };
}
