/**
 * The table of shapes: hundreds of small programs, nearly all of one operator, that together hold every kind, weight
 * source, residency and table encoding, sizes where tails and alignment change, and values at their limits.
 * Deterministic by seed; the same rows run in Node, on the sanitized host and on every emulated core.
 */
import { MAX_BIAS } from '../assembly/limits.ts';
import { rowSums, type TableEncoding, tapSums } from '../host/arithmetic/channels.ts';
import { pack } from '../host/image/pack.ts';
import type { Model, Operator, Program, Shape, WeightedOperator, WeightSource, Window } from '../host/model/model.ts';
import type { Copy } from '../host/operators/copy.ts';
import { OPERATORS } from '../host/operators/registry.ts';
import { crc32 } from '../host/records/crc32.ts';
import { execute, type KeptState, type TensorValues } from '../host/reference/executor.ts';
import { materialize } from '../host/sources/registry.ts';
import { ROWS_OF_OPERATORS } from './operatorTests.ts';
import { EXTREME_FACTORS, input, narrow, type Rows, zeroPoint } from './rows.ts';
import { FIXTURES, type SourceFixture, WAYS } from './sources.ts';
import { everything, ModelBuilder } from './zoo.ts';

/** One program, and what it is given. */
export interface ShapeRow {
  /** says what it is, such as "17 pointwise 1x5x18 -> 1x5x6 int4 lazy q31" */
  name: string;
  model: Model;
  tables: TableEncoding;
  /** raw bytes of all inputs, one after another; the first ones are a pattern, the last ones random */
  inputs: Uint8Array[];
}

/** What a weighted operator's weights can be made of (test/sources/). */
const SOURCES = Object.keys(WAYS);
/** Those of them that even the longest rows can have without taking long. */
const STORED = ['int8', 'int4', 'ternary', 'crowded'];

/** Rows of test/operators/, in the order of the kinds' codes; those that have a place below keep it. */
const NEWER = Object.fromEntries(Object.entries(ROWS_OF_OPERATORS).sort(([a], [b]) => codeOf(a) - codeOf(b)));

