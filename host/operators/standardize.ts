/**
 * STANDARDIZE: z-score of a raw window in integers: the front end of the networks, on the device.
 *
 *   input   [n, C]              i16   n at most MAX_WINDOW
 *   output  [n, C or C + 1]     i8    the last channel is the marker, if there is one
 *
 * Fractional bits: mean and differences 2, root of the sum of squares 2 + 4, root of n 8, gain 8.
 */
import { MAX_WINDOW } from '../../assembly/limits.ts';
import { clamp } from '../arithmetic/fixed.ts';
import type { OperatorBase, Tensor } from '../model/model.ts';
import type { PlainKind } from './operator.ts';
import { anything } from './ranges.ts';

/** Per-channel z-score of a raw i16 window; the output scale says how many z units one step is. */
export interface Standardize extends OperatorBase {
  kind: 'standardize';
  /** smallest deviation that is divided by, in input steps (so a flat line does not become noise) */
  floor: number;
  /** extra last channel: max(0, peak - slope * |p - centre|) in output steps; null: none */
  marker: { centre: number; peak: number; slope: number } | null;
}

declare module '../model/model.ts' {
  interface OperatorKinds {
    standardize: Standardize;
  }
}

const RECIPROCAL_BITS = 17n;
const RESULT_BITS = 29n; // 21 of difference * reciprocal, 8 of the gain
const MAX_RECIPROCAL = 2n ** 31n - 1n;

/** As the image stores them, in this order. */
export interface StandardizeParameters {
  /** Q8 output steps per unit of z */
  gain: number;
  /** smallest root of the sum of squares, 2 + 4 fractional bits */
  floor: number;
  /** position, 0 .. n - 1 */
  centre: number;
  /** output steps at the centre; 0: no marker channel */
  peak: number;
  /** output steps lost per position */
  slope: number;
}

/** `floor`: smallest deviation in input steps; `outputScale`: units of z per output step. */
export function standardizeParameters(
  operator: Pick<Standardize, 'floor' | 'marker'>,
  n: number,
  outputScale: number,
): StandardizeParameters {
  return {
    gain: Math.round(256 / outputScale),
    floor: Math.round(operator.floor * Math.sqrt(n) * 2 ** 6),
    ...(operator.marker ?? { centre: 0, peak: 0, slope: 0 }),
  };
}

/** floor(sqrt(x)) for x >= 0. */
export function isqrt(x: bigint): bigint {
  let root = BigInt(Math.floor(Math.sqrt(Number(x)))); // a good guess; the float may be off by a little
  while (root * root > x) root--;
  while ((root + 1n) * (root + 1n) <= x) root++;
  return root;
}

export function standardize(
  input: Int16Array,
  channels: number,
  outputZeroPoint: number,
  parameters: StandardizeParameters,
): Int8Array {
  const n = input.length / channels;
  if (n > MAX_WINDOW) throw new RangeError(`standardize: window must be at most ${MAX_WINDOW} positions, got ${n}`);
  const outChannels = channels + (parameters.peak > 0 ? 1 : 0);
  const output = new Int8Array(n * outChannels);
  for (let c = 0; c < channels; c++) {
    const samples = Array.from({ length: n }, (_, p) => input[p * channels + c]);
    standardizeChannel(samples, outputZeroPoint, parameters).forEach((q, p) => {
      output[p * outChannels + c] = q;
    });
  }
  for (let p = 0; p < n && parameters.peak > 0; p++) {
    const { centre, peak, slope } = parameters;
    output[p * outChannels + channels] = clamp(peak - slope * Math.abs(p - centre), 0, 127);
  }
  return output;
}

function standardizeChannel(samples: number[], zeroPoint: number, { gain, floor }: StandardizeParameters): number[] {
  const n = samples.length;
  const sum = samples.reduce((acc, x) => acc + x, 0);
  const mean4 = Math.floor((4 * sum + (n >> 1)) / n); // in quarters of an input step
  const differences = samples.map((x) => BigInt(4 * x - mean4));

  const sumOfSquares = differences.reduce((acc, d) => acc + d * d, 0n);
  const rootN = isqrt(BigInt(n) << 16n);
  const smallest = BigInt(Math.max(floor, 1));
  const measured = isqrt(sumOfSquares << 8n);
  const root = measured > smallest ? measured : smallest;
  // The upper 16 bits of the divisor are enough, and leave the quotient 12 bits or more however loud the input is.
  const cut = BigInt(Math.max(root.toString(2).length - 16, 0));
  const wanted = (rootN << RECIPROCAL_BITS) / (root >> cut); // 2^(21 + cut) / deviation in quarter steps
  const reciprocal = wanted > MAX_RECIPROCAL ? MAX_RECIPROCAL : wanted;

  const resultBits = RESULT_BITS + cut;
  const half = 1n << (resultBits - 1n);
  return differences.map((d) => {
    const steps = (d * reciprocal * BigInt(gain) + half) >> resultBits; // arithmetic: ties towards +infinity
    return clamp(zeroPoint + Number(steps), -128, 127);
  });
}

const positionsOf = ({ shape: [height, width] }: Tensor): number => height * width;

function parametersOf(operator: Standardize, tensors: readonly Tensor[]): StandardizeParameters {
  return standardizeParameters(operator, positionsOf(tensors[operator.input]), tensors[operator.output].scale);
}

export const standardizeOperator: PlainKind<Standardize> = {
  code: 10,
  short: 'norm',
  about: {
    does: 'z-score of a window of raw samples',
    reads: 'i16 [H, W, K], H W at most 4096',
    writes: '[H, W, K], or K + 1 with a marker channel',
  },
  parameters: { words: 5, are: 'gain (Q8), floor of the deviation, marker centre, peak, slope' },
  encode(operator, tensors) {
    const { gain, floor, centre, peak, slope } = parametersOf(operator, tensors);
    return [gain, floor, centre, peak, slope];
  },
  decode({ view, tensors, parameter }) {
    const [, floor, centre, peak, slope] = [0, 1, 2, 3, 4].map(parameter);
    const n = positionsOf(tensors[view.input]);
    return { floor: floor / (Math.sqrt(n) * 2 ** 6), marker: peak > 0 ? { centre, peak, slope } : null };
  },
  run(operator, { tensors, samples }) {
    const { input, output } = operator;
    const channels = tensors[input].shape[2];
    return standardize(samples(input), channels, tensors[output].zeroPoint, parametersOf(operator, tensors));
  },
  ranges: ({ output }, { program }) => anything(program.tensors[output].shape[2]),
  channelwise: false,
  size: 'alike',
  // i16 to i8; a second channel would be read after the first is written
  overwrites: ({ input }, tensors) => (tensors[input].channels === 1 ? [input] : []),
  outputScale: ({ parameter }) => 256 / parameter(0),
};
