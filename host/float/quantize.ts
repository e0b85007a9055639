/** A float graph whose tensors have scales, as an INT8 graph of the same operators: that of a file quantised in full. */
import type { Graph, GraphOperator } from '../import/graph.ts';
import type { Scaled } from '../operators/lowering.ts';
import { biasOf, bytesOf, Draft, integersOf, realsOf } from './graph.ts';
import { floatKind } from './registry.ts';
import type { Plan } from './scales.ts';

/** Weights and bias of a layer as its kernel takes them. */
export interface Layer {
  values: Int8Array;
  /** one per output channel, or one for all if the file has it so; float32 */
  scales: number[];
  /** per output channel, in units of input scale times weight scale */
  bias: Int32Array;
}

/** INT8 weights in place of the nearest ones. */
export type Rounded = Pick<Layer, 'values' | 'scales'>;

/** What calibration makes of a layer. */
export interface Correction {
  rounded: Rounded | null;
  /** added to the bias, per channel in real units */
  shift: Float64Array;
}

/** By the index of the operator. */
export type Corrections = ReadonlyMap<number, Correction>;

/** A channel whose weights are nearly 0 gets a scale from which its factor and its bias have a multiplier. */
const LEAST_FACTOR = 2 ** -20;
const LARGEST_BIAS = 2 ** 28;

/** Symmetric INT8 weights with a scale per output channel; those that come with scales keep them. */
export function quantizeLayer(plan: Plan, operator: GraphOperator, corrections: Corrections): Layer {
  const { graph, scaled, denseChannels } = plan;
  const { channelDimension } = floatKind(operator.opcode)!.weights!;
  const [input, weights, bias = -1] = operator.inputs;
  const tensor = graph.tensors[weights];
  const reals = realsOf(tensor);
  const channels = tensor.shape[channelDimension];
  const step = tensor.shape.slice(channelDimension + 1).reduce((a, b) => a * b, 1);
  const channelOf = (i: number) => Math.floor(i / step) % channels;
  const inputScale = scaled.get(input)!.scale;
  const own = bias < 0 ? new Float64Array(channels) : biasOf(graph, bias);
  const correction = corrections.get(operator.index);
  const real = own.map((value, c) => value + (correction?.shift[c] ?? 0));
  const given = tensor.scales.length > 0;
  const least = (LEAST_FACTOR * scaled.get(operator.outputs[0])!.scale) / inputScale;
  const each = Array.from(peaksOf(reals, channels, channelOf), (peak, c) =>
    Math.fround(Math.max(peak / 127, least, Math.abs(real[c]) / inputScale / LARGEST_BIAS)),
  );
  const chosen = operator.opcode === 'FULLY_CONNECTED' && !denseChannels ? [Math.max(...each)] : each;
  const scales = correction?.rounded?.scales ?? (given ? tensor.scales : chosen);
  const scaleOf = (c: number) => scales[scales.length === 1 ? 0 : c];
  const lowest = given ? -128 : -127;
  return {
    values:
      correction?.rounded?.values ??
      Int8Array.from(reals, (value, i) => Math.min(127, Math.max(lowest, Math.round(value / scaleOf(channelOf(i)))))),
    scales,
    bias:
      bias >= 0 && graph.tensors[bias].type === 'INT32' && !correction
        ? Int32Array.from(integersOf(graph.tensors[bias]))
        : Int32Array.from(real, (value, c) => saturated(Math.round(value / (inputScale * scaleOf(c))))),
  };
}

const saturated = (value: number): number => Math.min(2 ** 31 - 1, Math.max(-(2 ** 31), value));

function peaksOf(values: Float32Array, channels: number, channelOf: (i: number) => number): Float64Array {
  const peaks = new Float64Array(channels);
  values.forEach((value, i) => {
    peaks[channelOf(i)] = Math.max(peaks[channelOf(i)], Math.abs(value));
  });
  return peaks;
}

/** The INT8 value of a real one. */
export const quantizeValue = (value: number, { scale, zeroPoint }: Scaled): number =>
  Math.min(127, Math.max(-128, Math.round(value / scale) + zeroPoint));

/** The INT8 graph. */
export function quantizedGraph(plan: Plan, corrections: Corrections = new Map()): Graph {
  const { graph, scaled } = plan;
  const draft = new Draft(graph);
  for (const [tensor, of] of scaled) {
    const { data } = draft.tensors[tensor];
    draft.tensors[tensor] = {
      ...draft.tensors[tensor],
      type: 'INT8',
      scales: [of.scale],
      zeroPoints: [of.zeroPoint],
      data: data && bytesOf(Int8Array.from(realsOf(graph.tensors[tensor]), (value) => quantizeValue(value, of))),
    };
  }
  // weights that several layers share stay shared where they come out the same
  const made = new Map<string, number>();
  for (const operator of graph.operators) {
    const kind = floatKind(operator.opcode)!;
    if (!kind.weights) {
      draft.operators.push(operator);
      continue;
    }
    const [input, weights] = operator.inputs;
    const { values, scales, bias } = quantizeLayer(plan, operator, corrections);
    const { name, shape } = graph.tensors[weights];
    const key = `${weights} ${scales} ${corrections.get(operator.index)?.rounded ? operator.index : ''}`;
    const tensor =
      made.get(key) ??
      draft.tensor({
        name,
        shape,
        type: 'INT8',
        data: bytesOf(values),
        scales,
        zeroPoints: scales.map(() => 0),
        quantizedDimension: scales.length === 1 ? 0 : kind.weights.channelDimension,
      });
    made.set(key, tensor);
    const inputs = [input, tensor, draft.integers(`${name} bias`, [bias.length], Array.from(bias))];
    draft.operators.push({ ...operator, inputs });
  }
  return draft.finish(graph.inputs, graph.outputs);
}
