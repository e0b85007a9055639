/**
 * A float graph under construction from ONNX nodes. ONNX has channels first, the graph has them last: a tensor is kept
 * with its channels last from the first convolution on, and is turned back only where a node asks for its dimensions in
 * order.
 */
import { Draft } from '../float/graph.ts';
import { placesOf, stepsOf } from '../float/kinds/indices.ts';
import { Unsupported } from '../model/unsupported.ts';
import type { Constant } from './read.ts';
import type { OnnxNode } from './schema.ts';

/** A computed tensor: its ONNX shape, and where in the graph it is. */
export interface Value {
  tensor: number;
  /** as ONNX has it */
  shape: number[];
  /** whether the graph has it as [1, H, W, C] of ONNX's [1, C, H, W] or [1, C, W] */
  channelsLast: boolean;
  /** a tensor [1, H, W, C] with the same values, which were flattened in the order C, H, W */
  flattened?: { tensor: number; shape: number[] };
  /** between QuantizeLinear and DequantizeLinear */
  isQuantized?: boolean;
}

/** One node while it is converted. */
export interface Node extends OnnxNode {
  index: number;
  opset: number;
}

/** Numbers of all constants, and of all weights: far beyond any flash, and within memory. */
const MOST_NUMBERS = 2 ** 25;

/** What is constant, by its name. Throws Unsupported when it becomes more than memory should hold. */
class Constants extends Map<string, Constant> {
  private readonly known = new Set<Float64Array>();
  private numbers = 0;

  override set(name: string, constant: Constant): this {
    if (!this.known.has(constant.values)) this.count(constant.values.length);
    this.known.add(constant.values);
    return super.set(name, constant);
  }

  /** Counts numbers that are made of constants, such as weights in another order. */
  count(more: number): void {
    this.assertRoom(more);
    this.numbers += more;
  }

  assertRoom(more: number): void {
    if (this.numbers + more > MOST_NUMBERS)
      throw new Unsupported(`the constants of the file become more than ${MOST_NUMBERS} numbers`);
  }
}

export class Builder {
  readonly draft = new Draft();
  readonly values = new Map<string, Value>();
  readonly constants = new Constants();

  /** Input `index` as a computed tensor. */
  value(node: Node, index = 0): Value {
    const name = node.input[index] ?? '';
    const value = this.values.get(name);
    if (value) return value;
    throw new Unsupported(
      this.constants.has(name) ? `input ${index} is a constant` : `input ${index} "${name}" is not there`,
    );
  }

  /** Input `index` as numbers; null for an optional one that is left out. */
  optional(node: Node, index: number): Constant | null {
    const name = node.input[index] ?? '';
    if (name === '') return null;
    const constant = this.constants.get(name);
    if (constant) return constant;
    throw new Unsupported(`input ${index} is no constant`);
  }

  constant(node: Node, index: number): Constant {
    const constant = this.optional(node, index);
    if (constant === null) throw new Unsupported(`input ${index} is missing`);
    return constant;
  }

  isConstant(node: Node, index: number): boolean {
    return this.constants.has(node.input[index] ?? '');
  }

  /** The shape of a value in the graph. */
  arranged({ shape, channelsLast }: Pick<Value, 'shape' | 'channelsLast'>): number[] {
    return channelsLast ? lastShape(shape) : shape;
  }

  /** A new tensor for output 0 of a node. */
  output(node: Node, shape: number[], channelsLast: boolean, more: Partial<Value> = {}): Value {
    const tensor = this.draft.tensor({ name: node.output[0], shape: this.arranged({ shape, channelsLast }) });
    const value = { tensor, shape, channelsLast, ...more };
    this.values.set(node.output[0], value);
    return value;
  }

  emit(node: Node, opcode: string, inputs: number[], output: Value, options: object = {}): void {
    this.draft.operator(node.index, opcode, inputs, [output.tensor], options);
  }

