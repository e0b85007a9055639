/** Which operators the outputs depend on, and what takes the place of inputs and outputs that are not INT8. */
import type { Graph, GraphOperator } from './graph.ts';
import { ASSIGN } from './variables.ts';

/** RESHAPE and its kin: the same bytes in another shape, only input 0 is data. */
export const RESHAPES: readonly string[] = ['RESHAPE', 'SQUEEZE', 'EXPAND_DIMS'];

/**
 * The operators that some output depends on, now or in a later inference, in the order of the file. What only computes the shape of a RESHAPE (Keras
 * writes SHAPE, STRIDED_SLICE and PACK in front of Flatten) is not among them: the file also says the resulting shape.
 */
export function liveOperators(graph: Graph): GraphOperator[] {
  const live = new Set<GraphOperator>();
  const pending = [...graph.outputs];
  for (let tensor = pending.pop(); tensor !== undefined; tensor = pending.pop()) {
    for (const writer of writersOf(graph, tensor)) {
      if (live.has(writer)) continue;
      live.add(writer);
      pending.push(...dataInputs(writer));
    }
  }
  return graph.operators.filter((operator) => live.has(operator));
}

/** The operator that produces a tensor, or all that assign to a variable. */
function writersOf({ operators, producers, variables }: Graph, tensor: number): GraphOperator[] {
  if (variables.some((variable) => variable.tensor === tensor))
    return operators.filter(({ opcode, inputs }) => opcode === ASSIGN && inputs[0] === tensor);
  const producer = producers.get(tensor);
  return producer ? [producer] : [];
}

/** The inputs that an operator computes with, without those left out, and without a shape that its output says too. */
export function dataInputs({ opcode, inputs }: GraphOperator): number[] {
  const data = RESHAPES.includes(opcode) ? inputs.slice(0, 1) : opcode === 'TRANSPOSE_CONV' ? inputs.slice(1) : inputs;
  return data.filter((tensor) => tensor >= 0);
}

/** An input or output of the image. */
export interface Port {
  /** the INT8 tensor that it is in the image */
  tensor: number;
  /**
   * what the .tflite has there: FLOAT32 and UINT8 ends are left to the caller, with this port's scale and zero point
   */
  type: string;
}

export interface Ports {
  inputs: Port[];
  outputs: Port[];
  /** QUANTIZE and DEQUANTIZE at the ends, which nothing needs to run */
  dropped: Set<GraphOperator>;
}

/**
 * Finds the INT8 tensors behind the QUANTIZE of every input and before the DEQUANTIZE (or QUANTIZE to UINT8) of every
 * output.
 */
export function findPorts(graph: Graph, live: GraphOperator[]): Ports {
  const dropped = new Set<GraphOperator>();
  const readers = new Map<number, GraphOperator[]>();
  for (const operator of live)
    for (const tensor of dataInputs(operator)) {
      const known = readers.get(tensor);
      if (known) known.push(operator);
      else readers.set(tensor, [operator]);
    }

  const inputs = graph.inputs.map((tensor): Port => {
    const type = graph.tensors[tensor].type;
    const [reader, another] = readers.get(tensor) ?? [];
    const inner = reader?.outputs[0];
    if (reader?.opcode !== 'QUANTIZE' || another !== undefined || inner === undefined) return { tensor, type };
    if (!isEnd(graph, tensor, inner)) return { tensor, type };
    dropped.add(reader);
    return { tensor: inner, type };
  });
  const outputs = graph.outputs.map((tensor): Port => {
    const type = graph.tensors[tensor].type;
    const producer = graph.producers.get(tensor);
    const inner = producer?.inputs[0];
    const ends = producer?.opcode === 'DEQUANTIZE' || producer?.opcode === 'QUANTIZE';
    if (!ends || inner === undefined || inner < 0 || !isEnd(graph, tensor, inner)) return { tensor, type };
    if (!readers.has(tensor)) dropped.add(producer!);
    return { tensor: inner, type };
  });
  return { inputs, outputs, dropped };
}

/**
 * Whether `inner` is the INT8 form of the port `outer`: of real numbers, or of the same bytes with the top bit turned.
 */
function isEnd({ tensors }: Graph, outer: number, inner: number): boolean {
  const [a, b] = [tensors[outer], tensors[inner]];
  if (b.type !== 'INT8' || a.shape.join() !== b.shape.join()) return false;
  if (a.type === 'FLOAT32') return true;
  return a.type === 'UINT8' && a.scales[0] === b.scales[0] && a.zeroPoints[0] === b.zeroPoints[0] + 128;
}

/**
 * The graph with UINT8 ports as INT8 ones, where a QUANTIZE to another scale stands between them and INT8 tensors: the
 * same numbers with the top bit turned, which is left to the caller as for those of one scale. Indices, which the file has
 * as INT32 or INT64, are INT8 too.
 */
export function withInt8Ports(graph: Graph, live: GraphOperator[]): Graph {
  const isInt8 = (tensor: number | undefined) => graph.tensors[tensor ?? -1]?.type === 'INT8';
  const readers = (tensor: number) => live.filter(({ inputs }) => inputs.includes(tensor));
  const isTurned = (tensor: number): boolean => {
    const producer = graph.producers.get(tensor);
    if (producer !== undefined) return producer.opcode === 'QUANTIZE' && isInt8(producer.inputs[0]);
    return readers(tensor).every(({ opcode, outputs }) => opcode === 'QUANTIZE' && isInt8(outputs[0]));
  };
  const ports = [...graph.inputs, ...graph.outputs].filter((port) => graph.tensors[port].type === 'UINT8');
  const turned = new Set(ports.filter(isTurned));
  const indices = indicesOf(graph, live);
  const tensors = graph.tensors.map((tensor, index) => {
    if (indices.has(index)) return { ...tensor, type: 'INT8', scales: [1], zeroPoints: [0] };
    if (!turned.has(index)) return tensor;
    return { ...tensor, type: 'INT8', zeroPoints: tensor.zeroPoints.map((zeroPoint) => zeroPoint - 128) };
  });
  return { ...graph, tensors };
}

/** What ARG_MAX and ARG_MIN give, in whatever shape. */
function indicesOf({ tensors }: Graph, live: GraphOperator[]): Set<number> {
  const found = new Set<number>();
  for (const { opcode, inputs, outputs } of live) {
    const gives = opcode === 'ARG_MAX' || opcode === 'ARG_MIN' || (RESHAPES.includes(opcode) && found.has(inputs[0]));
    if (!gives) continue;
    for (const output of outputs)
      if (tensors[output].type === 'INT32' || tensors[output].type === 'INT64') found.add(output);
  }
  return found;
}
