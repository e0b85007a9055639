/**
 * The programs and images that make the runtime work longest for what they declare: what `open` allows in units of work
 * and in bytes is worth these instructions at most, as far as anyone knows. docs/reliability.md argues why.
 */
import * as F from '../../assembly/format.ts';
import { pack } from '../image/pack.ts';
import { seal } from '../image/seal.ts';
import { randomInt8, requantization } from '../measure/kernels.ts';
import type { Generator, Operator, Program, Residency, Shape, Tensor, WeightSource, Window } from '../model/model.ts';
import { ImageView } from '../records/view.ts';
import type { BasisGenerator } from '../sources/basis.ts';
import type { Mlp } from '../sources/mlp.ts';
import type { RandomSource } from '../sources/random.ts';
import { Random } from '../system/random.ts';

type Weights = (rows: number, rowLength: number, at: Parts) => WeightSource;

/** What the programs of one image share. */
interface Parts {
  random: Random;
  sources: WeightSource[];
  generators: Generator[];
}

/** Small programs of one operator; of each kind the shapes in which a unit of work buys most instructions. */
const PROGRAMS: [name: string, build: (at: Parts) => Program][] = [
  ['pointwise, depth 1', (at) => weighted(at, 'pointwise', [1, 256, 1], 1, int8)],
  ['pointwise, depth 1, 64 channels', (at) => weighted(at, 'pointwise', [1, 32, 1], 64, int8)],
  ['pointwise, depth 4', (at) => weighted(at, 'pointwise', [1, 256, 4], 1, int8)],
  ['pointwise, 16x64x64', (at) => weighted(at, 'pointwise', [1, 16, 64], 64, int8)],
  ['fully connected, depth 1', (at) => weighted(at, 'fullyConnected', [1, 1, 1], 256, int8)],
  ['fully connected, 1 channel', (at) => weighted(at, 'fullyConnected', [1, 1, 1023], 1, int8)],
  [
    'convolution 1x1 stride 2',
    (at) => weighted(at, 'convolution', [16, 16, 1], 1, int8, slide([1, 1], [2, 2], [0, 0])),
  ],
  ['convolution 32x1', (at) => weighted(at, 'convolution', [32, 16, 1], 1, int8, slide([32, 1], [1, 1], [16, 0]))],
  ['convolution 1x32', (at) => weighted(at, 'convolution', [16, 32, 1], 1, int8, slide([1, 32], [1, 1], [0, 16]))],
  ['convolution 3x3', (at) => weighted(at, 'convolution', [8, 8, 3], 8, int8, slide([3, 3], [1, 1], [1, 1]))],
  ['depthwise 1x1', (at) => weighted(at, 'depthwise', [16, 16, 4], 4, int8, slide([1, 1], [1, 1], [0, 0]))],
  [
    'depthwise 1x1, 1 position',
    (at) => weighted(at, 'depthwise', [1, 1, 256], 256, int8, slide([1, 1], [1, 1], [0, 0])),
  ],
  ['depthwise 1x1 stride 2', (at) => weighted(at, 'depthwise', [16, 16, 4], 4, int8, slide([1, 1], [2, 2], [0, 0]))],
  ['depthwise 3x3', (at) => weighted(at, 'depthwise', [8, 8, 8], 8, int8, slide([3, 3], [1, 1], [1, 1]))],
  ['depthwise 16x1', (at) => weighted(at, 'depthwise', [32, 8, 4], 4, int8, slide([16, 1], [1, 1], [8, 0]))],
  ['depthwise 1x16', (at) => weighted(at, 'depthwise', [8, 32, 4], 4, int8, slide([1, 16], [1, 1], [0, 8]))],
  [
    'depthwise 16x16, 1 position',
    (at) => weighted(at, 'depthwise', [16, 16, 4], 4, int8, slide([16, 16], [1, 1], [0, 0])),
  ],
  ['depthwise 3x3 stride 3', (at) => weighted(at, 'depthwise', [24, 24, 2], 2, int8, slide([3, 3], [3, 3], [0, 0]))],
  ['max pool 1x1', (at) => plain(at, 'maxPool', [16, 16, 1], slide([1, 1], [1, 1], [0, 0]))],
  ['max pool 3x3, 1 channel', (at) => plain(at, 'maxPool', [16, 16, 1], slide([3, 3], [1, 1], [1, 1]))],
  ['max pool 8x8', (at) => plain(at, 'maxPool', [8, 8, 16], slide([8, 8], [1, 1], [4, 4]))],
  ['average pool 1x1', (at) => plain(at, 'averagePool', [16, 16, 1], slide([1, 1], [1, 1], [0, 0]))],
  ['average pool 2x1', (at) => plain(at, 'averagePool', [16, 16, 3], slide([2, 1], [1, 1], [1, 0]))],
  ['average pool 8x8', (at) => plain(at, 'averagePool', [8, 8, 16], slide([8, 8], [1, 1], [4, 4]))],
  ['add', (at) => plain(at, 'add', [1, 64, 4])],
  ['multiply', (at) => plain(at, 'multiply', [1, 64, 4])],
  ['sum', () => elementWise('signedAdd', [1, 64, 4])],
  ['sum, 1 value for 256', () => elementWise('signedAdd', [1, 256, 1], [1, 1, 1])],
  ['sum, 1 channel, factors that are not usual', () => elementWise('signedAdd', [1, 256, 1], [1, 256, 1], 40_000)],
  ['minimum', () => elementWise('minimum', [1, 64, 4])],
  ['maximum, 1 value for 256', () => elementWise('maximum', [1, 256, 1], [1, 1, 1])],
  ['softmax, 1 channel', (at) => plain(at, 'softmax', [1, 128, 1])],
  ['softmax, 256 channels', (at) => plain(at, 'softmax', [1, 1, 256])],
  ['argmax, 1 channel', (at) => plain(at, 'argmax', [1, 256, 1])],
  ['lookup', (at) => plain(at, 'lookup', [1, 256, 1])],
  ['mean', (at) => plain(at, 'mean', [1, 1, 256])],
  ['standardize, 1 sample', (at) => plain(at, 'standardize', [1, 1, 128])],
  ['standardize, 256 samples', (at) => plain(at, 'standardize', [1, 256, 1])],
  ['copy, value by value', (at) => plain(at, 'copy', [1, 256, 1])],
  ['lookup 64 times', (at) => repeated(plain(at, 'lookup', [1, 1, 1]), 64)],
  [
    'depthwise 64 times',
    (at) => repeated(weighted(at, 'depthwise', [1, 1, 1], 1, int8, slide([1, 1], [1, 1], [0, 0])), 64),
  ],
  ['fully connected 64 times', (at) => repeated(weighted(at, 'fullyConnected', [1, 1, 1], 1, int8), 64)],
  ['64 ports of a byte', (at) => ports(plain(at, 'lookup', [1, 1, 1]), 64)],
  ['INT4, in rows of 3', (at) => weighted(at, 'fullyConnected', [1, 1, 3], 128, packed('int4'), undefined, 'stream')],
  ['INT2', (at) => weighted(at, 'fullyConnected', [1, 1, 64], 64, packed('int2'), undefined, 'boot')],
  ['ternary', (at) => weighted(at, 'fullyConnected', [1, 1, 64], 64, packed('ternary'), undefined, 'boot')],
  [
    'ternary, in rows of 1',
    (at) => weighted(at, 'fullyConnected', [1, 1, 1], 256, packed('ternary'), undefined, 'boot'),
  ],
  [
    'codebook of single weights',
    (at) => weighted(at, 'fullyConnected', [1, 1, 64], 64, codebook(1), undefined, 'boot'),
  ],
  ['codebook, in rows of 1', (at) => weighted(at, 'fullyConnected', [1, 1, 1], 256, codebook(4), undefined, 'boot')],
  ['basis of 1', (at) => weighted(at, 'fullyConnected', [1, 1, 64], 64, basis(1, 8), undefined, 'boot')],
  ['basis of 4, INT8', (at) => weighted(at, 'fullyConnected', [1, 1, 64], 64, basis(4, 8), undefined, 'boot')],
  ['basis of 2, in rows of 1', (at) => weighted(at, 'fullyConnected', [1, 1, 1], 128, basis(2, 1), undefined, 'boot')],
  ['basis of 2, streamed', (at) => weighted(at, 'fullyConnected', [1, 1, 16], 64, basis(2, 64), undefined, 'stream')],
  ['tiles of 1', (at) => weighted(at, 'fullyConnected', [1, 1, 16], 16, tile(1, 1, 1), undefined, 'boot')],
  ['random matrix', (at) => weighted(at, 'fullyConnected', [1, 1, 64], 64, matrix, undefined, 'boot')],
  ['random matrix, in rows of 1', (at) => weighted(at, 'fullyConnected', [1, 1, 1], 256, matrix, undefined, 'boot')],
  ['random matrix, streamed', (at) => weighted(at, 'fullyConnected', [1, 1, 64], 64, matrix, undefined, 'stream')],
  ['random mix of 1', (at) => weighted(at, 'fullyConnected', [1, 1, 64], 64, mix(1, 8), undefined, 'boot')],
  ['random mix of 16', (at) => weighted(at, 'fullyConnected', [1, 1, 64], 64, mix(16, 64), undefined, 'boot')],
  [
    'random mix of 1, in rows of 1',
    (at) => weighted(at, 'fullyConnected', [1, 1, 1], 256, mix(1, 256), undefined, 'boot'),
  ],
  [
    'random mix of 255, in rows of 1',
    (at) => weighted(at, 'fullyConnected', [1, 1, 1], 64, mix(255, 64), undefined, 'boot'),
  ],
  [
    'random mix of 4, streamed',
    (at) => weighted(at, 'fullyConnected', [1, 1, 17], 64, mix(4, 64), undefined, 'stream'),
  ],
  [
    'tiles of 1, 64 hidden units',
    (at) => weighted(at, 'fullyConnected', [1, 1, 16], 4, tile(1, 64, 1), undefined, 'boot'),
  ],
  [
    'tiles of 16, 64 hidden units',
    (at) => weighted(at, 'fullyConnected', [1, 1, 16], 16, tile(16, 64, 16), undefined, 'boot'),
  ],
];

