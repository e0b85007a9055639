/** Random .tflite models of the importer's operators, of one each or graphs of some more; all can be imported. */
import { BINARY_STEPS, ENDS, STEPS_OF_OPERATORS } from '../../operatorTests.ts';
import { type FileSpec, float32, int8, int32, type OperatorSpec, type TensorSpec } from '../tflite.ts';
import { Dice, Draft, f, integer, integers, type Quantized, type Step, size } from './dice.ts';

/** SAME 0, VALID 1. */
const windowed = (count: number, kernel: number, stride: number, padding: number) =>
  Math.ceil((padding === 0 ? count : count - kernel + 1) / stride);

function kernelOf(dice: Dice, [, height, width]: number[]): [number, number] {
  return [dice.whole(1, Math.min(3, height)), dice.whole(1, Math.min(3, width))];
}

/** Mostly 1, and none with which a kernel does not fit its input. */
const dilationOf = (dice: Dice, count: number, kernel: number) =>
  dice.chance(0.8) ? 1 : dice.pick([1, 2, 3].filter((dilation) => (kernel - 1) * dilation < count));

const convolution =
  (kernel: (dice: Dice, shape: number[]) => [number, number], strides: number[]): Step =>
  (dice, draft, from) => {
    const input = draft.at(from);
    if (input.shape.length !== 4) return null;
    const [, height, width, depth] = input.shape;
    const [kh, kw] = kernel(dice, input.shape);
    const [sh, sw, padding] = [dice.pick(strides), dice.pick(strides), dice.whole(0, 1)];
    const groups = dice.chance(0.8) ? 1 : dice.pick(dice.many(depth, (i) => i + 1).filter((n) => depth % n === 0));
    const channels = groups === 1 ? dice.channels() : groups * dice.whole(1, 3);
    const [dh, dw] = [dilationOf(dice, height, kh), dilationOf(dice, width, kw)];
    const weights = dice.weights([channels, kh, kw, depth / groups], 0);
    const size = [windowed(height, (kh - 1) * dh + 1, sh, padding), windowed(width, (kw - 1) * dw + 1, sw, padding)];
    const output = dice.activation([1, ...size, channels], dice.layerScale(input, weights, kh * kw * depth));
    const biases = dice.biasFor(input, weights, output, channels, kh * kw * depth);
    const options = { 0: int8(padding), 1: int32(sw), 2: int32(sh), 3: int8(dice.fused()), 4: int32(dw), 5: int32(dh) };
    return draft.append('CONV_2D', [from, weights, ...biases], [output], { optionsType: 1, options });
  };

const depthwise: Step = (dice, draft, from) => {
  const input = draft.at(from);
  if (input.shape.length !== 4) return null;
  const [, height, width, depth] = input.shape;
  const [kh, kw] = kernelOf(dice, input.shape);
  const [stride, padding, multiplier] = [dice.pick([1, 1, 2, 3]), dice.whole(0, 1), dice.pick([1, 1, 2, 3])];
  const weights = dice.weights([1, kh, kw, depth * multiplier], 3);
  const [dh, dw] = [dilationOf(dice, height, kh), dilationOf(dice, width, kw)];
  const size = [height, width].map((count, d) => windowed(count, ([kh, kw][d] - 1) * [dh, dw][d] + 1, stride, padding));
  const output = dice.activation([1, ...size, depth * multiplier], dice.layerScale(input, weights, kh * kw));
  const strides = { 1: int32(stride), 2: int32(stride), 3: int32(multiplier), 5: int32(dw), 6: int32(dh) };
  const options = { 0: int8(padding), ...strides, 4: int8(dice.fused()) };
  const inputs = [from, weights, ...dice.biasFor(input, weights, output, depth * multiplier, kh * kw)];
  return draft.append('DEPTHWISE_CONV_2D', inputs, [output], { optionsType: 2, options });
};

/** Of all values, or of the last dimension at every position; the output may have those in one dimension. */
const fullyConnected: Step = (dice, draft, from) => {
  const input = draft.at(from);
  const whole = dice.chance(0.4);
  const depth = whole ? size(input.shape) : input.shape.at(-1)!;
  const positions = size(input.shape) / depth;
  const channels = dice.channels();
  const weights = dice.weights([channels, depth], 0, dice.chance(0.4));
  const shape = whole || dice.chance(0.5) ? [positions, channels] : [...input.shape.slice(0, -1), channels];
  const output = dice.activation(shape, dice.layerScale(input, weights, depth));
  const inputs = [from, weights, ...dice.biasFor(input, weights, output, channels, depth)];
  return draft.append('FULLY_CONNECTED', inputs, [output], { optionsType: 8, options: { 0: int8(dice.fused()) } });
};

