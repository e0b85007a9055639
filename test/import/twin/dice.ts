/** What random .tflite models are drawn with: dice, a file under construction, and steps of one operator. */
import { random } from '../../zoo.ts';
import { type FileSpec, int8, type OperatorSpec, type SubgraphSpec, type TensorSpec } from '../tflite.ts';

export const size = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
export const f = Math.fround;

export type Quantized = TensorSpec & { scale: number; zeroPoint: number };
export type Weights = TensorSpec & { scale: number | number[]; data: number[] };

/** Products per output up to which a channel with a bias of 2^30 may have one output for all inputs. */
const DEEPEST_DEAD = 100;

/** What all generators draw from; everything follows from the seed. */
export class Dice {
  private readonly next: () => number;
  /** all scales are powers of two: their quotients are exact, and many sums lie in the middle of two outputs */
  private readonly even: boolean;

  constructor(seed: number) {
    this.next = random(seed);
    this.even = this.chance(0.3);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  real(low: number, high: number): number {
    return low + this.next() * (high - low);
  }

  /** Both ends included. */
  whole(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  pick<T>(list: readonly T[]): T {
    return list[this.whole(0, list.length - 1)];
  }

  many<T>(count: number, make: (index: number) => T): T[] {
    return Array.from({ length: count }, (_, i) => make(i));
  }

  shuffled<T>(list: readonly T[]): T[] {
    return list
      .map((value) => ({ value, order: this.next() }))
      .sort((a, b) => a.order - b.order)
      .map(({ value }) => value);
  }

  /** 2^exponent as a float32. */
  power(exponent: number): number {
    return f(2 ** (this.even ? Math.round(exponent) : exponent));
  }

  scale(low = -7, high = 0): number {
    return this.chance(0.1) && !this.even ? f(this.pick([0.4, 0.1, 0.05, 0.2, 0.8])) : this.power(this.real(low, high));
  }

  zeroPoint(): number {
    return this.pick([-128, 127, 0, this.whole(-128, 127), this.whole(-128, 127)]);
  }

  activation(shape: number[], scale = this.scale(), zeroPoint = this.zeroPoint()): Quantized {
    return { shape, scale, zeroPoint };
  }

  /** INT8 values, often at their ends. */
  values(count: number): number[] {
    return this.many(count, () => this.pick([-128, 127, this.whole(-128, 127), this.whole(-128, 127)]));
  }

  /** Of one to four dimensions with a batch of 1, or of two and three without. */
  shape(): number[] {
    return this.pick([
      () => this.picture(),
      () => [1, this.whole(1, 9), this.whole(1, 9)],
      () => [1, this.whole(1, 40)],
      () => [this.whole(1, 40)],
      () => [this.whole(2, 9), this.whole(1, 9)],
      () => [this.whole(2, 4), this.whole(1, 5), this.whole(1, 5)],
    ])();
  }

  picture(): number[] {
    return [1, this.whole(1, 7), this.whole(1, 7), this.channels()];
  }

  /** Few, or around as many as kernels take at once. */
  channels(): number {
    return this.pick([this.whole(1, 8), this.whole(1, 8), this.whole(1, 8), 12, 16, 17, 32, 33]);
  }

  /** NONE, RELU, RELU_N1_TO_1, RELU6. */
  fused(): number {
    return this.pick([0, 0, 1, 2, 3]);
  }

  /** A shape that is repeated to `shape`: some sizes are 1, leading ones may be left out. */
  repeatable(shape: readonly number[]): number[] {
    const some = shape.map((count) => (this.chance(0.5) ? 1 : count));
    const leading = some.findIndex((count) => count !== 1);
    return some.slice(this.whole(0, leading < 0 ? shape.length : leading));
  }

  /** Some channels have no weight but 0, and some inputs are read with none. */
  weights(shape: number[], channelDimension: number, perChannel = this.chance(0.7)): Weights {
    const channels = shape[channelDimension];
    const scale = perChannel ? this.many(channels, () => this.scale(-10, -4)) : this.scale(-10, -4);
    const rarity = this.pick([0, 0.1, 0.4]);
    const dead = this.many(channels, () => this.chance(rarity));
    const unread = this.many(shape.at(-1)!, () => channelDimension === 0 && this.chance(rarity / 2));
    const perRow = size(shape) / channels;
    const data = this.many(size(shape), (i) => {
      const channel = channelDimension === 0 ? Math.floor(i / perRow) : i % channels;
      if (dead[channel] || unread[i % shape.at(-1)!]) return 0;
      return this.pick([this.whole(-127, 127), this.whole(-127, 127), this.whole(-20, 20), 0]);
    });
    return { shape, scale, quantizedDimension: channelDimension, data };
  }

  /** A tenth of them beyond what any output reaches, as converters write for dead channels. */
  bias(channels: number): TensorSpec {
    const one = () => (this.chance(0.1) ? this.pick([-1, 1]) * this.whole(2 ** 20, 2 ** 27) : this.whole(-9999, 9999));
    return { shape: [channels], type: 'INT32', data: this.many(channels, one) };
  }

  /**
   * Biases for a layer. Some channels get what converters write for dead ones: a bias that fills 32 bits, and a scale
   * so small that the output is the same for every input, or one of two neighbours.
   */
  biasFor(input: Quantized, weights: Weights, output: Quantized, channels: number, depth: number): TensorSpec[] {
    if (this.chance(0.2)) return [];
    const bias = this.bias(channels);
    if (!Array.isArray(weights.scale) || depth > DEEPEST_DEAD) return [bias];
    for (let c = 0; c < channels; c++) {
      if (!this.chance(0.1)) continue;
      const large = this.whole(2 ** 29, 2 ** 30);
      bias.data![c] = this.pick([-1, 1]) * large;
      weights.scale[c] = f((this.real(0, 130) / large) * (output.scale / input.scale));
    }
    return [bias];
  }

  /** With which the outputs of a layer of so many products spread over INT8, more or less. */
  layerScale(input: Quantized, { scale }: Weights, depth: number): number {
    return this.power(Math.log2(input.scale * [scale].flat()[0] * Math.sqrt(depth) * 40) + this.real(-2, 2));
  }

  near(scale: number, doublings = 2): number {
    return this.even || this.chance(0.1)
      ? f(scale * 2 ** this.whole(-Math.floor(doublings), Math.floor(doublings)))
      : f(scale * 2 ** this.real(-doublings, doublings));
  }
}

export const integers = (...data: number[]): TensorSpec => ({ shape: [data.length], type: 'INT32', data });
export const integer = (data: number): TensorSpec => ({ shape: [], type: 'INT32', data: [data] });

/** A file under construction. */
export class Draft {
  readonly tensors: TensorSpec[] = [];
  readonly operators: OperatorSpec[] = [];
  readonly inputs: number[] = [];
  /** subgraphs of CALL_ONCE */
  readonly called: SubgraphSpec[] = [];

  add(tensor: TensorSpec): number {
    return this.tensors.push(tensor) - 1;
  }

  input(tensor: TensorSpec): number {
    const index = this.add(tensor);
    this.inputs.push(index);
    return index;
  }

  /** Appends an operator; its inputs are tensors by number, or constants. Returns its first output. */
  append(
    opcode: string,
    inputs: (number | TensorSpec)[],
    outputs: TensorSpec[],
    rest: Partial<OperatorSpec> = {},
  ): number {
    const places = inputs.map((input) => (typeof input === 'number' ? input : this.add(input))); // -1: left out
    const made = outputs.map((output) => this.add(output));
    this.operators.push({ opcode, inputs: places, outputs: made, ...rest });
    return made[0];
  }

  at(tensor: number): Quantized {
    return this.tensors[tensor] as Quantized;
  }

  file(...outputs: number[]): FileSpec {
    const { tensors, operators, inputs, called } = this;
    return { tensors, operators, inputs, outputs, ...(called.length > 0 ? { called } : {}) };
  }
}

/** Appends one operator that reads `from` and returns its output, or null where it does not fit. */
export type Step = (dice: Dice, draft: Draft, from: number) => number | null;

/** Scale of the output of an element-wise operator, from those of its inputs. */
type OutputScale = (dice: Dice, first: number, second: number) => number;

/** With another tensor of the graph, with the same one again, or with a constant in either place. */
export const binary =
  (opcode: string, optionsType: number | null, outputScale: OutputScale): Step =>
  (dice, draft, from) => {
    const { scale, shape } = draft.at(from);
    const fits = draft.tensors.flatMap(({ data, variable, type = 'INT8', shape: own }, i) =>
      data === undefined && !variable && type === 'INT8' && repeats(own, shape) ? [i] : [],
    );
    const constant = (): Quantized => {
      const own = dice.pick([[], [1], dice.repeatable(shape), dice.repeatable(shape), [...shape]]);
      return { ...dice.activation(own), data: dice.values(size(own)) };
    };
    const other = dice.chance(0.5) ? constant() : dice.pick(fits);
    const second = typeof other === 'number' ? draft.at(other) : other;
    const output = dice.activation([...shape], outputScale(dice, scale, second.scale));
    const inputs = dice.chance(0.5) ? [from, other] : [other, from];
    const rest = optionsType === null ? {} : { optionsType, options: { 0: int8(dice.fused()) } };
    return draft.append(opcode, inputs, [output], rest);
  };

/** Whether a tensor can be repeated to a shape, which it is laid over from behind. */
function repeats(own: readonly number[], shape: readonly number[]): boolean {
  const behind = shape.slice(shape.length - own.length);
  return own.length <= shape.length && own.every((count, d) => count === 1 || count === behind[d]);
}