  /** The value with its dimensions in ONNX's order. */
  plain(node: Node, value: Value): Value {
    const { shape, channelsLast } = value;
    if (!channelsLast) return value;
    const own = lastShape(shape);
    const [, height, width, channels] = own;
    const order = shape.length === 3 ? [0, 3, 2] : [0, 3, 1, 2];
    const made = { tensor: this.draft.tensor({ name: node.output[0], shape }), shape, channelsLast: false };
    if (channels === 1 || height * width === 1) this.emit(node, 'RESHAPE', [value.tensor], made);
    else if (shape.length === 4)
      this.emit(node, 'TRANSPOSE', [value.tensor, this.draft.integers('order', [4], order)], made);
    else {
      const rows = { ...made, tensor: this.draft.tensor({ name: node.output[0], shape: [1, width, channels] }) };
      this.emit(node, 'RESHAPE', [value.tensor], rows);
      this.emit(node, 'TRANSPOSE', [rows.tensor, this.draft.integers('order', [3], [0, 2, 1])], made);
    }
    return made;
  }

  /** The value with channels last: of three dimensions the last is the width. */
  last(node: Node, value: Value): Value {
    const { shape, channelsLast, tensor } = value;
    if (channelsLast) return value;
    if (shape.length !== 3 && shape.length !== 4)
      throw new Unsupported(`an input [${shape}]; expected [1, C, H, W] or [1, C, W]`);
    const own = lastShape(shape);
    const made = { tensor: this.draft.tensor({ name: node.output[0], shape: own }), shape, channelsLast: true };
    const order = shape.length === 3 ? [0, 2, 1] : [0, 2, 3, 1];
    const turned = { ...made, tensor: this.draft.tensor({ name: node.output[0], shape: order.map((d) => shape[d]) }) };
    const constant = this.draft.integers('order', [order.length], order);
    this.emit(node, 'TRANSPOSE', [tensor, constant], shape.length === 3 ? turned : made);
    if (shape.length === 3) this.emit(node, 'RESHAPE', [turned.tensor], made);
    return made;
  }

  /** A constant as a tensor of the graph, its dimensions in another order; what is quantised keeps its scales. */
  weights(name: string, constant: Constant, shape: number[], order?: number[]): number {
    this.constants.count(constant.values.length);
    const turned = order ? permuted(constant, order) : constant;
    const values = Float32Array.from(turned.values);
    const odd = values.find((value) => !Number.isFinite(value));
    if (odd !== undefined) throw new Unsupported(`weights "${name}" with a value of ${odd}; train or export it again`);
    const tensor = this.draft.reals(name, shape, values);
    const { quantized } = constant;
    if (quantized) {
      const { scales, axis } = quantized;
      const place = order ? order.indexOf(axis) : axis;
      this.draft.tensors[tensor].scales = scales;
      this.draft.tensors[tensor].zeroPoints = scales.map(() => 0);
      this.draft.tensors[tensor].quantizedDimension =
        scales.length === 1 ? 0 : shape.length - turned.shape.length + place;
    }
    return tensor;
  }
}

/** [1, C, H, W] and [1, C, W] with channels last, as four dimensions. */
export function lastShape(shape: readonly number[]): number[] {
  const [batch, channels, ...spatial] = shape;
  return [batch, ...[1, ...spatial].slice(-2), channels];
}

/** The constant with its dimensions in another order. */
export function permuted(constant: Constant, order: readonly number[]): Constant {
  const { shape, values } = constant;
  const steps = stepsOf(shape);
  const turned = order.map((d) => shape[d]);
  const places = placesOf(
    turned,
    order.map((d) => steps[d]),
  );
  return { ...constant, shape: turned, values: Float64Array.from(places, (place) => values[place]) };
}

/** An attribute by name. */
export const integer = (node: Node, name: string, fallback: number): number => attribute(node, name)?.i ?? fallback;
export const integers = (node: Node, name: string): number[] | null => attribute(node, name)?.ints ?? null;
export const real = (node: Node, name: string, fallback: number): number => attribute(node, name)?.f ?? fallback;
export const text = (node: Node, name: string, fallback: string): string => {
  const found = attribute(node, name);
  return found ? new TextDecoder().decode(found.s) : fallback;
};
export const attribute = ({ attribute }: Node, wanted: string) => attribute.find(({ name }) => name === wanted);