/** All those programs in one image, and what each is called. */
export function worstPrograms(): { image: Uint8Array; names: string[] } {
  const at: Parts = { random: new Random(1), sources: [], generators: [] };
  const programs = PROGRAMS.map(([name, build]) => ({ ...build(at), name }));
  const { sources, generators } = at;
  const image = pack({ programs, sources, generators, metadata: { name: 'worst programs' } }, { tables: 'q31' });
  return { image, names: programs.map(({ name }) => name) };
}

const ACTIVATION: [number, number] = [-128, 127];
const NEAR = { scale: 0.1, zeroPoint: 0 };

const slide = (kernel: Window['kernel'], stride: Window['stride'], pad: Window['pad']): Window => ({
  kernel,
  stride,
  pad,
});

function weighted(
  at: Parts,
  kind: 'pointwise' | 'fullyConnected' | 'convolution' | 'depthwise',
  input: Shape,
  channels: number,
  weights: Weights,
  window?: Window,
  residency: Residency = 'flash',
): Program {
  const [height, width, inputChannels] = input;
  const taps = window ? window.kernel[0] * window.kernel[1] : 1;
  const depth = {
    pointwise: inputChannels,
    fullyConnected: height * width * inputChannels,
    convolution: taps * inputChannels,
    depthwise: taps,
  }[kind];
  const output: Shape = kind === 'fullyConnected' ? [1, 1, channels] : [...slid(input, window), channels];
  at.sources.push(kind === 'depthwise' ? weights(taps, channels, at) : weights(channels, depth, at));
  const common = {
    name: kind,
    input: 0,
    output: 1,
    ...requantization(channels, depth, at.random),
    source: at.sources.length - 1,
    residency,
  };
  const operator: Operator =
    kind === 'depthwise'
      ? { kind, ...common, ...window!, multiplier: 1 }
      : kind === 'convolution'
        ? { kind, ...common, ...window! }
        : { kind, ...common };
  return program([i8(input), i8(output)], [operator]);
}

