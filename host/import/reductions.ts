/**
 * Lowering of reductions over any dimensions: a copy puts those in front of the others, where they do not stand there
 * already, and the mean or the largest is taken over height and width.
 */
import { MAX_ACCUMULATION, MAX_ARGMAX_CHANNELS, MAX_SHIFT } from '../../assembly/limits.ts';
import type { Shape } from '../model/model.ts';
import { Unsupported } from '../model/unsupported.ts';
import { emitTable } from '../operators/lookup.ts';
import type { Activation } from '../operators/lowering.ts';
import { meanFactor } from '../operators/mean.ts';
import type { Context } from './context.ts';
import { checkSameNumbers, flat, move, stepsOf } from './copies.ts';
import type { OperatorOf } from './graph.ts';
import { elements, MAX_DIMENSION } from './shape.ts';

export function mean(operator: OperatorOf<'MEAN'>, to: Context): void {
  const { input, output, finish } = reduced(operator, to);
  to.checkFactor(input.scale / output.scale, MAX_SHIFT, 'input scale / output scale');
  try {
    meanFactor(input.scale, output.scale, input.shape[0] * input.shape[1]);
  } catch (error) {
    if (error instanceof RangeError) throw new Unsupported(error.message);
    throw error;
  }
  const name = `operator ${operator.index}`;
  to.emit(operator, { kind: 'mean', name, input: input.tensor, output: output.tensor });
  finish();
}

/** A depthwise layer whose window is its input, with weights of 1: the sum, rescaled once. */
export function sum(operator: OperatorOf<'SUM'>, to: Context): void {
  const { input, output, finish } = reduced(operator, to);
  const factor = input.scale / output.scale;
  to.checkFactor(factor, MAX_SHIFT, 'input scale / output scale');
  const [height, width, channels] = input.shape;
  const values = height * width;
  if (values > MAX_ACCUMULATION) throw new Unsupported(`a sum of ${values} values; at most ${MAX_ACCUMULATION}`);
  to.emit(operator, {
    kind: 'depthwise',
    name: `operator ${operator.index}`,
    input: input.tensor,
    output: output.tensor,
    multiplier: 1,
    kernel: [height, width],
    stride: [1, 1],
    pad: [0, 0],
    source: to.source(to.spread([values, channels]).fill(1), values, channels, channels),
    residency: 'flash',
    bias: new Int32Array(channels),
    effectiveScale: new Float64Array(channels).fill(factor),
    activation: [-128, 127],
  });
  finish();
}

/** Which channel is the largest, the first of equals; the output of the file has wider numbers (live.ts). */
export function argMax(operator: OperatorOf<'ARG_MAX'>, to: Context): void {
  largestChannel(operator, to, to.input(operator));
}

export function argMin(operator: OperatorOf<'ARG_MIN'>, to: Context): void {
  const input = to.input(operator);
  const turned = to.temporary(input.shape, input);
  emitTable(operator, to, input, turned, (all) => all.map((value) => ~value));
  largestChannel(operator, to, turned);
}

function largestChannel(operator: OperatorOf<'ARG_MAX' | 'ARG_MIN'>, to: Context, input: Activation): void {
  const output = to.output(operator);
  const own = to.shape(operator.inputs, 0);
  const [axis] = to.axes(operator, 1, own.length);
  const [height, width, channels] = input.shape;
  if (axis !== own.length - 1) throw new Unsupported(`along dimension ${axis} of [${own}]; only the last`);
  if (channels > MAX_ARGMAX_CHANNELS) throw new Unsupported(`${channels} channels; at most ${MAX_ARGMAX_CHANNELS}`);
  if (elements(output.shape) !== height * width) throw new Unsupported(`[${own}] to [${output.shape}]`);
  const shape: Shape = [height, width, 1];
  const found = isShape(output.shape, shape) ? output : to.temporary(shape, output);
  to.emit(operator, { kind: 'argmax', name: `operator ${operator.index}`, input: input.tensor, output: found.tensor });
  if (found !== output) move(operator, to, found, output, flat(height * width));
}

