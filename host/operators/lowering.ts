/**
 * How an operator of a .tflite file becomes operators of the model: the rule that a kind's file states, and what it is
 * given for it, which host/import/ has.
 */
import type { Operator, Shape, Window } from '../model/model.ts';

export interface Scaled {
  scale: number;
  zeroPoint: number;
}

/** An INT8 tensor of the model under construction. */
export interface Activation extends Scaled {
  /** in the model */
  tensor: number;
  shape: Shape;
}

/** A constant INT8 tensor with one scale. */
export interface Constant extends Scaled {
  /** as the file has it */
  shape: number[];
  values: Int8Array;
}

/** A constant of two dimensions with one scale and the zero point 0. */
export interface Matrix {
  type: string;
  scale: number;
  shape: [rows: number, columns: number];
  values: Int8Array | Int16Array;
}

/** A variable tensor, which an operator keeps from one inference to the next. */
export interface Variable extends Scaled {
  type: string;
  /** how many */
  values: number;
}

/** What a .tflite operator can have fused into it; others are refused when they are asked for. */
export type FusedActivation = 'NONE' | 'RELU' | 'RELU_N1_TO_1' | 'RELU6' | 'TANH' | 'SIGN_BIT';

/** The options of a .tflite operator by the ids of their fields; a field that is left out has its default, 0. */
export interface OptionFields {
  int32(name: string, id: number): number;
  float32(name: string, id: number): number;
  /** false when it is left out */
  flag(name: string, id: number): boolean;
  activation(id: number): FusedActivation;
  padding(id: number): 'SAME' | 'VALID';
}

/** An operator as the file has it. */
export interface FileOperator<Options = unknown> {
  index: number;
  opcode: string;
  /** tensors; -1: an optional input that is left out */
  inputs: number[];
  outputs: number[];
  options: Options;
}

/** The rule for one operator of .tflite files. */
export interface ImportRule<Options = unknown> {
  support: 'yes' | 'limited';
  /** what it becomes, and its limits; for the table of docs/operators.md */
  note: string;
  /** number of the member of BuiltinOptions that carries its options; none: whichever, none is read */
  optionsType?: number;
  options(fields: OptionFields): Options;
  /** Emits operators of the model, or throws Unsupported. */
  lower(operator: FileOperator<Options>, to: LoweringContext): void;
}

/** What a rule works with. All but `emit` throw Unsupported, with the reason, for what the device cannot have. */
export interface LoweringContext {
  /** The INT8 tensor that an operator reads, or writes. */
  input(operator: FileOperator, index?: number): Activation;
  output(operator: FileOperator): Activation;
  /** Input 0 as what a window slides over: four dimensions in the file. */
  picture(operator: FileOperator): Activation;
  /** The shape that the file gives a tensor of a list, all dimensions of it. */
  shape(list: number[], index: number): number[];
  /** Input `index` as so many constant INT32 values. */
  integers(operator: FileOperator, index: number, count: number): number[];
  /** Input `index` as constant dimensions of so many, counted from 0. */
  axes(operator: FileOperator, index: number, rank: number): Set<number>;
  isConstant(operator: FileOperator, index: number): boolean;
  constant(operator: FileOperator, index: number): Constant;
  /** Input `index` as a constant matrix of one of the types and, where that is given, of a shape. */
  matrix(operator: FileOperator, index: number, types: readonly string[], shape?: readonly number[]): Matrix;
  /** Optional input `index` as INT32 values, one per channel; zeros when it is left out. */
  bias(operator: FileOperator, index: number, channels: number): Int32Array;
  /** Input `index` as a variable of one of the types. */
  variable(operator: FileOperator, index: number, types: readonly string[]): Variable;
  /** A tensor that the file does not have. */
  temporary(shape: Shape, scaled: Scaled): Activation;
  /** A constant as a tensor [1, 1, count], which the device computes; `beside` is any tensor that has been written. */
  computed(operator: FileOperator, constant: Constant, beside: Activation): Activation;
  /** A tensor, whose values have the shape `own`, repeated by a copy to `shape`: itself where it has that shape. */
  repeated(operator: FileOperator, input: Activation, own: Shape, shape: Shape): Activation;
  /** A fused activation as the lowest and highest INT8 output. */
  fused(activation: FusedActivation, output: Scaled): [min: number, max: number];
  /** Where a window of the file's padding lies. */
  window(options: WindowOptions, input: Shape, output: Shape): Window;
  /** Throws when a real factor has no multiplier and shift that the device takes. */
  checkFactor(factor: number, largestShift: number, what: string): void;
  emit(operator: FileOperator, made: Operator): void;
}

export interface WindowOptions {
  padding: 'SAME' | 'VALID';
  stride: [height: number, width: number];
  kernel: [height: number, width: number];
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.every((size, i) => size === b[i]);
}
