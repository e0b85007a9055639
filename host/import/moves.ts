/** Lowering of the operators that only move values, each to copies. */

import { Unsupported } from '../model/unsupported.ts';
import type { Activation } from '../operators/lowering.ts';
import { tensorOf } from './constants.ts';
import { axisOf, checkSameNumbers, flat, move, stepsOf } from './copies.ts';
import type { GraphOperator, OperatorOf } from './graph.ts';
import type { Lowering } from './lowering.ts';
import { range, select } from './selections.ts';
import { elements } from './shape.ts';

/** Joined one behind the other along an axis. */
export function concatenation(operator: OperatorOf<'CONCATENATION'>, to: Lowering): void {
  if (operator.options.activation !== 'NONE') throw new Unsupported(`fused activation ${operator.options.activation}`);
  const axis = axisOf(operator.options.axis, to.shape(operator.outputs, 0));
  join(operator, to, axis, partsOf(operator, to));
}

/** Joined along an axis that they do not have themselves. */
export function pack(operator: OperatorOf<'PACK'>, to: Lowering): void {
  const axis = axisOf(operator.options.axis, to.shape(operator.outputs, 0));
  const parts = partsOf(operator, to).map(({ input, own }) => ({ input, own: own.toSpliced(axis, 0, 1) }));
  join(operator, to, axis, parts);
}

/** One of several tensors to be joined, and its shape in the file. */
interface Part {
  input: Activation;
  own: number[];
}

function join(operator: GraphOperator, to: Lowering, axis: number, inputs: readonly Part[]): void {
  const output = to.output(operator);
  const shape = to.shape(operator.outputs, 0);
  const block = elements(shape.slice(axis));
  let offset = 0;
  for (const { input, own } of inputs) {
    checkSameNumbers(input, output);
    const fits = own.length === shape.length && own.every((size, d) => d === axis || size === shape[d]);
    if (!fits) throw new Unsupported(`[${own}] into [${shape}] along dimension ${axis}`);
  }
  const total = inputs.reduce((sum, { own }) => sum + elements(own.slice(axis)), 0);
  if (total !== block) throw new Unsupported(`inputs of ${total} values side by side make ${block}`);
  for (const { input, own } of inputs) {
    const run = elements(own.slice(axis));
    const loops = [{ count: elements(shape.slice(0, axis)), from: run, to: block }, ...flat(run)];
    move(operator, to, input, output, loops, { outputOffset: offset });
    offset += run;
  }
}

/** The inputs of an operator that joins them, constant ones as tensors too. */
function partsOf(operator: OperatorOf<'CONCATENATION' | 'PACK'>, to: Lowering): Part[] {
  const computed = operator.inputs.findIndex((_, i) => !to.isConstant(operator, i));
  if (computed < 0) throw new Unsupported('all inputs are constants');
  return operator.inputs.map((_, i) => ({
    input: to.isConstant(operator, i)
      ? tensorOf(operator, to, to.constant(operator, i), to.input(operator, computed))
      : to.input(operator, i),
    own: to.shape(operator.inputs, i),
  }));
}

/** Reached where the shapes on both sides could not be made one: all values in their order. */
export function reshape(operator: GraphOperator, to: Lowering): void {
  const input = to.input(operator);
  const output = to.output(operator);
  checkSameNumbers(input, output);
  const count = elements(input.shape);
  if (count !== elements(output.shape)) throw new Unsupported(`${count} values to [${output.shape}]`);
  move(operator, to, input, output, flat(count));
}

/** With the zero point around; a following convolution takes it as its padding (padding.ts). */
export function pad(operator: OperatorOf<'PAD' | 'PADV2'>, to: Lowering): void {
  const input = to.input(operator);
  const output = to.output(operator);
  checkSameNumbers(input, output);
  const own = to.shape(operator.inputs, 0);
  const shape = to.shape(operator.outputs, 0);
  const pads = to.integers(operator, 1, 2 * own.length);
  if (pads.some((size) => size < 0) || own.some((size, d) => size + pads[2 * d] + pads[2 * d + 1] !== shape[d]))
    throw new Unsupported(`padding ${pads} does not take [${own}] to [${shape}]`);
  let filled = output; // with the zero point of the tensor that is filled
  if (operator.opcode === 'PADV2') {
    const { values } = to.constant(operator, 2);
    if (values.length !== 1) throw new Unsupported(`padding with ${values.length} values, expected 1`);
    if (values[0] !== output.zeroPoint) filled = to.temporary(output.shape, { ...output, zeroPoint: values[0] });
  }
  const steps = stepsOf(shape);
  const outputOffset = steps.reduce((sum, step, d) => sum + step * pads[2 * d], 0);
  const loops = stepsOf(own).map((from, d) => ({ count: own[d], from, to: steps[d] }));
  move(operator, to, input, filled, loops, { outputOffset, fill: true });
  if (filled !== output) move(operator, to, filled, output, flat(elements(shape)));
}