/** As the converter writes a dense layer over positions. */
const denseBetweenReshapes: Step = (dice, draft, from) => {
  const input = draft.at(from);
  const depth = input.shape.at(-1)!;
  const positions = size(input.shape) / depth;
  const flat = draft.append('RESHAPE', [from, integers(positions, depth)], [{ ...input, shape: [positions, depth] }]);
  const channels = dice.whole(1, 6);
  const weights = dice.weights([channels, depth], 0, dice.chance(0.4));
  const output = dice.activation([positions, channels], dice.layerScale(input, weights, depth));
  const options = { 0: int8(dice.fused()) };
  const dense = draft.append('FULLY_CONNECTED', [flat, weights], [output], { optionsType: 8, options });
  const shape = [...input.shape.slice(0, -1), channels];
  return draft.append('RESHAPE', [dense, integers(...shape)], [{ ...output, shape }]);
};

const pool: Step = (dice, draft, from) => {
  const input = draft.at(from);
  if (input.shape.length !== 4) return null;
  const [, height, width, channels] = input.shape;
  const [kh, kw] = [dice.whole(1, height), dice.whole(1, width)];
  const [sh, sw, padding] = [dice.whole(1, 3), dice.whole(1, 3), dice.whole(0, 1)];
  const shape = [1, windowed(height, kh, sh, padding), windowed(width, kw, sw, padding), channels];
  const options = {
    0: int8(padding),
    1: int32(sw),
    2: int32(sh),
    3: int32(kw),
    4: int32(kh),
    5: int8(dice.fused()),
  };
  const opcode = dice.pick(['AVERAGE_POOL_2D', 'MAX_POOL_2D']);
  return draft.append(opcode, [from], [{ ...input, shape }], { optionsType: 5, options });
};

const mean: Step = (dice, draft, from) => {
  const input = draft.at(from);
  const rank = input.shape.length;
  const axes = input.shape.flatMap((count, d) =>
    d < rank - 1 && (count > 1 || (d > 0 && dice.chance(0.5))) ? [d] : [],
  );
  if (axes.length === 0) return null;
  const keep = dice.chance(0.5);
  const kept = input.shape.map((count, d) => (axes.includes(d) ? 1 : count));
  const shape = keep ? kept : input.shape.filter((_, d) => !axes.includes(d));
  const own = dice.chance(0.3) ? input.zeroPoint : dice.zeroPoint();
  const output = dice.activation(shape, dice.pick([input.scale, dice.near(input.scale, 1)]), own);
  const signed = dice.shuffled(axes).map((axis) => (dice.chance(0.5) ? axis : axis - rank));
  const options = { 0: int8(keep ? 1 : 0) };
  return draft.append('MEAN', [from, integers(...signed)], [output], { optionsType: 27, options });
};

/** A function of one value, or softmax; `output` of the input. */
const plain =
  (opcode: string, output: (dice: Dice, input: Quantized) => [scale: number, zeroPoint: number], rest?: Rest): Step =>
  (dice, draft, from) => {
    const input = draft.at(from);
    const [scale, zeroPoint] = output(dice, input);
    return draft.append(opcode, [from], [dice.activation([...input.shape], scale, zeroPoint)], rest?.(dice));
  };
type Rest = (dice: Dice) => Partial<OperatorSpec>;

const rescaled = (dice: Dice, { scale }: Quantized): [number, number] => [dice.near(scale), dice.zeroPoint()];
const leak = (dice: Dice) => dice.pick([0.1, 0.2, 0.01, 0.5, -0.5, 0, 1, f(dice.real(-2, 2))]);
const alpha: Rest = (dice) => ({ optionsType: 75, options: { 0: float32(leak(dice)) } });
const beta: Rest = (dice) => ({
  optionsType: 9,
  options: { 0: float32(dice.pick([1, 1, 0.5, f(dice.real(0.1, 3))])) },
});

