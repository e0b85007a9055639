/** Lowering of the operators without weights. */
import { MAX_PRODUCT_SHIFT, MAX_SHIFT, MAX_SOFTMAX_CHANNELS } from '../../assembly/limits.ts';
import type { Shape } from '../model/model.ts';
import { Unsupported } from '../model/unsupported.ts';
import { addFactors, add as sum } from '../operators/add.ts';
import { meanFactor } from '../operators/mean.ts';
import { multiplyFactor, multiply as product } from '../operators/multiply.ts';
import { tensorOf } from './constants.ts';
import { repeated } from './copies.ts';
import { tableOf } from './functions.ts';
import type { GraphOperator, OperatorOf } from './graph.ts';
import type { Activation, Lowering, Scaled } from './lowering.ts';
import type { OperatorOptions } from './options.ts';
import { activationRange, checkFactor } from './quantization.ts';
import { sameShape, windowOf } from './shape.ts';

type Binary = OperatorOf<'ADD' | 'MUL'>;

/** Two tensors, or a tensor and a constant, of which either may be repeated along dimensions where it has size 1. */
export function add(operator: OperatorOf<'ADD'>, to: Lowering): void {
  const output = to.output(operator);
  const activation = activationRange(operator.options.activation, output);
  const factorsOf = (first: Scaled, second: Scaled) => {
    const factor = (2 * Math.max(first.scale, second.scale)) / (2 ** 20 * output.scale); // as addFactors
    checkFactor(factor, 0, '2 * largest input scale / (2^20 * output scale)');
    return addFactors(first.scale, second.scale, output.scale);
  };
  const number = constantNumber(operator, to);
  if (number) {
    const { input, constant } = number;
    const factors = factorsOf(input, constant);
    const of = { ...zeroPoints(input, constant, output), factors, activation };
    emitTable(operator, to, input, output, (input1) => sum({ ...of, input1, input2: number.repeated(input1) }));
    return;
  }
  const [first, second] = operands(operator, to, output);
  factorsOf(first.tensor, second.tensor);
  const whole = [first, second].map(({ tensor, own }) => repeated(operator, to, tensor, own, output.shape));
  to.emit(operator, { kind: 'add', ...pair(operator, whole[0], whole[1], output), activation });
}

/** As ADD; one value per channel is repeated by the operator itself. */
export function mul(operator: OperatorOf<'MUL'>, to: Lowering): void {
  const output = to.output(operator);
  const activation = activationRange(operator.options.activation, output);
  const factorOf = (first: Scaled, second: Scaled) => {
    checkFactor(
      (first.scale * second.scale) / output.scale,
      MAX_PRODUCT_SHIFT,
      'product of input scales / output scale',
    );
    return multiplyFactor(first.scale, second.scale, output.scale);
  };
  const number = constantNumber(operator, to);
  if (number) {
    const { input, constant } = number;
    const of = { ...zeroPoints(input, constant, output), factor: factorOf(input, constant), activation };
    emitTable(operator, to, input, output, (input1) => product({ ...of, input1, input2: number.repeated(input1) }));
    return;
  }
  const both = operands(operator, to, output);
  const [first, second] = sameShape(both[0].own, output.shape) ? both : both.toReversed();
  factorOf(first.tensor, second.tensor);
  const onePosition: Shape = [1, 1, output.shape[2]];
  const whole = repeated(operator, to, first.tensor, first.own, output.shape);
  const perChannel = sameShape(second.own, onePosition) && sameShape(second.tensor.shape, onePosition);
  const other = perChannel ? second.tensor : repeated(operator, to, second.tensor, second.own, output.shape);
  to.emit(operator, { kind: 'multiply', ...pair(operator, whole, other, output), activation });
}

function pair(operator: Binary, first: Activation, second: Activation, output: Activation) {
  const name = `operator ${operator.index}`;
  return { name, input: first.tensor, input2: second.tensor, output: output.tensor };
}

function zeroPoints(first: Scaled, second: Scaled, output: Scaled) {
  return { zeroPoint1: first.zeroPoint, zeroPoint2: second.zeroPoint, outputZeroPoint: output.zeroPoint };
}

/** An operand: `own` is its shape as it is repeated from, which for a constant is not the shape of its tensor. */
interface Operand {
  tensor: Activation;
  own: Shape;
}

/** Both operands; throws Unsupported when they do not make the output's shape by repetition. */
function operands(operator: Binary, to: Lowering, output: Activation): [Operand, Operand] {
  const constant = [0, 1].find((index) => to.isConstant(operator, index));
  const computed = (index: number): Operand => {
    const tensor = to.input(operator, index);
    return { tensor, own: tensor.shape };
  };
  const both: [Operand, Operand] = [computed(constant === 0 ? 1 : 0), computed(constant === 1 ? 0 : 1)];
  if (constant !== undefined) {
    const values = to.constant(operator, constant);
    const tensor = tensorOf(operator, to, values, both[constant].tensor);
    both[constant] = { tensor, own: repeatable(values.shape) };
  }
  const [first, second] = both.map(({ own }) => own);
  const fits = output.shape.every((size, d) => {
    const sizes = [first[d], second[d]];
    return size === Math.max(...sizes) && sizes.every((own) => own === size || own === 1);
  });
  if (!fits) throw new Unsupported(`shapes [${first}] and [${second}] do not make [${output.shape}]`);
  return both;
}

