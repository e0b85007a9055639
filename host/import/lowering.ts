/**
 * What every operator's lowering works with: tensors asked for by their place in the .tflite, operators and weights
 * emitted.
 */
import { MAX_TENSOR_VALUES } from '../../assembly/limits.ts';
import type { Operator, Shape, StoredSource, Tensor } from '../model/model.ts';
import { Unsupported } from '../model/unsupported.ts';
import type { Activation, Constant, Matrix, Scaled, Variable } from '../operators/lowering.ts';
import { ImportError } from './error.ts';
import type { Graph, GraphOperator, GraphTensor, GraphVariable } from './graph.ts';
import { elements } from './shape.ts';
import { initialValue } from './variables.ts';
import type { Views } from './views.ts';

/** A constant INT8 tensor. */
export interface Weights {
  shape: number[];
  /** one, or one per channel */
  scales: number[];
  /** of all channels; only asked for where it may be another than 0 */
  zeroPoint: number;
  values: Int8Array;
}

/**
 * Weights that one file can make an image with, counted as often as operators use them; far above any microcontroller's
 * flash.
 */
const MAX_WEIGHTS = 2 ** 25;
const MAX_CHANNELS = 2 ** 15;

export class Lowering {
  readonly tensors: Tensor[] = [];
  readonly operators: Operator[] = [];
  /** the .tflite operator that each of `operators` comes from */
  readonly origins: GraphOperator[] = [];
  readonly sources: StoredSource[] = [];
  private readonly placed = new Map<number, number>();
  private readonly written = new Set<number>();
  private readonly zeroWeights = new Map<number, Int8Array>();
  private weightsUsed = 0;
  private weightsMade = 0;
  private channelsUsed = 0;

  constructor(
    readonly graph: Graph,
    private readonly views: Views,
  ) {}

  /** The tensor of a port, in the model. */
  port(tensor: number): number {
    if (this.graph.tensors[tensor].data !== null) throw new Unsupported('it is a constant');
    return this.place(tensor, 'it').tensor;
  }

  /** From here on the tensor may be read. */
  write(tensor: number): void {
    this.written.add(this.views.of(tensor));
  }

  /** Emits what a variable begins with. */
  state(variable: GraphVariable): void {
    const { tensor, zeroPoint } = this.place(variable.tensor, 'it');
    const initial = initialValue(variable, zeroPoint);
    this.emit(variable.handle, { kind: 'state', name: variable.name, input: tensor, output: tensor, initial });
  }

  /** The INT8 tensor that an operator reads. */
  input(operator: GraphOperator, index = 0): Activation {
    const tensor = this.tensorOf(operator.inputs, index, 'input');
    if (tensor.data !== null) throw new Unsupported(`input ${index} is a constant`);
    if (!this.written.has(this.views.of(tensor.index)))
      throw new ImportError(
        `damaged .tflite: operator ${operator.index} ${operator.opcode} reads tensor ${tensor.index}, which nothing before it writes; export the model again`,
      );
    return this.place(tensor.index, `input ${index}`);
  }

  /** An input as what a window slides over: four dimensions in the file. */
  picture(operator: GraphOperator, index = 0): Activation {
    const { shape } = this.tensorOf(operator.inputs, index, 'input');
    if (shape.length !== 4) throw new Unsupported(`input ${index} has the shape [${shape}], expected four dimensions`);
    if (shape[0] !== 1)
      throw new Unsupported(`input ${index} has the shape [${shape}]: a batch of ${shape[0]}, only 1`);
    return this.input(operator, index);
  }

  /** The INT8 tensor that an operator writes. */
  output(operator: GraphOperator, index?: number): Activation {
    if (index === undefined && operator.outputs.length !== 1)
      throw new Unsupported(`${operator.outputs.length} outputs, expected 1`);
    return this.place(operator.outputs[index ?? 0], 'output');
  }

  /** The shape that the file gives a tensor, all dimensions of it. */
  shape(list: number[], index: number): number[] {
    return this.tensorOf(list, index, 'tensor').shape;
  }

  /** Whether an input has its values in the file. */
  isConstant(operator: GraphOperator, index: number): boolean {
    return this.tensorOf(operator.inputs, index, 'input').data !== null;
  }

