/** Lowering of the operators with weights: convolution, depthwise convolution, fully connected. */
import { MAX_ACCUMULATION, MAX_BIAS, MAX_SHIFT } from '../../assembly/limits.ts';
import { rowSums, tapSums } from '../arithmetic/channels.ts';
import type { Weighted } from '../model/model.ts';
import { Unsupported } from '../model/unsupported.ts';
import type { Activation, FusedActivation } from '../operators/lowering.ts';
import { type Reach, substituteBias } from '../transform/largeBias.ts';
import { flat, move, reshaped } from './copies.ts';
import { listed } from './error.ts';
import type { OperatorOf } from './graph.ts';
import { dilated, tapsOf, ungrouped } from './kernels.ts';
import type { Lowering, Weights } from './lowering.ts';
import { activationRange, channelFactor, checkFactor, fullyConnectedFactor } from './quantization.ts';
import { elements, windowOf } from './shape.ts';

/**
 * Weights [C][kH][kW][K], or of groups of channels, which are depthwise where a group reads one; 1x1 with stride 1 is
 * pointwise.
 */
export function convolution(operator: OperatorOf<'CONV_2D'>, to: Lowering): void {
  const { options } = operator;
  const stored = to.weights(operator, 1, 4, 0);
  const input = to.picture(operator);
  const output = to.output(operator);
  const groups = input.shape[2] / stored.shape[3];
  if (!Number.isInteger(groups))
    throw new Unsupported(`weights for ${stored.shape[3]} input channels, input has ${input.shape[2]}`);
  checkChannels(output, stored.shape[0]);
  if (groups > 1 && groups === input.shape[2]) {
    emitDepthwise(operator, to, input, output, tapsOf(to, stored));
    return;
  }
  checkDepth(stored, options.dilation, input.shape[2]);
  const weights = dilated(to, ungrouped(to, stored, groups), options.dilation);
  const [channels, height, width, depth] = weights.shape;
  const window = windowOf(options, [height, width], input.shape, output.shape);
  const common = {
    name: `operator ${operator.index}`,
    input: input.tensor,
    output: output.tensor,
    ...weighted(operator, to, { input, output, weights, bias: 2, rows: channels, rowLength: height * width * depth }),
  };
  const pointwise = elements([...window.kernel, ...window.stride]) === 1;
  to.emit(operator, pointwise ? { kind: 'pointwise', ...common } : { kind: 'convolution', ...common, ...window });
}

/** Weights [1][kH][kW][C], which are the taps [kH kW][C] as they lie. */
export function depthwise(operator: OperatorOf<'DEPTHWISE_CONV_2D'>, to: Lowering): void {
  const { options } = operator;
  const weights = to.weights(operator, 1, 4, 3);
  const input = to.picture(operator);
  const output = to.output(operator);
  const multiplier = weights.shape[3] / input.shape[2];
  if (weights.shape[0] !== 1) throw new Unsupported(`weights have the shape [${weights.shape}], expected [1,,,]`);
  if (options.multiplier !== 0 && options.multiplier !== multiplier)
    throw new Unsupported(`depth multiplier ${options.multiplier}, but the shapes say ${multiplier}`);
  checkChannels(output, weights.shape[3]);
  emitDepthwise(operator, to, input, output, weights);
}

/** Weights [1][kH][kW][C]. */
function emitDepthwise(
  operator: OperatorOf<'CONV_2D' | 'DEPTHWISE_CONV_2D'>,
  to: Lowering,
  input: Activation,
  output: Activation,
  stored: Weights,
): void {
  const { options } = operator;
  const multiplier = stored.shape[3] / input.shape[2];
  if (!Number.isInteger(multiplier) || multiplier > 255)
    throw new Unsupported(
      `weights [${stored.shape}] for ${input.shape[2]} input channels; only 1 to 255 times as many`,
    );
  checkDepth(stored, options.dilation, 1);
  const weights = dilated(to, stored, options.dilation);
  const [, height, width, channels] = weights.shape;
  to.emit(operator, {
    kind: 'depthwise',
    name: `operator ${operator.index}`,
    input: input.tensor,
    output: output.tensor,
    multiplier,
    ...windowOf(options, [height, width], input.shape, output.shape),
    ...weighted(operator, to, {
      input,
      output,
      weights,
      bias: 2,
      rows: height * width,
      rowLength: channels,
      taps: true,
    }),
  });
}

/**
 * Weights [C][K]. The input is cut into pieces of K values with C outputs each: one piece, or one for every position,
 * of which the converter may have made one dimension. Then it is pointwise.
 */
