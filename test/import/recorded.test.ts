/**
 * Imported operators against answers that TensorFlow Lite Micro's reference kernels (commit 90b983c2) gave on a computer
 * for these files: every byte, on every variant. A twin might share a mistaken reading of them with the importer.
 */
import { expect, it } from 'vitest';
import { importImage } from '../../host/import/import.ts';
import { Runtime, VARIANT_NAMES } from '../../host/runtime/node.ts';
import { FILES } from './recordedFiles.ts';
import { values } from './specs.ts';
import { tflite } from './tflite.ts';

/** For the input values(count). */
const ANSWERS: Record<string, number[]> = {
  'RESIZE_NEAREST_NEIGHBOR, aligned corners': [
    -86, 3, 3, 92, 92, -74, -74, 15, 104, 104, -62, -62, 27, 27, 15, 104, 104, -62, -62, 27, 27, 116, -50, -50, 39, 39,
    -127, -127,
  ],
  'RESIZE_NEAREST_NEIGHBOR, half pixels': [-86, 92, -74, -86, 92, -74, 15, -62, 27, 116, 39, -127, 116, 39, -127],
  RESIZE_BILINEAR: [
    -86, -27, 33, 92, -19, -74, -25, 34, 42, 0, -9, -13, 35, 61, 35, -42, -16, -4, 96, 19, -6, 19, -58, -96, 116, 5,
    -20, 39, -72, -127,
  ],
  'RESIZE_BILINEAR, aligned corners': [
    -86, -19, 48, 51, -74, -19, 48, 30, -10, -7, 49, 52, 12, -27, -24, 116, -9, -6, -3, -127,
  ],
  'RESIZE_BILINEAR, half pixels': [
    -86, -54, -3, 47, 80, -15, -74, -46, -14, 37, 37, 26, -11, -34, 15, 47, 97, 21, -56, -5, 27, 75, 53, 16, 5, -6, -42,
    -65, 116, 57, -38, -6, 27, -68, -127,
  ],
  'TRANSPOSE_CONV, SAME, stride 2': [
    37, -17, -20, 0, -20, -20, 89, -20, -20, 33, -20, -20, 20, -20, -20, -5, -20, -20, 92, -20, 100, 41, -20, -16, 49,
    -20, -6, 4, -20, -20, 24, -20, 65, 1, 48, -17, 13, -16, -20, -8, -20, -20, 105, -20, 19, -13, 63, -20,
  ],
  'TRANSPOSE_CONV, VALID, stride 3': [
    37, -17, -20, 0, -20, -20, -20, -20, 89, -20, -20, 15, -20, -1, -20, -20, 63, -20, 20, -20, -20, -5, -20, -20, -20,
    -20, 92, -20, 84, 15, -10, 5, -20, -16, -20, -20, 2, -20, 59, -10, -20, 7, -20, -20, -20, -20, 86, -20, 13, 12, -20,
    -10, -20, -20, 21, -13, -20, -5, -14, -20, -20, -20, 93, -20, -20, 15, -20, -20, 81, -20, -20, 14, 13, -16, -20, -8,
    -20, -20, -20, -20, 105, -20, 66, 19, -20, -20, 63, -20, 123, 8, 4, -18, 31, -10, -20, -2, -20, -20, -20, -20, 78,
    -20, -20, -20, -20, -20, 104, -20,
  ],
  'CONV_2D, dilation 2, two groups': [
    12, -13, -56, 8, 127, -18, -23, 34, 27, 28, -54, 0, -66, 13, 127, -46, -69, 64, 46, 16, -57, -41, -69, 52, 127, -55,
    -68, 27, 47, 39, -68, -17, -12, 18, 70, -25, -34, 43, 30, 22,
  ],
  'PRELU of a slope per channel': [
    49, 58, 127, 38, 73, 127, -7, 88, 127, 15, 103, 64, 22, 118, -47, 22, 127, 10, 37, 127, 52, 52, 127, 41,
  ],
};

it.each(Object.entries(FILES))('%s answers as recorded', (name, file) => {
  const { image } = importImage(tflite(file), 'recorded');
  for (const variant of VARIANT_NAMES) {
    const runtime = new Runtime(image, variant).load();
    const output = runtime.run(Uint8Array.from(values(runtime.inputBytes())));
    expect([variant, ...new Int8Array(output.buffer)]).toEqual([variant, ...ANSWERS[name]]);
  }
});

it('every file has an answer, and the answers are no constants', () => {
  expect(Object.keys(ANSWERS)).toEqual(Object.keys(FILES));
  expect(Object.values(ANSWERS).filter((answer) => new Set(answer).size < 4)).toEqual([]);
});
