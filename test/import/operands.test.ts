/**
 * Every operand of every operator in docs/import.md, once computed and once as a constant: the bytes of the twin
 * (twin/), or a refusal that names the operand.
 */
import { describe, expect, it } from 'vitest';
import { importImage } from '../../host/import/import.ts';
import { OPERATORS } from '../../host/import/operators.ts';
import { IMPORT_RULES } from '../../host/operators/registry.ts';
import { Runtime, VARIANT_NAMES } from '../../host/runtime/node.ts';
import { type May, PLACES_OF_OPERATORS } from '../operatorTests.ts';
import { random } from '../zoo.ts';
import { activation, FIXTURES, single, values } from './fixtures.ts';
import { type FileSpec, int8, type TensorSpec, tflite } from './tflite.ts';
import { interpret } from './twin/interpreter.ts';

const size = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

/** Imports the file and compares all variants with the twin, on three inputs. Throws what the import throws. */
function expectTwin(file: FileSpec): void {
  const { image } = importImage(tflite(file), 'operands');
  const runtimes = VARIANT_NAMES.map((variant) => ({ variant, runtime: new Runtime(image, variant).load() }));
  const next = random(11);
  const kept = new Map(); // from one round to the next
  for (let round = 0; round < 3; round++) {
    const inputs = file.inputs.map((tensor) =>
      Array.from({ length: size(file.tensors[tensor].shape) }, () => Math.floor(next() * 256) - 128),
    );
    const expected = interpret(file, inputs, kept).flat();
    for (const { variant, runtime } of runtimes) {
      const output = runtime.run(Uint8Array.from(inputs.flat()));
      expect([variant, Array.from(new Int8Array(output.buffer))]).toEqual([variant, expected]);
    }
  }
}

describe('equal to the twin is', () => {
  it.each(Object.entries(FIXTURES))('%s', (_, { file }) => expectTwin(file));
});

const PLACES: Record<string, May[]> = {
  ...PLACES_OF_OPERATORS,
  CONV_2D: ['computed', 'constant', 'constant'],
  DEPTHWISE_CONV_2D: ['computed', 'constant', 'constant'],
  FULLY_CONNECTED: ['computed', 'constant', 'constant'],
  AVERAGE_POOL_2D: ['computed'],
  MAX_POOL_2D: ['computed'],
  MEAN: ['computed', 'constant'],
  SOFTMAX: ['computed'],
  LOGISTIC: ['computed'],
  TANH: ['computed'],
  RELU: ['computed'],
  RELU6: ['computed'],
  RELU_N1_TO_1: ['computed'],
  LEAKY_RELU: ['computed'],
  HARD_SWISH: ['computed'],
  CONCATENATION: ['either', 'either', 'either'],
  PAD: ['computed', 'constant'],
  PADV2: ['computed', 'constant', 'constant'],
  TRANSPOSE: ['computed', 'constant'],
  SLICE: ['computed', 'constant', 'constant'],
  STRIDED_SLICE: ['computed', 'constant', 'constant', 'constant'],
  SPLIT: ['constant', 'computed'],
  RESHAPE: ['computed'],
  SQUEEZE: ['computed'],
  EXPAND_DIMS: ['computed'],
  QUANTIZE: ['computed'],
  DEQUANTIZE: ['computed'],
};

/** The fixtures of one operator, with operand `place` made a constant, or an input of the model. */
function changed({ file }: (typeof FIXTURES)[string], place: number, to: 'computed' | 'constant'): FileSpec {
  const tensor = file.operators[0].inputs[place];
  const old = file.tensors[tensor];
  const data = to === 'constant' ? (old.data ?? values(size(old.shape))) : undefined;
  const others = file.inputs.filter((input) => input !== tensor);
  return {
    ...file,
    tensors: file.tensors.map((spec, i) => (i === tensor ? { ...old, data } : spec)),
    inputs: to === 'constant' ? others : [...others, tensor].sort((a, b) => a - b),
  };
}

const SINGLE = Object.entries(FIXTURES).filter(([, { file }]) => file.operators.length === 1);
const CHANGES = SINGLE.flatMap(([name, fixture]) => {
  const [{ opcode, inputs }] = fixture.file.operators;
  return inputs.flatMap((_, place) => {
    const may = PLACES[opcode][place];
    if (may === 'unread') return [];
    return (['computed', 'constant'] as const).map((to) => ({
      ...{ name, opcode, place, to, may },
      file: changed(fixture, place, to),
    }));
  });
});

