/** How the weights of an operator belong to its channels, and what they cost; for all kinds of weighted operators. */
import type { Model, Program, WeightedOperator } from './model.ts';

/** Weights of output channel c: `taps` times `depth` of them, those of one tap for neighbouring input channels. */
export interface WeightLayout {
  /** places of the input that one output reads: of the kernel, or for fully connected all positions */
  taps: number;
  /** input channels that one output reads: all, or for depthwise one */
  depth: number;
  /** of the weight for tap t and the k-th of those input channels */
  index(c: number, tap: number, k: number): number;
  /** the k-th of those input channels */
  inputChannel(c: number, k: number): number;
  /** whether some output reads padding */
  padded: boolean;
}

export function weightLayout(operator: WeightedOperator, { tensors }: Program): WeightLayout {
  const { shape: input } = tensors[operator.input];
  const { shape: output } = tensors[operator.output];
  const [height, width, channels] = input;
  const kernel = 'kernel' in operator ? operator.kernel : operator.kind === 'pointwise' ? [1, 1] : [height, width];
  const taps = kernel[0] * kernel[1];
  const padded = 'kernel' in operator && [0, 1].some((axis) => readsPadding(operator, input, output, axis));
  if (operator.kind === 'depthwise') {
    const { multiplier } = operator;
    return {
      taps,
      depth: 1,
      index: (c, tap) => tap * output[2] + c,
      inputChannel: (c) => Math.floor(c / multiplier),
      padded,
    };
  }
  return {
    taps,
    depth: channels,
    index: (c, tap, k) => (c * taps + tap) * channels + k,
    inputChannel: (_, k) => k,
    padded,
  };
}

function readsPadding(
  { kernel, stride, pad }: { kernel: number[]; stride: number[]; pad: number[] },
  input: number[],
  output: number[],
  axis: number,
): boolean {
  return pad[axis] > 0 || (output[axis] - 1) * stride[axis] + kernel[axis] - pad[axis] > input[axis];
}

/** Multiply-accumulates of an inference by the operators with weights, padding included; of the first program. */
export function macs({ programs: [{ operators, tensors }], sources }: Model): number {
  return operators.reduce((sum, operator) => {
    if (!('source' in operator)) return sum;
    const [height, width] = tensors[operator.output].shape;
    const { rows, rowLength } = sources[operator.source];
    return sum + height * width * rows * rowLength; // every weight once for each position
  }, 0);
}
