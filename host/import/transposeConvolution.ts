/**
 * Lowering of TRANSPOSE_CONV: a copy moves the values of the input apart by the stride, zero points between them, and a
 * convolution of stride 1 with the kernel turned round goes over that. The sums are the same, with more products by 0.
 */
import { MAX_TENSOR_VALUES } from '../../assembly/limits.ts';
import type { Shape } from '../model/model.ts';
import { Unsupported } from '../model/unsupported.ts';
import type { Activation } from '../operators/lowering.ts';
import { move } from './copies.ts';
import type { OperatorOf } from './graph.ts';
import { flipped } from './kernels.ts';
import type { Lowering } from './lowering.ts';
import { elements, MAX_DIMENSION } from './shape.ts';
import { checkChannels, weighted } from './weighted.ts';

const MAX_PAD = 255; // a u8 in the image

/** Weights [C][kH][kW][K]. What input 0 says of the shape, the output says too. */
export function transposeConvolution(operator: OperatorOf<'TRANSPOSE_CONV'>, to: Lowering): void {
  const { options } = operator;
  const weights = to.weights(operator, 1, 4, 0);
  const [channels, height, width, depth] = weights.shape;
  const input = to.picture(operator, 2);
  const output = to.output(operator);
  if (input.shape[2] !== depth)
    throw new Unsupported(`weights for ${depth} input channels, input has ${input.shape[2]}`);
  checkChannels(output, channels);
  const kernel: [number, number] = [height, width];
  const axes = [0, 1].map((axis) => {
    const [stride, size] = [options.stride[axis], kernel[axis]];
    return spreadAxis(input.shape[axis], output.shape[axis], { stride, size, padding: options.padding });
  });
  const wide = spread(operator, to, input, [axes[0].spread, axes[1].spread, depth]);
  to.emit(operator, {
    kind: 'convolution',
    name: `operator ${operator.index}`,
    input: wide.tensor,
    output: output.tensor,
    kernel,
    stride: [1, 1],
    pad: [axes[0].pad, axes[1].pad],
    ...weighted(operator, to, {
      input,
      output,
      weights: flipped(to, weights),
      bias: 3,
      rows: channels,
      rowLength: height * width * depth,
    }),
  });
}

interface AxisOptions {
  stride: number;
  size: number;
  padding: 'SAME' | 'VALID';
}

/** How many values the input becomes, and how many zero points lie in front of them as padding. */
function spreadAxis(input: number, output: number, { stride, size, padding }: AxisOptions) {
  if (stride < 1 || stride > MAX_DIMENSION) throw new Unsupported(`stride ${stride}; only from 1`);
  // what a convolution the other way would pad
  const positions = padding === 'SAME' ? Math.ceil(output / stride) : Math.ceil((output - size + 1) / stride);
  const pad = size - 1 - (Math.max(0, (positions - 1) * stride + size - output) >> 1);
  if (pad < 0 || pad > MAX_PAD) throw new Unsupported(`padding of ${pad}; only up to ${MAX_PAD}`);
  const apart = (input - 1) * stride + 1;
  // as far behind as `open` asks of padding; what lies further is spread out
  const behind = output - 1 + size - apart - pad;
  return { spread: apart + Math.max(0, behind - Math.max(pad, size >> 1)), pad };
}

/** The input with zero points between its values; itself where there are none. */
function spread(operator: OperatorOf<'TRANSPOSE_CONV'>, to: Lowering, input: Activation, shape: Shape): Activation {
  const [height, width, depth] = input.shape;
  const [down, across] = operator.options.stride;
  if (shape[0] === height && shape[1] === width) return input;
  if (Math.max(...shape) > MAX_DIMENSION || elements(shape) > MAX_TENSOR_VALUES)
    throw new Unsupported(`an input of [${shape}] with gaps for the stride; at most ${MAX_TENSOR_VALUES} values`);
  const output = to.temporary(shape, input);
  const loops = [
    { count: height, from: width * depth, to: down * shape[1] * depth },
    { count: width, from: depth, to: across * depth },
    { count: depth, from: 1, to: 1 },
  ];
  move(operator, to, input, output, loops, { fill: true });
  return output;
}
