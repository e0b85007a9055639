/** Every operator that can be imported, from a file of a few hundred bytes to equal bytes on every variant. */
import { describe, expect, it } from 'vitest';
import { importImage, importTflite } from '../../host/import/import.ts';
import { OPERATORS } from '../../host/import/operators.ts';
import { execute } from '../../host/reference/executor.ts';
import { Runtime } from '../../host/runtime/node.ts';
import { VARIANT_NAMES } from '../../host/runtime/variants.ts';
import { random } from '../zoo.ts';
import { activation, bias, conv, FIXTURES, single, weights } from './fixtures.ts';
import { type FileSpec, int8, type TensorSpec, tflite } from './tflite.ts';

describe('a .tflite of one operator', () => {
  it.each(Object.entries(FIXTURES))('%s', (_, { file, kinds }) => {
    const { model, image } = importImage(tflite(file), 'fixture');
    const [program] = model.programs;
    expect(program.operators.map(({ kind }) => kind)).toEqual(kinds);
    const next = random(7);
    const inputs = program.inputs.map((tensor) =>
      Uint8Array.from({ length: program.tensors[tensor].shape.reduce((a, b) => a * b) }, () => 256 * next()),
    );
    const values = execute(model, program, inputs, { tables: 'q31' });
    const expected = program.outputs.flatMap((tensor) => Array.from(values[tensor]));
    expect(new Set(expected).size).toBeGreaterThan(1);
    for (const variant of VARIANT_NAMES) {
      const output = new Runtime(image, variant).load().run(Buffer.concat(inputs));
      expect([variant, Array.from(new Int8Array(output.buffer))]).toEqual([variant, expected]);
    }
  });

  it('has a fixture for every opcode of the table', () => {
    const used = Object.values(FIXTURES).flatMap(({ file }) => file.operators.map(({ opcode }) => opcode));
    expect([...new Set(used)].sort()).toEqual(Object.keys(OPERATORS).sort());
  });
});