/** Of one scale, some constant: the parts are the tensor, a copy of it, a layer's output, or constants. */
const concatenation: Step = (dice, draft, from) => {
  const input = draft.at(from);
  const rank = input.shape.length;
  const axis = dice.whole(rank > 3 ? 1 : 0, rank - 1);
  const constant = (): TensorSpec => {
    const shape = input.shape.map((count, d) => (d === axis ? dice.whole(1, 4) : count));
    return { ...input, shape, data: dice.values(size(shape)) };
  };
  const others = dice.many(dice.whole(0, 2), () => (dice.chance(0.5) ? constant() : from));
  const parts = dice.shuffled([from, ...others]);
  const along = (part: number | TensorSpec) => (typeof part === 'number' ? draft.at(part) : part).shape[axis];
  const shape = input.shape.map((count, d) => (d === axis ? parts.reduce<number>((a, p) => a + along(p), 0) : count));
  const options = { 0: int32(dice.chance(0.5) ? axis : axis - rank), 1: int8(0) };
  return draft.append('CONCATENATION', parts, [{ ...input, shape }], { optionsType: 10, options });
};

const padding: Step = (dice, draft, from) => {
  const input = draft.at(from);
  const rank = input.shape.length;
  const pads = input.shape.map((_, d) => (rank === 4 && d === 0 ? [0, 0] : [dice.whole(0, 2), dice.whole(0, 2)]));
  if (dice.chance(0.5)) pads[rank - 1] = [0, 0];
  const shape = input.shape.map((count, d) => count + pads[d][0] + pads[d][1]);
  const amounts = { shape: [rank, 2], type: 'INT32', data: pads.flat() };
  if (dice.chance(0.6)) return draft.append('PAD', [from, amounts], [{ ...input, shape }]);
  const value = { ...input, shape: [], data: [dice.chance(0.5) ? input.zeroPoint : dice.whole(-128, 127)] };
  return draft.append('PADV2', [from, amounts, value], [{ ...input, shape }]);
};

const transpose: Step = (dice, draft, from) => {
  const input = draft.at(from);
  const axes = input.shape.map((_, d) => d);
  const order = input.shape.length === 4 ? [0, ...dice.shuffled(axes.slice(1))] : dice.shuffled(axes);
  return draft.append('TRANSPOSE', [from, integers(...order)], [{ ...input, shape: order.map((d) => input.shape[d]) }]);
};

const slice: Step = (dice, draft, from) => {
  const input = draft.at(from);
  const begin = input.shape.map((count) => dice.whole(0, count - 1));
  const shape = input.shape.map((count, d) => dice.whole(1, count - begin[d]));
  const said = shape.map((count, d) => (begin[d] + count === input.shape[d] && dice.chance(0.5) ? -1 : count));
  return draft.append('SLICE', [from, integers(...begin), integers(...said)], [{ ...input, shape }]);
};

const stridedSlice: Step = (dice, draft, from) => {
  const input = draft.at(from);
  const masks = [0, 0, 0];
  const cuts = input.shape.map((count, d) => {
    const first = dice.whole(0, count - 1);
    const last = dice.whole(first + 1, count);
    const step = dice.pick([1, 1, 2, 3]);
    const fromStart = dice.chance(0.2);
    const toEnd = dice.chance(0.2);
    const one = !fromStart && input.shape.length > 1 && d > 0 && dice.chance(0.15);
    if (fromStart) masks[0] += 1 << d;
    if (toEnd) masks[1] += 1 << d;
    if (one) masks[2] += 1 << d;
    const [start, stop] = [fromStart ? 0 : first, toEnd ? count : last];
    return {
      begin: fromStart ? dice.whole(-5, 5) : dice.chance(0.3) ? first - count : first,
      end: toEnd ? dice.whole(-5, 5) : last === count && dice.chance(0.3) ? count + 3 : last,
      step: one ? 1 : step,
      size: one ? null : Math.ceil((stop - start) / step),
    };
  });
  const sizes = cuts.flatMap(({ size: count }) => (count === null ? [] : [count]));
  const [begin, end, steps] = (['begin', 'end', 'step'] as const).map((of) => integers(...cuts.map((cut) => cut[of])));
  const options = { 0: int32(masks[0]), 1: int32(masks[1]), 4: int32(masks[2]) };
  return draft.append('STRIDED_SLICE', [from, begin, end, steps], [{ ...input, shape: sizes }], {
    optionsType: 32,
    options,
  });
};

