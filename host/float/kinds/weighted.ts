/**
 * Convolution, depthwise convolution and fully connected layers in float32, with sums in float64: the twin of what is
 * quantised, written for clearness first. Loop letters: y, x position, c output channel, k product.
 */
import type { GraphOperator } from '../../import/graph.ts';
import type { ConvolutionOptions } from '../../import/options.ts';
import { Unsupported } from '../../model/unsupported.ts';
import type { FloatKind, Reading, WeightInputs } from '../kind.ts';

/** One output position: for each tap of the window that lies inside, where in the input it is. */
interface Taps {
  /** [kernel height * kernel width]; -1 in the padding */
  offsets: Int32Array;
}

/** Calls `at` for every output position with the offsets of its taps in an input of `channels` channels. */
function forPositions(
  { padding, stride, dilation }: ConvolutionOptions,
  kernel: [number, number],
  input: number[],
  output: number[],
  at: (position: number, taps: Taps) => void,
): void {
  const [, inH, inW, channels] = input;
  const [, outH, outW] = output;
  const begin = [0, 1].map((axis) => {
    if (padding === 'VALID') return 0;
    const reach = (kernel[axis] - 1) * dilation[axis] + 1;
    return Math.max(0, (output[1 + axis] - 1) * stride[axis] + reach - input[1 + axis]) >> 1;
  });
  const taps = { offsets: new Int32Array(kernel[0] * kernel[1]) };
  for (let y = 0; y < outH; y++)
    for (let x = 0; x < outW; x++) {
      for (let i = 0; i < kernel[0]; i++)
        for (let j = 0; j < kernel[1]; j++) {
          const row = y * stride[0] - begin[0] + i * dilation[0];
          const column = x * stride[1] - begin[1] + j * dilation[1];
          const inside = row >= 0 && row < inH && column >= 0 && column < inW;
          taps.offsets[i * kernel[1] + j] = inside ? (row * inW + column) * channels : -1;
        }
      at(y * outW + x, taps);
    }
}

/** sums[c] of rows of weights times a patch; four rows at a time, which share the loads of the patch. */
function multiplyRows(
  weights: Float32Array,
  patch: Float64Array,
  rows: { first: number; count: number },
  bias: Float32Array | null,
  output: Float32Array,
  at: number,
): void {
  const { length } = patch;
  const end = rows.first + rows.count;
  let c = rows.first;
  for (; c + 4 <= end; c += 4) {
    let [s0, s1, s2, s3] = bias ? [bias[c], bias[c + 1], bias[c + 2], bias[c + 3]] : [0, 0, 0, 0];
    const row = c * length;
    for (let k = 0; k < length; k++) {
      const value = patch[k];
      s0 += value * weights[row + k];
      s1 += value * weights[row + length + k];
      s2 += value * weights[row + 2 * length + k];
      s3 += value * weights[row + 3 * length + k];
    }
    output[at + c] = s0;
    output[at + c + 1] = s1;
    output[at + c + 2] = s2;
    output[at + c + 3] = s3;
  }
  for (; c < end; c++) {
    let sum = bias ? bias[c] : 0;
    for (let k = 0; k < length; k++) sum += patch[k] * weights[c * length + k];
    output[at + c] = sum;
  }
}

/** `depth` channels from `first` on under each tap of a window. */
function gather(input: Float32Array, offsets: Int32Array, first: number, depth: number, patch: Float64Array): void {
  for (let tap = 0; tap < offsets.length; tap++) {
    const offset = offsets[tap];
    if (offset < 0) patch.fill(0, tap * depth, (tap + 1) * depth);
    else patch.set(input.subarray(offset + first, offset + first + depth), tap * depth);
  }
}

/** Weights [C][kH][kW][K]; an input of G K channels is in G groups. */
function convolution(operator: GraphOperator, reading: Reading): Float32Array[] {
  const [input, weights, bias] = [reading.values(0), reading.values(1), reading.optional(2)];
  const [channels, height, width, depth] = reading.shape(1);
  const [inputShape, outputShape] = [reading.shape(0), reading.outputShape()];
  const groups = inputShape[3] / depth;
  if (inputShape.length !== 4 || !Number.isInteger(groups) || channels % groups !== 0)
    throw new Unsupported(`weights [${reading.shape(1)}] for an input [${inputShape}]`);
  const output = new Float32Array(outputShape.reduce((a, b) => a * b, 1));
  const patch = new Float64Array(height * width * depth);
  const perGroup = channels / groups;
  const options = operator.options as ConvolutionOptions;
  forPositions(options, [height, width], inputShape, outputShape, (position, { offsets }) => {
    for (let group = 0; group < groups; group++) {
      gather(input, offsets, group * depth, depth, patch);
      multiplyRows(weights, patch, { first: group * perGroup, count: perGroup }, bias, output, position * channels);
    }
  });
  return [output];
}