/** In the order that gives each row its number, and with it its seed: what is new goes to the end. */
const KINDS: Record<string, Rows> = {
  pointwise: [
    140,
    (b, i) => {
      input(b, b.pick([1, 1, 2, 3]), b.integer(1, 9), 1 + (i % 70));
      b.pointwise(1 + ((7 * i) % 40));
    },
  ],
  convolution: [
    90,
    (b, i) => {
      input(b, b.integer(1, 7), b.integer(1, 9), 1 + (i % 9));
      b.convolution(1 + ((3 * i) % 11), window(b, 5, 5));
    },
  ],
  'convolution of one dimension': [
    50,
    (b, i) => {
      input(b, 1, b.integer(1, 40), 1 + (i % 5));
      b.convolution(1 + ((3 * i) % 17), window(b, 1, 9));
    },
  ],
  depthwise: [
    110,
    (b, i) => {
      input(b, b.integer(1, 9), b.integer(1, 12), b.integer(1, 9));
      b.depthwise(1 + (i % 4), window(b, 7, 7));
    },
  ],
  'depthwise of one dimension': [
    40,
    (b, i) => {
      input(b, 1, b.integer(1, 50), b.integer(1, 40));
      b.depthwise(1 + (i % 2), window(b, 1, 9));
    },
  ],
  'depthwise in bands': [
    24,
    (b, i) => {
      input(b, b.integer(30, 60), b.integer(20, 60), b.integer(1, 2));
      b.depthwise(1 + (i % 2), window(b, 5, 5));
    },
  ],
  'depthwise that is unrolled': [
    128,
    (b, i) => {
      const kernel = [[3, 3] as const, [1, 3] as const, [1, 4] as const, [1, 5] as const][i % 4];
      const stride = 1 + ((i >> 2) & 1);
      input(b, kernel[0] + b.integer(0, 5), b.integer(5, 24), b.pick([1, 3, 8, 16, 19, 24]));
      b.depthwise(1, {
        kernel: [...kernel],
        stride: [b.integer(1, 2), stride],
        pad: [kernel[0] >> 1, b.integer(0, 2)],
      });
    },
  ],
  'depthwise of long rows': [
    32,
    (b, i) => {
      input(b, b.integer(4, 7), b.pick([150, 160, 170, b.integer(100, 400)]), 1);
      const kernel: [number, number] = i % 2 === 0 ? [3, 3] : [b.integer(1, 4), b.integer(1, 6)];
      b.depthwise(1, { kernel, stride: [1, b.integer(1, 2)], pad: [kernel[0] >> 1, kernel[1] >> 1] });
    },
  ],
  'fullyConnected of few channels': [
    24,
    (b, i) => {
      input(b, 1, 1, 9 + (i % 4));
      b.fullyConnected(1 + (i % 3));
    },
  ],
  fullyConnected: [
    70,
    (b, i) => {
      input(b, b.integer(1, 2), b.integer(1, 4), 1 + (i % 70));
      b.fullyConnected(1 + ((7 * i) % 20));
    },
  ],
  averagePool: [40, (b) => pool(b, 'averagePool')],
  maxPool: [40, (b) => pool(b, 'maxPool')],
  add: ROWS_OF_OPERATORS.add,
  softmax: [
    40,
    (b, i) => {
      input(b, 1, b.integer(1, 4), i % 10 === 0 ? [256, 511, 512, 4095][i / 10] : 1 + ((7 * i) % 70));
      b.tensors[0].scale = b.pick([2 ** -10, 0.02, 0.1, 1, 16]);
      b.softmax();
    },
  ],
  argmax: [
    24,
    (b, i) => {
      input(b, b.integer(1, 3), b.integer(1, 5), i % 8 === 0 ? 128 : 1 + ((5 * i) % 40));
      b.argmax();
    },
  ],
  standardize: [
    36,
    (b, i) => {
      input(b, 1, i % 12 === 0 ? 4096 : b.integer(1, 300), b.integer(1, 3));
      const marker = { centre: b.integer(0, 50), peak: b.pick([1, 60, 127]), slope: b.pick([0, 1, 9, 127]) };
      b.standardize(b.pick([null, marker]), b.pick([0, 0, 3, 9000]));
      b.tensors[1].zeroPoint = zeroPoint(b, 0);
      b.tensors[1].scale = b.pick([1 / 32, 1 / 256, 1, 16]);
    },
  ],
  multiply: ROWS_OF_OPERATORS.multiply,
  mean: [
    48,
    (b, i) => {
      if (i < 4) input(b, 3 << i, 100 + i, 1 + 2 * i);
      else input(b, b.integer(1, 9), b.integer(1, 9), 1 + (i % 13));
      b.mean();
      const [from, to] = b.tensors;
      for (const tensor of b.tensors) tensor.zeroPoint = zeroPoint(b, tensor.zeroPoint);
      if (i % 3 === 0) to.scale = from.scale; // nothing but the division
      // from the largest quotient of scales that open lets through to one whose shift leaves no room for the count
      if (i % 3 === 1) to.scale = from.scale / b.pick([2 ** 20, 3, 1, 2 ** -20, 2 ** -29, 1.1 * 2 ** -32, 2 ** -33]);
    },
  ],
  copy: [
    60,
    (b, i) => {
      input(b, b.integer(1, 6), b.integer(1, 7), b.integer(1, 9));
      COPIES[i % COPIES.length](b, b.tensors[0].shape);
      for (const tensor of b.tensors) tensor.zeroPoint = zeroPoint(b, tensor.zeroPoint);
    },
  ],
  concatenation: [
    30,
    (b, i) => {
      const axis = (i % 3) as 0 | 1 | 2;
      const shape: Shape = [b.integer(1, 4), b.integer(1, 5), b.pick([1, 3, 4, 8, b.integer(1, 20)])];
      input(b, ...shape);
      for (let n = b.integer(1, 3); n > 0; n--) {
        const size: Shape = [...shape];
        size[axis] = b.integer(1, 6);
        b.tensor('part', size);
      }
      b.concatenate([...b.tensors.keys()], axis);
      if (i % 2 === 0) {
        // instead of a fill, the first value everywhere; and at the end a copy to where the values are, which does
        // nothing
        const [first] = b.operators as Copy[];
        first.fill = false;
        const values = b.tensors[b.last].shape.reduce((product, size) => product * size, 1);
        b.copy(b.last, { count: [1, 1, values], outputStep: [0, 0, 1] }, 0);
        b.operators.unshift(b.operators.pop()!);
        b.copy(b.last, {
          ...first,
          inputOffset: first.outputOffset,
          inputStep: first.outputStep,
          input: b.last,
        } as Copy);
      }
    },
  ],
  lookup: [
    24,
    (b, i) => {
      input(b, b.integer(1, 3), b.integer(1, 5), 1 + (i % 12));
      if (i % 3 === 0)
        b.lookup(0, 0); // in place
      else b.lookup();
      for (const tensor of b.tensors) tensor.zeroPoint = zeroPoint(b, tensor.zeroPoint);
    },
  ],
  // accumulators as long as the format allows, where RAM suffices
  'deep product': [
    4,
    (b, i) => {
      input(b, 1, i < 2 ? 1 : 3, i < 2 ? 32764 : 16384);
      if (i < 2) b.fullyConnected(3);
      else b.pointwise(2);
    },
  ],
  network: [8, () => {}],
  ...NEWER,
  // [H, 1, C], which pack writes as [1, H, C] (host/image/turn.ts)
  'depthwise of columns': [
    16,
    (b, i) => {
      const height = b.integer(1, 9);
      input(b, height + b.integer(0, 20), 1, 1 + ((5 * i) % 24));
      const pad = b.integer(0, height - 1);
      b.depthwise(1 + (i % 2), { kernel: [height, 1], stride: [b.integer(1, 3), 1], pad: [i % 3 === 0 ? 0 : pad, 0] });
    },
  ],
  'depthwise to one position': [
    16,
    (b, i) => {
      const kernel: [number, number] = [b.integer(1, 6), b.integer(2, 6)];
      const more = i % 4 === 3 ? b.integer(1, 2) : 0; // what the stride passes by
      input(b, kernel[0] + more, kernel[1] + more, [4, 8, 36, 6, 44, 9][i % 6]);
      b.depthwise(1 + (i % 5 === 4 ? 1 : 0), { kernel, stride: [more + 1, more + 1], pad: [0, 0] });
    },
  ],
};