describe('import', () => {
  const layer = (...inputs: number[]) => ({
    opcode: 'FULLY_CONNECTED',
    inputs,
    optionsType: 8,
    options: { 0: int8(0) },
  });

  it('leaves out what no output depends on, such as the shape arithmetic in front of a RESHAPE', () => {
    const file: FileSpec = {
      tensors: [
        activation([1, 2, 2, 3]),
        { shape: [4], type: 'INT32' },
        activation([1, 12]),
        weights([5, 12], 0, 0.01),
        bias(5),
        activation([1, 5], 0.3),
      ],
      operators: [
        { opcode: 'SHAPE', inputs: [0], outputs: [1] },
        { opcode: 'RESHAPE', inputs: [0, 1], outputs: [2] },
        { ...layer(2, 3, 4), outputs: [5] },
      ],
      inputs: [0],
      outputs: [5],
    };
    const { origins, folded } = importTflite(tflite(file), 'x');
    expect([origins.map(({ index }) => index), folded.map(({ opcode }) => opcode)]).toEqual([
      [2],
      ['SHAPE', 'RESHAPE'],
    ]);
  });

  it('leaves out the arithmetic of the shape in front of a TRANSPOSE_CONV, whose output says it too', () => {
    const file = structuredClone(FIXTURES['TRANSPOSE_CONV, SAME, stride 2'].file);
    delete file.tensors[0].data;
    file.operators.unshift({ opcode: 'SHAPE', inputs: [2], outputs: [0] });
    const { origins, folded } = importTflite(tflite(file), 'x');
    expect([origins.map(({ index }) => index), folded.map(({ opcode }) => opcode)]).toEqual([[1, 1], ['SHAPE']]);
  });

  it('takes the first of several subgraphs, as of several signatures, for the network', () => {
    const first = single('RELU', [activation([1, 4]), activation([1, 4], 0.03)]);
    const other = single('TANH', [activation([1, 4]), activation([1, 4], 1 / 128, 0)]);
    const { origins } = importTflite(tflite({ ...first, called: [other] }), 'x');
    expect(origins).toEqual([{ index: 0, opcode: 'RELU' }]);
  });

  it('takes a zero point of the weights of a fully connected layer, and INT4, to what INT8 weights give', () => {
    const answers = (weight: TensorSpec, input = [9, -100, 127, -128]) => {
      const file = single('FULLY_CONNECTED', [activation([1, 4], 1, 0), weight, activation([1, 2], 256, 0)], {
        optionsType: 8,
        options: { 0: int8(0) },
      });
      const { image } = importImage(tflite(file), 'x');
      return [...new Int8Array(new Runtime(image).load().run(Uint8Array.from(input)).buffer)];
    };
    const data = [1, -2, 7, -8, 0, 3, -5, 6];
    const plain = answers({ shape: [2, 4], scale: 1, zeroPoint: 0, data });
    expect(plain).toEqual([9 + 200 + 7 * 127 + 8 * 128, -300 - 5 * 127 - 6 * 128].map((sum) => Math.round(sum / 256)));
    const shifted = { shape: [2, 4], scale: 1, zeroPoint: 100, data: data.map((value) => value + 100) };
    expect(answers(shifted)).toEqual(plain);
    const far = { shape: [2, 4], scale: 1, zeroPoint: -100, data: [127, -128, 0, 0, 0, 0, 0, 0] };
    const sums = [227 * 9 - 28 * -100 + 100 * (127 - 128), 100 * (9 - 100 + 127 - 128)];
    expect(answers(far)).toEqual(sums.map((sum) => Math.max(-128, Math.min(127, Math.round(sum / 256)))));
    const farthest = { shape: [2, 4], scale: 1, zeroPoint: -128, data: [127, 126, -128, 0, 0, 0, 0, 0] };
    const larger = [255 * 3 + 254 * -2 + 128 * 5, 128 * (3 - 2 + 4 + 5)];
    expect(answers(farthest, [3, -2, 4, 5])).toEqual(larger.map((sum) => Math.round(sum / 256)));
    const nibbles = [0, 1, 2, 3].map((i) => (((data[2 * i] & 15) | (data[2 * i + 1] << 4)) << 24) >> 24);
    expect(answers({ shape: [2, 4], type: 'INT4', scale: 1, zeroPoint: 0, data: nibbles })).toEqual(plain);
  });

  it('stores weights once that two operators share', () => {
    const file: FileSpec = {
      tensors: [activation([1, 4]), weights([4, 4], 0, 0.01), bias(4), activation([1, 4]), activation([1, 4])],
      operators: [
        { ...layer(0, 1, 2), outputs: [3] },
        { ...layer(3, 1, 2), outputs: [4] },
      ],
      inputs: [0],
      outputs: [4],
    };
    expect(importTflite(tflite(file), 'x').model.sources.length).toBe(1);
  });

  it('keeps scale and zero point of the INT8 tensor for a FLOAT32 port', () => {
    const { model, inputs } = importTflite(
      tflite(FIXTURES['QUANTIZE, RESHAPE, SQUEEZE, EXPAND_DIMS and DEQUANTIZE around one layer'].file),
      'x',
    );
    const [program] = model.programs;
    expect(program.tensors[program.inputs[0]]).toMatchObject({
      shape: [2, 2, 3],
      scale: Math.fround(0.05),
      zeroPoint: 3,
    });
    expect(inputs[0].type).toBe('FLOAT32');
  });

  it('takes weights of -128, which TFLite itself does not write, to the same bytes on every variant', () => {
    const lowest = { ...weights([3, 40], 0, 0.001), data: new Array(120).fill(-128) };
    const file = single('FULLY_CONNECTED', [activation([1, 40]), lowest, bias(3), activation([1, 3], 0.5)], {
      optionsType: 8,
      options: { 0: int8(0) },
    });
    const { model, image } = importImage(tflite(file), 'x');
    const [program] = model.programs;
    for (const value of [-128, 0, 127]) {
      const input = new Uint8Array(40).fill(value);
      const expected = execute(model, program, [input], { tables: 'q31' })[program.outputs[0]];
      for (const variant of VARIANT_NAMES)
        expect(Array.from(new Int8Array(new Runtime(image, variant).load().run(input).buffer))).toEqual([...expected]);
    }
  });

  it('takes the top and left half of SAME padding, rounded down', () => {
    const file = single(
      'CONV_2D',
      [activation([1, 6, 5, 1]), weights([1, 4, 3, 1], 0, 0.01), activation([1, 3, 3, 1])],
      conv(2),
    );
    expect(importTflite(tflite(file), 'x').model.programs[0].operators[0]).toMatchObject({
      pad: [1, 1],
      kernel: [4, 3],
    });
  });
});