/** The last part goes on; the others can be read by later operators. */
const split: Step = (dice, draft, from) => {
  const input = draft.at(from);
  const axis = dice.pick(input.shape.map((_, d) => d).filter((d) => d > 0 || input.shape.length < 4));
  const parts = dice.pick([1, 2, 3, 4, 5, 6, 7].filter((count) => input.shape[axis] % count === 0));
  const shape = input.shape.map((count, d) => (d === axis ? count / parts : count));
  const place = integer(dice.chance(0.5) ? axis : axis - input.shape.length);
  const first = draft.append(
    'SPLIT',
    [place, from],
    dice.many(parts, () => ({ ...input, shape })),
    { optionsType: 35, options: { 0: int32(parts) } },
  );
  return first + parts - 1;
};

const reshape: Step = (dice, draft, from) => {
  const input = draft.at(from);
  const count = size(input.shape);
  const divisors = dice.many(count, (i) => i + 1).filter((divisor) => count % divisor === 0);
  const width = dice.pick(divisors);
  const opcode = dice.pick(['RESHAPE', 'SQUEEZE', 'EXPAND_DIMS']);
  if (opcode === 'RESHAPE') {
    const shape = dice.pick([
      [1, count],
      [1, count / width, 1, width],
      [1, width, count / width],
      [count / width, width],
    ]);
    return draft.append('RESHAPE', [from, integers(...shape)], [{ ...input, shape }]);
  }
  if (opcode === 'SQUEEZE') {
    const left = input.shape.filter((length, d) => length !== 1 || d === 0);
    return draft.append('SQUEEZE', [from], [{ ...input, shape: left }]);
  }
  if (input.shape.length === 4) return null;
  const axis = dice.whole(0, input.shape.length);
  const shape = input.shape.toSpliced(axis, 0, 1);
  if (shape.length === 4 && shape[0] !== 1) return null;
  return draft.append('EXPAND_DIMS', [from, integer(axis)], [{ ...input, shape }]);
};

/** A gate per channel: MEAN, LOGISTIC, MUL. */
const gate: Step = (dice, draft, from) => {
  const input = draft.at(from);
  if (input.shape.length !== 4) return null;
  const shape = [1, 1, 1, input.shape[3]];
  const pooled = draft.append('MEAN', [from, integers(1, 2)], [{ ...input, shape }], {
    optionsType: 27,
    options: { 0: int8(1) },
  });
  const opened = draft.append('LOGISTIC', [pooled], [dice.activation(shape, 1 / 256, -128)]);
  const inputs = dice.chance(0.5) ? [from, opened] : [opened, from];
  const output = dice.activation([...input.shape], dice.near(input.scale, 1));
  return draft.append('MUL', inputs, [output], { optionsType: 21, options: { 0: int8(dice.fused()) } });
};

/**
 * Within what LOGISTIC, TANH, SOFTMAX and HARD_SWISH take: beyond, the arguments leave 32 bits, and a row the table of
 * SOFTMAX.
 */
const moderate =
  (step: Step): Step =>
  (dice, draft, from) =>
    draft.at(from).scale < 4 && draft.at(from).shape.at(-1)! <= 256 ? step(dice, draft, from) : null;
const logistic = moderate(plain('LOGISTIC', () => [1 / 256, -128]));
const relu = plain('RELU', rescaled);
const STEPS: Record<string, Step> = {
  convolution: convolution(kernelOf, [1, 1, 2, 3]),
  pointwise: convolution(() => [1, 1], [1]),
  depthwise,
  fullyConnected,
  denseBetweenReshapes,
  pool,
  mean,
  softmax: moderate(plain('SOFTMAX', () => [1 / 256, -128], beta)),
  logistic,
  tanh: moderate(plain('TANH', () => [1 / 128, 0])),
  relu,
  relu6: plain('RELU6', (_, { scale, zeroPoint }) => [scale, zeroPoint]),
  reluN1To1: plain('RELU_N1_TO_1', rescaled),
  leakyRelu: plain('LEAKY_RELU', rescaled, alpha),
  leakyReluOfOneScale: plain('LEAKY_RELU', (_, { scale, zeroPoint }) => [scale, zeroPoint], alpha),
  hardSwish: moderate(plain('HARD_SWISH', rescaled)),
  quantize: plain('QUANTIZE', rescaled),
  concatenation,
  padding,
  transpose,
  slice,
  stridedSlice,
  split,
  reshape,
  gate: moderate(gate),
  ...STEPS_OF_OPERATORS,
  ...BINARY_STEPS,
};
const NAMES = Object.keys(STEPS);
const ALONE: Record<string, Step> = { ...STEPS, ...ENDS };
const NAMES_ALONE = Object.keys(ALONE);