function plain(at: Parts, kind: Operator['kind'], input: Shape, window?: Window): Program {
  const [height, width, channels] = input;
  const own = { name: kind, input: 0, output: 1 };
  switch (kind) {
    case 'maxPool':
    case 'averagePool':
      return program(
        [i8(input), i8([...slid(input, window), channels])],
        [{ kind, ...own, ...window!, activation: ACTIVATION }],
      );
    case 'add':
    case 'multiply':
      return program([i8(input), i8(input)], [{ kind, ...own, input2: 0, activation: ACTIVATION }]);
    case 'softmax':
      return program([i8(input), { ...i8(input), scale: 1 / 256, zeroPoint: -128 }], [{ kind, ...own, beta: 1 }]);
    case 'argmax':
      return program([i8(input), i8([height, width, 1])], [{ kind, ...own }]);
    case 'lookup':
      return program(
        [i8(input), i8(input)],
        [{ kind, ...own, table: Int8Array.from({ length: 256 }, () => at.random.below(256) - 128) }],
      );
    case 'mean':
      return program([i8(input), i8([1, 1, channels])], [{ kind, ...own }]);
    case 'standardize':
      return program([{ ...i8(input), type: 'i16' }, i8(input)], [{ kind, ...own, floor: 1, marker: null }]);
    case 'copy': {
      const steps: [number, number, number] = [1, 1, 1];
      const copy = {
        count: [height * width * channels, 1, 1] as [number, number, number],
        inputStep: steps,
        outputStep: steps,
      };
      return program(
        [i8(input), i8(input)],
        [{ kind, ...own, ...copy, run: 1, inputOffset: 0, outputOffset: 0, fill: true }],
      );
    }
    default:
      throw new Error(`${kind} has weights`);
  }
}

