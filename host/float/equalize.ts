/**
 * Cross-layer equalisation: a channel of a layer is scaled down, and its weights in the next layer up by as much, so
 * that the outputs are the same and the channels between the layers fill one scale better (Nagel et al., ICCV 2019).
 * Weights have a scale per output channel anyway, so what counts are ranges of activations against columns of weights.
 */
import type { Graph, GraphOperator } from '../import/graph.ts';
import { biasOf, Draft, readersOf, realsOf } from './graph.ts';
import { activationOf } from './kind.ts';
import { floatKind } from './registry.ts';

/** A channel is scaled by no more, so that biases stay in range. */
const LEAST = 1 / 64;

/** The graph equalised; null where no two layers follow one another so. `peaks`: largest magnitude per channel. */
export function equalize(graph: Graph, peaks: (tensor: number) => Float64Array): Graph | null {
  const draft = new Draft(graph);
  const current = new Map<GraphOperator, GraphOperator>(graph.operators.map((operator) => [operator, operator]));
  const readers = readersOf(graph);
  let changed = false;
  for (const first of graph.operators) {
    const second = follower(graph, readers, first);
    if (second === null) continue;
    const scales = scalesOf(draft, current.get(second)!, peaks(first.outputs[0]));
    if (scales.every((scale) => scale === 1)) continue;
    changed = true;
    current.set(first, scaledOutputs(draft, current.get(first)!, scales));
    current.set(second, scaledInputs(draft, current.get(second)!, scales));
  }
  if (!changed) return null;
  draft.operators.push(...graph.operators.map((operator) => current.get(operator)!));
  return draft.finish(graph.inputs, graph.outputs);
}

/** The layer that alone reads the channels of this one, straight or through operators that keep channels apart. */
function follower(graph: Graph, readers: ReturnType<typeof readersOf>, first: GraphOperator): GraphOperator | null {
  if (!floatKind(first.opcode)?.weights || !homogeneous(first)) return null;
  const channels = graph.tensors[first.outputs[0]].shape.at(-1)!;
  for (let [tensor] = first.outputs; ; ) {
    const next = readers.get(tensor) ?? [];
    const [reader] = next;
    if (next.length !== 1 || graph.outputs.includes(tensor)) return null;
    const kind = floatKind(reader.opcode);
    if (kind?.weights) {
      const shape = graph.tensors[reader.inputs[1]].shape;
      const isData = reader.inputs[0] === tensor && reader.inputs[1] !== tensor;
      return isData && shape.at(-1) === channels ? reader : null;
    }
    if (!kind?.channelwise || !homogeneous(reader)) return null;
    [tensor] = reader.outputs;
  }
}

/** Whether its activation of a scaled channel is the scaled activation. */
const homogeneous = (operator: GraphOperator): boolean => ['NONE', 'RELU'].includes(activationOf(operator));

/** Divisors of the channels between two layers, the largest of which is 1. */
function scalesOf(draft: Draft, second: GraphOperator, peaks: Float64Array): Float64Array {
  const weights = draft.tensors[second.inputs[1]];
  const channels = peaks.length;
  const columns = new Float64Array(channels);
  realsOf(weights).forEach((value, i) => {
    columns[i % channels] = Math.max(columns[i % channels], Math.abs(value));
  });
  // a depthwise layer has a scale for each of its channels, which are those of its input: it loses nothing
  const free = second.opcode === 'DEPTHWISE_CONV_2D';
  const wanted = peaks.map((peak, c) => {
    if (peak === 0 || columns[c] === 0) return 0;
    return free ? peak : Math.sqrt(peak / columns[c]);
  });
  const largest = wanted.reduce((a, b) => Math.max(a, b), 0);
  return wanted.map((scale) => (scale === 0 ? 1 : Math.max(LEAST, scale / largest)));
}

/** The layer with outputs divided by these. */
function scaledOutputs(draft: Draft, operator: GraphOperator, scales: Float64Array): GraphOperator {
  const [input, weights, bias = -1] = operator.inputs;
  const { name, shape } = draft.tensors[weights];
  const { channelDimension } = floatKind(operator.opcode)!.weights!;
  const step = shape.slice(channelDimension + 1).reduce((a, b) => a * b, 1);
  const values = realsOf(draft.tensors[weights]).map(
    (value, i) => value / scales[Math.floor(i / step) % scales.length],
  );
  const own = bias < 0 ? new Float64Array(scales.length) : biasOf(draft, bias);
  const biases = Float32Array.from(own, (value, c) => value / scales[c]);
  const inputs = [input, draft.reals(name, shape, values), draft.reals(`${name} bias`, [scales.length], biases)];
  return { ...operator, inputs };
}

/** The layer for inputs that are divided by these: the channels of its inputs are the last dimension of its weights. */
function scaledInputs(draft: Draft, operator: GraphOperator, scales: Float64Array): GraphOperator {
  const [input, weights, ...rest] = operator.inputs;
  const { name, shape } = draft.tensors[weights];
  const values = realsOf(draft.tensors[weights]).map((value, i) => value * scales[i % scales.length]);
  return { ...operator, inputs: [input, draft.reals(name, shape, values), ...rest] };
}
