/**
 * The forward pass of training once more, written with the array library, whose automatic derivative the kernels of
 * host/train are compared with. Functions consume their first argument, the activation, and borrow everything else.
 *
 * Shapes: B windows in a batch, P positions, C channels, T taps. Activations are [B, P, C].
 */
import type { Parameters } from '../../host/train/arrays.ts';
import { type LayerSpec, weightShape } from '../../host/train/layerSpec.ts';
import { straightThrough, type Tensor } from '../../host/train/layers.ts';
import type { NetworkSpec, NodeSpec } from '../../host/train/network.ts';
import { roundThrough } from '../../host/train/quantizers.ts';
import { NORM_EPSILON } from '../../host/train/stages/normalized.ts';
import { lax, numpy as np } from '../../host/train/start.ts';

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

/** To nearest, ties up: `np.rint` does not vectorise and would cost a fifth of a training step. Consumes x. */
function round(x: Tensor): Tensor {
  return np.floor(x.add(0.5));
}

/** Rounding to 255 steps of [-range, range], for a layer without ReLU; range is learned likewise. Consumes x. */
export function quantizeSigned(x: Tensor, range: Tensor): Tensor {
  const step = lax.stopGradient(range.ref.div(127));
  const clipped = np.minimum(np.maximum(x, range.ref.mul(-1)), range.ref);
  return straightThrough(clipped.ref, round(clipped.div(step.ref)).mul(step));
}

/**
 * ReLU and rounding to 256 steps of [0, range]; range is learned through its clipping (PACT, Choi et al. 2018).
 * Consumes x.
 */
export function quantizeActivation(x: Tensor, range: Tensor): Tensor {
  const step = lax.stopGradient(range.ref.div(255));
  const clipped = np.minimum(np.maximum(x, 0), range.ref);
  return straightThrough(clipped.ref, round(clipped.div(step.ref)).mul(step));
}

export interface Outcome {
  logits: Tensor; // [B, classes]
  /** of each normalised layer, in order: those of this batch, or those that were given */
  moments: Moments[];
}

/** A result on the way: values, and one step of its integers as an array; the input has no step of its own. */
interface Result {
  values: Tensor;
  step: Tensor | null;
}

/** Consumes the input, borrows the real arrays. Without `fixed` the batch's own mean and variance are used. */
export function forward(real: Parameters, input: Tensor, spec: NetworkSpec, fixed: Moments[] | null): Outcome {
  const used: Moments[] = [];
  const readers = readersOf(spec.nodes);
  const results = new Map<number, Result>([[-1, { values: input, step: null }]]);
  /** the values of a node, a reference for all but its last reader */
  const take = (node: number): Result => {
    const result = results.get(node)!;
    const left = readers.get(node)! - 1;
    readers.set(node, left);
    if (left === 0) results.delete(node);
    return left === 0 ? result : { values: result.values.ref, step: result.step?.ref ?? null };
  };

  for (const [index, node] of spec.nodes.entries()) {
    if (node.kind === 'layer') {
      const { layer } = node;
      const weights = real[`${layer.name}.weights`]!.ref;
      const before = take(node.input);
      before.step?.dispose();
      if (!layer.normalized) {
        const flat = before.values.reshape([before.values.shape[0]!, weightShape(layer)[1]]);
        const logits = np.matmul(flat, weights.transpose()).add(real[`${layer.name}.bias`]!.ref);
        return { logits, moments: used };
      }
      let x = linear(before.values, weights, layer, node.input === -1);
      const current = fixed ? fixed[used.length]! : moments(x);
      used.push(current);
      const range = real[`${layer.name}.range`]!.ref;
      x = normalize(x, current, real[`${layer.name}.gamma`]!, real[`${layer.name}.beta`]!);
      results.set(index, quantized(x, range, layer.activation));
    } else if (node.kind === 'add') {
      const [first, second] = node.inputs.map(take) as [Result, Result];
      first.step?.dispose();
      second.step?.dispose();
      const range = real[`${node.name}.range`]!.ref;
      results.set(index, quantized(first.values.add(second.values), range, 'relu'));
    } else if (node.kind === 'concatenation') throw new Error('a network alone borrows nothing');
    else {
      const { values, step } = take(node.input);
      const mean = poolMean(values, shapeOf(spec, node.input), node.kernel);
      // rounded to the steps of its input, as the device's average pool does; ties, which are frequent, go up
      const rounded = step ? roundThrough(mean.div(step.ref).add(1e-4)).mul(step.ref) : mean;
      results.set(index, { values: rounded, step });
    }
  }
  throw new Error('network: the last layer must be a classifier');
}

/** How often each result is read. */
function readersOf(nodes: readonly NodeSpec[]): Map<number, number> {
  const readers = new Map<number, number>();
  for (const node of nodes)
    for (const input of node.kind === 'add' ? node.inputs : [node.input])
      readers.set(input, (readers.get(input) ?? 0) + 1);
  return readers;
}

function shapeOf({ nodes, input }: NetworkSpec, index: number): readonly number[] {
  const node = nodes[index];
  if (!node) return input;
  return node.kind === 'layer' ? node.layer.output : node.output;
}

/** Before normalisation, [B, P, C]. Consumes values, which may be [B, C], and weights. */
function linear(input: Tensor, weights: Tensor, layer: LayerSpec, isInput: boolean): Tensor {
  const values = input.shape.length === 2 ? input.reshape([input.shape[0]!, 1, input.shape[1]!]) : input;
  if (layer.kind === 'depthwise') return depthwise(values, weights, layer);
  if (layer.kind === 'convolution')
    return pointwise(isInput ? values : patchesOf(values, layer, weightShape(layer)[1]), weights);
  if (layer.kind === 'pointwise') return pointwise(values, weights);
  return pointwise(values.reshape([values.shape[0]!, 1, weightShape(layer)[1]]), weights);
}

/** Rounded to the steps of int8, of which one side or both are used. Consumes x and the range. */
function quantized(x: Tensor, range: Tensor, activation: LayerSpec['activation']): Result {
  const step = lax.stopGradient(range.ref.div(activation === 'relu' ? 255 : 127));
  return {
    values: activation === 'relu' ? quantizeActivation(x, range) : quantizeSigned(x, range),
    step,
  };
}
