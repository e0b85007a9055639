/**
 * What the float graph can say in fewer operators with the same outputs: a sum, difference or product with one constant
 * per channel goes into the weights before it, as of batch normalisation; an activation into the operator before it.
 */
import type { Graph, GraphOperator } from '../import/graph.ts';
import { biasOf, Draft, readersOf, realsOf } from './graph.ts';
import { activationOf } from './kind.ts';
import { floatKind } from './registry.ts';

const ACTIVATIONS = ['RELU', 'RELU6', 'RELU_N1_TO_1'];

/** The graph with everything fused that can be, in one pass: an operator goes into one before it, as it is by then. */
export function fuse(graph: Graph): Graph {
  const draft = new Draft(graph);
  const { operators } = draft;
  const readers = readersOf(graph);
  const outputs = new Set(graph.outputs);
  /** of the operator that writes a tensor */
  const places = new Map<number, number>();
  const into = (second: GraphOperator): [place: number, made: GraphOperator] | null => {
    for (const [input, tensor] of second.inputs.entries()) {
      const place = places.get(tensor);
      const alone = readers.get(tensor)?.length === 1 && !outputs.has(tensor);
      if (place === undefined || !alone || activationOf(operators[place]) !== 'NONE') continue;
      const made = ACTIVATIONS.includes(second.opcode)
        ? withActivation(operators[place], second)
        : withConstant(draft, operators[place], second, input);
      if (made !== null) return [place, made];
    }
    return null;
  };
  for (const operator of graph.operators) {
    const [place, made] = into(operator) ?? [operators.length, operator];
    operators[place] = made;
    for (const tensor of made.outputs) places.set(tensor, place);
  }
  return draft.finish(graph.inputs, graph.outputs);
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