export function transpose(operator: OperatorOf<'TRANSPOSE'>, to: Lowering): void {
  const input = to.input(operator);
  const output = to.output(operator);
  checkSameNumbers(input, output);
  const own = to.shape(operator.inputs, 0);
  const shape = to.shape(operator.outputs, 0);
  const order = to.integers(operator, 1, own.length).map((axis) => axisOf(axis, own));
  const is = new Set(order).size === own.length && order.every((axis, d) => own[axis] === shape[d]);
  if (!is || shape.length !== own.length) throw new Unsupported(`order ${order} does not take [${own}] to [${shape}]`);
  const from = stepsOf(own);
  const steps = stepsOf(shape);
  move(
    operator,
    to,
    input,
    output,
    order.map((axis, d) => ({ count: shape[d], from: from[axis], to: steps[d] })),
  );
}

export function slice(operator: OperatorOf<'SLICE'>, to: Lowering): void {
  const own = to.shape(operator.inputs, 0);
  const begin = to.integers(operator, 1, own.length);
  const size = to.integers(operator, 2, own.length).map((count, d) => (count < 0 ? own[d] - begin[d] : count));
  cut(operator, to, { begin, size, stride: own.map(() => 1) });
}

export function stridedSlice(operator: OperatorOf<'STRIDED_SLICE'>, to: Lowering): void {
  if (operator.options.offset) throw new Unsupported('ends counted from their begin');
  const own = to.shape(operator.inputs, 0);
  const cuts = cutsOf(operator, to, own);
  if (cuts.every(({ step }) => step > 0)) {
    const [begin, size, stride] = [cuts.map((c) => c.begin), cuts.map((c) => c.size), cuts.map((c) => c.step)];
    cut(operator, to, { begin, size, stride });
    return;
  }
  const places = cuts.map(({ begin, step, size }) => range(Math.max(size, 0), (i) => begin + i * step));
  select(
    operator,
    to,
    places.map((positions, d) => (positions.length === own[d] && cuts[d].step === 1 ? null : positions)),
  );
}

/** Of one dimension: `size` positions from `begin` on, `step` apart. */
interface DimensionCut {
  begin: number;
  step: number;
  size: number;
}

/**
 * What a STRIDED_SLICE takes of every dimension. It need not name all of them: an ellipsis, or what is left out behind
 * the last, stands for whole ones. A new axis is one that the input has not.
 */
function cutsOf(operator: OperatorOf<'STRIDED_SLICE'>, to: Lowering, own: readonly number[]): DimensionCut[] {
  const { beginMask, endMask, shrinkMask, ellipsisMask, newAxisMask } = operator.options;
  const [first, last, steps] = [1, 2, 3].map((index) => to.allIntegers(operator, index));
  if (last.length !== first.length || steps.length !== first.length)
    throw new Unsupported(`${first.length}, ${last.length} and ${steps.length} numbers for one slice`);
  const has = (mask: number, i: number) => ((mask >> i) & 1) === 1;
  const named = [...first.keys()].filter((i) => !has(newAxisMask, i) || has(ellipsisMask, i));
  const ellipsis = named.findIndex((i) => has(ellipsisMask, i));
  const whole = own.length - named.length + (ellipsis < 0 ? 0 : 1);
  if (whole < 0) throw new Unsupported(`a slice of ${named.length} dimensions of [${own}]`);
  const rest = new Array<null>(whole).fill(null);
  const places: (number | null)[] =
    ellipsis < 0 ? [...named, ...rest] : named.toSpliced(ellipsis, 1, ...(rest as never[]));
  return places.map((i, d): DimensionCut => {
    if (i === null) return { begin: 0, step: 1, size: own[d] };
    const step = steps[i];
    if (step === 0) throw new Unsupported('a step of 0');
    const [lowest, highest] = step > 0 ? [0, own[d]] : [-1, own[d] - 1];
    const place = (value: number) => Math.min(Math.max(value < 0 ? value + own[d] : value, lowest), highest);
    const begin = has(beginMask, i) ? (step > 0 ? 0 : own[d] - 1) : place(first[i]);
    if (has(shrinkMask, i)) return { begin, step: 1, size: 1 };
    const end = has(endMask, i) ? (step > 0 ? own[d] : -1) : place(last[i]);
    return { begin, step, size: Math.ceil((end - begin) / step) };
  });
}