export function reduceMax(operator: OperatorOf<'REDUCE_MAX'>, to: Context): void {
  const { input, output, finish } = reduced(operator, to);
  checkSameNumbers(input, output);
  largest(operator, to, input, output);
  finish();
}

/** The largest of all values turned round, turned back. */
export function reduceMin(operator: OperatorOf<'REDUCE_MIN'>, to: Context): void {
  const { input, output, finish } = reduced(operator, to);
  checkSameNumbers(input, output);
  const turn = (from: Activation, into: Activation) =>
    emitTable(operator, to, from, into, (all) => all.map((value) => ~value));
  const turned = to.temporary(input.shape, input);
  const found = to.temporary(output.shape, output);
  turn(input, turned);
  largest(operator, to, turned, found);
  turn(found, output);
  finish();
}

type Reduction = OperatorOf<'MEAN' | 'SUM' | 'REDUCE_MAX' | 'REDUCE_MIN'>;

/** A window as large as its input. */
function largest(operator: Reduction, to: Context, input: Activation, output: Activation): void {
  const [height, width] = input.shape;
  to.emit(operator, {
    kind: 'maxPool',
    name: `operator ${operator.index}`,
    input: input.tensor,
    output: output.tensor,
    kernel: [height, width],
    stride: [1, 1],
    pad: [0, 0],
    activation: [-128, 127],
  });
}

/** [H, W, C] to be reduced to [1, 1, C], and what then gives the output of the file its shape. */
interface Reduced {
  input: Activation;
  output: Activation;
  finish: () => void;
}

function reduced(operator: Reduction, to: Context): Reduced {
  const [from, into] = [to.input(operator), to.output(operator)];
  const own = to.shape(operator.inputs, 0);
  const axes = to.axes(operator, 1, own.length);
  if ([...axes].some((axis) => axis < 0 || axis >= own.length))
    throw new Unsupported(`over dimensions ${[...axes]} of [${own}]`);
  const dimensions = [...own.keys()].filter((d) => own[d] > 1);
  const over = dimensions.filter((d) => axes.has(d));
  const kept = dimensions.filter((d) => !axes.has(d));
  const channels = elements(kept.map((d) => own[d]));
  if (elements(into.shape) !== channels) throw new Unsupported(`[${own}] over ${[...axes]} to [${into.shape}]`);
  const position: Shape = [1, 1, channels];
  const output = isShape(into.shape, position) ? into : to.temporary(position, into);
  const finish = () => {
    if (output !== into) move(operator, to, output, into, flat(channels));
  };
  return { input: inFront(operator, to, from, { own, over, kept }), output, finish };
}

/** The dimensions `over` as height and width, those `kept` as channels: the tensor itself where that is what it has. */
function inFront(
  operator: Reduction,
  to: Context,
  input: Activation,
  { own, over, kept }: { own: number[]; over: number[]; kept: number[] },
): Activation {
  const sizes = over.map((d) => own[d]);
  const [positions, channels] = [elements(sizes), elements(kept.map((d) => own[d]))];
  const order = [...over, ...kept];
  const inOrder = order.every((d, i) => i === 0 || d > order[i - 1]);
  const [height, width, depth] = input.shape;
  if (inOrder && height * width === positions && depth === channels) return input;
  const shape: Shape = [sizes[0] ?? 1, elements(sizes.slice(1)), channels];
  if (Math.max(...shape) > MAX_DIMENSION)
    throw new Unsupported(`[${own}] over ${over} as [${shape}]; at most ${MAX_DIMENSION} one way`);
  const output = to.temporary(shape, input);
  const [from, steps] = [stepsOf(own), stepsOf(order.map((d) => own[d]))];
  const loops = order.map((d, i) => ({ count: own[d], from: from[d], to: steps[i] }));
  move(operator, to, input, output, loops);
  return output;
}

function isShape(shape: Shape, other: Shape): boolean {
  return shape.every((size, d) => size === other[d]);
}