/** Slices, padding, repetition, reshaping and transposition: each writes all of its output, or fills it. */
const COPIES: ((b: ModelBuilder, shape: Shape) => void)[] = [
  (b) =>
    b.transpose(
      b.pick([
        [0, 2, 1],
        [1, 0, 2],
        [2, 1, 0],
        [1, 2, 0],
        [2, 0, 1],
      ]),
    ),
  // rows and columns change places, channels stay together
  (b, [height, width, run]) =>
    b.copy([width, height, run], {
      count: [1, width, height],
      inputStep: [0, run, width * run],
      outputStep: [0, height * run, run],
      run,
    }),
  // a border of any width
  (b, [height, width, run]) => {
    const [top, bottom, left, right] = [0, 1, 2, 3].map(() => b.integer(0, 2));
    const row = (left + width + right) * run;
    b.copy([top + height + bottom, left + width + right, run], {
      count: [1, height, width],
      inputStep: [0, width * run, run],
      outputStep: [0, row, run],
      run,
      outputOffset: top * row + left * run,
      fill: true,
    });
  },
  // every so many-th value of a box that ends where the input ends
  (b, shape) => {
    const stride = shape.map((size) => b.integer(1, Math.min(3, size)));
    const count = shape.map((size, axis) => b.integer(1, Math.floor((size - 1) / stride[axis]) + 1)) as Shape;
    const steps = [shape[1] * shape[2], shape[2], 1];
    const inputOffset = shape.reduce(
      (sum, size, axis) => sum + (size - 1 - (count[axis] - 1) * stride[axis]) * steps[axis],
      0,
    );
    const inputStep = steps.map((step, axis) => step * stride[axis]) as Shape;
    b.copy(count, { count, inputStep, outputStep: [count[1] * count[2], count[2], 1], inputOffset });
  },
  // rows repeated
  (b, [height, width, channels]) => {
    const times = b.integer(1, 4);
    const run = width * channels;
    b.copy([height * times, width, channels], {
      count: [1, height, times],
      inputStep: [0, run, 0],
      outputStep: [0, times * run, run],
      run,
    });
  },
  (b, [height, width, channels]) => b.copy([1, channels, height * width], { run: height * width * channels }),
  // one value of a filled output, the last of either
  (b, shape) => {
    const outputShape: Shape = [b.integer(1, 3), b.integer(1, 3), b.integer(1, 5)];
    const last = ([height, width, channels]: Shape) => height * width * channels - 1;
    b.copy(outputShape, { inputOffset: last(shape), outputOffset: last(outputShape), fill: true });
  },
];

