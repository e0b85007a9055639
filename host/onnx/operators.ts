/** How each ONNX operator becomes operators of the float graph, or a constant. Whatever cannot be throws Unsupported. */
import { countOf } from '../float/kinds/indices.ts';
import { Unsupported } from '../model/unsupported.ts';
import {
  attribute,
  type Builder,
  integer,
  integers,
  lastShape,
  type Node,
  permuted,
  real,
  text,
  type Value,
} from './builder.ts';
import { type Constant, constantOf } from './read.ts';

export type Convert = (node: Node, to: Builder) => void;

interface Window {
  kernel: number[];
  strides: number[];
  dilations: number[];
  /** before each spatial dimension, then behind each */
  pads: number[];
}

/** Attributes of a window over the spatial dimensions of a value, as two: a single one is the width. */
function windowOf(node: Node, value: Value, kernelShape: number[]): Window {
  const spatial = value.shape.length - 2;
  const two = (list: number[], fill: number) => (spatial === 1 ? [fill, ...list] : list);
  const ones = new Array<number>(spatial).fill(1);
  const kernel = two(integers(node, 'kernel_shape') ?? kernelShape, 1);
  const strides = two(integers(node, 'strides') ?? ones, 1);
  const dilations = two(integers(node, 'dilations') ?? ones, 1);
  const own = integers(node, 'pads') ?? new Array<number>(2 * spatial).fill(0);
  const given = [...two(own.slice(0, spatial), 0), ...two(own.slice(spatial), 0)];
  if ([kernel, strides, dilations].some((list) => list.length !== 2 || list.some((size) => size < 1)))
    throw new Unsupported(`kernel [${kernel}], strides [${strides}], dilations [${dilations}]`);
  if (given.length !== 4 || given.some((size) => size < 0)) throw new Unsupported(`pads [${own}]`);
  const automatic = text(node, 'auto_pad', 'NOTSET');
  if (automatic === 'NOTSET') return { kernel, strides, dilations, pads: given };
  if (automatic === 'VALID') return { kernel, strides, dilations, pads: [0, 0, 0, 0] };
  const [, height, width] = lastShape(value.shape);
  const totals = [height, width].map((size, axis) => {
    const reach = (kernel[axis] - 1) * dilations[axis] + 1;
    return Math.max(0, (Math.ceil(size / strides[axis]) - 1) * strides[axis] + reach - size);
  });
  const half = automatic === 'SAME_UPPER' ? Math.floor : Math.ceil;
  const before = totals.map((total) => half(total / 2));
  return { kernel, strides, dilations, pads: [...before, ...totals.map((total, axis) => total - before[axis])] };
}

/** Height and width behind a window. */
function sizesOf({ kernel, strides, dilations, pads }: Window, shape: readonly number[]): number[] {
  return lastShape(shape)
    .slice(1, 3)
    .map((size, axis) => {
      const reach = (kernel[axis] - 1) * dilations[axis] + 1;
      const result = Math.floor((size + pads[axis] + pads[2 + axis] - reach) / strides[axis]) + 1;
      if (result < 1) throw new Unsupported(`a kernel of ${kernel.join('x')} leaves nothing of [${shape}]`);
      return result;
    });
}

/** SAME where TensorFlow pads just so, VALID where there is nothing to pad, else null. */
function paddingOf({ kernel, strides, dilations, pads }: Window, shape: readonly number[], sizes: readonly number[]) {
  if (pads.every((size) => size === 0)) return 'VALID';
  const same = lastShape(shape)
    .slice(1, 3)
    .every((size, axis) => {
      const reach = (kernel[axis] - 1) * dilations[axis] + 1;
      const total = Math.max(0, (sizes[axis] - 1) * strides[axis] + reach - size);
      const fits = Math.ceil(size / strides[axis]) === sizes[axis];
      return fits && pads[axis] === total >> 1 && pads[2 + axis] === total - (total >> 1);
    });
  return same ? 'SAME' : null;
}

/** [1, C, H, W] of other spatial sizes and channels, with as many dimensions as the input. */
const resized = (shape: readonly number[], channels: number, sizes: readonly number[]): number[] => [
  shape[0],
  channels,
  ...sizes.slice(shape.length === 3 ? 1 : 0),
];

