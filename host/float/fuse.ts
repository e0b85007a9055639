/**
 * What the float graph can say in fewer operators with the same outputs: a sum, difference or product with one constant
 * per channel goes into the weights before it, as of batch normalisation; an activation into the operator before it.
 */
import type { Graph, GraphOperator } from '../import/graph.ts';
import { biasOf, Draft, readersOf, realsOf } from './graph.ts';
import { activationOf } from './kind.ts';
import { floatKind } from './registry.ts';

const ACTIVATIONS = ['RELU', 'RELU6', 'RELU_N1_TO_1'];

/** The graph with everything fused that can be. */
export function fuse(graph: Graph): Graph {
  let fused = graph;
  for (let next = step(fused); next !== null; next = step(fused)) fused = next;
  return fused;
}

/** One operator fewer; null where there is nothing to fuse. */
function step(graph: Graph): Graph | null {
  const readers = readersOf(graph);
  for (const second of graph.operators) {
    for (const [input, tensor] of second.inputs.entries()) {
      const first = graph.producers.get(tensor);
      const alone = readers.get(tensor)?.length === 1 && !graph.outputs.includes(tensor);
      if (!first || !alone || activationOf(first) !== 'NONE') continue;
      const draft = new Draft(graph);
      const made = ACTIVATIONS.includes(second.opcode)
        ? withActivation(first, second)
        : withConstant(draft, first, second, input);
      if (made === null) continue;
      draft.operators.push(
        ...graph.operators.flatMap((operator) => (operator === second ? [] : operator === first ? [made] : [operator])),
      );
      return draft.finish(graph.inputs, graph.outputs);
    }
  }
  return null;
}

function withActivation(first: GraphOperator, second: GraphOperator): GraphOperator | null {
  if (!floatKind(first.opcode)?.fuses) return null;
  return {
    ...first,
    outputs: second.outputs,
    options: { ...first.options, activation: second.opcode },
  } as GraphOperator;
}

/** y = factor x + term, per output channel, of a layer with weights. */
function withConstant(draft: Draft, first: GraphOperator, second: GraphOperator, input: number): GraphOperator | null {
  const weights = floatKind(first.opcode)?.weights;
  const other = draft.tensors[second.inputs[1 - input]];
  if (!weights || !['ADD', 'SUB', 'MUL'].includes(second.opcode) || !other?.data) return null;
  const [from, to] = [draft.tensors[first.outputs[0]], draft.tensors[second.outputs[0]]];
  const { shape } = draft.tensors[first.inputs[1]];
  const channels = shape[weights.channelDimension];
  const constant = realsOf(other);
  const perChannel = constant.length === 1 || (constant.length === channels && other.shape.at(-1) === channels);
  if (!perChannel || String(from.shape) !== String(to.shape)) return null;
  const of = (c: number) => constant[constant.length === 1 ? 0 : c];
  const factor = (c: number) => {
    if (second.opcode === 'MUL') return of(c);
    return second.opcode === 'SUB' && input === 1 ? -1 : 1;
  };
  const term = (c: number) => {
    if (second.opcode === 'MUL') return 0;
    return second.opcode === 'SUB' && input === 0 ? -of(c) : of(c);
  };
  const step = shape.slice(weights.channelDimension + 1).reduce((a, b) => a * b, 1);
  const own = realsOf(draft.tensors[first.inputs[1]]);
  const scaled = own.map((weight, i) => weight * factor(Math.floor(i / step) % channels));
  const bias = (first.inputs[2] ?? -1) < 0 ? new Float64Array(channels) : biasOf(draft, first.inputs[2]);
  const shifted = Float32Array.from(bias, (value, c) => value * factor(c) + term(c));
  const { name } = draft.tensors[first.inputs[1]];
  return {
    ...first,
    inputs: [first.inputs[0], draft.reals(name, shape, scaled), draft.reals(`${name} bias`, [channels], shifted)],
    outputs: second.outputs,
    options: { ...first.options, activation: activationOf(second) },
  } as GraphOperator;
}
