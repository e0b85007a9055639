/** What the descriptions of small .tflite files are put together from. */
import type { FileSpec, OperatorSpec, TensorSpec } from './tflite.ts';
import { int8, int32 } from './tflite.ts';

/** Values that repeat nothing soon, -127 to 127. */
export const values = (count: number) => Array.from({ length: count }, (_, i) => ((i * 89 + 41) % 255) - 127);

export const activation = (shape: number[], scale = 0.05, zeroPoint = 3): TensorSpec => ({ shape, scale, zeroPoint });

export const weights = (shape: number[], quantizedDimension: number, scale: number | number[]): TensorSpec => ({
  shape,
  scale,
  quantizedDimension,
  data: values(shape.reduce((a, b) => a * b, 1)),
});

export const bias = (channels: number): TensorSpec => ({
  shape: [channels],
  type: 'INT32',
  data: values(channels).map((value) => 9 * value),
});

/** The first tensor that is no constant in, the last one out. */
export function single(opcode: string, tensors: TensorSpec[], rest: Partial<OperatorSpec> = {}): FileSpec {
  const last = tensors.length - 1;
  const inputs = Array.from({ length: last }, (_, i) => i);
  const input = tensors.findIndex(({ data }) => data === undefined);
  return { tensors, operators: [{ opcode, inputs, outputs: [last], ...rest }], inputs: [input], outputs: [last] };
}

/** stride 1 to 255, padding 0 SAME or 1 VALID, activation of ACTIVATIONS */
export const conv = (stride = 1, padding = 0, fused = 0, dilation = 1) => ({
  optionsType: 1,
  options: {
    0: int8(padding),
    1: int32(stride),
    2: int32(stride),
    3: int8(fused),
    4: int32(dilation),
    5: int32(dilation),
  },
});
export const depthwise = (multiplier: number, fused = 0) => ({
  optionsType: 2,
  options: { 0: int8(0), 1: int32(1), 2: int32(1), 3: int32(multiplier), 4: int8(fused) },
});
export const pool = {
  optionsType: 5,
  options: { 0: int8(1), 1: int32(2), 2: int32(2), 3: int32(2), 4: int32(2), 5: int8(0) },
};
export const fullyConnected = (fused = 0) => ({ optionsType: 8, options: { 0: int8(fused) } });

/** INT32 values. */
export const integers = (...data: number[]): TensorSpec => ({ shape: [data.length], type: 'INT32', data });
export const number = (data: number, scale = 0.02, zeroPoint = -4): TensorSpec => ({
  shape: [],
  scale,
  zeroPoint,
  data: [data],
});
export const fused = (optionsType: number, activation = 0) => ({ optionsType, options: { 0: int8(activation) } });
export const oneValue = (opcode: string, output: TensorSpec, rest: Partial<OperatorSpec> = {}) => ({
  file: single(opcode, [activation([1, 4, 4, 16]), output], rest),
  kinds: ['lookup'],
});
export const channelScales = [0.01, 0.02, 0.004];

/** Several inputs, of which the first are those of the model. */
export const several = (opcode: string, inputs: TensorSpec[], output: TensorSpec, rest: Partial<OperatorSpec>) => ({
  ...single(opcode, [...inputs, output], rest),
  inputs: inputs.map((_, i) => i),
});
