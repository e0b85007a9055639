/**
 * Log-mel features of raw sound: a window, a Fourier transform, triangular filters, a logarithm, for each frame.
 *
 *   input      [1, n, 1]        i16   samples
 *   workspace  N * 4 bytes      i8    a tensor of the program that is alive here only
 *   output     [.., frames * bands values]  i8   zp + factor * (log2(energy) - reference)
 *
 * Frame f has the samples [f * hop, f * hop + length). Energies are u64, their logarithms have 10 fractional bits.
 * parameters: LOG_MEL_PARAMETERS of the image, then the tables of docs/format.md: half a window, a quarter of a sine, where
 * the filters begin, and what of each bin belongs to the upper of its two filters.
 */
import { isFactor, lies } from '../bounds.ts';
import { requantize, saturate } from '../fixed.ts';
import { tensorBytes, tensorChannels, tensorHeight, tensorWidth } from '../image.ts';
import { BAD_SHAPE, BAD_TABLE, OK } from '../status.ts';
import { energies, nextReversed, transform } from './fourier.ts';

export const LOG_MEL: u32 = 18;
export const LOG_MEL_PARAMETERS: u32 = 8;

// of i32 parameters
const SIZE_AT: usize = 0; // N, a power of two
const LENGTH_AT: usize = 4; // samples of a frame, even, at most N
const HOP_AT: usize = 8;
const BANDS_AT: usize = 12;
const MULTIPLIER_AT: usize = 16;
const SHIFT_AT: usize = 20;
const REFERENCE_AT: usize = 24; // of log2(energy) in Q10, where the output is its zero point
const LEAST_AT: usize = 28; // less counts as this
const TABLES_AT: usize = 32;

const FRACTION_BITS: u32 = 10;

/** Samples of a frame, even. */
export function frameLength(parameters: usize): u32 {
  return load<u32>(parameters, LENGTH_AT);
}

/** Samples from one frame to the next. */
export function frameHop(parameters: usize): u32 {
  return load<u32>(parameters, HOP_AT);
}

/** Features of a frame. */
export function frameBands(parameters: usize): u32 {
  return load<u32>(parameters, BANDS_AT);
}

/** What a frame of zeros has in every band. */
export function silentFeature(parameters: usize, zeroPoint: i32): i8 {
  return feature(parameters, 0, zeroPoint);
}

/** bytes: of TABLES from the parameters on. */
export function proveLogMel(parameters: usize, bytes: u32, input: usize, workspace: usize, output: usize): i32 {
  const size = load<u32>(parameters, SIZE_AT);
  const length = load<u32>(parameters, LENGTH_AT);
  const hop = load<u32>(parameters, HOP_AT);
  const bands = load<u32>(parameters, BANDS_AT);
  if ((size & (size - 1)) != 0 || size < 128 || size > 1024 || length < 2 || length > size || (length & 1) != 0)
    return BAD_TABLE;
  if (hop == 0 || hop > 0xffff || bands == 0 || bands > 256) return BAD_TABLE;
  if (!isFactor(load<i32>(parameters, MULTIPLIER_AT), load<i32>(parameters, SHIFT_AT))) return BAD_TABLE;
  if (load<u32>(parameters, REFERENCE_AT) > 0xffff || load<u32>(parameters, LEAST_AT) > 0xffff) return BAD_TABLE;
  const edgesAt = <u32>TABLES_AT + (length + 2) + ((size >> 1) + 2);
  if (!lies(edgesAt, 2 * (bands + 2), bytes)) return BAD_TABLE;
  const edges = parameters + edgesAt;
  let edge = <u32>load<u16>(edges);
  const first = edge;
  if (edge == 0) return BAD_TABLE;
  for (let i: u32 = 1; i < bands + 2; i++) {
    const next = <u32>load<u16>(edges + 2 * i);
    if (next < edge) return BAD_TABLE;
    edge = next;
  }
  if (edge > size >> 1 || !lies(edgesAt + 2 * (bands + 2), edge - first, bytes)) return BAD_TABLE;
  const samples = tensorWidth(input);
  if (tensorHeight(input) != 1 || tensorChannels(input) != 1 || samples < length) return BAD_SHAPE;
  const frames = (samples - length) / hop + 1;
  return tensorBytes(output) == frames * bands && tensorBytes(workspace) >= 4 * size ? OK : BAD_SHAPE;
}

