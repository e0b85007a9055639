/** The float oracle: runs a graph operator by operator, as TensorFlow Lite's reference kernels do in float. */
import { refused } from '../import/error.ts';
import type { Graph, GraphOperator } from '../import/graph.ts';
import { Unsupported } from '../model/unsupported.ts';
import type { FusedActivation } from '../operators/lowering.ts';
import { biasOf, integersOf, realsOf } from './graph.ts';
import { activationOf, type Reading } from './kind.ts';
import { countOf } from './kinds/indices.ts';
import { floatKind } from './registry.ts';

/** Values of tensors by their index; of constants none. */
export type Values = (Float32Array | undefined)[];

const LIMITS: Record<FusedActivation, [number, number] | null> = {
  NONE: [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
  RELU: [0, Number.POSITIVE_INFINITY],
  RELU6: [0, 6],
  RELU_N1_TO_1: [-1, 1],
  TANH: null,
  SIGN_BIT: null,
};

/** A fused activation, in place. */
export function activate(values: Float32Array, activation: FusedActivation): Float32Array {
  const limits = LIMITS[activation];
  if (limits === null) throw new Unsupported(`fused activation ${activation}`);
  const [lowest, highest] = limits;
  if (activation !== 'NONE')
    for (let i = 0; i < values.length; i++) values[i] = Math.min(highest, Math.max(lowest, values[i]));
  return values;
}

/** Runs graphs; constants are read once. */
export class Executor {
  private readonly constants = new Map<number, Float32Array>();
  /** the operator behind which nothing reads a tensor any more */
  private readonly lastReader = new Map<number, GraphOperator>();

  constructor(readonly graph: Graph) {
    for (const operator of graph.operators)
      for (const tensor of [...operator.inputs, ...operator.outputs]) this.lastReader.set(tensor, operator);
    for (const output of graph.outputs) this.lastReader.delete(output);
  }

  /** The outputs of one operator before its activation. Throws ImportError, which names it. */
  before(operator: GraphOperator, values: Values): Float32Array[] {
    return this.named(operator, () => {
      const kind = floatKind(operator.opcode);
      if (kind === null) throw new Unsupported('no such operator in float here');
      const outputs = kind.run(operator, this.reading(operator, values));
      operator.outputs.forEach((tensor, i) => {
        const { shape } = this.graph.tensors[tensor];
        if (outputs[i]?.length !== countOf(shape))
          throw new Unsupported(`makes ${outputs[i]?.length} values of an output [${shape}]`);
      });
      return outputs;
    });
  }

  /** The same behind it. */
  after(operator: GraphOperator, before: Float32Array[]): Float32Array[] {
    const activation = activationOf(operator);
    if (activation === 'NONE') return before;
    return this.named(operator, () => before.map((values) => activate(values.slice(), activation)));
  }

  /** Whether nothing reads a tensor behind `operator`, so that its values can go. */
  isLast(operator: GraphOperator, tensor: number): boolean {
    return this.lastReader.get(tensor) === operator;
  }

  /** Real outputs for real inputs, one array each; `seen` is called with the values that each operator writes. */
  run(
    inputs: readonly Float32Array[],
    seen: (operator: GraphOperator, outputs: Float32Array[]) => void = () => {},
  ): Float32Array[] {
    const { graph } = this;
    const values: Values = [];
    graph.inputs.forEach((tensor, i) => {
      values[tensor] = inputs[i];
    });
    for (const operator of graph.operators) {
      const outputs = this.after(operator, this.before(operator, values));
      operator.outputs.forEach((tensor, i) => {
        values[tensor] = outputs[i];
      });
      seen(operator, outputs);
      for (const tensor of [...operator.inputs, ...operator.outputs])
        if (tensor >= 0 && this.isLast(operator, tensor)) values[tensor] = undefined;
    }
    return graph.outputs.map((tensor) => values[tensor] ?? this.constant(tensor));
  }

  reading({ inputs, outputs }: GraphOperator, values: Values): Reading {
    const { tensors } = this.graph;
    const at = (index: number): number => {
      const tensor = inputs[index] ?? -1;
      if (tensor < 0) throw new Unsupported(`input ${index} is missing`);
      return tensor;
    };
    const read = (tensor: number) => values[tensor] ?? this.constant(tensor);
    return {
      graph: this.graph,
      values: (index) => read(at(index)),
      optional: (index) => ((inputs[index] ?? -1) < 0 ? null : read(inputs[index])),
      integers(index) {
        const tensor = tensors[at(index)];
        if (tensor.data === null || tensor.type !== 'INT32')
          throw new Unsupported(`input ${index} is no constant of INT32`);
        return integersOf(tensor);
      },
      shape: (index) => tensors[at(index)].shape,
      outputShape: (index = 0) => tensors[outputs[index]].shape,
    };
  }

  private constant(tensor: number): Float32Array {
    const { data, type, scales } = this.graph.tensors[tensor];
    if (data === null) throw new Unsupported(`tensor ${tensor} is read before anything writes it`);
    if (type === 'INT32' && scales.length > 0) return Float32Array.from(biasOf(this.graph, tensor));
    if (type !== 'FLOAT32') throw new Unsupported(`tensor ${tensor} is a constant of ${type}, expected FLOAT32`);
    const values = this.constants.get(tensor) ?? realsOf(this.graph.tensors[tensor]);
    this.constants.set(tensor, values);
    return values;
  }

  private named<T>({ index, opcode, outputs }: GraphOperator, work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof Unsupported)) throw error;
      const layer = { index, name: this.graph.tensors[outputs[0]]?.name ?? '' };
      throw refused([{ what: opcode, layer, reason: error.message }]);
    }
  }
}