function codeOf(kind: string): number {
  return OPERATORS[kind as Operator['kind']].code;
}

/** All rows of the table. */
export function shapeRows(seed = 1): ShapeRow[] {
  const rows: ShapeRow[] = [];
  for (const [kind, [count, make]] of Object.entries(KINDS)) {
    for (let i = 0; i < count; i++) {
      const own = seed * 100_000 + rows.length;
      const row = kind === 'network' ? network(own) : single(own, kind, i, make);
      rows.push({ ...row, name: `${rows.length} ${row.name}` });
    }
  }
  return rows;
}

/** The rows to run: all, or the one whose number HTPW_ROW says, which is the first word of its name. */
export function chosenRows(): ShapeRow[] {
  const rows = shapeRows();
  const { HTPW_ROW } = process.env;
  if (HTPW_ROW === undefined) return rows;
  if (!/^\d+$/.test(HTPW_ROW) || Number(HTPW_ROW) >= rows.length)
    throw new Error(
      `HTPW_ROW: expected the number of a row of test/shapes.ts, 0 to ${rows.length - 1}, got "${HTPW_ROW}"`,
    );
  return [rows[Number(HTPW_ROW)]];
}

/** Beside rows that failed. */
export const ROW_ALONE = 'HTPW_ROW=<number> runs one row alone';

/** Kinds whose input is i16. */
const RAW = ['standardize', 'logMel'];

function single(seed: number, kind: string, i: number, make: (b: ModelBuilder, i: number) => void): ShapeRow {
  const b = new ModelBuilder(seed, [1, 1, 1], RAW.includes(kind) ? 'i16' : 'i8');
  b.tensors[0].zeroPoint = zeroPoint(b, b.tensors[0].zeroPoint);
  make(b, i);
  const operator = b.operators[0];
  const tables = b.pick(['compact', 'q31', 'short'] as const);
  let made = '';
  if ('effectiveScale' in operator) {
    if (b.pick([false, false, true])) cut(b, operator);
    // one in eight of INT8, the only one that can be read in flash, however many ways there are
    const way = i % 8 === 0 ? 'int8' : SOURCES[(7 * i + Math.floor(i / 7)) % SOURCES.length];
    made = ` ${sourceFrom(b, operator, kind === 'deep product' ? STORED[i] : way)} ${operator.residency} ${tables}`;
    limits(b, operator, tables);
  }
  const model = b.build();
  const [program] = model.programs;
  program.inputs = given(program);
  const shapes = [operator.input, operator.output].map((tensor) => program.tensors[tensor].shape.join('x'));
  const geometry =
    'kernel' in operator ? ` kernel ${operator.kernel} stride ${operator.stride} pad ${operator.pad}` : '';
  return { name: `${kind} ${shapes.join(' -> ')}${geometry}${made}`, model, tables, inputs: inputs(b, program) };
}

/** Tensors that are read before an operator writes them. */
function given({ operators }: Program): number[] {
  // the second tensor of logMel is no input but where it works, that of others what they keep
  const works = ['logMel', 'svdf', 'lstm'];
  const read = (o: Operator) => {
    if (o.kind === 'state') return [];
    return 'input2' in o && !works.includes(o.kind) ? [o.input, o.input2] : [o.input];
  };
  const earlier = (tensor: number, before: number) => operators.slice(0, before).some((o) => o.output === tensor);
  const tensors = operators.flatMap((operator, i) => read(operator).filter((tensor) => !earlier(tensor, i)));
  return [...new Set(tensors)].sort((a, b) => a - b);
}

/** A chain of all operators, whose tensors share the arena. */
function network(seed: number): ShapeRow {
  const b = everything(seed);
  const model = b.build();
  return {
    name: `network of seed ${seed}`,
    model,
    tables: b.pick(['compact', 'q31', 'short']),
    inputs: inputs(b, model.programs[0]),
  };
}