/** Model `index` of those of one operator (or of the two or three that only make sense together). */
export function oneOperator(index: number): FileSpec {
  const name = NAMES_ALONE[index % NAMES_ALONE.length];
  for (let attempt = 0; ; attempt++) {
    const dice = new Dice(100_003 * index + attempt);
    const draft = new Draft();
    const shape = dice.shape();
    const from = draft.input(dice.activation(shape));
    if (name in BINARY_STEPS)
      draft.input(
        dice.chance(0.5)
          ? dice.activation(dice.repeatable(shape))
          : { ...draft.at(from), shape: dice.repeatable(shape) },
      );
    const output = ALONE[name](dice, draft, from);
    if (output === null) continue;
    if (!draft.operators.some(({ inputs }) => inputs.includes(1))) draft.inputs.splice(1);
    if (name === 'reshape') return draft.file(relu(dice, draft, output)!); // alone it would be no network
    return draft.file(output);
  }
}

/** Values of a tensor, so that the twin stays quick. */
const LARGEST = 2000;
/** What networks mostly consist of, and where channels that are dead go from one to the next. */
const USUAL = ['convolution', 'convolution', 'pointwise', 'depthwise', 'padding', 'add', 'multiply', 'pool', 'gate'];

/** Graph `index`: steps that follow each other, of which later ones may also read earlier tensors. */
export function graph(index: number): FileSpec {
  const dice = new Dice(777_767 * index + 1);
  const draft = new Draft();
  const ends = dice.pick(['INT8', 'INT8', 'FLOAT32', 'UINT8']);
  const first = dice.activation(dice.chance(0.8) ? dice.picture() : dice.shape());
  let last = begin(dice, draft, first, ends);
  const made: number[] = [];
  for (let left = dice.whole(2, 8), tries = 0; left > 0 && tries < 60; tries++) {
    const from = made.length > 0 && dice.chance(0.15) ? dice.pick(made) : last;
    const before = draft.operators.length;
    const name = dice.chance(0.5) ? dice.pick(NAMES) : dice.pick(USUAL);
    const output = STEPS[name](dice, draft, from);
    if (output === null) continue;
    if (draft.operators.slice(before).some(({ outputs }) => outputs.some((o) => size(draft.at(o).shape) > LARGEST))) {
      draft.operators.length = before;
      continue;
    }
    last = output;
    made.push(output);
    left--;
  }
  if (draft.operators.every(({ opcode }) => MOVES_NOTHING.includes(opcode))) last = relu(dice, draft, last)!;
  const another = made.length > 1 && dice.chance(0.2) ? [dice.pick(made)] : [];
  const outputs = [...new Set([finish(dice, draft, last, ends), ...another])];
  return draft.file(...outputs);
}

const MOVES_NOTHING = ['RESHAPE', 'SQUEEZE', 'EXPAND_DIMS', 'QUANTIZE'];

/** FLOAT32 and UINT8 stand in front of a QUANTIZE. */
function begin(dice: Dice, draft: Draft, tensor: Quantized, type: string): number {
  if (type === 'INT8') return draft.input(tensor);
  return draft.append('QUANTIZE', [draft.input(outside(dice, tensor, type))], [tensor]);
}

function finish(dice: Dice, draft: Draft, last: number, type: string): number {
  if (type === 'INT8') return last;
  const opcode = type === 'FLOAT32' ? 'DEQUANTIZE' : 'QUANTIZE';
  return draft.append(opcode, [last], [outside(dice, draft.at(last), type)]);
}

/** UINT8 of the same scale, or of another one. */
function outside(dice: Dice, { shape, scale, zeroPoint }: Quantized, type: string): TensorSpec {
  if (type === 'FLOAT32') return { shape, type };
  if (dice.chance(0.5)) return { shape, type, scale, zeroPoint: zeroPoint + 128 };
  return { shape, type, scale: dice.near(scale), zeroPoint: dice.whole(0, 255) };
}