describe('an operand of the other kind is imported exactly or refused by its place:', () => {
  it.each(CHANGES)('$name, operand $place $to', ({ opcode, place, to, may, file }) => {
    const computed = file.operators[0].inputs.some((tensor) => file.inputs.includes(tensor));
    if (computed && (may === to || may === 'either')) return expectTwin(file);
    const operand =
      may === 'either'
        ? /(both|all) inputs are constants/
        : new RegExp(
            `(input ${place} is a constant|input ${place} is no constant|(weights|bias)( of input ${place})? (is|are) no constant)`,
          );
    expect(() => importImage(tflite(file), 'operands')).toThrow(operand);
    expect(() => importImage(tflite(file), 'operands')).toThrow(`0 ${opcode} "x" (`);
  });

  /** Part of larger fixtures, since nothing stays of them. */
  const AROUND = ['RESHAPE', 'SQUEEZE', 'EXPAND_DIMS', 'DEQUANTIZE'];
  it.each(AROUND)('%s of a constant', (opcode) => {
    const constant = { ...activation([1, 4]), data: values(4) };
    const after: TensorSpec = opcode === 'DEQUANTIZE' ? { shape: [1, 4], type: 'FLOAT32' } : activation([1, 4]);
    const file: FileSpec = {
      tensors: [activation([1, 4]), activation([1, 4], 0.03), constant, after],
      operators: [
        { opcode: 'RELU', inputs: [0], outputs: [1] },
        { opcode, inputs: [2], outputs: [3] },
      ],
      inputs: [0],
      outputs: [1, 3],
    };
    const operand = opcode === 'DEQUANTIZE' ? 'output 1 (it is a constant)' : `1 ${opcode} "x" (input 0 is a constant)`;
    expect(() => importImage(tflite(file), 'operands')).toThrow(operand);
  });

  /** Name a variable, which is neither; held by test/runtime/state.test.ts. */
  const VARIABLES = ['VAR_HANDLE', 'READ_VARIABLE', 'ASSIGN_VARIABLE', 'CALL_ONCE'];
  it('for every operator that can be imported', () => {
    const covered = new Set([...CHANGES.map(({ opcode }) => opcode), ...AROUND, ...VARIABLES]);
    expect(Object.keys(OPERATORS).filter((opcode) => !covered.has(opcode))).toEqual([]);
  });
});

it('ADD of the number 100 to -128, 0, 1 and -10, all of scale 1 and zero point 0, is -28, 100, 101 and 90', () => {
  const one = { shape: [1, 4], scale: 1, zeroPoint: 0 };
  const file = single('ADD', [one, { ...one, shape: [1], data: [100] }, one]);
  const runtime = new Runtime(importImage(tflite(file), 'x').image).load();
  const sums = new Int8Array(runtime.run(Uint8Array.of(-128, 0, 1, -10)).buffer);
  expect([Array.from(sums), interpret(file, [[-128, 0, 1, -10]])]).toEqual([[-28, 100, 101, 90], [[...sums]]]);
});

/** Operators of two tensors, of which either may be a constant, and the options that carry a fused RELU. */
const BINARY = Object.keys(IMPORT_RULES).filter((opcode) => PLACES[opcode]?.join() === 'either,either');
const withRelu = (opcode: string) => {
  const optionsType = IMPORT_RULES[opcode].optionsType;
  return optionsType === undefined ? {} : { optionsType, options: { 0: int8(1) } };
};

describe('operators of two tensors repeat an operand along dimensions where it has size 1, computed or constant', () => {
  const shapes = [
    [],
    [5],
    [1, 5],
    [3, 1],
    [1, 3, 5],
    [1, 2, 1, 5],
    [2, 3, 5],
    [1, 2, 3, 1],
    [1, 2, 3, 5],
    [1, 1, 1, 1],
  ];
  const computedShapes = shapes.filter((shape) => shape.length !== 0);
  const places = [0, 1];
  const cases = BINARY.flatMap((opcode) =>
    places.flatMap((place) => [
      ...shapes.map((shape) => ({ opcode, place, shape, to: 'constant' })),
      ...computedShapes.map((shape) => ({ opcode, place, shape, to: 'computed' })),
    ]),
  );
  it.each(cases)('$opcode, operand $place [$shape], $to', ({ opcode, place, shape, to }) => {
    const own: TensorSpec = { shape, scale: 0.03, zeroPoint: -7 };
    if (to === 'constant') own.data = values(size(shape));
    const picture = activation([1, 2, 3, 5]);
    const operands = place === 0 ? [own, picture] : [picture, own];
    const file = single(opcode, [...operands, activation([1, 2, 3, 5], 0.09, -20)], withRelu(opcode));
    expectTwin({ ...file, inputs: to === 'constant' ? [1 - place] : [0, 1] });
  });

  it('and one value per position, of which there are as many as channels', () => {
    const own: TensorSpec = { shape: [5, 1], scale: 0.03, zeroPoint: -7, data: values(5) };
    for (const opcode of BINARY)
      expectTwin(single(opcode, [activation([1, 5, 5]), own, activation([1, 5, 5], 0.09, -20)]));
  });

  it('and both at once', () => {
    const file = single('ADD', [activation([1, 3, 1]), activation([1, 1, 4], 0.02), activation([1, 3, 4], 0.1)]);
    expectTwin({ ...file, inputs: [0, 1] });
  });

  it('and the layers that give constants share their weights of 0', () => {
    const constant: TensorSpec = { ...activation([5]), data: values(5) };
    const tensors = [activation([1, 3, 5]), constant, activation([1, 3, 5]), activation([1, 3, 5])];
    const layer = (from: number, to: number) => ({ opcode: 'ADD', inputs: [from, 1], outputs: [to] });
    const file: FileSpec = { tensors, operators: [layer(0, 2), layer(2, 3)], inputs: [0], outputs: [3] };
    expect(importImage(tflite(file), 'x').model.sources.length).toBe(1);
    expectTwin(file);
  });
});