/** Two units a point for each frame: of a transform, its filters and their logarithms. */
export function workOfLogMel(parameters: usize, output: usize): u64 {
  const frames = tensorBytes(output) / load<u32>(parameters, BANDS_AT);
  return <u64>frames * 2 * load<u32>(parameters, SIZE_AT);
}

export function logMel(
  parameters: usize,
  input: usize,
  samples: u32,
  workspace: usize,
  output: usize,
  zeroPoint: i32,
): void {
  const hop = frameHop(parameters);
  const bands = frameBands(parameters);
  const length = frameLength(parameters);
  for (let at: u32 = 0; at + length <= samples; at += hop) {
    logMelFrame(parameters, input + 2 * at, workspace, output, zeroPoint);
    output += bands;
  }
}

/** The features of one frame, i8[bands]. */
export function logMelFrame(parameters: usize, input: usize, workspace: usize, output: usize, zeroPoint: i32): void {
  const size = load<u32>(parameters, SIZE_AT);
  const length = load<u32>(parameters, LENGTH_AT);
  const window = parameters + TABLES_AT;
  const sine = window + length + 2;
  const edges = sine + (size >> 1) + 2;
  placeWindowed(window, length, size >> 1, input, workspace);
  transform(sine, size >> 1, workspace);
  energies(sine, size >> 1, workspace);
  filter(parameters, edges, workspace, output, zeroPoint);
}

/**
 * Bits that products with the Q15 window lose, so that the transform of `points` = N / 2 stays in i32: of 15 + 1 bits, and
 * log2(N) by which sums grow, less one for each stage of radix 4.
 */
function windowShift(points: u32): u32 {
  return (ctz(points) + 1) >> 1;
}

/** Windowed samples, two a complex number, where the transform takes them; zeros behind the frame. */
function placeWindowed(window: usize, length: u32, points: u32, input: usize, data: usize): void {
  const shift = windowShift(points);
  let reversed: u32 = 0;
  for (let i: u32 = 0; i < points; i++) {
    const n: u32 = 2 * i;
    const at = data + 8 * reversed;
    if (n < length) {
      const mirrored = length - n;
      const first = <i32>load<i16>(window + 2 * min(n, mirrored));
      const second = <i32>load<i16>(window + 2 * min(n + 1, mirrored - 1));
      store<i32>(at, (<i32>load<i16>(input + 2 * n) * first) >> shift);
      store<i32>(at, (<i32>load<i16>(input + 2 * n, 2) * second) >> shift, 4);
    } else {
      store<u64>(at, 0);
    }
    reversed = nextReversed(reversed, points);
  }
}

/**
 * Interval i of bins, [edges[i], edges[i + 1]), rises in filter i and falls in filter i - 1: a bin's weight, in 256ths,
 * is what the first has of it, and the second has the rest.
 */
function filter(parameters: usize, edges: usize, energies: usize, output: usize, zeroPoint: i32): void {
  const bands = load<u32>(parameters, BANDS_AT);
  let weight = edges + 2 * (bands + 2);
  let bin = <u32>load<u16>(edges);
  let risen: u64 = 0;
  for (let i: u32 = 0; i <= bands; i++) {
    const end = <u32>load<u16>(edges + 2 * i, 2);
    let all: u64 = 0;
    let rising: u64 = 0;
    for (; bin < end; bin++, weight++) {
      const energy = load<u64>(energies + 8 * bin);
      all += energy;
      rising += energy * <u64>load<u8>(weight);
    }
    if (i > 0) store<i8>(output + (i - 1), feature(parameters, risen + (all << 8) - rising, zeroPoint));
    risen = rising;
  }
}

function feature(parameters: usize, energy: u64, zeroPoint: i32): i8 {
  const logarithm = max(log2(energy), load<i32>(parameters, LEAST_AT)) - load<i32>(parameters, REFERENCE_AT);
  const steps = requantize(logarithm, load<i32>(parameters, MULTIPLIER_AT), load<i32>(parameters, SHIFT_AT));
  return <i8>saturate(steps + zeroPoint);
}

/** log2(x) with FRACTION_BITS, one by squaring at a time; 0 for 0. */
function log2(x: u64): i32 {
  if (x == 0) return 0;
  const zeros = <u32>clz(x);
  let logarithm = 63 - zeros;
  let mantissa = <u32>((x << zeros) >> 48); // in [1, 2), 15 fractional bits
  for (let i: u32 = 0; i < FRACTION_BITS; i++) {
    mantissa *= mantissa;
    const bit = mantissa >> 31;
    mantissa >>= 15 + bit;
    logarithm = (logarithm << 1) | bit;
  }
  return <i32>logarithm;
}
