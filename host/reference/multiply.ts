import { MAX_PRODUCT_SHIFT } from '../../assembly/limits.ts';
import { clamp, multiplyByQuantizedMultiplier, type QuantizedMultiplier, quantizeMultiplier } from './fixed.ts';

/** From the product of two values to the output; throws RangeError where that is 2^14 or more. */
export function multiplyFactor(scale1: number, scale2: number, outputScale: number): QuantizedMultiplier {
  const real = (scale1 * scale2) / outputScale;
  const factor = quantizeMultiplier(real);
  if (factor.shift > MAX_PRODUCT_SHIFT)
    throw new RangeError(`factor must be below 2^${MAX_PRODUCT_SHIFT}, got ${real}; check the tensor scales`);
  return factor;
}

export interface MultiplyArguments {
  input1: Int8Array;
  zeroPoint1: number;
  /** as long as input1, or one position of it, which then serves all of them */
  input2: Int8Array;
  zeroPoint2: number;
  factor: QuantizedMultiplier;
  outputZeroPoint: number;
  activation: [min: number, max: number];
}

/** Element-wise product of two INT8 tensors, each with a scale of its own; throws RangeError for other lengths than said. */
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
