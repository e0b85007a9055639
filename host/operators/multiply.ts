/** MULTIPLY: element-wise product of two tensors, of which the second may be one position for all. */
import { MAX_PRODUCT_SHIFT } from '../../assembly/limits.ts';
import {
  clamp,
  multiplyByQuantizedMultiplier,
  type QuantizedMultiplier,
  quantizeMultiplier,
  realOf,
} from '../arithmetic/fixed.ts';
import {
  type Binary,
  type BinaryArguments,
  binaryArguments,
  binaryRanges,
  binaryRule,
  decodeBinary,
  scalesOf,
} from './binary.ts';
import type { PlainKind } from './operator.ts';
import { tieProduct } from './scales.ts';

/** Element-wise product; input2 is of input's shape, or [1, 1, C] for every position. */
export interface Multiply extends Binary {
  kind: 'multiply';
}

declare module '../model/model.ts' {
  interface OperatorKinds {
    multiply: Multiply;
  }
}

/** From the product of two values to the output; throws RangeError where that is 2^14 or more. */
export function multiplyFactor(scale1: number, scale2: number, outputScale: number): QuantizedMultiplier {
  const real = (scale1 * scale2) / outputScale;
  const factor = quantizeMultiplier(real);
  if (factor.shift > MAX_PRODUCT_SHIFT)
    throw new RangeError(`factor must be below 2^${MAX_PRODUCT_SHIFT}, got ${real}; check the tensor scales`);
  return factor;
}

/** input2 is as long as input1, or one position of it, which then serves all of them. */
export interface MultiplyArguments extends BinaryArguments {
  factor: QuantizedMultiplier;
}

/** Element-wise product of two INT8 tensors, each with a scale of its own; throws RangeError for other lengths. */
export function multiply(operator: MultiplyArguments): Int8Array {
  const { input1, zeroPoint1, input2, zeroPoint2, factor, outputZeroPoint, activation } = operator;
  if (!(input2.length > 0 && input1.length % input2.length === 0))
    throw new RangeError(
      `multiply: expected ${input1.length} values or one position of them in the second tensor, got ${input2.length}`,
    );
  return input1.map((value, i) => {
    const product = (value - zeroPoint1) * (input2[i % input2.length] - zeroPoint2);
    const scaled = multiplyByQuantizedMultiplier(product, factor);
    return clamp(scaled + outputZeroPoint, activation[0], activation[1]);
  });
}

const importMul = binaryRule({
  support: 'limited',
  note: 'two tensors, or a tensor and a constant; one value per channel as it is, repeated otherwise by a copy',
  optionsType: 21,
  perChannel: true,
  check(to, scale1, scale2, outputScale) {
    to.checkFactor((scale1 * scale2) / outputScale, MAX_PRODUCT_SHIFT, 'product of input scales / output scale');
  },
  twin: (operands, ...scales) => multiply({ ...operands, factor: multiplyFactor(...scales) }),
  emit: (operator, to, pair) => to.emit(operator, { kind: 'multiply', ...pair }),
});

export const multiplyOperator: PlainKind<Multiply> = {
  code: 12,
  short: 'mul',
  about: {
    does: 'element-wise product',
    reads: '[H, W, C], and the same or [1, 1, C]',
    writes: '[H, W, C]',
  },
  parameters: { words: 2, are: 'multiplier, shift, which is at most 14' },
  imports: { MUL: importMul },
  encode(operator, tensors) {
    const { multiplier, shift } = multiplyFactor(...scalesOf(operator, tensors));
    return [multiplier, shift];
  },
  decode: decodeBinary,
  run: (operator, execution) =>
    multiply({
      ...binaryArguments(operator, execution),
      factor: multiplyFactor(...scalesOf(operator, execution.tensors)),
    }),
  ranges(operator, bounding) {
    const factor = multiplyFactor(...scalesOf(operator, bounding.program.tensors));
    return binaryRanges(operator, bounding, (operands) => multiply({ ...operands, factor }));
  },
  channelwise: true,
  size: 'alike',
  reach: 'position',
  overwrites: ({ input, input2 }) => [input, input2],
  tie({ view: { input, input2, output }, parameter }, scales, start) {
    const factor = realOf({ multiplier: parameter(0), shift: parameter(1) });
    tieProduct([input, input2], output, factor, scales, start);
  },
};
