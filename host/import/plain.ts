/** Lowering of the operators without weights. */
import type { Shape } from '../model/model.ts';
import { addFactors, add as sum } from '../reference/add.ts';
import { meanFactor } from '../reference/mean.ts';
import { multiplyFactor, multiply as product } from '../reference/multiply.ts';
import { Unsupported } from './error.ts';
import { tableOf } from './functions.ts';
import type { GraphOperator, OperatorOf } from './graph.ts';
import type { Activation, Lowering, Scaled } from './lowering.ts';
import type { OperatorOptions } from './options.ts';
import { activationRange, checkFactor } from './quantization.ts';
import { sameShape, windowOf } from './shape.ts';

const MAX_SOFTMAX_CHANNELS = 256;
const MAX_PRODUCT_SHIFT = 14;
const MAX_SHIFT = 30;

type Binary = OperatorOf<'ADD' | 'MUL'>;

/** Two tensors of one shape, or a tensor and a constant number, which is a function of one value. */
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
    const { input, constant, values } = number;
    const factors = factorsOf(input, constant);
    const zeroPoints = { zeroPoint1: input.zeroPoint, zeroPoint2: constant.zeroPoint };
    const of = { ...zeroPoints, factors, outputZeroPoint: output.zeroPoint, activation };
    emitTable(operator, to, input, output, (input1) => sum({ ...of, input1, input2: values }));
    return;
  }
  const [first, second] = [to.input(operator, 0), to.input(operator, 1)];
  if (!sameShape(first.shape, second.shape) || !sameShape(first.shape, output.shape))
    throw new Unsupported(
      `shapes [${first.shape}] and [${second.shape}] to [${output.shape}]; only equal ones, or a constant number`,
    );
  factorsOf(first, second);
  to.emit(operator, { kind: 'add', ...pair(operator, first, second, output), activation });
}

/** Two tensors of one shape, a tensor and one position of it in either order, or a tensor and a constant number. */
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
    const { input, constant, values } = number;
    const zeroPoints = { zeroPoint1: input.zeroPoint, zeroPoint2: constant.zeroPoint };
    const of = { ...zeroPoints, factor: factorOf(input, constant), outputZeroPoint: output.zeroPoint, activation };
    emitTable(operator, to, input, output, (input1) => product({ ...of, input1, input2: values }));
    return;
  }
  const inputs = [to.input(operator, 0), to.input(operator, 1)];
  const [first, second] = sameShape(inputs[0].shape, output.shape) ? inputs : inputs.toReversed();
  const onePosition: Shape = [1, 1, output.shape[2]];
  const fits = sameShape(second.shape, output.shape) || sameShape(second.shape, onePosition);
  if (!sameShape(first.shape, output.shape) || !fits)
    throw new Unsupported(
      `shapes [${inputs[0].shape}] and [${inputs[1].shape}] to [${output.shape}]; only equal ones, one value per channel, or a constant number`,
    );
  factorOf(first, second);
  to.emit(operator, { kind: 'multiply', ...pair(operator, first, second, output), activation });
}

function pair(operator: Binary, first: Activation, second: Activation, output: Activation) {
  const name = `operator ${operator.index}`;
  return { name, input: first.tensor, input2: second.tensor, output: output.tensor };
}

/** The other input and the number, when one input is a constant of one value; null when there is none such. */
function constantNumber(operator: Binary, to: Lowering) {
  const index = [0, 1].find((input) => to.isConstant(operator, input));
  if (index === undefined) return null;
  const { values, ...constant } = to.constant(operator, index, 1);
  return { input: to.input(operator, 1 - index), constant, values };
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

/** Over every dimension between batch and channels. */
export function mean(operator: OperatorOf<'MEAN'>, to: Lowering): void {
  const input = to.input(operator);
  const output = to.output(operator);
  const own = to.shape(operator.inputs, 0);
  const axes = to.axes(operator, 1, own.length);
  const over = own.map((size, d) => d > 0 && d < own.length - 1 && size > 1);
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
  const input = to.input(operator);
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
  checkFactor(factor, 30, 'beta * input scale * 2^26');
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