export function fullyConnected(operator: OperatorOf<'FULLY_CONNECTED'>, to: Lowering): void {
  if (operator.options.shuffled) throw new Unsupported('shuffled weights');
  dense(operator, to, to.weights(operator, 1, 2, 0, true));
}

/** By a constant matrix [K][C], or [C][K] where it is said to be transposed: a dense layer without biases. */
export function batchMatMul(operator: OperatorOf<'BATCH_MATMUL'>, to: Lowering): void {
  const { transposed, activation } = operator.options;
  if (transposed[0]) throw new Unsupported('the first input is transposed');
  const { length } = to.shape(operator.inputs, 1);
  const stored = to.weights(operator, 1, length, length - 1, true);
  const [rows, columns] = stored.shape.slice(-2);
  if (length < 2 || elements(stored.shape) !== rows * columns || stored.scales.length !== 1)
    throw new Unsupported(
      `weights [${stored.shape}] with ${stored.scales.length} scales; only one matrix of one scale`,
    );
  const turned = () =>
    to.spread([columns, rows]).map((_, i) => stored.values[(i % rows) * columns + Math.floor(i / rows)]);
  const weights = transposed[1]
    ? { ...stored, shape: [rows, columns] }
    : { ...stored, shape: [columns, rows], values: turned() };
  dense({ ...operator, options: { activation } }, to, weights);
}

type Dense = Pick<OperatorOf<'FULLY_CONNECTED' | 'BATCH_MATMUL'>, 'index' | 'opcode' | 'inputs' | 'outputs'> & {
  options: { activation: FusedActivation };
};

/** Weights [C][K], biases in input 2. */
function dense(operator: Dense, to: Lowering, stored: Weights): void {
  const weights = unshifted(to, stored);
  const output = to.output(operator);
  const input = asOftenAs(weights.times, operator, to, to.input(operator), weights.shape[1] / weights.times);
  const [channels, depth] = weights.shape;
  const [height, width] = output.shape;
  if (output.shape[2] !== channels || elements(input.shape) !== height * width * depth)
    throw new Unsupported(`weights [${weights.shape}] do not take [${input.shape}] to [${output.shape}]`);
  const flattened = height * width === 1;
  const pieces = flattened ? input : reshaped(operator, to, input, [height, width, depth]);
  to.emit(operator, {
    kind: flattened ? 'fullyConnected' : 'pointwise',
    name: `operator ${operator.index}`,
    input: pieces.tensor,
    output: output.tensor,
    ...weighted(operator, to, { input, output, weights, bias: 2, rows: channels, rowLength: depth }),
  });
}

/**
 * Weights with the zero point 0. Where a difference from it is no INT8, all are two weights, or three for 255, of which the
 * sum is it: the layer reads its input so many times.
 */
function unshifted(to: Lowering, weights: Weights): Weights & { times: number } {
  const { zeroPoint, values } = weights;
  if (zeroPoint === 0) return { ...weights, times: 1 };
  const [channels, depth] = weights.shape;
  const differences = Int16Array.from(values, (value) => value - zeroPoint);
  const times = differences.reduce((most, d) => Math.max(most, Math.ceil(d / (d < 0 ? -128 : 127))), 1);
  const shape = [channels, times * depth];
  const made = to.spread(shape);
  differences.forEach((difference, i) => {
    const at = Math.floor(i / depth) * times * depth + (i % depth);
    for (let [part, rest] = [0, difference]; part < times; part++) {
      made[at + part * depth] = Math.min(Math.max(rest, -128), 127);
      rest -= made[at + part * depth];
    }
  });
  return { ...weights, shape, zeroPoint: 0, values: made, times };
}

/** Every piece of `depth` values so many times, one behind the other. */
function asOftenAs(times: number, operator: Dense, to: Lowering, input: Activation, depth: number): Activation {
  const pieces = elements(input.shape) / depth;
  if (times === 1 || !Number.isInteger(pieces)) return input;
  const output = to.temporary([1, pieces, times * depth], input);
  const loops = [
    { count: pieces, from: depth, to: times * depth },
    { count: times, from: 0, to: depth },
  ];
  move(operator, to, input, output, [...loops, ...flat(depth)]);
  return output;
}

type WeightedOperator = OperatorOf<'CONV_2D' | 'DEPTHWISE_CONV_2D' | 'TRANSPOSE_CONV'> | Dense;

interface Layer {
  input: Activation;
  output: Activation;
  weights: Weights;
  /** which input of the operator that is */
  bias: number;
  /** as the image stores them: a row per channel, or for depthwise a row per tap */
  rows: number;
  rowLength: number;
  /** rows are taps */
  taps?: boolean;
}

