/** Functions of one value against the functions themselves, and moves against what TFLite says they do. */
import { describe, expect, it } from 'vitest';
import {
  hardSwishTable,
  leakyReluTable,
  logisticTable,
  relu6Table,
  reluTable,
  rescaleTable,
  tanhTable,
} from '../../host/import/functions.ts';
import { importTflite } from '../../host/import/import.ts';
import { execute } from '../../host/reference/executor.ts';
import { FIXTURES } from './fixtures.ts';
import { tflite } from './tflite.ts';

const fround = Math.fround;

// the two roundings of a requantisation are off by three quarters of a step at most
describe('a table of 256', () => {
  const PROBABILITY = { scale: 1 / 256, zeroPoint: -128 };
  const SIGNED = { scale: 1 / 128, zeroPoint: 0 };
  const hardSwish = (x: number) => (x * Math.min(Math.max(x + 3, 0), 6)) / 6;

  it.each([
    ['logistic', 0.6, logisticTable, PROBABILITY, (x: number) => 1 / (1 + Math.exp(-x))],
    ['tanh', 0.6, tanhTable, SIGNED, Math.tanh],
    [
      'RELU',
      0.76,
      reluTable.bind(null, 'RELU'),
      { scale: fround(0.031), zeroPoint: -128 },
      (x: number) => Math.max(x, 0),
    ],
    ['rescaling', 0.76, rescaleTable, { scale: fround(0.07), zeroPoint: 11 }, (x: number) => x],
    [
      'leaky RELU',
      0.76,
      leakyReluTable.bind(null, fround(0.2)),
      { scale: fround(0.04), zeroPoint: -40 },
      (x: number) => (x < 0 ? 0.2 * x : x),
    ],
    [
      'leaky RELU of negative alpha',
      0.76,
      leakyReluTable.bind(null, -0.5),
      { scale: fround(0.04), zeroPoint: -40 },
      (x: number) => (x < 0 ? -0.5 * x : x),
    ],
    ['hard swish', 1.6, hardSwishTable, { scale: fround(0.03), zeroPoint: -110 }, hardSwish],
  ])('of %s is off by less than %d steps anywhere', (_, most, make, output, real) => {
    for (const input of [
      { scale: fround(0.05), zeroPoint: 3 },
      { scale: fround(0.0173), zeroPoint: -128 },
      { scale: fround(0.11), zeroPoint: 127 },
    ]) {
      const table = make(input, output);
      const errors = Array.from(table, (value, i) => {
        const exact = real(input.scale * (i - 128 - input.zeroPoint)) / output.scale + output.zeroPoint;
        return Math.abs(Math.min(Math.max(exact, -128), 127) - value);
      });
      expect(Math.max(...errors)).toBeLessThan(most);
    }
  });

  it('of RELU6 clamps values as they are', () => {
    const numbers = { scale: fround(0.05), zeroPoint: -20 };
    expect(Array.from(relu6Table(numbers))).toEqual(
      Array.from({ length: 256 }, (_, i) => Math.min(Math.max(i - 128, -20), 100)),
    );
  });

  it('of the logistic function is symmetric and ends where its argument leaves (-15, 15)', () => {
    const table = logisticTable({ scale: 1 / 4, zeroPoint: 0 }, PROBABILITY);
    expect([table[128], table[128 - 60], table[128 + 60], table[128 + 4]]).toEqual([0, -128, 127, 59]); // 187.15 / 256
    for (let q = 1; q < 60; q++) expect(Math.abs(table[128 + q] + table[128 - q])).toBeLessThanOrEqual(1);
  });

  it('is refused where the kernel would take another output scale for granted', () => {
    expect(() => logisticTable(SIGNED, SIGNED)).toThrow(/only 1\/256 and -128/);
    expect(() => tanhTable(SIGNED, PROBABILITY)).toThrow(/only 1\/128 and 0/);
  });
});

describe('a move', () => {
  /** What a fixture makes of an input that counts up from -128. */
  function run(name: string): { outputs: number[][]; inputs: number[][] } {
    const { programs, ...rest } = importTflite(tflite(FIXTURES[name].file), 'x').model;
    const [program] = programs;
    let next = 0;
    const inputs = program.inputs.map((tensor) => {
      const count = program.tensors[tensor].shape.reduce((a, b) => a * b);
      return Array.from({ length: count }, () => next++ % 256);
    });
    const bytes = inputs.map((values) => Uint8Array.from(values));
    const values = execute({ programs, ...rest }, program, bytes, { tables: 'q31' });
    return { inputs, outputs: program.outputs.map((tensor) => Array.from(values[tensor], (value) => value & 255)) };
  }
  const picture = (height: number, width: number, channels: number, at: (y: number, x: number, c: number) => number) =>
    Array.from({ length: height * width * channels }, (_, i) =>
      at(Math.floor(i / width / channels), Math.floor(i / channels) % width, i % channels),
    );
  const of = (width: number, channels: number) => (y: number, x: number, c: number) => (y * width + x) * channels + c;

  it.each([
    ['TRANSPOSE of three dimensions', picture(5, 3, 4, (y, x, c) => of(4, 5)(x, c, y))],
    ['SLICE', picture(2, 5, 2, (y, x, c) => of(6, 3)(y + 2, x + 1, c + 1))],
    ['STRIDED_SLICE with masks', picture(1, 2, 3, (_, x, c) => of(6, 3)(1 + 2 * x, 3, c))],
    ['PAD', picture(6, 5, 2, (y, x, c) => (y >= 1 && y < 4 && x < 4 ? of(4, 2)(y - 1, x, c) : 3))],
    ['PADV2 of channels', picture(3, 4, 5, (y, x, c) => (c >= 1 && c < 3 ? of(4, 2)(y, x, c - 1) : 3))],
    ['CONCATENATION along rows', Array.from({ length: 45 }, (_, i) => i)],
    [
      'CONCATENATION along channels',
      picture(2, 3, 8, (y, x, c) =>
        c < 5 ? of(3, 5)(y, x, c) : c < 7 ? 30 + of(3, 2)(y, x, c - 5) : 42 + of(3, 1)(y, x, 0),
      ),
    ],
  ])('%s puts every value where it belongs', (name, expected) => {
    expect(run(name).outputs).toEqual([expected]);
  });

  it('SPLIT gives its parts in order', () => {
    const part = (first: number) => picture(3, 2, 3, (y, x, c) => of(2, 6)(y, x, c + first));
    expect(run('SPLIT').outputs).toEqual([part(3), part(0)]); // the fixture names the second part first
  });

  it('PAD in front of a convolution that pads otherwise becomes its padding, and the same bytes come out', () => {
    const folded = importTflite(tflite(FIXTURES['PAD in front of CONV_2D'].file), 'x').model;
    const [operator] = folded.programs[0].operators;
    expect(operator).toMatchObject({ kind: 'convolution', pad: [0, 1], input: 0 });
    // the same network with the padded picture as an output too keeps the copy
    const { file } = FIXTURES['PAD in front of CONV_2D'];
    const kept = importTflite(tflite({ ...file, outputs: [5, 2] }), 'x').model;
    expect(kept.programs[0].operators.map(({ kind }) => kind)).toEqual(['copy', 'convolution']);
    const input = Uint8Array.from({ length: 60 }, (_, i) => (i * 37) % 256);
    const [a, b] = [folded, kept].map((model) => {
      const [program] = model.programs;
      return Array.from(execute(model, program, [input], { tables: 'q31' })[program.outputs[0]]);
    });
    expect(a).toEqual(b);
  });
});