/** Weights [1][kH][kW][C], C = M times the channels of the input: channel c reads channel c / M. */
function depthwise(operator: GraphOperator, reading: Reading): Float32Array[] {
  const [input, weights, bias] = [reading.values(0), reading.values(1), reading.optional(2)];
  const [, height, width, channels] = reading.shape(1);
  const [inputShape, outputShape] = [reading.shape(0), reading.outputShape()];
  const multiplier = channels / inputShape[3];
  if (inputShape.length !== 4 || !Number.isInteger(multiplier))
    throw new Unsupported(`weights [${reading.shape(1)}] for an input [${inputShape}]`);
  const output = new Float32Array(outputShape.reduce((a, b) => a * b, 1));
  const sums = new Float64Array(channels);
  const from = Int32Array.from(sums, (_, c) => Math.floor(c / multiplier));
  const options = operator.options as ConvolutionOptions;
  forPositions(options, [height, width], inputShape, outputShape, (position, { offsets }) => {
    if (bias) sums.set(bias);
    else sums.fill(0);
    for (let tap = 0; tap < offsets.length; tap++) {
      const offset = offsets[tap];
      if (offset < 0) continue;
      for (let c = 0; c < channels; c++) sums[c] += input[offset + from[c]] * weights[tap * channels + c];
    }
    output.set(sums, position * channels);
  });
  return [output];
}

/** Weights [C][K], for every K values of the input. */
function fullyConnected(_: GraphOperator, reading: Reading): Float32Array[] {
  const [input, weights, bias] = [reading.values(0), reading.values(1), reading.optional(2)];
  const [channels, depth] = reading.shape(1);
  const pieces = input.length / depth;
  if (!Number.isInteger(pieces)) throw new Unsupported(`weights [${channels},${depth}] for ${input.length} values`);
  const output = new Float32Array(pieces * channels);
  for (let piece = 0; piece < pieces; piece++) {
    const patch = Float64Array.from(input.subarray(piece * depth, (piece + 1) * depth));
    multiplyRows(weights, patch, { first: 0, count: channels }, bias, output, piece * channels);
  }
  return [output];
}

const positionsOf = (reading: Reading): number => reading.outputShape()[1] * reading.outputShape()[2];

const CONVOLVED: WeightInputs = {
  channelDimension: 0,
  sets: (reading) => reading.shape(0)[3] / reading.shape(1)[3],
  positions: positionsOf,
  visit(operator, reading, wanted, see) {
    const [, height, width, depth] = reading.shape(1);
    const options = operator.options as ConvolutionOptions;
    const [input, groups] = [reading.values(0), this.sets(reading)];
    const patch = new Float64Array(height * width * depth);
    forPositions(options, [height, width], reading.shape(0), reading.outputShape(), (position, { offsets }) => {
      if (!wanted(position)) return;
      for (let group = 0; group < groups; group++) {
        gather(input, offsets, group * depth, depth, patch);
        see(group, patch);
      }
    });
  },
};

const DEPTHWISE: WeightInputs = {
  channelDimension: 3,
  sets: (reading) => reading.shape(0)[3],
  positions: positionsOf,
  visit(operator, reading, wanted, see) {
    const [, height, width] = reading.shape(1);
    const options = operator.options as ConvolutionOptions;
    const [input, channels] = [reading.values(0), this.sets(reading)];
    const patch = new Float64Array(height * width);
    forPositions(options, [height, width], reading.shape(0), reading.outputShape(), (position, { offsets }) => {
      if (!wanted(position)) return;
      for (let channel = 0; channel < channels; channel++) {
        gather(input, offsets, channel, 1, patch);
        see(channel, patch);
      }
    });
  },
};

const DENSE: WeightInputs = {
  channelDimension: 0,
  sets: () => 1,
  positions: (reading) => reading.values(0).length / reading.shape(1)[1],
  visit(_, reading, wanted, see) {
    const [, depth] = reading.shape(1);
    const input = reading.values(0);
    for (let piece = 0; piece * depth < input.length; piece++)
      if (wanted(piece)) see(0, Float64Array.from(input.subarray(piece * depth, (piece + 1) * depth)));
  },
};

export const CONV_2D: FloatKind = { scale: 'own', weights: CONVOLVED, fuses: true, run: convolution };
export const DEPTHWISE_CONV_2D: FloatKind = { scale: 'own', weights: DEPTHWISE, fuses: true, run: depthwise };
export const FULLY_CONNECTED: FloatKind = { scale: 'own', weights: DENSE, fuses: true, run: fullyConnected };
