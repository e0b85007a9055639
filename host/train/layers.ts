/**
 * The few array operations the network is made of, on jax-js arrays.
 *
 * Ownership: jax-js frees an array once it was used, unless `.ref` was taken. Functions here consume their first
 * argument (the activation) and borrow everything else, so a forward pass reads as plain calls.
 *
 * Shapes: B windows in a batch, P positions, C channels, T taps. Activations are [B, P, C].
 */

import type { numpy } from '@jax-js/jax';
import { lax, numpy as np } from './start.ts';

export type Tensor = numpy.Array;

/** Variance that is added before the division, in units of (activation * weight)^2. */
export const NORM_EPSILON = 1e-5;

/** How a kernel goes over its input; shapes are height, width, channels, and P is height * width. */
export interface WindowSpec {
  kernel: readonly [height: number, width: number];
  stride: readonly [height: number, width: number];
  pad: readonly [top: number, left: number];
  input: readonly number[];
  output: readonly number[];
}

/** [B, P, K] x [C, K] -> [B, P, C] */
export function pointwise(x: Tensor, weights: Tensor): Tensor {
  const [batch, positions, depth] = x.shape as [number, number, number];
  const y = np.matmul(x.reshape([batch * positions, depth]), weights.ref.transpose());
  return y.reshape([batch, positions, weights.shape[0]!]);
}

/**
 * [B, P, C] x [T, C] -> [B, P', C]. A sum of shifted slices: measured several times faster than the library's
 * convolution for these shapes.
 */
export function depthwise(x: Tensor, weights: Tensor, window: WindowSpec): Tensor {
  let sum: Tensor | null = null;
  shiftedSlices(x, window).forEach((slice, tap) => {
    const term = slice.mul(weights.ref.slice(tap));
    sum = sum ? sum.add(term) : term;
  });
  return sum!;
}

/**
 * [B, P, C] -> [B, P', length] of taps * C values each, padded with zeros to `length`: what a convolution multiplies.
 */
export function patchesOf(x: Tensor, window: WindowSpec, length: number): Tensor {
  const patches = np.concatenate(shiftedSlices(x, window), 2);
  const missing = length - patches.shape[2]!;
  return missing === 0
    ? patches
    : np.pad(patches, [
        [0, 0],
        [0, 0],
        [0, missing],
      ]);
}

/**
 * For each tap of the kernel, row by row, what it sees: [B, P', C]. A stride splits positions into as many phases,
 * because slices have no step. Consumes x [B, P, C].
 */
function shiftedSlices(x: Tensor, window: WindowSpec): Tensor[] {
  const { input, output } = window;
  return input[0] === 1 && window.kernel[0] === 1 ? slicesOfRow(x, window) : slicesOfPlane(x, window, input, output);
}

function slicesOfRow(
  x: Tensor,
  { kernel: [, kernel], stride: [, stride], pad: [, left], output }: WindowSpec,
): Tensor[] {
  const [batch, positions, channels] = x.shape as [number, number, number];
  const width = output[1]!;
  const span = stride * (width + Math.ceil(kernel / stride));
  const padded = np.pad(x, [
    [0, 0],
    [left, Math.max(0, span - left - positions)],
    [0, 0],
  ]);
  const phases = padded.reshape([batch, span / stride, stride, channels]);
  const slices = Array.from({ length: kernel }, (_, tap) => {
    const first = Math.floor(tap / stride);
    return phases.ref.slice([], [first, first + width], tap % stride);
  });
  phases.dispose();
  return slices;
}

function slicesOfPlane(
  x: Tensor,
  { kernel, stride, pad }: WindowSpec,
  input: readonly number[],
  output: readonly number[],
): Tensor[] {
  const [batch, , channels] = x.shape as [number, number, number];
  const span = [0, 1].map((i) => stride[i]! * (output[i]! + Math.ceil(kernel[i]! / stride[i]!)));
  const padded = np.pad(x.reshape([batch, input[0]!, input[1]!, channels]), [
    [0, 0],
    ...[0, 1].map((i): [number, number] => [pad[i]!, Math.max(0, span[i]! - pad[i]! - input[i]!)]),
    [0, 0],
  ]);
  const [rows, columns] = [span[0]! / stride[0], span[1]! / stride[1]];
  const phases = padded.reshape([batch, rows, stride[0], columns, stride[1], channels]);
  const slices = Array.from({ length: kernel[0] * kernel[1] }, (_, tap) => {
    const at = [Math.floor(tap / kernel[1]), tap % kernel[1]] as const;
    const [row, column] = [Math.floor(at[0] / stride[0]), Math.floor(at[1] / stride[1])];
    return phases.ref
      .slice([], [row, row + output[0]!], at[0] % stride[0], [column, column + output[1]!], at[1] % stride[1])
      .reshape([batch, output[0]! * output[1]!, channels]);
  });
  phases.dispose();
  return slices;
}

/** Means over windows that do not overlap, [B, P, C] -> [B, P', C]; over all positions, [B, C]. Consumes x. */
export function poolMean(x: Tensor, input: readonly number[], kernel: readonly [number, number]): Tensor {
  const [batch, , channels] = x.shape as [number, number, number];
  const [height, width] = input as [number, number];
  if (kernel[0] === height && kernel[1] === width) return x.mean(1);
  const [rows, columns] = [Math.floor(height / kernel[0]), Math.floor(width / kernel[1])];
  return x
    .reshape([batch, height, width, channels])
    .slice([], [0, rows * kernel[0]], [0, columns * kernel[1]])
    .reshape([batch, rows, kernel[0], columns, kernel[1], channels])
    .mean([2, 4])
    .reshape([batch, rows * columns, channels]);
}

/** Mean and variance per channel over batch and positions, each [C]. */
export interface Moments {
  mean: Tensor;
  variance: Tensor;
}

/** Borrows x [B, P, C]. */
export function moments(x: Tensor): Moments {
  const mean = x.ref.mean([0, 1]);
  const variance = np.square(x.ref.sub(mean.ref)).mean([0, 1]);
  return { mean, variance };
}

/** gamma * (x - mean) / sqrt(variance + epsilon) + beta, per channel. */
export function normalize(x: Tensor, { mean, variance }: Moments, gamma: Tensor, beta: Tensor): Tensor {
  const factor = gamma.ref.div(np.sqrt(variance.ref.add(NORM_EPSILON)));
  const offset = beta.ref.sub(mean.ref.mul(factor.ref));
  return x.mul(factor).add(offset);
}

/** Value of `forward`, gradient of `x`: the straight-through estimator. Consumes both. */
export function straightThrough(x: Tensor, forward: Tensor): Tensor {
  return x.ref.add(lax.stopGradient(forward.sub(x)));
}
