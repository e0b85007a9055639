/**
 * What the device stores, simulated in training: every quantizer returns integer levels (as floats) whose gradient is
 * that of the unrounded value, and the scale that was divided by. real = levels * scale.
 *
 * Negative ties round up here and away from zero on the device: rare, and one level apart.
 */

import type { Encoding } from '../model/model.ts';
import { straightThrough, type Tensor } from './layers.ts';
import { lax, numpy as np } from './start.ts';

export interface Quantized {
  levels: Tensor;
  scale: Tensor;
}

/** A row whose weights are all zero must not divide by zero. */
const TINY = 1e-8;

/** To nearest, ties up: `np.rint` does not vectorise and would cost a fifth of a training step. Consumes x. */
function round(x: Tensor): Tensor {
  return np.floor(x.add(0.5));
}

/** Rounds values that are already in units of the level. Consumes x. */
export function roundThrough(x: Tensor): Tensor {
  return straightThrough(x.ref, round(x));
}

/** [C, K] -> levels [C, K] from -highest to highest and one scale per row [C, 1]. Borrows weights. */
export function quantizeRows(weights: Tensor, highest: number): Quantized {
  return symmetric(weights, highest, 1);
}

/**
 * The same of columns, [T, C] -> levels [T, C] and one scale per column [1, C]: depthwise weights lie tap by tap.
 * Borrows weights.
 */
export function columnwise(quantizeRows: (weights: Tensor) => Quantized): (weights: Tensor) => Quantized {
  return (weights) => {
    const rows = weights.ref.transpose();
    const { levels, scale } = quantizeRows(rows);
    rows.dispose();
    return { levels: levels.transpose(), scale: scale.transpose() };
  };
}

/** One scale for the whole array. Borrows weights. */
export function quantizeAll(weights: Tensor): Quantized {
  return symmetric(weights, 127, null);
}

function symmetric(weights: Tensor, highest: number, axis: number | null): Quantized {
  const peak = np.max(np.abs(weights.ref), axis, { keepdims: axis !== null });
  const scale = lax.stopGradient(np.maximum(peak, TINY).div(highest));
  return { levels: roundThrough(weights.ref.div(scale.ref)), scale };
}

/** Threshold and scale of ternary weight networks (Li & Liu 2016): 0.7 mean |w|, mean |w| above it. Borrows weights. */
export function ternaryRows(weights: Tensor): Quantized {
  const magnitude = lax.stopGradient(np.abs(weights.ref));
  const threshold = magnitude.ref.mean(1, { keepdims: true }).mul(0.7);
  const kept = np.greater(magnitude.ref, threshold).astype(np.float32);
  const scale = np
    .maximum(magnitude.mul(kept.ref).sum(1, { keepdims: true }), TINY)
    .div(np.maximum(kept.ref.sum(1, { keepdims: true }), 1));
  const sign = np.sign(lax.stopGradient(weights.ref));
  return { levels: straightThrough(weights.ref.div(scale.ref), sign.mul(kept)), scale };
}

/**
 * Signs, and mean |w| as the scale (XNOR-Net, Rastegari et al. 2016); gradient stops beyond 1.5 scales, as a weight
 * that is sure of its sign need not grow. The padding of a row, which is 0, stays 0. Borrows weights.
 */
export function binaryRows(weights: Tensor): Quantized {
  const magnitude = lax.stopGradient(np.abs(weights.ref));
  const used = np.greater(magnitude.ref, 0).astype(np.float32);
  const scale = np
    .maximum(magnitude.sum(1, { keepdims: true }), TINY)
    .div(np.maximum(used.sum(1, { keepdims: true }), 1));
  const sign = np.sign(lax.stopGradient(weights.ref));
  return { levels: straightThrough(np.clip(weights.ref.div(scale.ref), -1.5, 1.5), sign), scale };
}

/** Levels -3, -1, 1, 3 with a scale per row, as quantizeInt2 has one for a whole basis. Borrows weights. */
export function quantizeRowsInt2(weights: Tensor): Quantized {
  const scale = lax.stopGradient(np.maximum(np.abs(weights.ref).mean(1, { keepdims: true }), TINY).mul(0.624));
  return { levels: fourLevels(weights, scale), scale };
}

/**
 * Levels -3, -1, 1, 3 for a whole basis: the best uniform four-level step for a normal distribution is 0.9957
 * deviations (Max 1960), and mean |w| = 0.798 deviations. Gradient stops where a latent weight lies a full step beyond
 * the last level.
 */
export function quantizeInt2(weights: Tensor): Quantized {
  const scale = lax.stopGradient(np.abs(weights.ref).mean().mul(0.624));
  return { levels: fourLevels(weights, scale), scale };
}

/** Of rows in each encoding. */
export const ROW_QUANTIZERS: Record<Encoding, (weights: Tensor) => Quantized> = {
  int8: (weights) => quantizeRows(weights, 127),
  int4: (weights) => quantizeRows(weights, 7),
  int2: quantizeRowsInt2,
  ternary: ternaryRows,
};

/** Borrows both. */
function fourLevels(weights: Tensor, scale: Tensor): Tensor {
  const latent = np.clip(weights.ref.div(scale.ref), -5, 5);
  const levels = np
    .clip(np.floor(latent.ref.div(2)), -2, 1)
    .mul(2)
    .add(1);
  return straightThrough(latent, levels);
}
