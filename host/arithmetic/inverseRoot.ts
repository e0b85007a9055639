/** One over the square root of an integer, in fixed point, bit for bit as TensorFlow Lite computes it. */
import {
  clamp,
  INT32_MAX,
  INT32_MIN,
  saturatingRoundingDoublingHighMul as multiply,
  type QuantizedMultiplier,
  roundingDivideByPot,
} from './fixed.ts';

const HALF_ROOT_OF_TWO = 1518500250; // Q0.31

/**
 * 1 / sqrt(value) as a multiplier, not normalised, and a shift, for value in [0, 2^31); 1 for 0. Newton-Raphson steps from 1
 * in Q3.28 on the value, which is first brought to [2^27, 2^29) by an even shift.
 */
export function inverseRoot(value: number): QuantizedMultiplier {
  if (value <= 1) return { multiplier: INT32_MAX, shift: 0 };
  let [input, right] = [value, 11];
  for (; input >= 2 ** 29; right++) input = Math.trunc(input / 4);
  const pairs = ((Math.clz32(input) - 1) >> 1) - 1;
  right -= pairs;
  const half = roundingDivideByPot((input * 4 ** pairs) >> 1, 1);
  const threeHalves = 2 ** 28 + 2 ** 27;
  let x = 2 ** 28;
  for (let step = 0; step < 5; step++) {
    const cube = saturated(multiply(multiply(x, x), x) * 2 ** 6);
    x = saturated((multiply(threeHalves, x) - multiply(half, cube)) * 2 ** 3);
  }
  x = multiply(x, HALF_ROOT_OF_TWO);
  return right < 0 ? { multiplier: x << -right, shift: 0 } : { multiplier: x, shift: -right };
}

function saturated(x: number): number {
  return clamp(x, INT32_MIN, INT32_MAX);
}