/** Of two tensors, with an activation, which takes another pass; scale2: that of the second one. */
function elementWise(
  kind: 'signedAdd' | 'minimum' | 'maximum',
  input: Shape,
  input2 = input,
  scale2 = NEAR.scale / 3,
): Program {
  const pair = { name: kind, input: 0, input2: 1, output: 2, activation: [-100, 100] as [number, number] };
  const operator: Operator = kind === 'signedAdd' ? { kind, ...pair, negated: 'second' } : { kind, ...pair };
  return {
    ...program([i8(input), { ...i8(input2), scale: scale2 }, i8(input)], [operator]),
    inputs: [0, 1],
    outputs: [2],
  };
}

const i8 = (shape: Shape): Tensor => ({ name: 'values', shape, type: 'i8', ...NEAR });

const program = (tensors: Tensor[], operators: Operator[]): Program => ({
  name: '',
  tensors,
  operators,
  inputs: [0],
  outputs: [1],
});

/** The most outputs that `open` allows. */
function slid([height, width]: Shape, window?: Window): [number, number] {
  const size = (input: number, i: 0 | 1) => {
    if (!window) return input;
    const { kernel, pad, stride } = window;
    return Math.floor((input + pad[i] + Math.max(pad[i], kernel[i] >> 1) - kernel[i]) / stride[i]) + 1;
  };
  return [size(height, 0), size(width, 1)];
}

function repeated(program: Program, times: number): Program {
  return { ...program, operators: Array.from({ length: times }, () => program.operators[0]) };
}

