/**
 * Small random models for tests: every operator, every weight source, odd sizes, extreme values; deterministic by seed.
 */
import type {
  Encoding,
  Generator,
  Model,
  Operator,
  Residency,
  Shape,
  Tensor,
  WeightedOperator,
  WeightSource,
  Window,
} from '../host/model/model.ts';
import type { SignedAdd } from '../host/operators/add.ts';
import type { CopyArguments } from '../host/operators/copy.ts';
import type { Route } from '../host/operators/route.ts';
import type { Mlp } from '../host/sources/mlp.ts';
import { basis, fromBasis } from './sources/basis.ts';
import { codebook, fromCodebook } from './sources/codebook.ts';
import { factor, fromFactor } from './sources/factored.ts';
import { fromRandom, matrices } from './sources/random.ts';
import { fromTiles, tile } from './sources/tile.ts';
import { LEVELS } from './weights.ts';

type Steps = [number, number, number];

/** mulberry32: enough for test data, and independent of the code under test. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Grows a model operator by operator; the next operator reads the tensor that was made last, or that of `from`. */
export class ModelBuilder {
  readonly tensors: Tensor[] = [];
  readonly operators: Operator[] = [];
  readonly sources: WeightSource[] = [];
  readonly generators: Generator[] = [];
  private readonly next: () => number;
  private source: number | null = null;

  constructor(seed: number, input: Shape, type: 'i8' | 'i16' = 'i8') {
    this.next = random(seed);
    this.tensor('input', input, type);
  }

  /** The tensor that the next operator reads. */
  get last(): number {
    return this.source ?? this.newest;
  }

  /** The tensor that was made last, whatever the next operator reads. */
  get newest(): number {
    return this.tensors.length - 1;
  }

  /** From now on operators read this tensor; with null, what was made last. */
  from(tensor: number | null): this {
    this.source = tensor;
    return this;
  }

  /** Of the last tensor. */
  get channels(): number {
    return this.tensors[this.last].shape[2];
  }