/** Zeros around the spatial dimensions, as an operator of its own. */
function padded(node: Node, to: Builder, value: Value, pads: readonly number[]): Value {
  const [batch, height, width, channels] = lastShape(value.shape);
  const shape = [batch, height + pads[0] + pads[2], width + pads[1] + pads[3], channels];
  const tensor = to.draft.tensor({ name: `${node.output[0]} padded`, shape });
  const amounts = [0, 0, pads[0], pads[2], pads[1], pads[3], 0, 0];
  const made = { ...value, tensor };
  to.emit(node, 'PAD', [value.tensor, to.draft.integers('pads', [4, 2], amounts)], made);
  return made;
}

function convolution(node: Node, to: Builder): void {
  const value = to.last(node, to.value(node));
  const constant = to.constant(node, 1);
  const [channels, depth, ...kernel] = constant.shape;
  checkScales(constant, 0);
  const window = windowOf(node, value, kernel);
  const inputs = value.shape[1];
  const group = integer(node, 'group', 1);
  if (kernel.length !== value.shape.length - 2 || depth * group !== inputs || channels % group !== 0)
    throw new Unsupported(`weights [${constant.shape}] in ${group} groups for an input [${value.shape}]`);
  const sizes = sizesOf(window, value.shape);
  const padding = paddingOf(window, value.shape, sizes);
  const source = padding === null ? padded(node, to, value, window.pads) : value;
  const flat: Constant = kernel.length === 1 ? { ...constant, shape: [channels, depth, 1, kernel[0]] } : constant;
  const isDepthwise = group > 1 && depth === 1;
  const [height, width] = window.kernel;
  const name = node.input[1];
  const weights = isDepthwise
    ? to.weights(name, flat, [1, height, width, channels], [1, 2, 3, 0])
    : to.weights(name, flat, [channels, height, width, depth], [0, 2, 3, 1]);
  const options = {
    padding: padding ?? 'VALID',
    stride: window.strides,
    dilation: window.dilations,
    activation: 'NONE',
    ...(isDepthwise ? { multiplier: channels / inputs } : {}),
  };
  const output = to.output(node, resized(value.shape, channels, sizes), true);
  const opcode = isDepthwise ? 'DEPTHWISE_CONV_2D' : 'CONV_2D';
  to.emit(node, opcode, [source.tensor, weights, biasOf(node, to, 2, channels)], output, options);
}

/** Quantised weights have a scale per output channel, or one. */
function checkScales({ quantized }: Constant, channelDimension: number): void {
  if (quantized && quantized.scales.length > 1 && quantized.axis !== channelDimension)
    throw new Unsupported(`weights with scales along dimension ${quantized.axis}, expected ${channelDimension}`);
}

/** A bias as a tensor of the graph, INT32 with scales where it is quantised; -1 for none. */
function biasOf(node: Node, to: Builder, index: number, channels: number, factor = 1): number {
  const constant = to.optional(node, index);
  if (constant === null) return -1;
  const { values, quantized } = constant;
  if (values.length !== channels && values.length !== 1)
    throw new Unsupported(`a bias [${constant.shape}] for ${channels} channels`);
  const all = Array.from({ length: channels }, (_, c) => values[values.length === 1 ? 0 : c]);
  if (!quantized || factor !== 1)
    return to.draft.reals(
      node.input[index],
      [channels],
      Float32Array.from(all, (value) => factor * value),
    );
  const scaleOf = (c: number) => quantized.scales[quantized.scales.length === 1 ? 0 : c];
  const tensor = to.draft.integers(
    node.input[index],
    [channels],
    all.map((value, c) => Math.round(value / scaleOf(c))),
  );
  to.draft.tensors[tensor].scales = quantized.scales;
  return tensor;
}

