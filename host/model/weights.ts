/** How the weights of an operator belong to its channels, and what they cost; for all kinds of weighted operators. */
import type { Model } from './model.ts';

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

/** Multiply-accumulates of an inference by the operators with weights, padding included; of the first program. */
export function macs({ programs: [{ operators, tensors }], sources }: Model): number {
  return operators.reduce((sum, operator) => {
    if (!('source' in operator)) return sum;
    const [height, width] = tensors[operator.output].shape;
    return sum + sourceMacs({ height, width }, sources[operator.source]);
  }, 0);
}

/** Of one operator: every weight of its source once for each position of its output. */
export function sourceMacs(
  output: { height: number; width: number },
  source: { rows: number; rowLength: number },
): number {
  return output.height * output.width * source.rows * source.rowLength;
}
