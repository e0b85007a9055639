/** What is refused, and the one line that says why. */
import { describe, expect, it } from 'vitest';
import { ImportError } from '../../host/import/error.ts';
import { importImage } from '../../host/import/import.ts';
import { activation, bias, conv, integers, single, weights } from './fixtures.ts';
import { type FileSpec, float32, int8, int32, type TensorSpec, tflite } from './tflite.ts';

type Change = (file: FileSpec) => void;

const input = () => activation([1, 4, 4, 2]);
const kernel = () => weights([3, 3, 3, 2], 0, [0.01, 0.02, 0.03]);
const output = () => activation([1, 4, 4, 3], 0.1);

const once = { opcode: 'CALL_ONCE', inputs: [], outputs: [], optionsType: 103, options: { 0: int32(1) } };
const convolutionFile = () => single('CONV_2D', [input(), kernel(), bias(3), output()], conv());

/** A convolution that can be imported, and what is done to it. */
function convolution(change: Change): Uint8Array {
  const file = convolutionFile();
  change(file);
  return tflite(file);
}

const set =
  (tensor: number, fields: Partial<TensorSpec>): Change =>
  ({ tensors }) => {
    Object.assign(tensors[tensor], fields);
  };
const options =
  (fields: ReturnType<typeof conv>): Change =>
  ({ operators }) => {
    Object.assign(operators[0], fields);
  };

function message(bytes: Uint8Array): string {
  try {
    importImage(bytes, 'x');
  } catch (error) {
    expect(error).toBeInstanceOf(ImportError);
    return (error as Error).message;
  }
  return 'imported';
}

it('the convolution that the errors start from can be imported', () => {
  expect(message(convolution(() => {}))).toBe('imported');
});