/** Source, bias, factors and fused activation of a layer. */
export function weighted(operator: WeightedOperator, to: Lowering, layer: Layer): Weighted {
  const { output, weights, rows, rowLength, taps = false } = layer;
  const [channels, depth] = taps ? [rowLength, rows] : [rows, rowLength];
  if (depth > MAX_ACCUMULATION) throw new Unsupported(`${depth} products per accumulator; at most ${MAX_ACCUMULATION}`);
  if (channels > 0xffff) throw new Unsupported(`${channels} channels; at most 65535`);
  const activation = activationRange(operator.options.activation, output);
  const source = to.source(weights.values, rows, rowLength, channels);
  const effectiveScale = factors(operator, layer, channels);
  const bias = to.bias(operator, layer.bias, channels);
  substituteLarge(bias, effectiveScale, layer, taps, activation);
  return { source, residency: 'flash', bias, effectiveScale, activation };
}

/** Changes bias and factor of every channel whose bias is too large for the device to others with the same outputs. */
function substituteLarge(
  bias: Int32Array,
  factors: Float64Array,
  { input, output, weights }: Layer,
  taps: boolean,
  activation: [min: number, max: number],
): void {
  const channels = bias.length;
  const depth = weights.values.length / channels;
  const sums = (taps ? tapSums : rowSums)(weights.values, channels);
  const foldedOf = (c: number) => bias[c] - input.zeroPoint * sums[c];
  const substitute = (c: number) => {
    const channel = { folded: foldedOf(c), factor: factors[c], zeroPoint: output.zeroPoint, activation };
    const reach = reachOf(weights.values, taps ? channels : 1, taps ? c : c * depth, depth);
    const { folded, factor } = substituteBias(channel, reach);
    bias[c] = folded + input.zeroPoint * sums[c];
    factors[c] = factor;
  };
  const large = Array.from(bias.keys()).filter((c) => Math.abs(foldedOf(c)) > MAX_BIAS);
  forChannels(large, substitute, '; prune the channel, or calibrate with more data');
}

/** Throws Unsupported with the channels that have a reason, the first of these, and what to do. */
function forChannels(channels: readonly number[], work: (channel: number) => void, advice = ''): void {
  const reasons = new Map<number, string>();
  for (const channel of channels) {
    try {
      work(channel);
    } catch (error) {
      if (!(error instanceof Unsupported)) throw error;
      reasons.set(channel, error.message);
    }
  }
  const [first] = reasons.values();
  if (first === undefined) return;
  throw new Unsupported(`channel${reasons.size > 1 ? 's' : ''} ${listed([...reasons.keys()])}: ${first}${advice}`);
}

/**
 * Sums of one channel's weights, `count` of them from `start` on in steps of `stride`, with the inputs at their
 * extremes.
 */
function reachOf(values: Int8Array, stride: number, start: number, count: number): Reach {
  let [lowest, highest] = [0, 0];
  for (let k = 0; k < count; k++) {
    const weight = values[start + k * stride];
    lowest += weight * (weight > 0 ? -128 : 127);
    highest += weight * (weight > 0 ? 127 : -128);
  }
  return [lowest, highest];
}

function factors(operator: WeightedOperator, { input, output, weights }: Layer, channels: number): Float64Array {
  const perTensor = weights.scales.length === 1;
  const isDense = operator.opcode === 'FULLY_CONNECTED' || operator.opcode === 'BATCH_MATMUL';
  const factor = perTensor && isDense ? fullyConnectedFactor : channelFactor;
  const distinct = weights.scales.map((scale) => factor(input.scale, scale, output.scale));
  const what = 'input scale * weight scale / output scale';
  if (perTensor) checkFactor(distinct[0], MAX_SHIFT, what);
  else forChannels([...distinct.keys()], (c) => checkFactor(distinct[c], MAX_SHIFT, what));
  return perTensor ? new Float64Array(channels).fill(distinct[0]) : Float64Array.from(distinct);
}

export function checkChannels(output: Activation, channels: number): void {
  if (output.shape[2] !== channels)
    throw new Unsupported(`weights for ${channels} output channels, output has ${output.shape[2]}`);
}

/** Before a kernel [][kH][kW][] is made larger: so many products, its gaps included, over `depth` input channels. */
function checkDepth({ shape: [, height, width] }: Weights, dilation: readonly number[], depth: number): void {
  const products = ((height - 1) * dilation[0] + 1) * ((width - 1) * dilation[1] + 1) * depth;
  if (products > MAX_ACCUMULATION)
    throw new Unsupported(`${products} products per accumulator; at most ${MAX_ACCUMULATION}`);
}
