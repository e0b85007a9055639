/**
 * LOG_MEL: log-mel features of raw sound, frame by frame: window, Fourier transform, triangular filters, logarithm.
 *
 *   input   [1, n, 1]                i16   samples
 *   output  [.., frames * bands]     i8    zp + log2(energy) over the filters, scaled
 *
 * The twin is written from docs/arithmetic.md with a plain radix-2 order of the same products, in BigInt where a double
 * could not hold a number. `logMelTables` makes the tables of a front end: a Hann window and the mel scale of HTK.
 */
import * as F from '../../assembly/format.ts';
import {
  clamp,
  multiplyByQuantizedMultiplier,
  type QuantizedMultiplier,
  quantizeMultiplier,
  realOf,
} from '../arithmetic/fixed.ts';
import type { OperatorBase } from '../model/model.ts';
import type { Decoding, Fields, PlainKind } from './operator.ts';
import { anything } from './ranges.ts';

/** Log-mel features of raw sound; logMelTables makes the tables of a front end. */
export interface LogMel extends OperatorBase {
  kind: 'logMel';
  /** a tensor of at least 4 N bytes that nothing else uses: where the device works */
  input2: number;
  tables: LogMelTables;
  /** log2(energy) in Q10 where the output is its zero point */
  reference: number;
  /** a lower logarithm counts as this, Q10 */
  least: number;
  /** output steps per 2^-10 of log2(energy) */
  factor: number;
}

declare module '../model/model.ts' {
  interface OperatorKinds {
    logMel: LogMel;
  }
}

const PARAMETERS = 8;

/** Bits of a logarithm behind the point. */
const FRACTION_BITS = 10;

/** What the device computes with. */
export interface LogMelTables {
  /** N, points of the transform: 128, 256, 512 or 1,024 */
  size: number;
  /** samples of a frame, even, at most N */
  length: number;
  /** samples from one frame to the next */
  hop: number;
  /** half of a symmetric window and its middle in Q15, [length / 2 + 1] */
  window: Int16Array;
  /** first bin of each interval between neighbouring filter centres, and the end of the last, [bands + 2] */
  edges: Uint16Array;
  /** what of each bin, in 256ths, belongs to the upper of the two filters it lies in, [edges[bands + 1] - edges[0]] */
  weights: Uint8Array;
}

/** A quarter of a sine in Q15, [N / 4 + 1]. */
export function quarterSine(size: number): Int16Array {
  return Int16Array.from({ length: size / 4 + 1 }, (_, i) => q15(Math.sin((2 * Math.PI * i) / size)));
}

const q15 = (x: number): number => Math.min(0x7fff, Math.round(x * 0x8000));

/** floor(a * b / 2^16) */
const top = (a: number, b: number): number => Math.floor((a * b) / 0x10000);

/**
 * What energies of the device are of those of samples in [-1, 1): 16 - log2 N fractional bits of samples of 15, twice; 8 of
 * filters less 8 that energies lose.
 */
export function energyScale(size: number): number {
  return 2 ** (2 * (15 + 16 - Math.log2(size)));
}

/** Energies of the filters for one frame; energyScale says in what. */
export function filterEnergies(samples: Int16Array, tables: LogMelTables): bigint[] {
  const { size, edges, weights } = tables;
  const bands = edges.length - 2;
  const sine = quarterSine(size);
  const points = transform(windowed(samples, tables), sine, size);
  const energies = new Array<bigint>(bands).fill(0n);
  for (let i = 0; i <= bands; i++) {
    for (let bin = edges[i]; bin < edges[i + 1]; bin++) {
      const energy = power(points, sine, size, bin);
      const rising = BigInt(weights[bin - edges[0]]);
      if (i < bands) energies[i] += energy * rising;
      if (i > 0) energies[i - 1] += energy * (256n - rising);
    }
  }
  return energies;
}

type Complex = [re: number, im: number];

/** Pairs of windowed samples, zeros behind the frame. */
function windowed(samples: Int16Array, { size, length, window }: LogMelTables): Complex[] {
  const shift = (Math.log2(size / 2) + 1) >> 1;
  const at = (n: number) => (n < length ? (samples[n] * window[Math.min(n, length - n)]) >> shift : 0);
  return Array.from({ length: size / 2 }, (_, i) => [at(2 * i), at(2 * i + 1)]);
}

/** sin(2 pi i / N) */
function sineAt(sine: Int16Array, size: number, i: number): number {
  const quarter = size / 4;
  const phase = ((i % size) + size) % size;
  const half = phase % (2 * quarter);
  const value = sine[half > quarter ? 2 * quarter - half : half];
  return phase >= 2 * quarter ? -value : value;
}

