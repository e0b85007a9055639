/**
 * Tensors that share bytes: RESHAPE, SQUEEZE, EXPAND_DIMS and READ_VARIABLE move nothing, so their input and output become one tensor
 * wherever all that reads and writes it can agree on one shape. A fully connected layer flattens its input and agrees
 * with any, and so does an input or output of the model.
 */
import type { Shape } from '../model/model.ts';
import { Unsupported } from '../model/unsupported.ts';
import { sameShape } from '../operators/lowering.ts';
import type { Graph, GraphOperator, GraphTensor } from './graph.ts';
import { dataInputs, RESHAPES } from './live.ts';
import { elements, shapeOf } from './shape.ts';
import { ASSIGN, READ } from './variables.ts';

/** Operators that go by the file's shapes: they need none of more than four dimensions for their tensors. */
const MOVES = ['TRANSPOSE', 'SLICE', 'STRIDED_SLICE', 'SPLIT', 'SPLIT_V', 'PACK', 'UNPACK', 'CONCATENATION'];

export class Views {
  private readonly parents: number[];
  private readonly shapes: (Shape | null)[];
  /** the RESHAPE and its kin that nothing is left of */
  readonly folded = new Set<GraphOperator>();

  constructor(
    private readonly graph: Graph,
    private readonly operators: readonly GraphOperator[],
    /** what is read when all operators have run */
    private readonly outputs: readonly number[],
  ) {
    this.parents = graph.tensors.map((_, tensor) => tensor);
    this.shapes = graph.tensors.map(() => null);
    const reshapes = operators.filter((operator) => RESHAPES.includes(operator.opcode) || this.isUndisturbed(operator));
    for (const operator of operators) if (!reshapes.includes(operator)) this.demand(operator);
    for (const operator of reshapes) if (this.join(operator.inputs[0], operator.outputs[0])) this.folded.add(operator);
  }

  /** One tensor for all that share its bytes. */
  of(tensor: number): number {
    let root = tensor;
    while (this.parents[root] !== root) root = this.parents[root];
    return root;
  }

  /** The shape that readers and writers agreed on; throws Unsupported when the file's shape has no place here. */
  shape(tensor: number): Shape {
    const root = this.of(tensor);
    return this.shapes[root] ?? shapeOf(this.graph.tensors[root]);
  }

  private demand(operator: GraphOperator): void {
    const used = dataInputs(operator).filter((tensor, i) => !(i === 0 && this.flattens(operator, tensor)));
    for (const tensor of [...used, ...operator.outputs]) {
      const { data, shape } = this.graph.tensors[tensor];
      const anyShape = shape.length > 4 && MOVES.includes(operator.opcode);
      if (data === null && !anyShape) this.shapes[tensor] = shapeOrNull(this.graph.tensors[tensor]);
    }
  }

  /** Whether an operator reads a variable, and what it gave is used for the last time before that changes. */
  private isUndisturbed(operator: GraphOperator): boolean {
    if (operator.opcode !== READ) return false;
    const from = this.operators.indexOf(operator);
    const next = this.operators.findIndex(
      ({ opcode, inputs }, i) => i > from && opcode === ASSIGN && inputs[0] === operator.inputs[0],
    );
    return next < 0 || this.lastUse(operator.outputs[0]) <= next;
  }

  /** The place of the last operator that reads the bytes of a tensor, in whatever shape. */
  private lastUse(tensor: number): number {
    if (this.outputs.includes(tensor)) return this.operators.length;
    const uses = this.operators.map((reader, i) => {
      if (!dataInputs(reader).includes(tensor)) return -1;
      return RESHAPES.includes(reader.opcode) ? Math.max(i, this.lastUse(reader.outputs[0])) : i;
    });
    return Math.max(-1, ...uses);
  }

  private flattens({ opcode, inputs }: GraphOperator, tensor: number): boolean {
    const { tensors } = this.graph;
    return opcode === 'FULLY_CONNECTED' && elements(tensors[tensor].shape) === tensors[inputs[1]]?.shape.at(-1);
  }

  /** Makes two tensors one if they hold the same numbers and no two demanded shapes differ. */
  private join(input: number | undefined, output: number | undefined): boolean {
    if (input === undefined || output === undefined || input < 0) return false;
    const [from, to] = [this.graph.tensors[input], this.graph.tensors[output]];
    if (from.data !== null || !sameNumbers(from, to)) return false;
    const [a, b] = [this.of(input), this.of(output)];
    const [first, second] = [this.shapes[a], this.shapes[b]];
    if (first !== null && second !== null && !sameShape(first, second)) return false;
    this.parents[b] = a;
    this.shapes[a] = first ?? second;
    return true;
  }
}

function sameNumbers(a: GraphTensor, b: GraphTensor): boolean {
  return (
    a.type === b.type &&
    elements(a.shape) === elements(b.shape) &&
    a.scales[0] === b.scales[0] &&
    a.zeroPoints[0] === b.zeroPoints[0]
  );
}

/** The error, if any, is reported by the operator that asks for the shape. */
function shapeOrNull(tensor: GraphTensor): Shape | null {
  try {
    return shapeOf(tensor);
  } catch (error) {
    if (error instanceof Unsupported) return null;
    throw error;
  }
}