/** Any kernel, more often a usual one, also larger than its input; any stride, any padding that `open` allows. */
function window(b: ModelBuilder, mostHigh: number, mostWide: number): Window {
  const size = (usual: number[], most: number) => Math.min(most, b.pick([...usual, b.integer(1, most)]));
  const kernel: [number, number] = [size([1, 3], mostHigh), size([3, 5], mostWide)];
  const least = (axis: 0 | 1) => {
    let pad = 0;
    while (room(b.tensors[0].shape[axis], kernel[axis], pad) < 0) pad++;
    return pad;
  };
  return {
    kernel,
    stride: [b.integer(1, 4), b.pick([1, 1, 2, 2, 3, 4])],
    pad: [b.integer(least(0), kernel[0] - 1), b.integer(least(1), kernel[1] - 1)],
  };
}

function pool(b: ModelBuilder, kind: 'averagePool' | 'maxPool'): void {
  input(b, b.integer(1, 9), b.integer(1, 9), b.integer(1, 20));
  b.pool(kind, window(b, 5, 7));
  cut(b, b.operators[0]);
  narrow(b);
}

/** How far a window can move; negative where it is too large for the input and its padding. */
const room = (size: number, kernel: number, pad: number) => size + pad + Math.max(pad, kernel >> 1) - kernel;

/** An output of any size that `open` allows, not only that of symmetric padding. */
function cut(b: ModelBuilder, operator: Operator): void {
  if (!('kernel' in operator)) return;
  const { kernel, pad, stride } = operator;
  const [from, to] = [operator.input, operator.output].map((tensor) => b.tensors[tensor].shape);
  for (const axis of [0, 1])
    to[axis] = b.integer(1, Math.floor(room(from[axis], kernel[axis], pad[axis]) / stride[axis]) + 1);
}

/** Makes an operator's weights of `name`; returns the name. */
function sourceFrom(b: ModelBuilder, operator: WeightedOperator, name: string): string {
  const { rows, rowLength } = b.sources[operator.source];
  WAYS[name](b, rows, rowLength);
  b.sources[operator.source] = b.sources.pop()!;
  operator.residency = b.pick(
    name === 'int8' ? ['flash', 'flash', 'boot', 'lazy', 'stream'] : ['boot', 'lazy', 'stream'],
  );
  return name;
}

/** Weights, zero points, biases, factors and activation of an operator: one in two usual, the others at a limit. */
function limits(b: ModelBuilder, operator: WeightedOperator, tables: TableEncoding): void {
  const output = b.tensors[operator.output];
  output.zeroPoint = zeroPoint(b, output.zeroPoint);
  narrow(b);
  extremeWeights(b, operator);
  const { bias, effectiveScale } = operator;
  const factors = b.pick(['usual', 'usual', 'usual', 'mixed', 'extreme', 'uniform'] as const);
  effectiveScale.forEach((scale, c) => {
    if (factors === 'extreme' || (factors === 'mixed' && b.integer(0, 1) === 0))
      effectiveScale[c] = b.pick([scale, ...EXTREME_FACTORS]);
  });
  if (factors === 'uniform') effectiveScale.fill(b.pick([effectiveScale[0], effectiveScale[0], ...EXTREME_FACTORS]));
  const biases = b.pick(['usual', 'usual', 'usual', 'zero', 'limit', 'far'] as const);
  if (biases === 'usual') return;
  const weights = materialize(b.sources[operator.source], b.generators);
  const sums = operator.kind === 'depthwise' ? tapSums(weights, bias.length) : rowSums(weights, bias.length);
  const furthest = {
    q31: [-MAX_BIAS, MAX_BIAS, 1 - MAX_BIAS, MAX_BIAS - 1],
    compact: [-MAX_BIAS, MAX_BIAS - 2 ** 14], // 16 bits, shifted by up to 14
    short: [2 ** 17 - MAX_BIAS, MAX_BIAS - 2 ** 17], // 13 bits, shifted by up to 17
  }[tables];
  bias.forEach((_, c) => {
    bias[c] = biases === 'zero' ? 0 : b.pick(furthest) + b.tensors[operator.input].zeroPoint * sums[c];
    if (biases === 'far') effectiveScale[c] = b.integer(20, 120) / MAX_BIAS; // not all of the outputs saturate
  });
}

