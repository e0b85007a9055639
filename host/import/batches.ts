/**
 * Windows over a batch of pictures, as they stand between SPACE_TO_BATCH_ND and its counterpart, say: one operator for
 * each picture, between a SPLIT and a CONCATENATION. Everything else takes a batch for more positions (shape.ts).
 */
import { MAX_OPERATORS } from '../../assembly/limits.ts';
import type { Graph, GraphOperator, GraphTensor } from './graph.ts';

/** Operators that slide a window over input 0. */
const OVER_PICTURES: readonly string[] = [
  'CONV_2D',
  'DEPTHWISE_CONV_2D',
  'AVERAGE_POOL_2D',
  'MAX_POOL_2D',
  'RESIZE_BILINEAR',
  'RESIZE_NEAREST_NEIGHBOR',
];

/** The graph, and those of its operators that are lowered, with such an operator for every picture. */
export function eachPicture(graph: Graph, operators: GraphOperator[]): { graph: Graph; operators: GraphOperator[] } {
  const batched = operators.filter((operator) => isBatched(graph, operator));
  if (batched.length === 0) return { graph, operators };
  const tensors = [...graph.tensors];
  const made = new Map(batched.map((operator) => [operator, split(tensors, operator)]));
  const replaced = (list: readonly GraphOperator[]) => list.flatMap((operator) => made.get(operator) ?? [operator]);
  return { graph: { ...graph, tensors, operators: replaced(graph.operators) }, operators: replaced(operators) };
}

function isBatched({ tensors }: Graph, { opcode, inputs, outputs }: GraphOperator): boolean {
  if (!OVER_PICTURES.includes(opcode) || outputs.length !== 1) return false;
  const input = tensors[inputs[0]];
  if (input === undefined || input.data !== null) return false;
  const [from, to] = [input.shape, tensors[outputs[0]].shape];
  return from.length === 4 && to.length === 4 && from[0] === to[0] && from[0] > 1 && from[0] <= MAX_OPERATORS;
}

/** SPLIT, an operator for each picture, CONCATENATION; their tensors are put behind the others. */
function split(tensors: GraphTensor[], operator: GraphOperator): GraphOperator[] {
  const { index, inputs, outputs } = operator;
  const add = (like: GraphTensor, fields: Partial<GraphTensor>) =>
    tensors.push({ ...like, ...fields, index: tensors.length }) - 1;
  const pictures = (tensor: number) => {
    const { shape } = tensors[tensor];
    return Array.from({ length: shape[0] }, () => add(tensors[tensor], { shape: [1, ...shape.slice(1)] }));
  };
  const axis = add(tensors[inputs[0]], { type: 'INT32', shape: [], data: new Uint8Array(4) });
  const [from, to] = [pictures(inputs[0]), pictures(outputs[0])];
  return [
    { index, opcode: 'SPLIT', options: {}, inputs: [axis, inputs[0]], outputs: from },
    ...from.map((picture, i) => ({ ...operator, inputs: [picture, ...inputs.slice(1)], outputs: [to[i]] })),
    { index, opcode: 'CONCATENATION', options: { axis: 0, activation: 'NONE' }, inputs: to, outputs },
  ];
}
