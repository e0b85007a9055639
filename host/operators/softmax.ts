/** SOFTMAX: over the channels of every position. */
import { FEATURE_MANY_CHANNELS } from '../../assembly/features.ts';
import { FEW_SOFTMAX_CHANNELS, MAX_SHIFT, MAX_SOFTMAX_CHANNELS } from '../../assembly/limits.ts';
import { expOnNegative, oneOverOnePlus } from '../arithmetic/exponential.ts';
import {
  clamp,
  saturatingRoundingDoublingHighMul as multiply,
  type QuantizedMultiplier,
  quantizeMultiplier,
  realOf,
  roundingDivideByPot,
} from '../arithmetic/fixed.ts';
import type { OperatorBase } from '../model/model.ts';
import { Unsupported } from '../model/unsupported.ts';
import { type ImportRule, sameShape } from './lowering.ts';
import type { PlainKind } from './operator.ts';
import { anything } from './ranges.ts';

/** Over channels; output scale 1/256, zero point -128. */
export interface Softmax extends OperatorBase {
  kind: 'softmax';
  beta: number;
}

declare module '../model/model.ts' {
  interface OperatorKinds {
    softmax: Softmax;
  }
}

const INPUT_INTEGER_BITS = 5; // of beta * (x - max), Q5.26
const SUM_INTEGER_BITS = 12; // of the sum of exponentials, Q12.19

export interface SoftmaxFactors extends QuantizedMultiplier {
  /** lowest (q - max) that still counts; below it the answer is 0 */
  lowestDifference: number;
}

/** beta * inputScale in Q5.26, and the difference at which that number leaves its range. */
export function softmaxFactors(beta: number, inputScale: number): SoftmaxFactors {
  const fractionalBits = 31 - INPUT_INTEGER_BITS;
  const factor = quantizeMultiplier(Math.min(beta * inputScale * 2 ** fractionalBits, 2 ** 30 - 1));
  const largest = (2 ** INPUT_INTEGER_BITS - 1) * 2 ** fractionalBits;
  return { ...factor, lowestDifference: -Math.floor(largest / 2 ** factor.shift) };
}

/**
 * Softmax over the channels of every position, INT8 to INT8, bit for bit as TensorFlow Lite. Where over 511 channels are
 * nearly equal, its last shift would be beyond 31, and it aborts; here all outputs are the 0 that they round to.
 *
 *   input   [P, C]   i8   any scale and zero point
 *   output  [P, C]   i8   scale 1 / 256, zero point -128
 */
export function softmax(input: Int8Array, channels: number, factors: SoftmaxFactors): Int8Array {
  const output = new Int8Array(input.length);
  for (let start = 0; start < input.length; start += channels) {
    const row = input.subarray(start, start + channels);
    output.set(softmaxRow(row, factors), start);
  }
  return output;
}

function softmaxRow(row: Int8Array, factors: SoftmaxFactors): Int8Array {
  const largest = row.reduce((a, b) => Math.max(a, b));
  // Q0.31, or null where the difference is too large to count
  const exponentials = Array.from(row, (value) => {
    const difference = value - largest;
    if (difference < factors.lowestDifference) return null;
    return expOnNegative(multiply(difference * 2 ** factors.shift, factors.multiplier));
  });
  const sum = exponentials.reduce<number>((acc, e) => acc + roundingDivideByPot(e ?? 0, SUM_INTEGER_BITS), 0);

  // sum = (1 + fraction) * 2^bitsOverUnit with fraction in Q0.31
  const headroom = Math.clz32(sum);
  const bitsOverUnit = SUM_INTEGER_BITS - headroom;
  const reciprocal = oneOverOnePlus(sum * 2 ** headroom - 2 ** 31);

  return Int8Array.from(exponentials, (e) => {
    if (e === null) return -128;
    return clamp(roundingDivideByPot(multiply(reciprocal, e), bitsOverUnit + 31 - 8) - 128, -128, 127);
  });
}

const importSoftmax: ImportRule<{ beta: number }> = {
  support: 'limited',
  note: `over the last dimension, up to ${MAX_SOFTMAX_CHANNELS.toLocaleString('en-US')} channels`,
  optionsType: 9,
  options: (fields) => ({ beta: fields.float32('beta', 0) }),
  lower(operator, to) {
    const { beta } = operator.options;
    const [input, output] = [to.input(operator), to.output(operator)];
    if (!sameShape(input.shape, output.shape)) throw new Unsupported(`[${input.shape}] to [${output.shape}]`);
    if (input.shape[2] > MAX_SOFTMAX_CHANNELS)
      throw new Unsupported(`${input.shape[2]} channels; at most ${MAX_SOFTMAX_CHANNELS}`);
    if (output.scale !== 1 / 256 || output.zeroPoint !== -128)
      throw new Unsupported(`output scale ${output.scale} and zero point ${output.zeroPoint}; only 1/256 and -128`);
    const factor = beta * input.scale * 2 ** 26; // differences of inputs in Q5.26
    if (!(factor > 1)) throw new Unsupported(`beta ${beta} times input scale ${input.scale}; only above 2^-26`);
    to.checkFactor(factor, MAX_SHIFT, 'beta * input scale * 2^26');
    const name = `operator ${operator.index}`;
    to.emit(operator, { kind: 'softmax', name, input: input.tensor, output: output.tensor, beta });
  },
};

export const softmaxOperator: PlainKind<Softmax> = {
  code: 8,
  short: 'softmax',
  about: {
    does: 'over the channels of every position',
    reads: '[H, W, C], C at most 4,095',
    writes: 'the same, scale 1/256, zero point -128',
  },
  parameters: { words: 3, are: 'multiplier, shift, lowest difference that still counts' },
  imports: { SOFTMAX: importSoftmax },
  encode({ input, beta }, tensors) {
    const { multiplier, shift, lowestDifference } = softmaxFactors(beta, tensors[input].scale);
    return [multiplier, shift, lowestDifference];
  },
  decode({ view, tensors, parameter }) {
    const factor = realOf({ multiplier: parameter(0), shift: parameter(1) });
    return { beta: factor / 2 ** (31 - INPUT_INTEGER_BITS) / tensors[view.input].scale };
  },
  run({ input, beta }, { tensors, values }) {
    const { shape, scale } = tensors[input];
    return softmax(values(input), shape[2], softmaxFactors(beta, scale));
  },
  ranges: ({ output }, { program }) => anything(program.tensors[output].shape[2]),
  channelwise: false,
  size: 'alike',
  overwrites: ({ input }) => [input], // a row is read before it is written
  features: ({ input }, tensors) => (tensors[input].channels > FEW_SOFTMAX_CHANNELS ? [FEATURE_MANY_CHANNELS] : []),
};