/** The last three dimensions of a constant, which is laid over the other operand's from behind. */
function repeatable(shape: readonly number[]): Shape {
  if (shape.length > 4 || (shape.length === 4 && shape[0] !== 1))
    throw new Unsupported(`a constant of the shape [${shape}]; at most three dimensions`);
  const [height, width, channels] = [1, 1, 1, ...shape].slice(-3);
  return [height, width, channels];
}

/** The other input and the number, when one input is a constant of one value; null when there is none such. */
function constantNumber(operator: Binary, to: Lowering) {
  const constants = [0, 1].filter((input) => to.isConstant(operator, input));
  if (constants.length === 2) throw new Unsupported('both inputs are constants');
  if (constants.length === 0) return null;
  const [index] = constants;
  const constant = to.constant(operator, index);
  if (constant.values.length !== 1) return null;
  const repeated = (all: Int8Array) => new Int8Array(all.length).fill(constant.values[0]);
  return { input: to.input(operator, 1 - index), constant, repeated };
}

/** A function of every value by itself, given as one of many values at once. */
function emitTable(
  operator: GraphOperator,
  to: Lowering,
  input: Activation,
  output: Activation,
  of: (all: Int8Array) => Int8Array,
): void {
  if (!sameShape(input.shape, output.shape)) throw new Unsupported(`[${input.shape}] to [${output.shape}]`);
  const table = of(tableOf((q) => q));
  const name = `operator ${operator.index}`;
  to.emit(operator, { kind: 'lookup', name, input: input.tensor, output: output.tensor, table });
}

/** Lowering of an operator that is a function of one value. */
export function lookup<K extends keyof OperatorOptions>(
  table: (input: Scaled, output: Scaled, operator: OperatorOf<K>) => Int8Array,
): (operator: OperatorOf<K>, to: Lowering) => void {
  return (operator, to) => {
    const input = to.input(operator as GraphOperator);
    const output = to.output(operator as GraphOperator);
    emitTable(operator as GraphOperator, to, input, output, () => table(input, output, operator));
  };
}

/** Over every dimension but the last. */
export function mean(operator: OperatorOf<'MEAN'>, to: Lowering): void {
  const input = to.input(operator);
  const output = to.output(operator);
  const own = to.shape(operator.inputs, 0);
  const axes = to.axes(operator, 1, own.length);
  const over = own.map((size, d) => d < own.length - 1 && size > 1);
  const channels = input.shape[2];
  if (own.some((size, d) => size > 1 && over[d] !== axes.has(d)) || !sameShape(output.shape, [1, 1, channels]))
    throw new Unsupported(`over dimensions ${[...axes]} of [${own}]; only over height and width`);
  checkFactor(input.scale / output.scale, MAX_SHIFT, 'input scale / output scale');
  try {
    meanFactor(input.scale, output.scale, input.shape[0] * input.shape[1]);
  } catch (error) {
    if (error instanceof RangeError) throw new Unsupported(error.message);
    throw error;
  }
  to.emit(operator, { kind: 'mean', name: `operator ${operator.index}`, input: input.tensor, output: output.tensor });
}

export function pool(operator: OperatorOf<'AVERAGE_POOL_2D' | 'MAX_POOL_2D'>, to: Lowering): void {
  const { options, opcode } = operator;
  const input = to.picture(operator);
  const output = to.output(operator);
  if (input.shape[2] !== output.shape[2])
    throw new Unsupported(`${input.shape[2]} channels to ${output.shape[2]}; only to as many`);
  checkSameScale(input, output, 1e-6);
  to.emit(operator, {
    kind: opcode === 'AVERAGE_POOL_2D' ? 'averagePool' : 'maxPool',
    name: `operator ${operator.index}`,
    input: input.tensor,
    output: output.tensor,
    ...windowOf(options, options.kernel, input.shape, output.shape),
    activation: activationRange(options.activation, output),
  });
}

export function softmax(operator: OperatorOf<'SOFTMAX'>, to: Lowering): void {
  const { beta } = operator.options;
  const input = to.input(operator);
  const output = to.output(operator);
  if (!sameShape(input.shape, output.shape)) throw new Unsupported(`[${input.shape}] to [${output.shape}]`);
  if (input.shape[2] > MAX_SOFTMAX_CHANNELS)
    throw new Unsupported(`${input.shape[2]} channels; at most ${MAX_SOFTMAX_CHANNELS}`);
  if (output.scale !== 1 / 256 || output.zeroPoint !== -128)
    throw new Unsupported(`output scale ${output.scale} and zero point ${output.zeroPoint}; only 1/256 and -128`);
  const factor = beta * input.scale * 2 ** 26; // differences of inputs in Q5.26
  if (!(factor > 1)) throw new Unsupported(`beta ${beta} times input scale ${input.scale}; only above 2^-26`);
  checkFactor(factor, MAX_SHIFT, 'beta * input scale * 2^26');
  to.emit(operator, {
    kind: 'softmax',
    name: `operator ${operator.index}`,
    input: input.tensor,
    output: output.tensor,
    beta,
  });
}

function checkSameScale(input: Activation, output: Activation, tolerance: number): void {
  if (Math.abs(input.scale - output.scale) > tolerance || input.zeroPoint !== output.zeroPoint)
    throw new Unsupported('input and output differ in scale or zero point');
}