describe('a file is refused', () => {
  it.each<[string, Change, RegExp]>([
    [
      'with another identifier',
      (file) => Object.assign(file, { identifier: 'TFL2' }),
      /^this is no \.tflite file but a file of an unknown kind/,
    ],
    [
      'of another schema version',
      (file) => Object.assign(file, { version: 2 }),
      /version 2 of the TFLite schema, expected 3/,
    ],
    ['with no subgraph', (file) => Object.assign(file, { subgraphs: 0 }), /0 subgraphs, expected 1: it is empty/],
    [
      'with control flow',
      (file) => {
        file.subgraphs = 2;
        file.operators.push({ opcode: 'WHILE', inputs: [], outputs: [] });
      },
      /2 subgraphs for control flow \(WHILE\), which cannot be imported/,
    ],
    [
      'with a variable that no VAR_HANDLE names',
      (file) => {
        file.tensors.push({ shape: [], type: 'RESOURCE' });
        file.operators.push({ opcode: 'ASSIGN_VARIABLE', inputs: [4, 0], outputs: [] });
      },
      /^damaged \.tflite: operator 1 ASSIGN_VARIABLE names no variable of a VAR_HANDLE/,
    ],
    [
      'with a CALL_ONCE of a subgraph that is not there',
      (file) => file.operators.push({ ...once, options: { 0: int32(7) } }),
      /^damaged \.tflite: operator 1 CALL_ONCE calls subgraph 7 of 1/,
    ],
    [
      'with a CALL_ONCE that computes',
      (file) => {
        file.called = [convolutionFile()];
        file.operators.push(once);
      },
      /^CALL_ONCE runs CONV_2D, expected ASSIGN_VARIABLE of constants alone/,
    ],
    [
      'compiled for the Edge TPU, with float constants beside',
      (file) => {
        file.tensors[1] = { shape: [1], type: 'FLOAT32', data: [0, 0, 0, 0] };
        file.operators[0] = { opcode: 'edgetpu-custom-op', inputs: [0, 1], outputs: [3] };
      },
      /^compiled for the Edge TPU .* give the \.tflite that was the input of edgetpu_compiler/,
    ],
    [
      'compiled for an Ethos-U',
      (file) => Object.assign(file.operators[0], { opcode: 'ethos-u', optionsType: undefined, options: undefined }),
      /^compiled for the Ethos-U .*Vela/,
    ],
    [
      'with a dynamic shape',
      set(0, { shape: [1, -1, 4, 2] }),
      /0 CONV_2D "x" \(tensor "x" has a dynamic shape \[1,-1,4,2\]/,
    ],
    ['whose input is declared dynamic', set(0, { signature: [1, -1, -1, 2] }), /input 0 .*dynamic/],
    ['with a batch that its output has not', set(0, { shape: [2, 4, 4, 2] }), /a batch of 2, only 1/],
    ['of five dimensions', set(0, { shape: [1, 1, 4, 4, 2] }), /shape \[1,1,4,4,2\], expected four dimensions/],
    ['with a tensor above 2^23 values', set(0, { shape: [1, 4096, 4096, 2] }), /larger than 8388608 values/],
    ['with INT16 activations', set(0, { type: 'INT16' }), /^INT16 activations \("x"\): only INT8/],
    ['without quantisation', set(3, { scale: undefined }), /output "x" has no scale and zero point/],
    ['with a scale of 0', set(3, { scale: 0 }), /has the scale 0, expected a positive one/],
    ['with a scale that is no number', set(3, { scale: Number.NaN }), /has the scale NaN/],
    ['with a zero point beyond INT8', set(3, { zeroPoint: 128 }), /zero point 128, expected one in \[-128, 127\]/],
    ['with activations quantised per channel', set(0, { scale: [0.1, 0.2] }), /has 2 scales, expected 1/],
    [
      'that reads what nothing writes',
      (file) => Object.assign(file, { inputs: [] }),
      /reads tensor 0, which nothing before it writes/,
    ],
    [
      'that writes its input',
      (file) => Object.assign(file.operators[0], { outputs: [0] }),
      /writes tensor 0, which is an input/,
    ],
    [
      'with a tensor index out of range',
      (file) => Object.assign(file.operators[0], { inputs: [0, 9, 2] }),
      /subgraph 0 operator 0, byte \d+: inputs must be in \[-1, 4\), got 9/,
    ],
    [
      'whose tensor has a name of several lines',
      set(0, { name: 'a\nb\u001b[2J\u2028c', shape: [1, -1, 4, 2] }),
      /tensor "a\\u\{a\}b\\u\{1b\}\[2J\\u\{2028\}c" has/,
    ],
    [
      'whose tensor has a very long name',
      set(0, { name: 'a'.repeat(1000), shape: [1, -1, 4, 2] }),
      /tensor "a{60}\.\.\." has/,
    ],
    [
      'without an operator that computes',
      (file) => Object.assign(file, { operators: [] }),
      /no operator that computes anything/,
    ],
  ])('%s', (_, change, expected) => {
    const said = message(convolution(change));
    expect(said).toMatch(expected);
    expect(said).not.toContain('\n');
  });

  it.each([
    ['empty', new Uint8Array(), /^this is no \.tflite file but an empty file; write it again/],
    ['of text', new TextEncoder().encode('this is not a model at all'), /but text; give the file of a model$/],
    [
      'of zeros',
      new Uint8Array(4096),
      /but a file of an unknown kind .*; give the file that the TFLite converter wrote$/,
    ],
    ['of Keras', Uint8Array.from('\x89HDF\r\n\x1a\n', (c) => c.charCodeAt(0)), /but an HDF5 file.*from_keras_model/],
    ['that ends behind its identifier', convolution(() => {}).subarray(0, 8), /^damaged .*cut short; copy or export/],
  ])('%s', (_, bytes, expected) => {
    expect(message(bytes)).toMatch(expected);
  });

  it('that is cut short anywhere, in one line that says so', () => {
    const whole = convolution(() => {});
    for (let bytes = 8; bytes < whole.length - 1; bytes += 7) {
      const said = message(whole.subarray(0, bytes));
      expect(said).toMatch(/^(damaged \.tflite: .*; copy or export it again|cannot be imported|imported)/);
    }
  });

  it('that leads out of itself, with the table and the byte', () => {
    const bytes = convolution(() => {});
    new DataView(bytes.buffer).setUint32(0, 0x7fffffff, true);
    expect(message(bytes)).toMatch(/^damaged \.tflite: model, byte 2147483647: .* leaves the file of \d+ bytes/);
  });
});

describe('a float model is told to be quantised', () => {
  const real = (shape: number[], data?: number[]): TensorSpec => ({ shape, type: 'FLOAT32', data });
  it('and which operators would still be in the way', () => {
    const file = single('LSTM', [real([1, 4]), real([3, 4], new Array(48).fill(0)), real([1, 3])]);
    expect(message(tflite(file))).toMatch(/^FLOAT32 weights .*; then these operators are still in the way: LSTM$/);
  });

  it('with float weights', () => {
    const file = single('FULLY_CONNECTED', [real([1, 4]), real([3, 4], new Array(48).fill(0)), real([1, 3])]);
    expect(message(tflite(file))).toMatch(
      /^FLOAT32 weights \("x"\): not an INT8 model; quantise .*representative_dataset/,
    );
  });
  it('with INT8 weights and float activations', () => {
    const file = single('FULLY_CONNECTED', [real([1, 4]), weights([3, 4], 0, 0.01), real([1, 3])]);
    expect(message(tflite(file))).toMatch(/^FLOAT32 activations with INT8 weights: quantised in part only/);
  });
});

describe('a convolution is refused', () => {
  it.each<[string, Change, RegExp]>([
    ['with dilation 0', options(conv(1, 0, 0, 0)), /0 CONV_2D "x" \(dilation 0x0; only from 1x1\)/],
    [
      'with a dilation that makes its kernel too large',
      options(conv(1, 0, 0, 100)),
      /80802 products per accumulator; at most 32767/,
    ],
    ['with stride 0', options(conv(0)), /stride 0x0; only 1 to 255/],
    ['with a fused TANH', options(conv(1, 0, 4)), /fused activation TANH/],
    ['with an unknown fused activation', options(conv(1, 0, 9)), /fused_activation_function must be below 6, got 9/],
    [
      'whose declared output is of another size',
      set(3, { shape: [1, 3, 4, 3] }),
      /makes 4x4 to another size than the declared 3x4/,
    ],
    ['in groups of unequal size', set(0, { shape: [1, 4, 4, 4] }), /3 channels in 2 groups/],
    ['with INT4 weights of one byte each', set(1, { type: 'INT4' }), /weights \[3,3,3,2\] have 54 bytes of data/],
    ['with INT16 weights', set(1, { type: 'INT16' }), /weights are INT16, expected INT8 or INT4/],
    ['with sparse weights', set(1, { sparse: true }), /weights are sparse/],
    [
      'with weights that are computed',
      (file) => {
        file.tensors[1].data = undefined;
        file.inputs = [0, 1];
      },
      /weights are no constant/,
    ],
    ['with too few weights', set(1, { data: [1, 2, 3] }), /weights \[3,3,3,2\] have 3 bytes of data/],
    [
      'with weights of a zero point',
      set(1, { zeroPoint: [0, 1, 0] }),
      /weights of channel 1 have the zero point 1, expected 0/,
    ],
    [
      'with a saturated bias',
      set(2, { data: [0, 2147483647, -2147483647] }),
      /0 CONV_2D "x" \(channels 1, 2: bias of 2147\d+ .*; prune the channel, or calibrate with more data\)/,
    ],
    [
      'with scales along another dimension',
      set(1, { quantizedDimension: 3 }),
      /3 scales along dimension 3, expected 1 or 3 along 0/,
    ],
    [
      'with a negative weight scale',
      set(1, { scale: [0.1, -0.1, 0.1] }),
      /channel 1 have the scale -0\.\d+, expected a pos/,
    ],
    ['with a bias of INT16', set(2, { type: 'INT16' }), /bias is INT16, expected INT32/],
    ['with a bias of another length', set(2, { data: [1, 2] }), /bias has 8 bytes, expected 12/],
    ['with a factor of 2^30', set(3, { scale: 1e-14 }), /channels 0, 1, 2: .*must be a factor below 2\^30/],
    [
      'with a factor of 2^30 in one channel',
      set(1, { scale: [0.01, 0.02, 1e12] }),
      /0 CONV_2D "x" \(channel 2: .*must be a factor below 2\^30/,
    ],
    [
      'with options of another operator',
      (file) => Object.assign(file.operators[0], { optionsType: 8 }),
      /builtin_options_type of CONV_2D must be 1, got 8/,
    ],
  ])('%s', (_, change, expected) => {
    expect(message(convolution(change))).toMatch(expected);
  });
});

describe('other operators are refused', () => {
  const constantAdd = (constant: TensorSpec, shape = [1, 3]) =>
    tflite(single('ADD', [activation(shape), constant, activation(shape)]));
  const pair = (opcode: string, from: TensorSpec, to: TensorSpec, rest = {}) =>
    tflite(single(opcode, [from, to], rest));
  const softmax = (beta: number) => ({ optionsType: 9, options: { 0: float32(beta) } });
  it.each<[string, Uint8Array, RegExp]>([
    [
      'SOFTMAX with another output scale',
      pair('SOFTMAX', activation([1, 4]), activation([1, 4]), softmax(1)),
      /only 1\/256 and -128/,
    ],
    [
      'SOFTMAX over 4096 channels',
      pair('SOFTMAX', activation([1, 4096]), activation([1, 4096], 1 / 256, -128), softmax(1)),
      /4096 channels; at most 4095/,
    ],
    [
      'SOFTMAX without beta',
      pair('SOFTMAX', activation([1, 4]), activation([1, 4], 1 / 256, -128)),
      /beta 0 times input scale/,
    ],
    [
      'a pool that changes the scale',
      pair('MAX_POOL_2D', activation([1, 2, 2, 1]), activation([1, 1, 1, 1], 0.06), {
        optionsType: 5,
        options: { 0: int8(1), 1: int32(2), 2: int32(2), 3: int32(2), 4: int32(2) },
      }),
      /differ in scale or zero point/,
    ],
    [
      'ADD of a constant that cannot be repeated to the output',
      constantAdd({ ...activation([2]), data: [1, 2] }),
      /0 ADD "x" \(shapes \[1,1,3\] and \[1,1,2\] do not make \[1,1,3\]\)/,
    ],
    [
      'ADD of a constant with too few bytes',
      constantAdd({ ...activation([1, 3]), data: [1, 2] }),
      /the constant input 1 \[1,3\] has 2 bytes of data/,
    ],
    ['ADD of a constant without a scale', constantAdd({ shape: [1, 3], data: [1, 2, 3] }), /input 1 has the scale 0/],
    [
      'ADD of a constant with a scale per channel',
      constantAdd({ shape: [1, 3], scale: [0.1, 0.2, 0.3], data: [1, 2, 3] }),
      /the constant input 1 has 3 scales, expected 1/,
    ],
    [
      'ADD of a sparse constant',
      constantAdd({ ...activation([1, 3]), data: [1, 2, 3], sparse: true }),
      /the constant input 1 is sparse/,
    ],
    [
      'ADD of a constant of more values than a table of biases should have',
      constantAdd({ ...activation([1, 20000]), data: new Array(20000).fill(1) }, [1, 20000]),
      /0 ADD "x" \(a constant of 20000 values; at most 16384\)/,
    ],
    [
      'a convolution of a batch that is written as three dimensions',
      pair('MAX_POOL_2D', activation([2, 2, 1]), activation([1, 1, 1])),
      /input 0 has the shape \[2,2,1\], expected four dimensions/,
    ],
    [
      'TRANSPOSE of more loops than copies should be made of',
      tflite(
        single('TRANSPOSE', [
          activation(new Array(17).fill(2)),
          integers(...Array.from({ length: 17 }, (_, i) => 16 - i)),
          activation(new Array(17).fill(2)),
        ]),
      ),
      /0 TRANSPOSE "x" \(values in 17 nested loops; at most 3\)/,
    ],
    [
      'ADD with a scale too large to add',
      tflite({ ...single('ADD', [activation([1, 3], 3e38), activation([1, 3]), activation([1, 3])]), inputs: [0, 1] }),
      /0 ADD "x" .* must be a factor below 2\^0/,
    ],
    [
      'a custom operator',
      pair('MyOperator', activation([1, 3]), activation([1, 3])),
      /0 custom operator "MyOperator" "x" \(no such operator here\)/,
    ],
    [
      'a UINT8 output that no QUANTIZE makes',
      pair('RELU', activation([1, 3]), { ...activation([1, 3], 0.1), type: 'UINT8' }),
      /0 RELU "x" \(output is UINT8, expected INT8\); output 0 \(it is UINT8, expected INT8\)/,
    ],
  ])('%s', (_, bytes, expected) => {
    expect(message(bytes)).toMatch(expected);
  });

  const chain = (opcodes: string[], names = opcodes.map(() => 'x')): FileSpec => ({
    tensors: ['x', ...names].map((name) => ({ ...activation([1, 4, 4, 2]), name })),
    operators: opcodes.map((opcode, i) => ({ opcode, inputs: [i], outputs: [i + 1] })),
    inputs: [0],
    outputs: [opcodes.length],
  });

  it('all at once, each with its index and what about it', () => {
    expect(message(tflite(chain(['LSTM', 'MAX_POOL_2D', 'GATHER_ND', 'GELU'])))).toBe(
      'cannot be imported, by operator: 0 LSTM "x" (no such operator here); 1 MAX_POOL_2D "x" (stride 0x0; only 1 to 255); 2 GATHER_ND "x" (no such operator here); 3 GELU "x" (no such operator here); docs/import.md lists what can',
    );
  });

  it('for the same reason once, with how often and where', () => {
    const opcodes = ['RNN', 'GELU', 'RNN', 'RNN', 'RNN', 'RNN', 'GELU', 'RNN', 'RNN'];
    expect(message(tflite(chain(opcodes)))).toBe(
      'cannot be imported, by operator: 7 x RNN (no such operator here): 0, 2, 3, 4, 5 and 2 more; 2 x GELU (no such operator here): 1, 6; docs/import.md lists what can',
    );
  });

  it('in at most 900 characters, whatever the file says, and how many reasons there are beside', () => {
    const opcodes = Array.from({ length: 250 }, (_, i) => `Operator${i}`);
    const said = message(tflite(chain(opcodes)));
    expect(said.length).toBeLessThanOrEqual(900);
    expect(said).toMatch(/^cannot be imported, by operator: 0 custom operator "Operator0" .*; and 2\d\d more; docs/);
    const many = chain(['LSTM']);
    many.outputs = new Array(50_000).fill(1);
    many.tensors[1].type = 'INT16';
    expect(message(tflite(many))).toMatch(/; output 0 \(it is INT16, expected INT8\); .*; and 49\d\d\d more; docs/);
    const shape = new Array(5000).fill(1);
    const wide = message(tflite(single('MEAN', [activation(shape), activation([1, 2])])));
    expect([wide.length <= 900, wide.split('\n').length]).toEqual([true, 1]);
  });

  it('with an INT16 state by the name of the operator, not as a model of INT16', () => {
    const file = single('UNIDIRECTIONAL_SEQUENCE_LSTM', [
      activation([1, 4, 3]),
      { ...activation([1, 5]), type: 'INT16' },
      activation([1, 4, 5]),
    ]);
    expect(message(tflite(file))).toBe(
      'cannot be imported, by operator: 0 UNIDIRECTIONAL_SEQUENCE_LSTM "x" (cell gates through NONE, expected TANH); docs/import.md lists what can',
    );
  });

  it('with escaped names of custom operators', () => {
    expect(message(tflite(chain(['My"\u001b[31mOp'])))).toMatch(
      /0 custom operator "My"\\u\{1b\}\[31mOp" "x" \(no such/,
    );
  });
});