  /** Input `index` as constant integers, `count` of them. */
  integers(operator: GraphOperator, index: number, count: number): number[] {
    const values = this.allIntegers(operator, index);
    if (values.length !== count) throw new Unsupported(`input ${index} has ${values.length} values, expected ${count}`);
    return values;
  }

  /** Input `index` as constant integers, as many as there are. */
  allIntegers(operator: GraphOperator, index: number): number[] {
    const { type, data } = this.tensorOf(operator.inputs, index, 'input');
    if (data === null) throw new Unsupported(`input ${index} is no constant`);
    if (type !== 'INT32' && type !== 'INT64') throw new Unsupported(`input ${index} is ${type}, expected INT32`);
    const bytes = type === 'INT32' ? 4 : 8;
    if (data.length % bytes !== 0) throw new Unsupported(`input ${index} has ${data.length} bytes of ${type}`);
    const view = new DataView(data.buffer, data.byteOffset, data.length);
    return Array.from({ length: data.length / bytes }, (_, i) =>
      bytes === 4 ? view.getInt32(4 * i, true) : Number(view.getBigInt64(8 * i, true)),
    );
  }

  /** Input `index` as constant dimensions, counted from 0. */
  axes(operator: GraphOperator, index: number, rank: number): Set<number> {
    return new Set(this.allIntegers(operator, index).map((axis) => (axis < 0 ? axis + rank : axis)));
  }

  /** Input `index` as constant INT8 values with one scale. */
  constant(operator: GraphOperator, index: number): Constant {
    const { shape, type, data, scales, zeroPoints, sparse } = this.tensorOf(operator.inputs, index, 'input');
    if (data === null) throw new Unsupported(`input ${index} is no constant`);
    const constant = `the constant input ${index}`;
    if (type !== 'INT8') throw new Unsupported(`${constant} is ${type}, expected INT8`);
    if (sparse) throw new Unsupported(`${constant} is sparse`);
    if (data.length !== elements(shape))
      throw new Unsupported(`${constant} [${shape}] has ${data.length} bytes of data`);
    if (scales.length > 1) throw new Unsupported(`${constant} has ${scales.length} scales, expected 1`);
    const [scale, zeroPoint] = [scales[0] ?? 0, zeroPoints[0] ?? Number.NaN];
    if (!isScale(scale) || !Number.isInteger(zeroPoint) || zeroPoint < -128 || zeroPoint > 127)
      throw new Unsupported(`${constant} has the scale ${scale} and the zero point ${zeroPoint}`);
    return { shape, scale, zeroPoint, values: new Int8Array(data.buffer, data.byteOffset, data.length) };
  }

  /** Weights that are all 0, the same ones for whoever asks for as many. */
  zeros(count: number): Int8Array {
    const values = this.zeroWeights.get(count) ?? new Int8Array(count);
    this.zeroWeights.set(count, values);
    return values;
  }

  /** Room for weights that are made of those in the file, filled with 0; throws before it is more than one file's. */
  spread(shape: readonly number[]): Int8Array {
    const count = elements(shape);
    this.weightsMade += count;
    this.checkWeights(this.weightsMade, 0);
    return new Int8Array(count);
  }

  /** A tensor that the file does not have. */
  temporary(shape: Shape, { scale, zeroPoint }: Scaled): Activation {
    const tensor = this.tensors.push({ name: 'temporary', shape, type: 'i8', scale, zeroPoint }) - 1;
    return { tensor, shape, scale, zeroPoint };
  }