/** Weights [depth, channels], or [channels, depth] if transposed, at every position of the last dimension. */
function dense(node: Node, to: Builder, isTransposed: boolean, alpha: number, bias: number): void {
  const input = to.value(node);
  const constant = to.constant(node, 1);
  if (constant.shape.length !== 2) throw new Unsupported(`weights [${constant.shape}], expected two dimensions`);
  const rows = isTransposed ? constant : turned(constant);
  checkScales(rows, 0);
  const [channels, depth] = rows.shape;
  if (input.shape.at(-1) !== depth) throw new Unsupported(`weights [${constant.shape}] for an input [${input.shape}]`);
  const { flattened } = input;
  let [source, own] = [input, rows];
  if (flattened && countOf(flattened.shape) === depth) {
    // the same values in the order H, W, C: the columns of the weights are put into that order instead
    const [, height, width, maps] = flattened.shape;
    source = { ...input, tensor: to.draft.tensor({ name: node.output[0], shape: [1, depth] }) };
    to.emit(node, 'RESHAPE', [flattened.tensor], source);
    const columns = permuted({ shape: [channels, maps, height, width], values: rows.values, type: '' }, [0, 2, 3, 1]);
    own = { ...rows, values: columns.values };
  } else source = to.plain(node, input);
  const scaled = alpha === 1 ? own : { ...own, quantized: undefined, values: own.values.map((value) => alpha * value) };
  const weights = to.weights(node.input[1], scaled, [channels, depth]);
  const output = to.output(node, [...input.shape.slice(0, -1), channels], false);
  to.emit(node, 'FULLY_CONNECTED', [source.tensor, weights, bias], output, { activation: 'NONE', shuffled: false });
}

const turned = (constant: Constant): Constant => ({
  ...permuted(constant, [1, 0]),
  quantized: constant.quantized && { ...constant.quantized, axis: 1 - constant.quantized.axis },
});

function gemm(node: Node, to: Builder): void {
  if (integer(node, 'transA', 0) !== 0) throw new Unsupported('transA 1; only 0');
  const isTransposed = integer(node, 'transB', 0) !== 0;
  const channels = to.constant(node, 1).shape[isTransposed ? 0 : 1];
  const bias = biasOf(node, to, 2, channels, real(node, 'beta', 1));
  dense(node, to, isTransposed, real(node, 'alpha', 1), bias);
}

function pool(opcode: 'AVERAGE_POOL_2D' | 'MAX_POOL_2D'): Convert {
  return (node, to) => {
    const value = to.last(node, to.value(node));
    const window = windowOf(node, value, []);
    if (integer(node, 'ceil_mode', 0) !== 0) throw new Unsupported('ceil_mode 1; only 0');
    if (window.dilations.some((step) => step !== 1)) throw new Unsupported(`dilations [${window.dilations}]`);
    const sizes = sizesOf(window, value.shape);
    const padding = paddingOf(window, value.shape, sizes);
    const counted = padding !== 'VALID' && opcode === 'AVERAGE_POOL_2D' && integer(node, 'count_include_pad', 0) !== 0;
    if (padding === null || counted)
      throw new Unsupported(`pads [${window.pads}]${counted ? ' that are counted' : ''}; only none, or those of SAME`);
    const output = to.output(node, resized(value.shape, value.shape[1], sizes), true);
    const options = { padding, stride: window.strides, kernel: window.kernel, activation: 'NONE' };
    to.emit(node, opcode, [value.tensor], output, options);
  };
}

/** Over height and width, which keep size 1. */
const globalAverage: Convert = (node, to) => {
  const value = to.last(node, to.value(node));
  const output = to.output(node, resized(value.shape, value.shape[1], [1, 1]), true);
  to.emit(node, 'MEAN', [value.tensor, to.draft.integers('axes', [2], [1, 2])], output);
};

/** Over the spatial dimensions; those of ONNX that are named must be all of them. */
const reduceMean: Convert = (node, to) => {
  const input = to.value(node);
  const rank = input.shape.length;
  const axes = axesOf(node, to, rank);
  const keep = integer(node, 'keepdims', 1) !== 0;
  const spatial = Array.from({ length: rank - 2 }, (_, i) => i + 2);
  if (rank < 3 || String(axes.toSorted((a, b) => a - b)) !== String(spatial))
    throw new Unsupported(`over dimensions ${axes} of [${input.shape}]; only over all behind the channels`);
  const value = to.last(node, input);
  const shape = keep ? resized(input.shape, input.shape[1], [1, 1]) : input.shape.slice(0, 2);
  const output = to.output(node, shape, keep);
  to.emit(node, 'MEAN', [value.tensor, to.draft.integers('axes', [2], [1, 2])], output);
};

