/**
 * Real factors and clamps with the very expressions of TensorFlow Lite Micro, since a factor that differs in its last
 * bit can give another multiplier. Scales are float32 values held in numbers; an operation is in float32 only where
 * fround says so, which is where the C++ has no cast to double.
 */
import { quantizeMultiplier } from '../arithmetic/fixed.ts';
import { Unsupported } from '../model/unsupported.ts';
import type { FusedActivation } from '../operators/lowering.ts';

/**
 * Of a convolution, or of a fully connected layer with scales per channel: all in double (lite/kernels/kernel_util.cc).
 */
export function channelFactor(inputScale: number, weightScale: number, outputScale: number): number {
  return (inputScale * weightScale) / outputScale;
}

/** Of a fully connected layer with one weight scale: its product of scales is rounded to float32 first. */
export function fullyConnectedFactor(inputScale: number, weightScale: number, outputScale: number): number {
  return Math.fround(inputScale * weightScale) / outputScale;
}

const BOUNDS: Record<FusedActivation, [min: number | null, max: number | null] | null> = {
  NONE: [null, null],
  RELU: [0, null],
  RELU6: [0, 6],
  RELU_N1_TO_1: [-1, 1],
  TANH: null,
  SIGN_BIT: null,
};

/** A fused activation as the lowest and highest INT8 output. */
export function activationRange(
  activation: FusedActivation,
  { scale, zeroPoint }: { scale: number; zeroPoint: number },
): [min: number, max: number] {
  const bounds = BOUNDS[activation];
  if (bounds === null) throw new Unsupported(`fused activation ${activation}; only NONE, RELU, RELU6 and RELU_N1_TO_1`);
  const [min, max] = bounds;
  return [
    min === null ? -128 : Math.max(-128, quantize(min, scale, zeroPoint)),
    max === null ? 127 : Math.min(127, quantize(max, scale, zeroPoint)),
  ];
}

/** zeroPoint + real / scale in float32, ties away from zero. */
function quantize(real: number, scale: number, zeroPoint: number): number {
  const quotient = Math.fround(real / scale);
  return zeroPoint + Math.sign(quotient) * Math.floor(Math.abs(quotient) + 0.5);
}

/** Throws Unsupported when a real factor has no multiplier and shift that the device takes. */
export function checkFactor(factor: number, largestShift: number, what: string): void {
  if (!(factor >= 0 && factor < 2 ** 30) || quantizeMultiplier(factor).shift > largestShift)
    throw new Unsupported(`${what} must be a factor below 2^${largestShift}, got ${factor}`);
}