/** Recursive decimation in time: four transforms of a quarter each, or two of one point. */
function transform(points: Complex[], sine: Int16Array, size: number): Complex[] {
  const n = points.length;
  if (n === 1) return points;
  if (n === 2) {
    const [[ar, ai], [br, bi]] = points;
    return [plus([ar, ai], [br, bi]), minus([ar, ai], [br, bi])];
  }
  const [a, b, c, d] = [0, 1, 2, 3].map((phase) =>
    transform(
      points.filter((_, i) => i % 4 === phase),
      sine,
      size,
    ),
  );
  const factors = (times: number): [cosine: number, sine: number] => [
    sineAt(sine, size, (times * size) / n + size / 4),
    sineAt(sine, size, (times * size) / n),
  ];
  const output = new Array<Complex>(n);
  for (let k = 0; k < n / 4; k++) {
    const w: Complex = [a[k][0] >> 1, a[k][1] >> 1];
    const [x, y, z] = [b[k], c[k], d[k]].map((point, i) => turnedBack(point, ...factors((i + 1) * k)));
    const [evenSum, evenDifference] = [plus(w, y), minus(w, y)];
    const [oddSum, oddDifference] = [plus(x, z), minus(x, z)];
    output[k] = plus(evenSum, oddSum);
    output[k + n / 2] = minus(evenSum, oddSum);
    output[k + n / 4] = [evenDifference[0] + oddDifference[1], evenDifference[1] - oddDifference[0]];
    output[k + (3 * n) / 4] = [evenDifference[0] - oddDifference[1], evenDifference[1] + oddDifference[0]];
  }
  return output;
}

/** Half of (re + j im)(cosine - j sine). */
function turnedBack([re, im]: Complex, cosine: number, sine: number): Complex {
  return [top(re, cosine) + top(im, sine), top(im, cosine) - top(re, sine)];
}

const plus = (a: Complex, b: Complex): Complex => [(a[0] + b[0]) | 0, (a[1] + b[1]) | 0];
const minus = (a: Complex, b: Complex): Complex => [(a[0] - b[0]) | 0, (a[1] - b[1]) | 0];

/** |X[k]|^2 / 256 of the real signal that the complex points are of: E + O for the lower half of bins, E - O above. */
function power(points: Complex[], sine: Int16Array, size: number, bin: number): bigint {
  const lower = bin <= size / 4;
  const k = lower ? bin : size / 2 - bin;
  const [zr, zi] = points[k];
  const [mr, mi] = points[size / 2 - k];
  const [cosine, turn] = [sineAt(sine, size, k + size / 4), sineAt(sine, size, k)];
  const [differenceR, sumI] = [(zr - mr) | 0, (zi + mi) | 0];
  const oddR = top(sumI, cosine) - top(differenceR, turn);
  const oddI = top(differenceR, cosine) + top(sumI, turn);
  const sign = lower ? 1 : -1;
  const re = (((zr + mr) | 0) >> 1) + sign * oddR;
  const im = (((zi - mi) | 0) >> 1) - sign * oddI;
  return (BigInt(re | 0) ** 2n + BigInt(im | 0) ** 2n) >> 8n;
}

/** log2(x) in Q10, by squaring a mantissa of 15 bits; 0 for 0. */
export function log2Fixed(x: bigint): number {
  if (x === 0n) return 0;
  const whole = x.toString(2).length - 1;
  let mantissa = Number(whole > 15 ? x >> BigInt(whole - 15) : x << BigInt(15 - whole));
  let logarithm = whole;
  for (let i = 0; i < FRACTION_BITS; i++) {
    const square = mantissa * mantissa;
    const bit = square >= 2 ** 31 ? 1 : 0;
    mantissa = Math.floor(square / 2 ** (15 + bit));
    logarithm = 2 * logarithm + bit;
  }
  return logarithm;
}

/** How logarithms become output steps. */
export interface LogMelScaling {
  factor: QuantizedMultiplier;
  /** log2(energy) in Q10 where the output is its zero point */
  reference: number;
  /** less counts as this, Q10 */
  least: number;
}

/** Features of all frames of `samples`, [frames][bands]. */
export function logMel(
  samples: Int16Array,
  tables: LogMelTables,
  { factor, reference, least }: LogMelScaling,
  zeroPoint: number,
): Int8Array {
  const { length, hop } = tables;
  const frames = Math.floor((samples.length - length) / hop) + 1;
  const features = Array.from({ length: frames }, (_, f) =>
    filterEnergies(samples.subarray(f * hop, f * hop + length), tables).map((energy) => {
      const logarithm = Math.max(log2Fixed(energy), least) - reference;
      return clamp(multiplyByQuantizedMultiplier(logarithm, factor) + zeroPoint, -128, 127);
    }),
  );
  return Int8Array.from(features.flat());
}

/** A front end in words. */
export interface LogMelOptions {
  /** samples per second */
  rate: number;
  /** seconds of a frame */
  frame: number;
  /** seconds from one frame to the next */
  step: number;
  bands: number;
  /** Hz */
  lowest: number;
  /** Hz, at most half the rate */
  highest: number;
}

/** HTK's mel scale. */
const melOf = (hertz: number): number => 1127 * Math.log1p(hertz / 700);