/** Of two tensors, or a tensor and numbers, of which either is repeated along dimensions of size 1. */
function binary(opcode: string): Convert {
  return (node, to) => {
    if (node.input.length !== 2) throw new Unsupported(`${node.input.length} inputs, expected 2`);
    const constants = [0, 1].map((index) => to.isConstant(node, index));
    const computed = [0, 1].filter((index) => !constants[index]).map((index) => to.value(node, index));
    if (computed.length === 0) throw new Unsupported('both inputs are constants');
    const channelsLast = computed.some((value) => value.channelsLast);
    const rank = Math.max(...[0, 1].map((index) => shapeOf(node, to, index).length));
    if (channelsLast && computed.some((value) => value.shape.length !== rank))
      throw new Unsupported(
        `[${computed.map(({ shape }) => shape).join('] and [')}] with channels in different places`,
      );
    const tensors = [0, 1].map((index) => {
      if (!constants[index]) {
        const value = to.value(node, index);
        return (channelsLast ? to.last(node, value) : value).tensor;
      }
      const constant = to.constant(node, index);
      if (!channelsLast) return to.weights(node.input[index], constant, constant.shape);
      const shape = [...new Array<number>(rank - constant.shape.length).fill(1), ...constant.shape];
      const order = rank === 3 ? [0, 2, 1] : [0, 2, 3, 1];
      return to.weights(node.input[index], { ...constant, shape }, lastShape(shape), order);
    });
    const output = to.output(node, broadcast(shapeOf(node, to, 0), shapeOf(node, to, 1)), channelsLast);
    to.emit(node, opcode, tensors, output, { activation: 'NONE' });
  };
}

const shapeOf = (node: Node, to: Builder, index: number): number[] =>
  to.isConstant(node, index) ? to.constant(node, index).shape : to.value(node, index).shape;

function broadcast(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  const [first, second] = [a, b].map((shape) => [...new Array<number>(rank - shape.length).fill(1), ...shape]);
  return first.map((size, d) => {
    if (size !== second[d] && size !== 1 && second[d] !== 1) throw new Unsupported(`shapes [${a}] and [${b}]`);
    return Math.max(size, second[d]);
  });
}

/** By numbers: a product with their reciprocals. */
const division: Convert = (node, to) => {
  const divisor = to.constant(node, 1);
  const name = `${node.input[1]} reciprocal`;
  to.constants.set(name, { ...divisor, quantized: undefined, values: divisor.values.map((value) => 1 / value) });
  binary('MUL')({ ...node, input: [node.input[0], name] }, to);
};

/** A function of one value. */
function unary(opcode: string, optionsOf: (node: Node) => object = () => ({})): Convert {
  return (node, to) => {
    const value = to.value(node);
    const { shape, channelsLast } = value;
    to.emit(node, opcode, [value.tensor], to.output(node, shape, channelsLast), optionsOf(node));
  };
}

const CLIPS: Record<string, string> = { '0,6': 'RELU6', '0,Infinity': 'RELU', '-1,1': 'RELU_N1_TO_1' };

const clip: Convert = (node, to) => {
  const limit = (name: string, index: number, fallback: number) =>
    attribute(node, name)?.f ?? to.optional(node, index)?.values[0] ?? fallback;
  const lowest = limit('min', 1, Number.NEGATIVE_INFINITY);
  const highest = limit('max', 2, Number.POSITIVE_INFINITY);
  const opcode = CLIPS[`${lowest},${highest > 3e38 ? Number.POSITIVE_INFINITY : highest}`];
  if (opcode === undefined) throw new Unsupported(`from ${lowest} to ${highest}; only 0 or more, 0 to 6, -1 to 1`);
  unary(opcode)(node, to);
};

/** Over the channels, wherever they are. */
const softmax: Convert = (node, to) => {
  const value = to.value(node);
  const { shape, channelsLast } = value;
  const rank = shape.length;
  const axis = integer(node, 'axis', node.opset < 13 ? 1 : -1);
  const place = axis < 0 ? axis + rank : axis;
  const last = channelsLast ? 1 : rank - 1;
  if (place !== last && countOf(shape.slice(Math.min(place, last))) !== shape[last])
    throw new Unsupported(`over dimension ${axis} of [${shape}]; only over the channels`);
  to.emit(node, 'SOFTMAX', [value.tensor], to.output(node, shape, channelsLast), { beta: 1 });
};

