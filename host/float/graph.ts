/**
 * A network in float32 as a graph of .tflite operators: every activation and every constant operand is FLOAT32,
 * parameters (axes, paddings, sizes) are INT32. Front ends make it, the quantiser turns it into an INT8 graph of the
 * same operators, and that goes the way of every INT8 file.
 */
import { readNumbers } from '../data/formats/numbers.ts';
import { type Graph, type GraphOperator, type GraphTensor, producersOf } from '../import/graph.ts';

/** What a new tensor may say of itself; all else is as in a file that leaves it out. */
export type TensorParts = Pick<GraphTensor, 'name' | 'shape'> & Partial<Omit<GraphTensor, 'index'>>;

/**
 * A graph while it is made or changed. Tensors keep their places, so that operators need no renumbering; one that
 * becomes another is replaced, since graphs share those that stay.
 */
export class Draft {
  readonly tensors: GraphTensor[];
  readonly operators: GraphOperator[] = [];

  /** From nothing, or with the tensors of a graph, which stays as it is. */
  constructor(graph?: Graph) {
    this.tensors = graph ? [...graph.tensors] : [];
  }

  tensor(parts: TensorParts): number {
    const index = this.tensors.length;
    const absent = { signature: [], scales: [], zeroPoints: [], quantizedDimension: 0, data: null, sparse: false };
    this.tensors.push({ type: 'FLOAT32', isVariable: false, ...absent, ...parts, index });
    return index;
  }

  /** A constant of real numbers. */
  reals(name: string, shape: number[], values: Float32Array): number {
    return this.tensor({ name, shape, data: bytesOf(values) });
  }

  /** A constant parameter. */
  integers(name: string, shape: number[], values: readonly number[]): number {
    return this.tensor({ name, shape, type: 'INT32', data: bytesOf(Int32Array.from(values)) });
  }

  operator(index: number, opcode: string, inputs: number[], outputs: number[], options: object = {}): void {
    this.operators.push({ index, opcode, inputs, outputs, options });
  }

  finish(inputs: number[], outputs: number[]): Graph {
    const { tensors, operators } = this;
    const drawn = { tensors, operators, inputs, outputs };
    return { ...drawn, variables: [], producers: producersOf(drawn) };
  }
}

/** The bytes of numbers, little-endian as those of the machine. */
export function bytesOf(values: Float32Array | Int32Array | Int8Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** The values of a FLOAT32 constant. */
export function realsOf({ data }: GraphTensor): Float32Array {
  return readNumbers(data ?? new Uint8Array(), 'f4', true) as Float32Array;
}

/** The values of an INT32 constant. */
export function integersOf({ data }: GraphTensor): number[] {
  return Array.from(readNumbers(data ?? new Uint8Array(), 'i4', true));
}

/** The operators that read each tensor. */
export function readersOf({ operators }: Pick<Graph, 'operators'>): Map<number, GraphOperator[]> {
  const readers = new Map<number, GraphOperator[]>();
  for (const operator of operators)
    for (const tensor of new Set(operator.inputs)) {
      const known = readers.get(tensor);
      if (known) known.push(operator);
      else readers.set(tensor, [operator]);
    }
  return readers;
}

/** A bias in real units; that of a quantised file is INT32 with its scales. */
export function biasOf({ tensors }: Pick<Graph, 'tensors'>, bias: number): Float64Array {
  const tensor = tensors[bias];
  if (tensor.type !== 'INT32') return Float64Array.from(realsOf(tensor));
  const { scales } = tensor;
  return Float64Array.from(integersOf(tensor), (value, c) => value * scales[scales.length === 1 ? 0 : c]);
}
