/** Float files that would take hours or gigabytes are refused in one line, before anything runs. */
import { describe, expect, it } from 'vitest';
import { Executor } from '../../host/float/execute.ts';
import { floatTflite } from '../../host/float/network.ts';
import { inputsFor } from '../../host/float/work.ts';
import { floatOnnx } from '../../host/onnx/onnx.ts';
import { conv, single } from '../import/fixtures.ts';
import { type FileSpec, int8, int32, tflite } from '../import/tflite.ts';
import { onnx } from '../onnx/writer.ts';

const real = (shape: number[], data?: number[]) => ({ shape, type: 'FLOAT32', data });
const zeros = (count: number) => new Array<number>(count).fill(0);

/** A convolution with a kernel as large as its input of `size` by `size` has size^4 products. */
const wide = (size: number): FileSpec =>
  single(
    'CONV_2D',
    [real([1, size, size, 1]), real([1, size, size, 1], zeros(size * size)), real([1, size, size, 1])],
    conv(1, 0),
  );

const pooled = (size: number): FileSpec => ({
  ...single('AVERAGE_POOL_2D', [real([1, size, size, 1]), real([1, size, size, 1])], {
    optionsType: 5,
    options: { 0: int8(0), 1: int32(1), 2: int32(1), 3: int32(2 ** 30), 4: int32(2 ** 30) },
  }),
  inputs: [0],
});

const chain = (count: number, shape: number[]): FileSpec => ({
  tensors: Array.from({ length: count + 1 }, () => real(shape)),
  operators: Array.from({ length: count }, (_, i) => ({ opcode: 'LOGISTIC', inputs: [i], outputs: [i + 1] })),
  inputs: [0],
  outputs: [count],
});

/** Results of a chain that all live until they are added up. */
const addedUp = (count: number, shape: number[]): FileSpec => {
  const { tensors, operators } = chain(count, shape);
  const sums = Array.from({ length: count }, (_, i) => ({
    opcode: 'ADD',
    inputs: [i === 0 ? count : count + i, i + 1],
    outputs: [count + 1 + i],
  }));
  return {
    tensors: [...tensors, ...sums.map(() => real(shape))],
    operators: [...operators, ...sums],
    inputs: [0],
    outputs: [2 * count],
  };
};

describe('a float file is refused in one line before anything runs', () => {
  it.each([
    ['products', wide(256), /takes 4,294,967,296 multiply-accumulates an inference, .* in operator 0 CONV_2D/],
    [
      'values of windows',
      pooled(512),
      /takes 68,719,476,736 multiply-accumulates.*AVERAGE_POOL_2D.*at most 1,073,741,824/,
    ],
    ['operators', chain(5000, [1, 4]), /takes 5,000 operators, expected at most 4,096; make it smaller/],
    ['values at once', addedUp(20, [1, 1024, 1024, 1]), /values in memory at once, expected at most 16,777,216/],
  ])('for too many %s', (_, file, expected) => {
    expect(() => floatTflite(tflite(file))).toThrow(expected);
  });

  it('for ONNX that doubles a constant over and over', async () => {
    const doubling = Array.from({ length: 40 }, (_, i) => ({
      op: 'Concat',
      inputs: [`c${i}`, `c${i}`],
      outputs: [`c${i + 1}`],
      attributes: { axis: 0 },
    }));
    const nodes = [...doubling, { op: 'Add', inputs: ['x', 'c40'], outputs: ['y'] }];
    const initializers = { c0: { dims: [1024], values: zeros(1024) } };
    const file = onnx({ inputs: { x: [1, 3, 2, 2] }, outputs: ['y'], initializers, nodes });
    await expect(floatOnnx(file)).rejects.toThrow(/Concat.*constants of the file become more than 33554432 numbers/);
  });
});

it('a SLICE of a size that no array has is refused with its number, not tried', () => {
  const file: FileSpec = {
    tensors: [
      real([1, 4]),
      { shape: [2], type: 'INT32', data: [0, 0] },
      { shape: [2], type: 'INT32', data: [2 ** 30, 2 ** 30] },
      real([1, 4]),
    ],
    operators: [{ opcode: 'SLICE', inputs: [0, 1, 2], outputs: [3] }],
    inputs: [0],
    outputs: [3],
  };
  const { graph } = floatTflite(tflite(file))!;
  expect(() => new Executor(graph).run([Float32Array.of(1, 2, 3, 4)])).toThrow(
    /0 SLICE.*an array \[1073741824,1073741824\]/,
  );
});

it('of a network that takes long or much memory fewer inputs are run, never none', () => {
  expect(inputsFor({ operations: 1e7, values: 1e5 }, 256)).toBe(256);
  expect(inputsFor({ operations: 1e9, values: 1e5 }, 256)).toBe(10);
  expect(inputsFor({ operations: 1e7, values: 2 ** 23 }, 256)).toBe(16);
  expect(inputsFor({ operations: 2 ** 30, values: 2 ** 24 }, 256)).toBe(8);
  expect(inputsFor({ operations: 2 ** 30, values: 2 ** 24 }, 3)).toBe(3);
});