/** Equal parts along an axis. */
export function split(operator: OperatorOf<'SPLIT'>, to: Lowering): void {
  const own = to.shape(operator.inputs, 1);
  const [value] = to.integers(operator, 0, 1);
  const axis = axisOf(value, own);
  const parts = operator.outputs.length;
  if (own[axis] % parts !== 0) throw new Unsupported(`${own[axis]} into ${parts} parts`);
  const size = own.map((whole, d) => (d === axis ? whole / parts : whole));
  for (let part = 0; part < parts; part++) {
    const begin = own.map((_, d) => (d === axis ? part * size[axis] : 0));
    cut(operator, to, { begin, size, stride: own.map(() => 1) }, 1, part);
  }
}

/** Parts of any size along an axis, as the outputs have it. */
export function splitV(operator: OperatorOf<'SPLIT_V'>, to: Lowering): void {
  const own = to.shape(operator.inputs, 0);
  const [value] = to.integers(operator, 2, 1);
  const axis = axisOf(value, own);
  let first = 0;
  for (const part of operator.outputs.keys()) {
    const size = to.shape(operator.outputs, part);
    if (size.length !== own.length || size.some((count, d) => d !== axis && count !== own[d]))
      throw new Unsupported(`part [${size}] of [${own}] along dimension ${axis}`);
    cut(operator, to, { begin: own.map((_, d) => (d === axis ? first : 0)), size, stride: own.map(() => 1) }, 0, part);
    first += size[axis];
  }
  if (first !== own[axis]) throw new Unsupported(`parts of ${first} in all of ${own[axis]}`);
}

/** Every place of an axis, which the outputs do not have. */
export function unpack(operator: OperatorOf<'UNPACK'>, to: Lowering): void {
  const own = to.shape(operator.inputs, 0);
  const axis = axisOf(operator.options.axis, own);
  if (operator.outputs.length !== own[axis])
    throw new Unsupported(`${own[axis]} into ${operator.outputs.length} outputs`);
  const size = own.map((whole, d) => (d === axis ? 1 : whole));
  for (const part of operator.outputs.keys()) {
    const begin = own.map((_, d) => (d === axis ? part : 0));
    cut(operator, to, { begin, size, stride: own.map(() => 1) }, 0, part);
  }
}

/** The state takes the value's bytes. */
export function assign(operator: OperatorOf<'ASSIGN_VARIABLE'>, to: Lowering): void {
  const [state, value] = [to.input(operator, 0), to.input(operator, 1)];
  checkSameNumbers(value, state);
  const count = elements(value.shape);
  if (count !== elements(state.shape)) throw new Unsupported(`${count} values into a state of [${state.shape}]`);
  move(operator, to, value, state, flat(count));
}

interface Cut {
  begin: number[];
  size: number[];
  stride: number[];
}

/** A part of input `from` as output `part`. */
function cut(operator: GraphOperator, to: Lowering, { begin, size, stride }: Cut, from = 0, part = 0): void {
  const input = to.input(operator, from);
  const output = to.output(operator, part);
  checkSameNumbers(input, output);
  const own = to.shape(operator.inputs, from);
  const inside = own.every((whole, d) => begin[d] >= 0 && size[d] >= 1 && begin[d] + (size[d] - 1) * stride[d] < whole);
  if (!inside || elements(size) !== elements(output.shape))
    throw new Unsupported(`from [${begin}] on [${size}] in steps of [${stride}] of [${own}] to [${output.shape}]`);
  const steps = stepsOf(own);
  const outputs = stepsOf(size);
  const inputOffset = steps.reduce((sum, step, d) => sum + step * begin[d], 0);
  const loops = size.map((count, d) => ({ count, from: steps[d] * stride[d], to: outputs[d] }));
  move(operator, to, input, output, loops, { inputOffset });
}
