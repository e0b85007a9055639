/**
 * z-score of a raw window: a device feeds ADC samples, whatever their offset and gain.
 *
 *   input   [1, n, K]          i16   n at most 4096
 *   output  [1, n, K (+ 1)]    i8    zp + z * 256 / gain steps; the extra channel marks a position of the window
 *
 * Integer only. mean and deviations in quarter steps; 1/deviation = sqrt(n) / sqrt(sum of squares) in 21 fractional
 * bits, from two integer square roots and one 32-bit division, within 1 part in 2^12. Worked numbers in docs/arithmetic.md.
 */
import { haveEqualSize } from '../bounds.ts';
import { saturate, squareRoot } from '../fixed.ts';
import { tensorChannels, tensorPositions } from '../image.ts';
import { MAX_GAIN, MAX_WINDOW } from '../limits.ts';
import { BAD_SHAPE, BAD_TABLE, OK } from '../status.ts';

export const STANDARDIZE: u32 = 10;
export const STANDARDIZE_PARAMETERS: u32 = 5; // gain (Q8), floor of the deviation, marker centre, peak, slope

/** A marker has a channel of its own, and all its values are INT8. */
export function proveStandardize(parameters: usize, input: usize, output: usize): i32 {
  const gain = load<i32>(parameters);
  const centre = load<i32>(parameters, 8);
  const peak = load<i32>(parameters, 12);
  const slope = load<i32>(parameters, 16);
  if (
    !haveEqualSize(input, output) ||
    tensorChannels(output) != tensorChannels(input) + u32(peak > 0) ||
    tensorPositions(input) > MAX_WINDOW
  )
    return BAD_SHAPE;
  return gain > 0 &&
    gain <= MAX_GAIN &&
    peak >= 0 &&
    peak <= 127 &&
    slope >= 0 &&
    slope <= 127 &&
    centre >= 0 &&
    centre < <i32>MAX_WINDOW
    ? OK
    : BAD_TABLE;
}

/** parameters: STANDARDIZE_PARAMETERS of the image: gain (Q8), floor, marker centre, peak, slope. */
export function standardize(
  parameters: usize,
  input: usize,
  n: u32,
  channels: u32,
  output: usize,
  zeroPoint: i32,
): void {
  const gain = <i64>load<i32>(parameters);
  const floor = load<u32>(parameters, 4);
  const peak = load<i32>(parameters, 12);
  const stride = channels + u32(peak > 0);
  for (let c: u32 = 0; c < channels; c++) {
    const from = input + 2 * c;
    let sum = 0;
    for (let i: u32 = 0; i < n; i++) sum += <i32>load<i16>(from + 2 * i * channels);
    // floor of the quotient, divided 2^17 higher: not below 0, so unsigned
    const mean = <i32>((<u32>(4 * sum) + (n >> 1) + (n << 17)) / n) - (1 << 17);
    let squares: u64 = 0;
    for (let i: u32 = 0; i < n; i++) {
      const deviation = <i64>(4 * <i32>load<i16>(from + 2 * i * channels) - mean);
      squares += <u64>(deviation * deviation);
    }
    const root = max(max(squareRoot(squares << 8), floor), 1);
    // A loud input would leave few bits of the quotient: divide by its upper 16 bits, and shift later by what was cut.
    const cut = max(16 - <i32>clz(root), 0);
    const reciprocal = min((squareRoot((<u64>n) << 16) << 17) / (root >> cut), 0x7fffffff);
    const factor = <i64>reciprocal * gain;
    const half = (<i64>1) << (28 + cut);
    for (let i: u32 = 0; i < n; i++) {
      const deviation = <i64>(4 * <i32>load<i16>(from + 2 * i * channels) - mean);
      const z = <i32>((deviation * factor + half) >> (29 + cut));
      store<i8>(output + i * stride + c, <i8>saturate(z + zeroPoint));
    }
  }
  if (peak > 0) mark(parameters, n, peak, output + channels, stride);
}

/** A triangle around the marker's centre. */
function mark(parameters: usize, n: u32, peak: i32, output: usize, stride: u32): void {
  const centre = load<i32>(parameters, 8);
  const slope = load<i32>(parameters, 16);
  for (let i: u32 = 0; i < n; i++) {
    const distance = <i32>i > centre ? <i32>i - centre : centre - <i32>i;
    store<i8>(output + i * stride, <i8>max(0, peak - slope * distance));
  }
}
