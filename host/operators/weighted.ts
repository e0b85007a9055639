/** What operators with weights have in common: their arguments, records, bounds and layouts. */
import { FEATURE_PADDED_ROWS } from '../../assembly/features.ts';
import type { ChannelTable } from '../arithmetic/channels.ts';
import { clamp, multiplyByQuantizedMultiplier, quantizeMultiplier } from '../arithmetic/fixed.ts';
import type { Shape, Tensor, Weighted, WeightedOperator, Window } from '../model/model.ts';
import type { WeightLayout } from '../model/weights.ts';
import { readChannels } from '../records/channelTable.ts';
import { type OperatorView, RESIDENCY_NAMES, type SourceView } from '../records/view.ts';
import type { Bounding, Decoding, Execution } from './operator.ts';
import { anything, type Ranges } from './ranges.ts';

/** What the twin of an operator with weights is given. */
export interface WeightedArguments {
  input: Int8Array; // [H, W, K]
  inputShape: Shape;
  inputZeroPoint: number; // also the value of the padding
  weights: Int8Array;
  table: ChannelTable; // [C]
  outputShape: Shape; // [OH, OW, C]
  outputZeroPoint: number;
  activation: [min: number, max: number];
}

export function weightedArguments(operator: WeightedOperator, execution: Execution): WeightedArguments {
  const { input, output, activation } = operator;
  const [from, to] = [execution.tensors[input], execution.tensors[output]];
  return {
    input: execution.values(input),
    inputShape: from.shape,
    inputZeroPoint: from.zeroPoint,
    outputShape: to.shape,
    outputZeroPoint: to.zeroPoint,
    activation,
    ...execution.weights(operator),
  };
}

/** The twin of an operator with a window is given that too. */
export interface WindowedArguments extends WeightedArguments, Window {}

/** input[y][x][k], or the zero point outside: padding is a real 0. */
export function paddedInput(
  { input, inputShape: [height, width, depth], inputZeroPoint }: WindowedArguments,
  y: number,
  x: number,
  k: number,
): number {
  const inside = y >= 0 && y < height && x >= 0 && x < width;
  return inside ? input[(y * width + x) * depth + k] : inputZeroPoint;
}

/** Source, residency and table of a record, with the zero point taken out of the biases again. */
export function decodeWeighted(
  { image, view, tensors, materialized }: Decoding,
  sums: (weights: Int8Array, channels: number) => Int32Array,
): Weighted {
  const channels = tensors[view.output].shape[2];
  const { bias: folded, effectiveScale } = readChannels(image, view, channels);
  const weightSums = sums(materialized[view.source], channels);
  const { zeroPoint } = tensors[view.input];
  return {
    source: view.source,
    residency: RESIDENCY_NAMES[view.residency],
    bias: folded.map((value, c) => value + zeroPoint * weightSums[c]),
    effectiveScale,
    activation: view.activation,
  };
}

export function decodeWindow({ view: { kernel, stride, pad } }: Decoding): Window {
  return { kernel, stride, pad };
}

/** Bounds of the outputs of stored weights; of all others nothing is said. */
export function weightedRanges(
  operator: WeightedOperator,
  { model, program: { tensors }, ranges: all }: Bounding,
  { taps, depth, index, inputChannel, padded }: WeightLayout,
): Ranges {
  const input = all[operator.input];
  const channels = operator.bias.length;
  const ranges = anything(channels);
  const source = model.sources[operator.source];
  if (source.kind !== 'stored') return ranges;
  const { zeroPoint } = tensors[operator.input];
  const output = tensors[operator.output].zeroPoint;
  for (let c = 0; c < channels; c++) {
    let [lowest, highest] = [operator.bias[c], operator.bias[c]];
    for (let k = 0; k < depth; k++) {
      const from = inputChannel(c, k);
      const low = Math.min(input.low[from] - zeroPoint, padded ? 0 : 255);
      const high = Math.max(input.high[from] - zeroPoint, padded ? 0 : -255);
      for (let tap = 0; tap < taps; tap++) {
        const weight = source.values[index(c, tap, k)];
        lowest += weight * (weight > 0 ? low : high);
        highest += weight * (weight > 0 ? high : low);
      }
    }
    const factor = quantizeMultiplier(operator.effectiveScale[c]);
    const reach = Math.max(Math.abs(lowest), Math.abs(highest)) * 2 ** Math.max(0, factor.shift);
    if (reach >= 2 ** 31) continue; // a shift to the left would wrap, and order with it
    const result = (acc: number) => clamp(multiplyByQuantizedMultiplier(acc, factor) + output, ...operator.activation);
    ranges.low[c] = result(lowest);
    ranges.high[c] = result(highest);
  }
  return ranges;
}

/** Rows [C][taps][K]: every output reads all channels of its input. */
export function denseLayout(taps: number, inputChannels: number, padded: boolean): WeightLayout {
  return {
    taps,
    depth: inputChannels,
    index: (c, tap, k) => (c * taps + tap) * inputChannels + k,
    inputChannel: (_, k) => k,
    padded,
  };
}

/** Whether some output of a windowed operator reads padding. */
export function readsPadding(
  { input, output, kernel, stride, pad }: Window & { input: number; output: number },
  tensors: readonly Tensor[],
): boolean {
  const [from, to] = [tensors[input].shape, tensors[output].shape];
  return [0, 1].some((axis) => pad[axis] > 0 || (to[axis] - 1) * stride[axis] + kernel[axis] - pad[axis] > from[axis]);
}

/** The products of rows take four weights at a time: others are padded. */
export function productFeatures(_: OperatorView, { rowLength }: SourceView): number[] {
  return rowLength % 4 === 0 ? [] : [FEATURE_PADDED_ROWS];
}