function extremeWeights(b: ModelBuilder, operator: WeightedOperator): void {
  const flavour = b.pick(['random', 'random', 'random', 'lowest', 'highest', 'alternating'] as const);
  if (flavour === 'random') return;
  const source = b.sources[operator.source];
  const fixture: SourceFixture<WeightSource['kind']> = FIXTURES[source.kind];
  const generator = 'generator' in source ? b.generators[source.generator] : undefined;
  for (const [values, levels] of fixture.numbers(source, generator)) {
    const ends = { lowest: [levels[0]], highest: [levels.at(-1)!], alternating: [levels[0], levels.at(-1)!] }[flavour];
    for (const k of values.keys()) values[k] = ends[k % ends.length];
  }
}

/** Two inputs: a pattern at the limits, and a random one in which one value in eight is extreme. */
function inputs(b: ModelBuilder, program: Program): Uint8Array[] {
  const wide = program.tensors[program.inputs[0]].type === 'i16';
  const [low, high] = wide ? [-32768, 32767] : [-128, 127];
  const count = program.inputs.reduce((sum, tensor) => sum + elements(program, tensor), 0);
  const pattern = b.pick([[low], [high], [low, high], [high, low, high], [b.integer(low, high)]]);
  const loudness = b.pick([1, 1, 1 / 256]); // quiet recordings, too
  const drawn = () => (b.integer(0, 7) === 0 ? b.pick([low, high]) : Math.round(b.integer(low, high) * loudness));
  return [(i: number) => pattern[i % pattern.length], drawn].map((value) => {
    const values = Array.from({ length: count }, (_, i) => value(i));
    return new Uint8Array((wide ? Int16Array : Int8Array).from(values).buffer);
  });
}

function elements(program: Program, tensor: number): number {
  return program.tensors[tensor].shape.reduce((product, size) => product * size, 1);
}

/**
 * What the slow twins say: what each operator leaves in its output, null where it is not run, and in the end the values of
 * every tensor. `kept`: what the inputs before have left.
 */
export function twin(
  row: ShapeRow,
  input: Uint8Array,
  kept: KeptState = new Map(),
): { layers: (Int8Array | null)[]; values: TensorValues[] } {
  const [program] = row.model.programs;
  let at = 0;
  const parts = program.inputs.map((tensor) => {
    const bytes = elements(program, tensor) * (program.tensors[tensor].type === 'i16' ? 2 : 1);
    at += bytes;
    return input.subarray(at - bytes, at);
  });
  const layers: (Int8Array | null)[] = program.operators.map(() => null);
  const after = (o: number, output: Int8Array) => {
    layers[o] = output;
  };
  const values = execute(row.model, program, parts, { tables: row.tables, after, state: kept });
  return { layers, values };
}

/** The same as CRC-32, of nothing for what is not run: of each operator's output, in order, then of the program's outputs. */
export function twinCrcs(row: ShapeRow, input: Uint8Array, kept?: KeptState): number[] {
  const [program] = row.model.programs;
  const { layers, values } = twin(row, input, kept);
  const outputs = Buffer.concat(program.outputs.map((tensor) => bytesOf(values[tensor])));
  return [...layers.map((layer) => crc32(layer ? bytesOf(layer) : new Uint8Array())), crc32(outputs)];
}

function bytesOf({ buffer, byteOffset, byteLength }: TensorValues): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** One image with a program for each row. */
export function packTogether(rows: readonly ShapeRow[]): Uint8Array {
  const model: Model = { programs: [], sources: [], generators: [], metadata: { name: 'shapes' } };
  const tables = new Map<Operator, TableEncoding>();
  for (const row of rows) {
    const [firstSource, firstGenerator] = [model.sources.length, model.generators.length];
    for (const source of row.model.sources)
      model.sources.push('generator' in source ? { ...source, generator: source.generator + firstGenerator } : source);
    model.generators.push(...row.model.generators);
    for (const program of row.model.programs) {
      const operators = program.operators.map((operator) =>
        'source' in operator ? { ...operator, source: operator.source + firstSource } : operator,
      );
      for (const operator of operators) tables.set(operator, row.tables);
      model.programs.push({ ...program, operators });
    }
  }
  return pack(model, { tables: (operator) => tables.get(operator)!, lossless: true });
}

/** A front end, which takes an input of another shape than the network of everything does. */
export const soundFeatures = (): Model => shapeRows().find(({ name }) => name.includes('logMel'))!.model;