/** Tables of a front end: the smallest transform that a frame fits, a periodic Hann window, triangles on the mel scale. */
export function logMelTables({ rate, frame, step, bands, lowest, highest }: LogMelOptions): LogMelTables {
  const length = 2 * Math.round((frame * rate) / 2);
  const hop = Math.round(step * rate);
  const size = [128, 256, 512, 1024].find((n) => n >= length);
  if (size === undefined) throw new RangeError(`log-mel: expected a frame of at most 1024 samples, got ${length}`);
  if (!(0 <= lowest && lowest < highest && highest <= rate / 2))
    throw new RangeError(`log-mel: expected filters within 0 .. ${rate / 2} Hz, got ${lowest} .. ${highest}`);
  const window = Int16Array.from({ length: length / 2 + 1 }, (_, n) =>
    q15(0.5 - 0.5 * Math.cos((2 * Math.PI * n) / length)),
  );
  const centre = (i: number) => melOf(lowest) + ((melOf(highest) - melOf(lowest)) * i) / (bands + 1);
  const bins = Array.from({ length: size / 2 - 1 }, (_, i) => i + 1);
  const melOfBin = (bin: number) => melOf((bin * rate) / size);
  const edges = Uint16Array.from(
    { length: bands + 2 },
    (_, i) => 1 + bins.filter((b) => melOfBin(b) <= centre(i)).length,
  );
  const empty = edges.findIndex((edge, i) => i >= 2 && edge === edges[i - 2]);
  if (empty > 0) {
    const hertz = `${rate / size} Hz`;
    throw new RangeError(
      `log-mel: filter ${empty - 2} of ${bands} has no bin, which are ${hertz} apart; take fewer bands`,
    );
  }
  const interval = (bin: number) => edges.findLastIndex((edge) => edge <= bin);
  const weights = Uint8Array.from({ length: edges[bands + 1] - edges[0] }, (_, j) => {
    const i = interval(j + edges[0]);
    const share = (melOfBin(j + edges[0]) - centre(i)) / (centre(i + 1) - centre(i));
    return Math.min(255, Math.round(256 * share));
  });
  return { size, length, hop, window, edges, weights };
}

/** The parameters and tables of the image, padded to whole words. */
function wordsOf({ tables, reference, least, factor }: LogMel): number[] {
  const { size, length, hop, window, edges, weights } = tables;
  const { multiplier, shift } = quantizeMultiplier(factor);
  const bytes = [window, quarterSine(size), edges, weights].flatMap(({ buffer, byteOffset, byteLength }) => [
    ...new Uint8Array(buffer, byteOffset, byteLength),
  ]);
  while (bytes.length % 4 !== 0) bytes.push(0);
  const view = new DataView(Uint8Array.from(bytes).buffer);
  const words = Array.from({ length: bytes.length / 4 }, (_, i) => view.getInt32(4 * i, true));
  return [size, length, hop, edges.length - 2, multiplier, shift, reference, least, ...words];
}

function decode({ image, view, parameter }: Decoding): Fields<LogMel> {
  const [size, length, hop, bands, multiplier, shift, reference, least] = Array.from({ length: PARAMETERS }, (_, i) =>
    parameter(i),
  );
  let at = image.section(F.SECTION_TABLES).offset + view.table + 4 * PARAMETERS;
  const u16s = (count: number) => {
    const values = Uint16Array.from({ length: count }, (_, i) => image.u16(at + 2 * i));
    at += 2 * count;
    return values;
  };
  const window = Int16Array.from(u16s(length / 2 + 1));
  u16s(size / 4 + 1);
  const edges = u16s(bands + 2);
  const weights = Uint8Array.from(image.i8s(at, edges[bands + 1] - edges[0]));
  const factor = realOf({ multiplier, shift });
  return { input2: view.input2, tables: { size, length, hop, window, edges, weights }, reference, least, factor };
}

export const logMelOperator: PlainKind<LogMel> = {
  code: 18,
  short: 'mel',
  about: {
    does: 'log-mel features: window, real Fourier transform, triangular filters, logarithm of every frame',
    reads: '[1, n, 1] INT16, and [1, 4 N, 1] to work in',
    writes: 'frames x filters values, in any shape',
  },
  parameters: {
    words: PARAMETERS,
    are: 'N, samples of a frame, hop, filters, multiplier, shift, reference and least (Q10)',
    behind:
      'i16[length / 2 + 1] half a window, i16[N / 4 + 1] a quarter of a sine (Q15), u16[filters + 2] first bins, ' +
      'u8 weights of bins, which the first of their two filters has in 256ths',
  },
  encode: wordsOf,
  decode,
  run({ input, output, tables, reference, least, factor }, { tensors, samples }) {
    const scaling = { factor: quantizeMultiplier(factor), reference, least };
    return logMel(samples(input), tables, scaling, tensors[output].zeroPoint);
  },
  ranges: ({ output }, { program }) => anything(program.tensors[output].shape[2]),
  channelwise: false,
  size: 'counted',
  overwrites: () => [],
};