  /**
   * Input `index` as constant INT8 weights, whose channels lie along `channelDimension`; `shiftable`: a zero point that
   * all of them share need not be 0.
   */
  weights(operator: GraphOperator, index: number, rank: number, channelDimension: number, shiftable = false): Weights {
    const tensor = this.tensorOf(operator.inputs, index, 'weights');
    const { shape, type, scales, zeroPoints, quantizedDimension, sparse, data } = tensor;
    if (data === null) throw new Unsupported('weights are no constant');
    if (type !== 'INT8' && type !== 'INT4') throw new Unsupported(`weights are ${type}, expected INT8 or INT4`);
    if (sparse) throw new Unsupported('weights are sparse');
    if (shape.length !== rank || shape.some((size) => size < 1))
      throw new Unsupported(`weights have the shape [${shape}]`);
    if (data.length !== Math.ceil(elements(shape) / (type === 'INT8' ? 1 : 2)))
      throw new Unsupported(`weights [${shape}] have ${data.length} bytes of data`);
    const channels = shape[channelDimension];
    if (scales.length !== 1 && (scales.length !== channels || quantizedDimension !== channelDimension))
      throw new Unsupported(
        `weights have ${scales.length} scales along dimension ${quantizedDimension}, expected 1 or ${channels} along ${channelDimension}`,
      );
    const each = (channel: number, count: number) => (count === 1 ? '' : ` of channel ${channel}`);
    const wrongScale = scales.findIndex((scale) => !isScale(scale));
    if (wrongScale >= 0)
      throw new Unsupported(
        `weights${each(wrongScale, scales.length)} have the scale ${scales[wrongScale]}, expected a positive one`,
      );
    const shifted = zeroPoints.findIndex((zeroPoint) => zeroPoint !== 0);
    const zeroPoint = zeroPoints[0] ?? 0;
    const isShift =
      shiftable && scales.length === 1 && zeroPoints.length === 1 && zeroPoint >= -128 && zeroPoint <= 127;
    if (shifted >= 0 && !isShift)
      throw new Unsupported(
        `weights${each(shifted, zeroPoints.length)} have the zero point ${zeroPoints[shifted]}, expected 0`,
      );
    const values =
      type === 'INT8' ? new Int8Array(data.buffer, data.byteOffset, data.length) : this.nibbles(shape, data);
    return { shape, scales, zeroPoint, values };
  }

  /** INT4, of which a byte has the first in its lower half. */
  private nibbles(shape: readonly number[], data: Uint8Array): Int8Array {
    return this.spread(shape).map((_, i) => (data[i >> 1] << (i % 2 === 0 ? 28 : 24)) >> 28);
  }

  /** Input `index` as a constant matrix with one scale and the zero point 0. */
  matrix(operator: GraphOperator, index: number, types: readonly string[], expected?: readonly number[]): Matrix {
    const tensor = this.tensorOf(operator.inputs, index, 'weights');
    const { shape, type, scales, zeroPoints, sparse, data } = tensor;
    const what = `weights of input ${index}`;
    if (data === null) throw new Unsupported(`${what} are no constant`);
    if (!types.includes(type)) throw new Unsupported(`${what} are ${type}, expected ${types.join(' or ')}`);
    if (sparse) throw new Unsupported(`${what} are sparse`);
    const bytes = elements(shape) * (type === 'INT16' ? 2 : 1);
    if (shape.length !== 2 || shape.some((size) => size < 1) || data.length !== bytes)
      throw new Unsupported(`${what} have the shape [${shape}] and ${data.length} bytes of data`);
    if (expected?.some((size, d) => size !== shape[d]))
      throw new Unsupported(`${what} have the shape [${shape}], expected [${expected}]`);
    if (scales.length !== 1 || !isScale(scales[0]) || zeroPoints.some((zeroPoint) => zeroPoint !== 0))
      throw new Unsupported(`${what} have ${scales.length} scales and the zero point ${zeroPoints}, expected 1 and 0`);
    this.count(elements(shape), 0);
    const copy = data.slice().buffer;
    const values = type === 'INT16' ? new Int16Array(copy) : new Int8Array(copy);
    return { type, scale: scales[0], shape: [shape[0], shape[1]], values };
  }

  /** Input `index` as a variable, which an operator keeps from one inference to the next. */
  variable(operator: GraphOperator, index: number, types: readonly string[]): Variable {
    const { shape, type, scales, zeroPoints, data, isVariable } = this.tensorOf(operator.inputs, index, 'state');
    const what = `the state of input ${index}`;
    if (data !== null || !isVariable) throw new Unsupported(`${what} is no variable tensor`);
    if (!types.includes(type)) throw new Unsupported(`${what} is ${type}, expected ${types.join(' or ')}`);
    const values = elements(shape);
    if (shape.some((size) => size < 1) || values > MAX_TENSOR_VALUES)
      throw new Unsupported(`${what} has the shape [${shape}]`);
    const [scale, zeroPoint] = [scales[0] ?? 0, zeroPoints[0] ?? 0];
    if (scales.length !== 1 || !isScale(scale) || !Number.isInteger(zeroPoint) || zeroPoint < -128 || zeroPoint > 127)
      throw new Unsupported(`${what} has the scale ${scale} and the zero point ${zeroPoint}`);
    return { type, values, scale, zeroPoint };
  }

