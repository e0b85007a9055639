/**
 * Depthwise sums of one channel in portable integer operations, on a plane of values + 128. What that adds to every
 * sum, 128 * sum of the taps, comes off the bias once a channel.
 *
 *   taps [kernelHeight][kernelWidth]   i32
 *
 * Kernels 3 and 5 wide are unrolled; one general path for the rest.
 */

import { FEATURE_DEPTHWISE_ANY } from '../features.ts';
import { uses } from '../intrinsics/core.ts';

/**
 * sums i32[count][width] <- doubled sums of `count` output rows, whose windows begin planeStep bytes below one another.
 * weights: the channel's column, at distance `channels`.
 */
export function depthwiseSumsScalar(
  plane: usize,
  rowBytes: u32,
  planeStep: u32,
  weights: usize,
  channels: u32,
  taps: usize,
  height: u32,
  kernelWidth: u32,
  stride: u32,
  bias: i32,
  sums: usize,
  width: u32,
  count: u32,
): void {
  bias = (bias << 1) + spreadTaps(weights, channels, height, kernelWidth, taps);
  const tapsEnd = taps + 4 * kernelWidth * height;
  for (; count > 0; count--, plane += planeStep) {
    for (let start = plane; start < plane + stride * width; start += stride, sums += 4) {
      let acc = bias;
      let from = start;
      let tap = taps;
      if (kernelWidth == 3) {
        for (; tap < tapsEnd; tap += 12, from += rowBytes) {
          acc += <i32>load<u8>(from) * load<i32>(tap);
          acc += <i32>load<u8>(from, 1) * load<i32>(tap, 4);
          acc += <i32>load<u8>(from, 2) * load<i32>(tap, 8);
        }
      } else if (kernelWidth == 5 || !uses(FEATURE_DEPTHWISE_ANY)) {
        for (; tap < tapsEnd; tap += 20, from += rowBytes) {
          acc += <i32>load<u8>(from) * load<i32>(tap);
          acc += <i32>load<u8>(from, 1) * load<i32>(tap, 4);
          acc += <i32>load<u8>(from, 2) * load<i32>(tap, 8);
          acc += <i32>load<u8>(from, 3) * load<i32>(tap, 12);
          acc += <i32>load<u8>(from, 4) * load<i32>(tap, 16);
        }
      } else {
        for (; tap < tapsEnd; from += rowBytes - kernelWidth) {
          for (const end = from + kernelWidth; from < end; from++, tap += 4)
            acc += <i32>load<u8>(from) * load<i32>(tap);
        }
      }
      store<i32>(sums, acc);
    }
  }
}

/** taps <- column of weights [height, width] at distance `channels`, doubled; returns what that adds to the bias. */
function spreadTaps(weights: usize, channels: u32, height: u32, width: u32, taps: usize): i32 {
  let sum = 0;
  for (const end = taps + 4 * height * width; taps < end; taps += 4, weights += channels) {
    const weight = (<i32>load<i8>(weights)) << 1;
    store<i32>(taps, weight);
    sum += weight;
  }
  return -128 * sum;
}