/** The same values in another shape. */
function reshaped(node: Node, to: Builder, shape: number[]): void {
  const input = to.value(node);
  if (countOf(shape) !== countOf(input.shape)) throw new Unsupported(`[${input.shape}] to [${shape}]`);
  const value = to.plain(node, input);
  const own = lastShape(input.shape);
  const flattened =
    input.channelsLast && shape.length === 2 && shape[0] === 1 ? { tensor: input.tensor, shape: own } : undefined;
  to.emit(node, 'RESHAPE', [value.tensor], to.output(node, shape, false, { flattened }));
}

const reshape: Convert = (node, to) => {
  const { shape } = to.value(node);
  const wanted = Array.from(to.constant(node, 1).values);
  const zeros = integer(node, 'allowzero', 0) === 0;
  const known = wanted.map((size, d) => (size === 0 && zeros ? shape[d] : size));
  const others = countOf(known.filter((size) => size !== -1));
  reshaped(
    node,
    to,
    known.map((size) => (size === -1 ? countOf(shape) / others : size)),
  );
};

const flatten: Convert = (node, to) => {
  const { shape } = to.value(node);
  const axis = integer(node, 'axis', 1);
  const place = axis < 0 ? axis + shape.length : axis;
  reshaped(node, to, [countOf(shape.slice(0, place)), countOf(shape.slice(place))]);
};

/** Dimensions of an operator that came as attribute once and come as input since opset 13. */
function axesOf(node: Node, to: Builder, rank: number): number[] {
  const axes = integers(node, 'axes') ?? Array.from(to.optional(node, 1)?.values ?? []);
  return axes.map((axis) => (axis < 0 ? axis + rank : axis));
}

const squeeze: Convert = (node, to) => {
  const { shape } = to.value(node);
  const axes = axesOf(node, to, shape.length);
  const gone = (size: number, d: number) => (axes.length > 0 ? axes.includes(d) : size === 1);
  reshaped(
    node,
    to,
    shape.filter((size, d) => !gone(size, d)),
  );
};

const unsqueeze: Convert = (node, to) => {
  if (to.isConstant(node, 0)) return unsqueezedConstant(node, to);
  const { shape } = to.value(node);
  const wanted = [...shape];
  for (const axis of axesOf(node, to, shape.length + 1).toSorted((a, b) => a - b)) wanted.splice(axis, 0, 1);
  reshaped(node, to, wanted);
};

function unsqueezedConstant(node: Node, to: Builder): void {
  const constant = to.constant(node, 0);
  const shape = [...constant.shape];
  for (const axis of axesOf(node, to, shape.length + 1).toSorted((a, b) => a - b)) shape.splice(axis, 0, 1);
  to.constants.set(node.output[0], { ...constant, shape });
}

const transpose: Convert = (node, to) => {
  const value = to.value(node);
  const { shape, channelsLast, tensor } = value;
  const order = integers(node, 'perm') ?? shape.map((_, d) => shape.length - 1 - d);
  const turnedShape = order.map((d) => shape[d]);
  // between NCHW and NHWC nothing moves: the graph has the one as the other
  if (channelsLast && String(order) === '0,2,3,1') {
    to.values.set(node.output[0], { tensor, shape: turnedShape, channelsLast: false });
    return;
  }
  if (!channelsLast && String(order) === '0,3,1,2') {
    to.values.set(node.output[0], { tensor, shape: turnedShape, channelsLast: true });
    return;
  }
  const source = to.plain(node, value);
  const parameter = to.draft.integers('order', [order.length], order);
  to.emit(node, 'TRANSPOSE', [source.tensor, parameter], to.output(node, turnedShape, false));
};

/** The dimension of the graph that a dimension of ONNX is. */
function placeOf(axis: number, { shape, channelsLast }: Value): number {
  const d = axis < 0 ? axis + shape.length : axis;
  if (!(d >= 0 && d < shape.length)) throw new Unsupported(`dimension ${axis} of [${shape}]`);
  if (!channelsLast) return d;
  return shape.length === 3 ? [0, 3, 2][d] : [0, 3, 1, 2][d];
}

