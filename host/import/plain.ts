/** Lowering of the operators without weights. */
import { Unsupported } from './error.ts';
import type { GraphOperator, OperatorOf } from './graph.ts';
import type { Activation, Lowering } from './lowering.ts';
import { activationRange, checkFactor } from './quantization.ts';
import { sameShape, windowOf } from './shape.ts';

const MAX_SOFTMAX_CHANNELS = 256;

/** Both inputs of one shape; a third shape would be broadcasting. */
export function add(operator: OperatorOf<'ADD'>, to: Lowering): void {
  const first = to.input(operator, 0);
  const second = to.input(operator, 1);
  const output = to.output(operator);
  if (!sameShape(first.shape, second.shape) || !sameShape(first.shape, output.shape))
    throw new Unsupported(`shapes [${first.shape}] and [${second.shape}] to [${output.shape}]; only equal ones`);
  const factor = (2 * Math.max(first.scale, second.scale)) / (2 ** 20 * output.scale); // as addFactors
  checkFactor(factor, 0, '2 * largest input scale / (2^20 * output scale)');
  to.emit(operator, {
    kind: 'add',
    name: `operator ${operator.index}`,
    input: first.tensor,
    input2: second.tensor,
    output: output.tensor,
    activation: activationRange(operator.options.activation, output),
  });
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

/** Reached only where the shapes on both sides could not be made one. */
export function reshape(operator: GraphOperator, to: Lowering): void {
  const input = to.input(operator);
  const output = to.output(operator);
  throw new Unsupported(
    `from [${input.shape}] to [${output.shape}] between operators that need both shapes, or with another scale; only where it can be left out`,
  );
}

function checkSameScale(input: Activation, output: Activation, tolerance: number): void {
  if (Math.abs(input.scale - output.scale) > tolerance || input.zeroPoint !== output.zeroPoint)
    throw new Unsupported('input and output differ in scale or zero point');
}