function ports(program: Program, count: number): Program {
  return { ...program, inputs: Array(count).fill(0), outputs: Array(count).fill(1) };
}

const int8: Weights = (rows, rowLength, { random }) => randomInt8(rows, rowLength, random);

const packed =
  (encoding: 'int4' | 'int2' | 'ternary'): Weights =>
  (rows, rowLength, { random }) => {
    const levels = { int4: [-8, -1, 3, 7], int2: [-3, -1, 1, 3], ternary: [-1, 0, 1, 1] }[encoding];
    const values = Int8Array.from({ length: rows * rowLength }, () => levels[random.below(4)]);
    return { kind: 'stored', encoding, rows, rowLength, values };
  };

const codebook =
  (length: number): Weights =>
  (rows, rowLength, { random, generators }) => {
    generators.push({ kind: 'codebook', entries: 16, length, values: randomInt8(16, length, random).values });
    const indices = Uint8Array.from({ length: rows * Math.ceil(rowLength / length) }, () => random.below(16));
    return { kind: 'codebook', generator: generators.length - 1, rows, rowLength, indices };
  };

function mlp({ random }: Parts, codeLength: number, hidden: number, outputs: number): Mlp {
  return {
    codeLength,
    codeEncoding: 'int8',
    hidden,
    outputs,
    w1: randomInt8(hidden, codeLength, random).values,
    b1: new Int32Array(hidden),
    scale1: 1 / 200,
    w2: randomInt8(outputs, hidden, random).values,
    b2: new Int32Array(outputs),
    scale2: 1 / 200,
  };
}

const basis =
  (count: number, rowsPerCode: number): Weights =>
  (rows, rowLength, at) => {
    const { values } = randomInt8(count * rows, rowLength, at.random);
    const generator: BasisGenerator = {
      kind: 'basis',
      mlp: mlp(at, 4, 8, count),
      encoding: 'int8',
      count,
      rows,
      columns: rowLength,
      values,
    };
    at.generators.push(generator);
    const codes = randomInt8(Math.ceil(rows / rowsPerCode), 4, at.random).values;
    return { kind: 'basis', generator: at.generators.length - 1, rows, rowLength, rowsPerCode, codes, mixScale: 0.2 };
  };

const matrix: Weights = (rows, rowLength, at) => fromRandom(null, 1, rows, rowLength, at);

const mix =
  (count: number, rowsPerCode: number): Weights =>
  (rows, rowLength, at) =>
    fromRandom(mlp(at, 4, 8, count), rowsPerCode, rows, rowLength, at);

function fromRandom(mlp: Mlp | null, rowsPerCode: number, rows: number, rowLength: number, at: Parts): RandomSource {
  at.generators.push({ kind: 'random', mlp, seed: 1 });
  const codes = randomInt8(Math.ceil(rows / rowsPerCode), mlp?.codeLength ?? 0, at.random).values;
  return { kind: 'random', generator: at.generators.length - 1, rows, rowLength, rowsPerCode, codes, mixScale: 0.2 };
}

const tile =
  (codeLength: number, hidden: number, length: number): Weights =>
  (rows, rowLength, at) => {
    at.generators.push({ kind: 'tile', mlp: mlp(at, codeLength, hidden, length) });
    const codes = randomInt8((rows * rowLength) / length, codeLength, at.random).values;
    return { kind: 'tile', generator: at.generators.length - 1, rows, rowLength, codes };
  };