  integer(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  pick<T>(from: readonly T[]): T {
    return from[this.integer(0, from.length - 1)];
  }

  levels(encoding: Encoding, count: number): Int8Array {
    // one value in eight is extreme
    const levels = LEVELS[encoding];
    return Int8Array.from({ length: count }, () =>
      this.next() < 0.125 ? this.pick([levels[0], levels.at(-1)!]) : this.pick(levels),
    );
  }

  tensor(
    name: string,
    shape: Shape,
    type: 'i8' | 'i16' = 'i8',
    zeroPoint = type === 'i16' ? 0 : this.integer(-128, 127),
    scale = 0.02 + this.next() / 10,
  ): number {
    this.tensors.push({ name, shape, type, scale, zeroPoint });
    return this.newest;
  }

  stored(encoding: Encoding, rows: number, rowLength: number): number {
    this.sources.push({ kind: 'stored', encoding, rows, rowLength, values: this.levels(encoding, rows * rowLength) });
    return this.sources.length - 1;
  }

  /**
   * INT8 weights that code without loss makes smaller: rows of all widths, empty ones too, and here and there an
   * extreme.
   */
  crowded(rows: number, rowLength: number): number {
    const widths = Array.from({ length: rows }, () => this.pick([0, 0.4, 1, 2, 5, 12, 30]));
    const values = Int8Array.from({ length: rows * rowLength }, (_, i) => {
      const width = widths[Math.floor(i / rowLength)];
      if (width > 0 && this.next() < 0.04) return this.pick([-128, -127, 127, 64]);
      return Math.round(width * (this.next() + this.next() + this.next() - 1.5));
    });
    this.sources.push({ kind: 'stored', encoding: 'int8', rows, rowLength, values });
    return this.sources.length - 1;
  }

  mlp(codeLength: number, hidden: number, outputs: number, codeEncoding: Encoding): Mlp {
    const bias = (count: number) => Int32Array.from({ length: count }, () => this.integer(-3000, 3000));
    const scale = { int8: 1 / 8000, int4: 1 / 500, int2: 1 / 200, ternary: 1 / 100 }[codeEncoding];
    return {
      codeLength,
      codeEncoding,
      hidden,
      outputs,
      w1: this.levels('int8', hidden * codeLength),
      b1: bias(hidden),
      scale1: scale,
      w2: this.levels('int8', outputs * hidden),
      b2: bias(outputs),
      scale2: 1 / 2000,
    };
  }

  /** An MLP of any small size and code encoding, with so many outputs. */
  anyMlp(outputs: number): Mlp {
    return this.mlp(
      this.integer(1, 6),
      this.integer(1, 12),
      outputs,
      this.pick(['int8', 'int4', 'int2', 'ternary'] as const),
    );
  }

  /** Bias and scales such that outputs spread over the INT8 range, with a clamp that is sometimes a ReLU. */
  private requantization(channels: number, depth: number) {
    const typical = Math.sqrt(depth) * 60 * 60;
    return {
      bias: Int32Array.from({ length: channels }, () => Math.round((this.next() - 0.5) * typical)),
      effectiveScale: Float64Array.from({ length: channels }, () => (40 / typical) * 2 ** (3 * this.next() - 1.5)),
      activation: this.pick<[number, number]>([
        [-128, 127],
        [-128, 127],
        [this.integer(-128, 0), this.integer(1, 127)],
      ]),
    };
  }

  private residencyOf(source: number): Residency {
    const { kind } = this.sources[source];
    const inPlace = kind === 'stored' && (this.sources[source] as { encoding: Encoding }).encoding === 'int8';
    return this.pick<Residency>(inPlace ? ['flash', 'boot', 'lazy', 'stream'] : ['boot', 'lazy', 'stream']);
  }

  private slide([height, width]: Shape, { kernel, stride, pad }: Window): [number, number] {
    const size = (input: number, i: 0 | 1) => Math.max(1, Math.floor((input + 2 * pad[i] - kernel[i]) / stride[i]) + 1);
    return [size(height, 0), size(width, 1)];
  }

  convolution(channels: number, window: Window, encoding: Encoding = 'int8'): this {
    const input = this.last;
    const shape = this.tensors[input].shape;
    const depth = window.kernel[0] * window.kernel[1] * shape[2];
    const source = this.stored(encoding, channels, depth);
    const output = this.tensor('convolution', [...this.slide(shape, window), channels]);
    this.operators.push({
      kind: 'convolution',
      name: `conv${output}`,
      input,
      output,
      source,
      residency: this.residencyOf(source),
      ...window,
      ...this.requantization(channels, depth),
    });
    return this;
  }

  depthwise(multiplier: number, window: Window, encoding: Encoding = 'int8'): this {
    const input = this.last;
    const shape = this.tensors[input].shape;
    const channels = shape[2] * multiplier;
    const taps = window.kernel[0] * window.kernel[1];
    const source = this.stored(encoding, taps, channels);
    const output = this.tensor('depthwise', [...this.slide(shape, window), channels]);
    this.operators.push({
      kind: 'depthwise',
      name: `dw${output}`,
      input,
      output,
      source,
      multiplier,
      residency: this.residencyOf(source),
      ...window,
      ...this.requantization(channels, taps),
    });
    return this;
  }

  /** source: index, or an encoding of freshly stored weights */
  pointwise(channels: number, source: number | Encoding = 'int8'): this {
    const input = this.last;
    const [height, width, depth] = this.tensors[input].shape;
    const index = typeof source === 'number' ? source : this.stored(source, channels, depth);
    const output = this.tensor('pointwise', [height, width, channels]);
    this.operators.push({
      kind: 'pointwise',
      name: `pw${output}`,
      input,
      output,
      source: index,
      residency: this.residencyOf(index),
      ...this.requantization(channels, depth),
    });
    return this;
  }

  fullyConnected(channels: number, encoding: Encoding = 'int8'): this {
    const input = this.last;
    const [height, width, depth] = this.tensors[input].shape;
    const rowLength = height * width * depth;
    const source = this.stored(encoding, channels, rowLength);
    const output = this.tensor('fullyConnected', [1, 1, channels]);
    this.operators.push({
      kind: 'fullyConnected',
      name: `fc${output}`,
      input,
      output,
      source,
      residency: this.residencyOf(source),
      ...this.requantization(channels, rowLength),
    });
    return this;
  }

  pool(kind: 'averagePool' | 'maxPool', window: Window): this {
    const input = this.last;
    const { shape, zeroPoint, scale } = this.tensors[input];
    const output = this.tensor(kind, [...this.slide(shape, window), shape[2]], 'i8', zeroPoint, scale);
    this.operators.push({
      kind,
      name: `pool${output}`,
      input,
      output,
      ...window,
      activation: this.pick<[number, number]>([
        [-128, 127],
        [-50, 60],
      ]),
    });
    return this;
  }

  /** Adds an earlier tensor of the same shape. */
  add(input2: number): this {
    const input = this.last;
    const output = this.tensor('add', [...this.tensors[input].shape]);
    this.operators.push({ kind: 'add', name: `add${output}`, input, input2, output, activation: [-128, 127] });
    return this;
  }

  softmax(): this {
    const input = this.last;
    const output = this.tensor('softmax', [...this.tensors[input].shape], 'i8', -128, 1 / 256);
    this.operators.push({ kind: 'softmax', name: `softmax${output}`, input, output, beta: 1 });
    return this;
  }

  argmax(): this {
    const input = this.last;
    const [height, width] = this.tensors[input].shape;
    const output = this.tensor('argmax', [height, width, 1]);
    this.operators.push({ kind: 'argmax', name: `argmax${output}`, input, output });
    return this;
  }

  /** Multiplies by an earlier tensor, of the same shape or of one position; a usual factor. */
  multiply(input2: number, input = this.last): this {
    const { shape, scale } = this.tensors[input];
    const scales = (scale * this.tensors[input2].scale) / 2 ** (2 + 6 * this.next());
    const output = this.tensor('multiply', [...shape], 'i8', this.integer(-128, 127), 80 * scales);
    this.operators.push({ kind: 'multiply', name: `mul${output}`, input, input2, output, activation: [-128, 127] });
    return this;
  }

  /** Adds an earlier tensor, of the same shape or of one position, or takes one of the two away. */
  signedAdd(input2: number, negated: SignedAdd['negated']): this {
    const input = this.last;
    const output = this.tensor('signedAdd', [...this.tensors[input].shape]);
    const activation: [number, number] = [-128, 127];
    this.operators.push({ kind: 'signedAdd', name: `sum${output}`, input, input2, output, negated, activation });
    return this;
  }

  /** Of an earlier tensor, of the same shape or of one position. */
  extremum(kind: 'minimum' | 'maximum', input2: number): this {
    const input = this.last;
    const { shape, zeroPoint, scale } = this.tensors[input];
    const output = this.tensor(kind, [...shape], 'i8', zeroPoint, scale);
    this.operators.push({ kind, name: `${kind}${output}`, input, input2, output, activation: [-100, 127] });
    return this;
  }

  mean(): this {
    const input = this.last;
    const [height, width, channels] = this.tensors[input].shape;
    // random values have a mean near 0: a finer scale spreads it
    const scale = (this.tensors[input].scale * this.pick([1, 1.3, 2])) / Math.sqrt(height * width);
    const output = this.tensor('mean', [1, 1, channels], 'i8', this.integer(-128, 127), scale);
    this.operators.push({ kind: 'mean', name: `mean${output}`, input, output });
    return this;
  }

  /**
   * Copies into a new tensor of a shape, or into an earlier one; by default one run from the beginning to the
   * beginning.
   */
  copy(to: Shape | number, how: Partial<CopyArguments>, input = this.last): this {
    const { zeroPoint, scale } = this.tensors[input];
    const output = typeof to === 'number' ? to : this.tensor('copy', to, 'i8', zeroPoint, scale);
    const zeros = { inputOffset: 0, outputOffset: 0, inputStep: [0, 0, 0] as Steps, outputStep: [0, 0, 0] as Steps };
    const common = { count: [1, 1, 1] as Steps, run: 1, fill: false, ...zeros };
    this.operators.push({ kind: 'copy', name: `copy${this.operators.length}`, input, output, ...common, ...how });
    return this;
  }

  /**
   * One of several branches, by the scores in the last tensor. Each grows operators, the last of them with outputs of one
   * shape: they become one tensor, which is read next. Where it is an earlier one, a branch may grow none.
   */
  route(branches: readonly ((b: this, branch: number) => unknown)[], earlier?: number): this {
    const input = this.last;
    const picked = this.tensor('route', [1, 1, 1]);
    const route: Route = { kind: 'route', name: `route${picked}`, input, output: picked, branches: [] };
    this.operators.push(route);
    const lasts = branches.flatMap((grow, branch) => {
      const before = this.operators.length;
      this.from(null);
      grow(this, branch);
      route.branches.push(this.operators.length - before);
      return this.operators.length > before ? [this.operators.at(-1)!] : [];
    });
    this.from(null);
    const { shape, zeroPoint, scale } = this.tensors[lasts[0].output];
    const joined = earlier ?? this.tensor('joined', [...shape], 'i8', zeroPoint, scale);
    for (const last of lasts) last.output = joined;
    return this.from(earlier ?? null);
  }

  /** [H, W, C] with its axes in another order: axis i is axis order[i] of the input. */
  transpose(order: Steps): this {
    const [height, width, channels] = this.tensors[this.last].shape;
    const sizes = order.map((axis) => [height, width, channels][axis]) as Shape;
    const inputStep = order.map((axis) => [width * channels, channels, 1][axis]) as Steps;
    return this.copy(sizes, { count: sizes, inputStep, outputStep: [sizes[1] * sizes[2], sizes[2], 1] });
  }

  /**
   * Tensors that differ in one axis at most, side by side; the first copy fills the output, so that all of it is
   * defined.
   */
  concatenate(inputs: number[], axis: 0 | 1 | 2): this {
    const shape: Shape = [...this.tensors[inputs[0]].shape];
    shape[axis] = inputs.reduce((sum, input) => sum + this.tensors[input].shape[axis], 0);
    const { zeroPoint, scale } = this.tensors[inputs[0]];
    const output = this.tensor('concatenate', shape, 'i8', zeroPoint, scale);
    const blocks = shape.slice(0, axis).reduce((product, size) => product * size, 1);
    const step = shape.slice(axis).reduce((product, size) => product * size, 1);
    let outputOffset = 0;
    inputs.forEach((input, i) => {
      const run = this.tensors[input].shape.slice(axis).reduce((product, size) => product * size, 1);
      const steps = { inputStep: [0, 0, run] as Steps, outputStep: [0, 0, step] as Steps };
      this.copy(output, { count: [1, 1, blocks], ...steps, run, outputOffset, fill: i === 0 }, input);
      outputOffset += run;
    });
    return this;
  }

  /** A random table. */
  lookup(
    output = this.tensor('lookup', [...this.tensors[this.last].shape]),
    input = this.source ?? this.newest - 1,
  ): this {
    const table = this.levels('int8', 256);
    this.operators.push({ kind: 'lookup', name: `lookup${output}`, input, output, table });
    return this;
  }

  /** To a height and width whose rows and columns come from anywhere. */
  resize(size: readonly [height: number, width: number]): this {
    const input = this.last;
    const { shape } = this.tensors[input];
    const [rows, columns] = [0, 1].map((axis) =>
      Array.from({ length: size[axis] }, () => {
        const from = this.integer(0, shape[axis] - 1);
        return { from, share: from === shape[axis] - 1 ? 0 : this.integer(0, 1023) };
      }),
    );
    const output = this.tensor('resize', [...size, shape[2]]);
    this.operators.push({ kind: 'resize', name: 'resize', input, output, rows, columns });
    return this;
  }

  standardize(marker: { centre: number; peak: number; slope: number } | null, floor = 0): this {
    const input = this.last;
    const [height, width, channels] = this.tensors[input].shape;
    const output = this.tensor(
      'standardize',
      [height, width, channels + (marker ? 1 : 0)],
      'i8',
      this.integer(-20, 20),
      1 / 32,
    );
    this.operators.push({ kind: 'standardize', name: 'standardize', input, output, floor, marker });
    return this;
  }

  build(outputs: number[] = [this.last]): Model {
    const { tensors, operators, sources, generators } = this;
    return {
      programs: [{ name: 'test', tensors, operators, inputs: [0], outputs }],
      sources,
      generators,
      metadata: { name: 'test' },
    };
  }

  /** Raw bytes of a random input; i16 samples over their whole range. */
  input(): Uint8Array {
    const { shape, type } = this.tensors[0];
    const count = shape[0] * shape[1] * shape[2];
    if (type === 'i8') return new Uint8Array(this.levels('int8', count).buffer);
    return new Uint8Array(Int16Array.from({ length: count }, () => this.integer(-32768, 32767)).buffer);
  }
}

/** One network with everything in it: raw samples to class, all operators, all encodings, all generators. */
export function everything(seed: number): ModelBuilder {
  const b = new ModelBuilder(seed, [1, 40, 2], 'i16');
  b.standardize({ centre: 20, peak: 127, slope: 9 });
  b.convolution(8, { kernel: [1, 7], stride: [1, 2], pad: [0, 3] });
  b.depthwise(1, { kernel: [1, 5], stride: [1, 1], pad: [0, 2] });
  b.pointwise(8);
  const skip = b.last;
  b.depthwise(1, { kernel: [1, 3], stride: [1, 1], pad: [0, 1] }, 'int4').add(skip);
  const shared = basis(b, 24, 16, 'int2', b.mlp(4, 12, 2, 'int8'));
  b.pointwise(16, fromBasis(b, shared, 16, 8, 5));
  b.pointwise(24, fromBasis(b, shared, 24, 16, 16));
  b.pool('maxPool', { kernel: [1, 2], stride: [1, 2], pad: [0, 0] });
  const tiles = tile(b, b.mlp(16, 32, 8, 'int2'));
  b.pointwise(12, fromTiles(b, tiles, 12, 24));
  b.pointwise(10, fromCodebook(b, codebook(b, 20, 5), 10, 12)).pointwise(
    11,
    fromCodebook(b, codebook(b, 7, 4), 11, 10),
  );
  b.pointwise(9, 'int2').pointwise(7, 'ternary').pointwise(40, b.crowded(40, 7)).pointwise(13, 'int4');
  b.pointwise(6, fromBasis(b, basis(b, 6, 13, 'int4', null), 6, 13, 6));
  b.pointwise(7, fromRandom(b, matrices(b, b.mlp(3, 5, 2, 'int4')), 7, 6, 3));
  b.pointwise(6, fromRandom(b, matrices(b, null), 6, 7));
  b.pointwise(6, fromFactor(b, factor(b, 3, 6, 'ternary', 'int4'), 6, 6));
  b.pool('averagePool', { kernel: [1, 3], stride: [1, 3], pad: [0, 0] });
  const pooled = b.last;
  const wide = b.lookup().signedAdd(pooled, 'second').multiply(pooled).last;
  const gate = b.mean().lookup().last;
  b.multiply(gate, wide).extremum('minimum', gate).extremum('maximum', wide).lookup().signedAdd(gate, 'first');
  b.concatenate([wide, b.last, wide], 2).transpose([2, 0, 1]).resize([9, 2]);
  b.fullyConnected(5, 'ternary');
  (b.operators.at(-1) as WeightedOperator).effectiveScale.fill(1 / 500); // for all channels: TABLE_UNIFORM
  b.softmax().argmax();
  return b;
}