const concat: Convert = (node, to) => {
  if (node.input.every((_, i) => to.isConstant(node, i))) return joinedConstants(node, to);
  const own = node.input.map((_, i) => to.value(node, i));
  const channelsLast = own.some((value) => value.channelsLast);
  const all = own.map((value) => (channelsLast ? to.last(node, value) : value));
  const axis = integer(node, 'axis', 0);
  const [first] = all;
  const along = axis < 0 ? axis + first.shape.length : axis;
  const shape = first.shape.map((size, d) =>
    d === along ? all.reduce((sum, value) => sum + value.shape[d], 0) : size,
  );
  const options = { axis: placeOf(axis, first), activation: 'NONE' };
  to.emit(
    node,
    'CONCATENATION',
    all.map(({ tensor }) => tensor),
    to.output(node, shape, channelsLast),
    options,
  );
};

function joinedConstants(node: Node, to: Builder): void {
  const parts = node.input.map((_, i) => to.constant(node, i));
  if (parts.some(({ shape }) => shape.length !== 1)) throw new Unsupported('constants of more than one dimension');
  const count = parts.reduce((sum, part) => sum + part.values.length, 0);
  to.constants.assertRoom(count);
  const values = new Float64Array(count);
  parts.reduce((at, part) => {
    values.set(part.values, at);
    return at + part.values.length;
  }, 0);
  to.constants.set(node.output[0], { ...parts[0], shape: [values.length], values });
}

const pad: Convert = (node, to) => {
  const value = to.value(node);
  const rank = value.shape.length;
  const pads = integers(node, 'pads') ?? Array.from(to.constant(node, 1).values);
  const mode = text(node, 'mode', 'constant');
  const filling = attribute(node, 'value')?.f ?? to.optional(node, 2)?.values[0] ?? 0;
  if (mode !== 'constant' || filling !== 0) throw new Unsupported(`mode ${mode} with ${filling}; only zeros`);
  if (pads.length !== 2 * rank || pads.some((size) => size < 0)) throw new Unsupported(`pads [${pads}]`);
  const shape = value.shape.map((size, d) => size + pads[d] + pads[rank + d]);
  const graphRank = to.arranged(value).length;
  const amounts = new Array<number>(2 * graphRank).fill(0);
  for (let d = 0; d < rank; d++) {
    const place = placeOf(d, value);
    amounts[2 * place] = pads[d];
    amounts[2 * place + 1] = pads[rank + d];
  }
  const parameter = to.draft.integers('pads', [graphRank, 2], amounts);
  to.emit(node, 'PAD', [value.tensor, parameter], to.output(node, shape, value.channelsLast));
};

/** y = (x - mean) / sqrt(variance + epsilon) * scale + shift, a product and a sum per channel that fuse with weights. */
const batchNormalization: Convert = (node, to) => {
  const value = to.value(node);
  const { shape, channelsLast } = value;
  const [scale, shift, mean, variance] = [1, 2, 3, 4].map((index) => to.constant(node, index).values);
  const epsilon = real(node, 'epsilon', 1e-5);
  const factors = Float32Array.from(scale, (gamma, c) => gamma / Math.sqrt(variance[c] + epsilon));
  const terms = Float32Array.from(shift, (beta, c) => beta - mean[c] * factors[c]);
  const channels = shape[1];
  if (factors.length !== channels) throw new Unsupported(`${factors.length} channels for an input [${shape}]`);
  const own = channelsLast || shape.length === 2 ? [channels] : [channels, ...shape.slice(2).map(() => 1)];
  const between = { ...value, tensor: to.draft.tensor({ name: node.output[0], shape: to.arranged(value) }) };
  const [factor, term] = [factors, terms].map((values) => to.draft.reals(node.input[1], own, values));
  to.emit(node, 'MUL', [value.tensor, factor], between, { activation: 'NONE' });
  to.emit(node, 'ADD', [between.tensor, term], to.output(node, shape, channelsLast), { activation: 'NONE' });
};

/** The same value, or constant, under another name. */
const identity: Convert = (node, to) => {
  const [input] = node.input;
  const constant = to.constants.get(input);
  if (constant) to.constants.set(node.output[0], constant);
  else to.values.set(node.output[0], to.value(node));
};

const cast: Convert = (node, to) => {
  if (to.isConstant(node, 0) || integer(node, 'to', 1) === 1) return identity(node, to);
  throw new Unsupported('of computed values');
};