/** Images of which `open` takes most instructions a byte, each for another kind of record. */
const IMAGES: [name: string, build: (at: Parts) => Program[], change?: (view: ImageView) => void][] = [
  ['a long weight section', (at) => [weighted(at, 'fullyConnected', [1, 1, 16384], 2, int8)]],
  ['tensors', (at) => [withTensors(plain(at, 'lookup', [1, 1, 1]), 2000)]],
  ['ports', (at) => Array.from({ length: 8 }, () => ports(plain(at, 'lookup', [1, 1, 1]), 255))],
  [
    'programs',
    (at) => Array.from({ length: 200 }, () => plain(at, 'maxPool', [1, 1, 1], slide([1, 1], [1, 1], [0, 0]))),
  ],
  ['operators: pools', (at) => [repeated(plain(at, 'maxPool', [4, 4, 1], slide([3, 3], [1, 1], [1, 1])), 256)]],
  ['operators: copies', (at) => [repeated(plain(at, 'copy', [1, 1, 1]), 256)]],
  [
    'operators: depthwise',
    (at) => [repeated(weighted(at, 'depthwise', [64, 1, 1], 1, int8, slide([3, 1], [1, 1], [1, 0])), 256)],
  ],
  [
    'operators: generated',
    (at) => [repeated(weighted(at, 'pointwise', [1, 1, 4], 4, basis(2, 4), undefined, 'stream'), 256)],
  ],
  ['sources', (at) => many(at, 1000, int8)],
  ['generators', (at) => many(at, 200, basis(2, 1))],
  ['random matrices', (at) => many(at, 200, matrix)],
  ['random mixes', (at) => many(at, 200, mix(2, 1))],
  ['operators: sums', () => [repeated(elementWise('signedAdd', [1, 1, 1]), 256)]],
  ['operators: minima', () => [repeated(elementWise('minimum', [1, 1, 1]), 256)]],
  ['codebooks', (at) => many(at, 200, codebook(1))],
  ['tables, exact', (at) => [weighted(at, 'fullyConnected', [1, 1, 1], 4096, int8)]],
  ['indices that sources share', shared, (view) => shareIndices(view)],
];

/** Each a whole image, which `open` takes. */
export function worstImages(): { name: string; image: Uint8Array }[] {
  return IMAGES.map(([name, build, change]) => {
    const at: Parts = { random: new Random(1), sources: [], generators: [] };
    const programs = build(at);
    const { sources, generators } = at;
    const packed = pack({ programs, sources, generators, metadata: { name } }, { tables: 'q31' });
    if (!change) return { name, image: packed };
    change(new ImageView(packed));
    return { name, image: seal(packed) };
  });
}

function withTensors(program: Program, count: number): Program {
  return { ...program, tensors: [...program.tensors, ...Array.from({ length: count }, () => i8([1, 1, 1]))] };
}

/** A program, and as many sources that nothing uses. */
function many(at: Parts, count: number, weights: Weights): Program[] {
  const program = plain(at, 'lookup', [1, 1, 1]);
  for (let i = 0; i < count; i++) at.sources.push(weights(1, 1, at));
  return [program];
}

const SHARING = 48;

/** Sources of nibbles that must each be read, since their codebooks have fewer than 16 entries. */
function shared(at: Parts): Program[] {
  const program = plain(at, 'lookup', [1, 1, 1]);
  at.generators.push({ kind: 'codebook', entries: 15, length: 1, values: randomInt8(15, 1, at.random).values });
  const rows = (count: number): WeightSource => ({
    kind: 'codebook',
    generator: 0,
    rows: count,
    rowLength: 64,
    indices: new Uint8Array(64 * count),
  });
  at.sources.push(rows(256), ...Array.from({ length: SHARING }, () => rows(1)));
  return [program];
}

/** As many of them as `open` allows become the first one once more. */
function shareIndices(view: ImageView): void {
  const [first, ...others] = view.sources;
  const bytes = (first.rows * first.rowLength) / 2;
  const times = Math.floor((F.PROOF_PER_IMAGE_BYTE * view.data.byteLength - 32 * SHARING) / bytes) - 1;
  for (const { at } of others.slice(0, times)) {
    view.data.setUint16(at + F.SOURCE_ROWS_AT, first.rows, true);
    view.data.setUint32(at + F.SOURCE_DATA_AT, first.data, true);
  }
}
