import {
  clamp,
  multiplyByQuantizedMultiplier,
  type QuantizedMultiplier,
  quantizeMultiplier,
} from '../arithmetic/fixed.ts';

const LEFT_SHIFT = 20; // headroom for the input rescales: 9 bits of difference + 20 stay within i32

export interface AddFactors {
  input1: QuantizedMultiplier;
  input2: QuantizedMultiplier;
  output: QuantizedMultiplier;
}

/** Brings both inputs to the scale 2 max(s1, s2) / 2^20, in which their sum cannot overflow. */
export function addFactors(scale1: number, scale2: number, outputScale: number): AddFactors {
  const common = 2 * Math.max(scale1, scale2);
  return {
    input1: quantizeMultiplier(scale1 / common),
    input2: quantizeMultiplier(scale2 / common),
    output: quantizeMultiplier(common / (2 ** LEFT_SHIFT * outputScale)),
  };
}

export interface AddArguments {
  input1: Int8Array;
  zeroPoint1: number;
  input2: Int8Array;
  zeroPoint2: number;
  factors: AddFactors;
  outputZeroPoint: number;
  activation: [min: number, max: number];
}

/** Element-wise sum of two INT8 tensors of one shape, each with a scale of its own; throws RangeError for two shapes. */
export function add(operator: AddArguments): Int8Array {
  const { input1, zeroPoint1, input2, zeroPoint2, factors, outputZeroPoint, activation } = operator;
  if (input2.length !== input1.length)
    throw new RangeError(`add: expected two tensors of ${input1.length} values, got ${input2.length} in the second`);
  return input1.map((value, i) => {
    const scaled1 = multiplyByQuantizedMultiplier((value - zeroPoint1) << LEFT_SHIFT, factors.input1);
    const scaled2 = multiplyByQuantizedMultiplier((input2[i] - zeroPoint2) << LEFT_SHIFT, factors.input2);
    const sum = multiplyByQuantizedMultiplier(scaled1 + scaled2, factors.output);
    return clamp(sum + outputZeroPoint, activation[0], activation[1]);
  });
}