const constant: Convert = (node, to) => {
  const whole = attribute(node, 'value')?.t;
  const numbers = integers(node, 'value_ints') ?? attribute(node, 'value_floats')?.floats;
  const single = attribute(node, 'value_float')?.f ?? attribute(node, 'value_int')?.i;
  if (whole) to.constants.set(node.output[0], constantOf(whole));
  else if (numbers)
    to.constants.set(node.output[0], { shape: [numbers.length], values: Float64Array.from(numbers), type: 'FLOAT' });
  else if (single !== undefined)
    to.constants.set(node.output[0], { shape: [], values: Float64Array.of(single), type: 'FLOAT' });
  else throw new Unsupported('neither numbers nor a tensor');
};

/** Shapes are known here, so what is computed of them is constant. */
const shape: Convert = (node, to) => {
  const values = Float64Array.from(shapeOf(node, to, 0));
  to.constants.set(node.output[0], { shape: [values.length], values, type: 'INT64' });
};

const gather: Convert = (node, to) => {
  const [from, at] = [to.constant(node, 0), to.constant(node, 1)];
  if (from.shape.length !== 1) throw new Unsupported(`of a constant [${from.shape}]; only of one dimension`);
  const values = at.values.map((place) => from.values[place < 0 ? place + from.values.length : place]);
  to.constants.set(node.output[0], { ...from, shape: at.shape, values });
};

const slice: Convert = (node, to) => {
  const value = to.value(node);
  const rank = value.shape.length;
  const list = (name: string, index: number) =>
    integers(node, name) ?? (node.input.length > index ? Array.from(to.optional(node, index)?.values ?? []) : []);
  const [starts, ends, steps] = [list('starts', 1), list('ends', 2), list('steps', 4)];
  const given = list('axes', 3);
  const axes = (given.length > 0 ? given : starts.map((_, i) => i)).map((axis) => (axis < 0 ? axis + rank : axis));
  if (steps.some((step) => step !== 1)) throw new Unsupported(`steps [${steps}]; only 1`);
  const sizes = [...value.shape];
  const graph = to.arranged(value);
  const begin = graph.map(() => 0);
  axes.forEach((axis, i) => {
    const whole = value.shape[axis];
    const place = (at: number) => Math.min(whole, Math.max(0, at < 0 ? at + whole : at));
    begin[placeOf(axis, value)] = place(starts[i]);
    sizes[axis] = place(ends[i]) - place(starts[i]);
  });
  if (sizes.some((size) => !(size >= 1))) throw new Unsupported(`nothing is left of [${value.shape}]`);
  const output = to.output(node, sizes, value.channelsLast);
  const parameters = [begin, to.arranged(output)].map((list) => to.draft.integers('slice', [list.length], list));
  to.emit(node, 'SLICE', [value.tensor, ...parameters], output);
};

/** Scale and zero point of a QuantizeLinear or DequantizeLinear; for UINT8 as for INT8. */
function quantizationOf(node: Node, to: Builder): { scales: number[]; zeroPoint: number; type: string; axis: number } {
  const scales = Array.from(to.constant(node, 1).values, Math.fround);
  const zeroPoints = to.optional(node, 2);
  const type = zeroPoints?.type ?? 'UINT8';
  const [zeroPoint = 0] = zeroPoints?.values ?? [];
  if (zeroPoints?.values.some((other) => other !== zeroPoint)) throw new Unsupported('zero points that differ');
  if (scales.some((scale) => !(scale > 0 && Number.isFinite(scale)))) throw new Unsupported(`scales [${scales}]`);
  return { scales, zeroPoint, type, axis: integer(node, 'axis', 1) };
}

const toSigned = (zeroPoint: number, type: string): number => (type === 'UINT8' ? zeroPoint - 128 : zeroPoint);

