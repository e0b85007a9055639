/** What the float executor and the quantiser have to know of an operator of .tflite files. */
import type { Graph, GraphOperator } from '../import/graph.ts';
import type { FusedActivation, Scaled } from '../operators/lowering.ts';

/** What a kind computes with. Shapes are those of the graph, the last dimension fastest. */
export interface Reading {
  graph: Graph;
  /** The real values of input `index`, computed or constant. */
  values(index: number): Float32Array;
  /** The same of an optional input; null when it is left out. */
  optional(index: number): Float32Array | null;
  /** Input `index` as constant INT32 values. */
  integers(index: number): number[];
  shape(index: number): number[];
  outputShape(index?: number): number[];
}

/** Where an operator with weights has them, and what they are multiplied with. */
export interface WeightInputs {
  /** the dimension of the weights along which output channels lie: the others, in order, are the products of a sum */
  channelDimension: number;
  /** Sets of output channels, equal and one after another, of which each reads the same inputs. */
  sets(reading: Reading): number;
  /** Output positions. */
  positions(reading: Reading): number;
  /**
   * Visits positions that are `wanted`: what the weights of a set of channels are multiplied with there, [products],
   * padding as 0; valid only during the call.
   */
  visit(
    operator: GraphOperator,
    reading: Reading,
    wanted: (position: number) => boolean,
    see: (set: number, patch: Float64Array) => void,
  ): void;
}

/** How the outputs of an operator get scale and zero point, as TensorFlow Lite Micro's kernels ask for them. */
export type ScaleRule =
  /** of their own: whatever range is observed */
  | 'own'
  /** those of the inputs, since values are moved or compared as they are */
  | 'inherited'
  /** these, which the kernel takes for granted */
  | Scaled;

export interface FloatKind {
  scale: ScaleRule;
  /** inputs 1 and 2 are weights and bias */
  weights?: WeightInputs;
  /** whether each output value is of a window of positions, the kernel of the options */
  windowed?: boolean;
  /** whether an activation can be fused into it, here and in .tflite files */
  fuses?: boolean;
  /** Whether scaling a channel of the input scales the same channel of the output, and nothing else. */
  channelwise?: boolean;
  /** Real outputs before a fused activation, one array per output. */
  run(operator: GraphOperator, reading: Reading): Float32Array[];
}

/** The fused activation of any operator. */
export function activationOf({ options }: GraphOperator): FusedActivation {
  return (options as { activation?: FusedActivation } | null)?.activation ?? 'NONE';
}