  /** Optional input `index` as INT32 values, one per channel; zeros when it is left out. */
  bias(operator: GraphOperator, index: number, channels: number): Int32Array {
    if ((operator.inputs[index] ?? -1) < 0) return new Int32Array(channels);
    const { type, data } = this.tensorOf(operator.inputs, index, 'bias');
    if (data === null) throw new Unsupported('bias is no constant');
    if (type !== 'INT32') throw new Unsupported(`bias is ${type}, expected INT32`);
    if (data.length !== 4 * channels)
      throw new Unsupported(`bias has ${data.length} bytes, expected ${4 * channels} for ${channels} channels`);
    const view = new DataView(data.buffer, data.byteOffset, data.length);
    return Int32Array.from({ length: channels }, (_, c) => view.getInt32(4 * c, true));
  }

  /**
   * The source of some weights; the same bytes used again are the same source. Counts `channels` towards the tables.
   */
  source(values: Int8Array, rows: number, rowLength: number, channels: number): number {
    this.count(values.length, channels);
    const known = this.sources.findIndex(
      (source) =>
        source.rows === rows &&
        source.rowLength === rowLength &&
        source.values.buffer === values.buffer &&
        source.values.byteOffset === values.byteOffset,
    );
    if (known >= 0) return known;
    return this.sources.push({ kind: 'stored', encoding: 'int8', rows, rowLength, values }) - 1;
  }

  /** Counts weights and channels that an operator uses; throws once one file makes too many of them. */
  private count(weights: number, channels: number): void {
    this.weightsUsed += weights;
    this.channelsUsed += channels;
    this.checkWeights(this.weightsUsed, this.channelsUsed);
  }

  emit(origin: GraphOperator, operator: Operator): void {
    this.operators.push(operator);
    this.origins.push(origin);
  }

  private checkWeights(weights: number, channels: number): void {
    if (weights > MAX_WEIGHTS || channels > MAX_CHANNELS)
      throw new ImportError(
        `the operators use more than ${MAX_WEIGHTS} weights or ${MAX_CHANNELS} channels in all; this is no model for a microcontroller`,
      );
  }

  private tensorOf(list: number[], index: number, what: string): GraphTensor {
    const tensor = list[index] ?? -1;
    if (tensor < 0) throw new Unsupported(`${what} ${index} is missing`);
    return this.graph.tensors[tensor];
  }

  private place(index: number, what: string): Activation {
    const { name, type, scales, zeroPoints } = this.graph.tensors[index];
    if (type !== 'INT8') throw new Unsupported(`${what} is ${type}, expected INT8`);
    if (scales.length === 0 || zeroPoints.length === 0)
      throw new Unsupported(`${what} "${name}" has no scale and zero point; quantise the model in full`);
    if (scales.length > 1 || zeroPoints.length > 1)
      throw new Unsupported(`${what} "${name}" has ${scales.length} scales, expected 1`);
    const [scale] = scales;
    const [zeroPoint] = zeroPoints;
    if (!isScale(scale)) throw new Unsupported(`${what} "${name}" has the scale ${scale}, expected a positive one`);
    if (!Number.isInteger(zeroPoint) || zeroPoint < -128 || zeroPoint > 127)
      throw new Unsupported(`${what} "${name}" has the zero point ${zeroPoint}, expected one in [-128, 127]`);
    const shape = this.views.shape(index);
    const view = this.views.of(index);
    const tensor = this.placed.get(view) ?? this.tensors.push({ name, shape, type: 'i8', scale, zeroPoint }) - 1;
    this.placed.set(view, tensor);
    return { tensor, shape, scale, zeroPoint };
  }
}

function isScale(scale: number): boolean {
  return scale > 0 && Number.isFinite(scale);
}
