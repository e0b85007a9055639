/**
 * Constant operands as tensors.
 *
 * An image has no place for constant activations. But a fully connected layer whose weights are 0 gives its biases,
 * whatever its input is; so that is what a constant becomes: one value copied from any tensor, and a layer from there.
 * With one factor for all it takes five bytes a value, and its output is exact: the bias is twice the difference from
 * the zero point, the factor one half.
 */

import { Unsupported } from '../model/unsupported.ts';
import type { Activation, Constant } from '../operators/lowering.ts';
import { move } from './copies.ts';
import type { GraphOperator } from './graph.ts';
import type { Lowering } from './lowering.ts';

const MAX_VALUES = 2 ** 14;

/** The values of `constant` as [1, 1, count]. `beside` is any tensor that has been written. */
export function tensorOf(operator: GraphOperator, to: Lowering, constant: Constant, beside: Activation): Activation {
  const { values, zeroPoint } = constant;
  const count = values.length;
  if (count > MAX_VALUES) throw new Unsupported(`a constant of ${count} values; at most ${MAX_VALUES}`);
  const input = to.temporary([1, 1, 1], beside);
  const output = to.temporary([1, 1, count], constant);
  move(operator, to, beside, input, []);
  to.emit(operator, {
    kind: 'fullyConnected',
    name: `operator ${operator.index}`,
    input: input.tensor,
    output: output.tensor,
    source: to.source(to.zeros(count), count, 1, count),
    residency: 'flash',
    bias: Int32Array.from(values, (value) => 2 * (value - zeroPoint)),
    effectiveScale: new Float64Array(count).fill(0.5),
    activation: [-128, 127],
  });
  return output;
}
