/**
 * Functions of one value as tables of 256, with the very arithmetic of TensorFlow Lite Micro's reference kernels.
 * Scales are float32 values held in numbers; fround stands where the C++ computes in float.
 */
import { logistic, tanh } from '../arithmetic/exponential.ts';
import {
  clamp,
  multiplyByQuantizedMultiplier,
  type QuantizedMultiplier,
  quantizeMultiplier,
  roundingDivideByPot,
} from '../arithmetic/fixed.ts';
import { inverseRoot } from '../arithmetic/inverseRoot.ts';
import { Unsupported } from '../model/unsupported.ts';
import type { Scaled } from '../operators/lowering.ts';
import { activationRange, checkFactor } from './quantization.ts';

/** Differences of two INT8 values have 8 bits: a factor below 2^22 cannot wrap them. */
const MAX_SHIFT = 22;

/** The table of a function, saturated to INT8; the value of -128 first. */
function tableOf(of: (q: number) => number): Int8Array {
  return Int8Array.from({ length: 256 }, (_, i) => clamp(of(i - 128), -128, 127));
}

/** QUANTIZE from INT8 to INT8: the quotient of the scales in double. */
export function rescaleTable(input: Scaled, output: Scaled): Int8Array {
  const factor = multiplierOf(input.scale / output.scale);
  return tableOf((q) => multiplyByQuantizedMultiplier(q - input.zeroPoint, factor) + output.zeroPoint);
}

/** RELU and RELU_N1_TO_1, which rescale, with the quotient of the scales in float. */
export function reluTable(kind: 'RELU' | 'RELU_N1_TO_1', input: Scaled, output: Scaled): Int8Array {
  const factor = multiplierOf(Math.fround(input.scale / output.scale));
  const range = activationRange(kind, output);
  return tableOf((q) => clamp(multiplyByQuantizedMultiplier(q - input.zeroPoint, factor) + output.zeroPoint, ...range));
}

/** RELU6, which clamps the input's values as they are, whatever the output's scale. */
export function relu6Table(input: Scaled): Int8Array {
  const [min, max] = activationRange('RELU6', input);
  return tableOf((q) => clamp(q, min, max));
}

export function leakyReluTable(alpha: number, input: Scaled, output: Scaled): Int8Array {
  const identity = multiplierOf(Math.fround(input.scale / output.scale));
  const below = Math.fround(Math.fround(input.scale * alpha) / output.scale);
  if (!Number.isFinite(below)) throw new Unsupported(`alpha is ${alpha}`);
  const leak = multiplierOf(Math.abs(below));
  return tableOf((q) => {
    const value = q - input.zeroPoint;
    if (value >= 0) return multiplyByQuantizedMultiplier(value, identity) + output.zeroPoint;
    return Math.sign(below) * multiplyByQuantizedMultiplier(value, leak) + output.zeroPoint;
  });
}

/** ABS: rescaled only where the scales differ, and then not the zero point alone. */
export function absTable(input: Scaled, output: Scaled): Int8Array {
  const factor = multiplierOf(Math.fround(input.scale / output.scale));
  const same = input.scale === output.scale;
  return tableOf((q) => {
    const value = Math.abs(q - input.zeroPoint);
    return (same ? value : multiplyByQuantizedMultiplier(value, factor)) + output.zeroPoint;
  });
}

/** RSQRT: the largest value for what is not above 0, which TensorFlow Lite Micro refuses when it is below. */
export function rsqrtTable(input: Scaled, output: Scaled): Int8Array {
  const bits = 20;
  const real = 1 / Math.fround(Math.fround(Math.sqrt(input.scale)) * output.scale);
  checkFactor(real, 30, '1 / (root of input scale * output scale)'); // a root has 20 bits, and 10 more do not wrap
  const factor = quantizeMultiplier(real);
  return tableOf((q) => {
    const value = q - input.zeroPoint;
    if (value <= 0) return 127;
    const root = inverseRoot(value);
    const data = multiplyByQuantizedMultiplier(1, { ...root, shift: root.shift + bits });
    return multiplyByQuantizedMultiplier(data, { ...factor, shift: factor.shift - bits }) + output.zeroPoint;
  });
}

export const eluTable = ofReals((x) => (x < 0 ? Math.fround(Math.exp(x)) - 1 : x));
export const expTable = ofReals(Math.exp);