/** Gives its input this scale; where that has another one already, it becomes a QUANTIZE. */
const quantizeLinear: Convert = (node, to) => {
  const { scales, zeroPoint, type, axis } = quantizationOf(node, to);
  if (!['INT8', 'UINT8', 'INT32'].includes(type)) throw new Unsupported(`to ${type}; only INT8 and UINT8`);
  if (to.isConstant(node, 0)) {
    const { shape, values } = to.constant(node, 0);
    const step = countOf(shape.slice((axis < 0 ? axis + shape.length : axis) + 1));
    const integral = values.map((value, i) => {
      const scale = scales[scales.length === 1 ? 0 : Math.floor(i / step) % scales.length];
      const [low, high] = type === 'UINT8' ? [0, 255] : type === 'INT8' ? [-128, 127] : [-(2 ** 31), 2 ** 31 - 1];
      return Math.min(high, Math.max(low, rint(value / scale) + zeroPoint));
    });
    to.constants.set(node.output[0], { shape, values: integral, type });
    return;
  }
  const value = to.value(node);
  if (scales.length !== 1) throw new Unsupported(`${scales.length} scales of activations, expected 1`);
  const of = { scales, zeroPoints: [toSigned(zeroPoint, type)] };
  const tensor = to.draft.tensors[value.tensor];
  const same = String([tensor.scales, tensor.zeroPoints]) === String([of.scales, of.zeroPoints]);
  if (tensor.scales.length === 0 || same) {
    Object.assign(tensor, of);
    to.values.set(node.output[0], { ...value, isQuantized: true });
    return;
  }
  const output = to.output(node, value.shape, value.channelsLast, { isQuantized: true });
  Object.assign(to.draft.tensors[output.tensor], of);
  to.emit(node, 'QUANTIZE', [value.tensor], output);
};

/** Ties to even, as ONNX rounds. */
function rint(value: number): number {
  const below = Math.floor(value);
  if (value - below !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}

const dequantizeLinear: Convert = (node, to) => {
  const { scales, zeroPoint, axis } = quantizationOf(node, to);
  if (!to.isConstant(node, 0)) {
    const value = to.value(node);
    if (!value.isQuantized) throw new Unsupported('of integers that are no quantised values');
    to.values.set(node.output[0], { ...value, isQuantized: false });
    return;
  }
  const { shape, values, type } = to.constant(node, 0);
  const place = scales.length === 1 ? 0 : axis < 0 ? axis + shape.length : axis;
  if (scales.length !== 1 && shape[place] !== scales.length)
    throw new Unsupported(`${scales.length} scales along dimension ${axis} of [${shape}]`);
  const shift = type === 'UINT8' ? 128 : 0;
  if (zeroPoint !== shift && type !== 'INT32') throw new Unsupported(`weights with the zero point ${zeroPoint}`);
  const step = countOf(shape.slice(place + 1));
  const reals = values.map(
    (value, i) => (value - zeroPoint) * scales[scales.length === 1 ? 0 : Math.floor(i / step) % scales.length],
  );
  to.constants.set(node.output[0], { shape, values: reals, type: 'FLOAT', quantized: { scales, axis: place } });
};

export const CONVERSIONS: Readonly<Record<string, Convert>> = {
  Add: binary('ADD'),
  AveragePool: pool('AVERAGE_POOL_2D'),
  BatchNormalization: batchNormalization,
  Cast: cast,
  Clip: clip,
  Concat: concat,
  Constant: constant,
  Conv: convolution,
  DequantizeLinear: dequantizeLinear,
  Div: division,
  Dropout: identity,
  Flatten: flatten,
  Gather: gather,
  Gemm: gemm,
  GlobalAveragePool: globalAverage,
  HardSwish: unary('HARD_SWISH'),
  Identity: identity,
  LeakyRelu: unary('LEAKY_RELU', (node) => ({ alpha: Math.fround(real(node, 'alpha', 0.01)) })),
  MatMul: (node, to) => dense(node, to, false, 1, -1),
  Max: binary('MAXIMUM'),
  MaxPool: pool('MAX_POOL_2D'),
  Min: binary('MINIMUM'),
  Mul: binary('MUL'),
  Pad: pad,
  QuantizeLinear: quantizeLinear,
  ReduceMean: reduceMean,
  Relu: unary('RELU'),
  Reshape: reshape,
  Shape: shape,
  Sigmoid: unary('LOGISTIC'),
  Slice: slice,
  Softmax: softmax,
  Squeeze: squeeze,
  Sub: binary('SUB'),
  Tanh: unary('TANH'),
  Transpose: transpose,
  Unsqueeze: unsqueeze,
};
