/** Small .tflite files, whose answers TensorFlow Lite Micro's reference kernels gave (recorded.test.ts). */
import { activation, bias, conv, integers, single, values, weights } from './specs.ts';
import { type FileSpec, int8, int32, type OperatorSpec } from './tflite.ts';

const resize = (opcode: string, size: [height: number, width: number], options: OperatorSpec['options']): FileSpec =>
  single(opcode, [activation([1, 3, 4, 1]), integers(...size), activation([1, ...size, 1])], {
    optionsType: opcode === 'RESIZE_BILINEAR' ? 15 : 74,
    options,
  });

/** padding 0 SAME or 1 VALID; RELU */
const transposed = (size: [height: number, width: number], padding: number, stride: number): FileSpec =>
  single(
    'TRANSPOSE_CONV',
    [
      integers(1, ...size, 2),
      weights([2, 3, 3, 2], 0, [0.01, 0.003]),
      activation([1, 2, 3, 2]),
      bias(2),
      activation([1, ...size, 2], 0.06, -20),
    ],
    { optionsType: 49, options: { 0: int8(padding), 1: int32(stride), 2: int32(stride), 3: int8(1) } },
  );

export const FILES: Record<string, FileSpec> = {
  'RESIZE_NEAREST_NEIGHBOR, aligned corners': resize('RESIZE_NEAREST_NEIGHBOR', [4, 7], { 0: int8(1) }),
  'RESIZE_NEAREST_NEIGHBOR, half pixels': resize('RESIZE_NEAREST_NEIGHBOR', [5, 3], { 1: int8(1) }),
  RESIZE_BILINEAR: resize('RESIZE_BILINEAR', [5, 6], {}),
  'RESIZE_BILINEAR, aligned corners': resize('RESIZE_BILINEAR', [4, 5], { 2: int8(1) }),
  'RESIZE_BILINEAR, half pixels': resize('RESIZE_BILINEAR', [5, 7], { 3: int8(1) }),
  'TRANSPOSE_CONV, SAME, stride 2': transposed([4, 6], 0, 2),
  'TRANSPOSE_CONV, VALID, stride 3': transposed([6, 9], 1, 3),
  'CONV_2D, dilation 2, two groups': single(
    'CONV_2D',
    [activation([1, 4, 5, 4]), weights([2, 2, 3, 2], 0, [0.01, 0.003]), bias(2), activation([1, 4, 5, 2], 0.09, 11)],
    conv(1, 0, 0, 2),
  ),
  'PRELU of a slope per channel': single('PRELU', [
    activation([1, 2, 3, 4], 0.05, -30),
    { ...activation([4], 0.006, -9), data: values(4) },
    activation([1, 2, 3, 4], 0.04, 17),
  ]),
};