/** A function of real numbers in float32. */
function ofReals(of: (x: number) => number): (input: Scaled, output: Scaled) => Int8Array {
  const f = Math.fround;
  return (input, output) => {
    const inverse = f(1 / output.scale);
    return tableOf((q) => {
      const scaled = f(f(of(f(input.scale * (q - input.zeroPoint)))) * inverse);
      return Math.sign(scaled) * Math.floor(Math.abs(scaled) + 0.5) + output.zeroPoint;
    });
  };
}

const Q4 = 2 ** 27;

/** Output scale 1/256 and zero point -128, which the kernel takes for granted. */
export function logisticTable(input: Scaled, output: Scaled): Int8Array {
  checkOutput(output, 1 / 256, -128);
  return saturating(input, (a) => roundingDivideByPot(logistic(a), 31 - 8) - 128);
}

/** Output scale 1/128 and zero point 0, which the kernel takes for granted. */
export function tanhTable(input: Scaled, output: Scaled): Int8Array {
  checkOutput(output, 1 / 128, 0);
  return saturating(input, (a) => roundingDivideByPot(tanh(a), 31 - 7));
}

/** A function of real arguments in Q4.27, which is at its ends where those leave (-15, 15). */
function saturating({ scale, zeroPoint }: Scaled, of: (a: number) => number): Int8Array {
  const factor = scale * Q4;
  if (!(factor >= 1)) throw new Unsupported(`input scale ${scale}; only from 2^-27`);
  checkFactor(factor, 30, 'input scale * 2^27');
  const multiplier = quantizeMultiplier(factor);
  const radius = Math.floor((15 * Q4) / 2 ** multiplier.shift);
  return tableOf((q) => {
    const value = q - zeroPoint;
    if (value <= -radius) return -128;
    if (value >= radius) return 127;
    return of(multiplyByQuantizedMultiplier(value, multiplier));
  });
}

/** In 16 bits, as the kernel does it: x on the output's scale times (x + 3) / 6, which saturates at 0 and 1. */
export function hardSwishTable(input: Scaled, output: Scaled): Int8Array {
  const fine = Math.fround(input.scale / 128);
  const toOutput = halfMultiplier(multiplierOf(Math.fround(fine / output.scale)));
  const toRelu = halfMultiplier(multiplierOf(Math.fround(fine / Math.fround(3 / 32768))));
  if (toOutput.shift > 0)
    throw new Unsupported(`output scale ${output.scale} is less than a 128th of the input's ${input.scale}`);
  return tableOf((q) => {
    const value = (q - input.zeroPoint) * 128; // 9 bits and 7 more: may wrap, as there
    const fineValue = int16(value);
    const scaled = roundingHighMul(fineValue, toOutput.multiplier);
    let relu = fineValue;
    if (toRelu.shift > 0) relu = saturate16(relu * 2 ** (toRelu.shift - 1));
    relu = roundingHighMul(relu, toRelu.multiplier);
    if (toRelu.shift > 0) relu = saturate16(relu * 2);
    if (toRelu.shift < 0) relu = roundingDivideByPot(relu, -toRelu.shift);
    relu = (relu + 2 ** 15) >> 1; // from [-1, 1] to [0, 1]
    const product = Math.trunc((relu * scaled) / 2 ** 15);
    return int16(roundingDivideByPot(product, -toOutput.shift) + output.zeroPoint);
  });
}

function int16(value: number): number {
  return (value << 16) >> 16;
}

function saturate16(value: number): number {
  return clamp(value, -(2 ** 15), 2 ** 15 - 1);
}

/** The 16 high bits of a doubled product of 16 bits, ties up. */
function roundingHighMul(a: number, b: number): number {
  const product = a * b;
  return Math.trunc((product + (product >= 0 ? 2 ** 14 : 1 - 2 ** 14)) / 2 ** 15);
}

/** A Q31 multiplier as Q15. */
function halfMultiplier({ multiplier, shift }: QuantizedMultiplier): QuantizedMultiplier {
  return { multiplier: Math.min(Math.floor(multiplier / 2 ** 16 + 0.5), 2 ** 15 - 1), shift };
}

function multiplierOf(factor: number): QuantizedMultiplier {
  checkFactor(factor, MAX_SHIFT, 'input scale / output scale');
  return quantizeMultiplier(factor);
}

function checkOutput({ scale, zeroPoint }: Scaled, expected: number, expectedZeroPoint: number): void {
  if (scale !== expected || zeroPoint !== expectedZeroPoint)
    throw new Unsupported(
      `output scale ${scale} and zero point ${zeroPoint}; only 1/${1 / expected} and ${expectedZeroPoint}`,
    );
}
