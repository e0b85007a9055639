/**
 * Weights of a convolution as the device has them: with zeros where a kernel has gaps or a group reads nothing, which
 * changes no sum.
 */
import { Unsupported } from '../model/unsupported.ts';
import type { Lowering, Weights } from './lowering.ts';
import { MAX_DIMENSION } from './shape.ts';

/** [A][kH][kW][B] as a kernel without gaps, where its rows and columns are `dilation` apart. */
export function dilated(to: Lowering, weights: Weights, dilation: readonly [height: number, width: number]): Weights {
  const [first, height, width, last] = weights.shape;
  const [down, across] = dilation;
  if (down < 1 || across < 1) throw new Unsupported(`dilation ${dilation.join('x')}; only from 1x1`);
  const [tall, wide] = [(height - 1) * down + 1, (width - 1) * across + 1];
  if (tall === height && wide === width) return weights;
  if (Math.max(tall, wide) > MAX_DIMENSION) throw new Unsupported(`kernel ${tall}x${wide} with its gaps`);
  const values = to.spread([first, tall, wide, last]);
  for (let a = 0; a < first; a++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const from = ((a * height + y) * width + x) * last;
        values.set(weights.values.subarray(from, from + last), ((a * tall + y * down) * wide + x * across) * last);
      }
    }
  }
  return { ...weights, shape: [first, tall, wide, last], values };
}

/** [C][kH][kW][K / groups], of which each group of channels reads K / groups of K, as [C][kH][kW][K]. */
export function ungrouped(to: Lowering, weights: Weights, groups: number): Weights {
  const [channels, height, width, depth] = weights.shape;
  if (groups === 1) return weights;
  if (channels % groups !== 0) throw new Unsupported(`${channels} channels in ${groups} groups`);
  const shape = [channels, height, width, groups * depth];
  const values = to.spread(shape);
  const taps = height * width;
  for (let c = 0; c < channels; c++) {
    const group = Math.floor((c * groups) / channels);
    for (let tap = 0; tap < taps; tap++) {
      const from = (c * taps + tap) * depth;
      values.set(weights.values.subarray(from, from + depth), ((c * taps + tap) * groups + group) * depth);
    }
  }
  return { ...weights, shape, values };
}

/** [C][kH][kW][1] as the taps of a depthwise layer, [1][kH][kW][C]. */
export function tapsOf(to: Lowering, weights: Weights): Weights {
  const [channels, height, width] = weights.shape;
  const shape = [1, height, width, channels];
  const taps = height * width;
  const values = to.spread(shape);
  weights.values.forEach((weight, i) => {
    values[(i % taps) * channels + Math.floor(i / taps)] = weight;
  });
  return { ...weights, shape, values };
}

/** [C][kH][kW][K] with rows and columns in the opposite order. */
export function flipped(to: Lowering, weights: Weights): Weights {
  const [channels, height, width, depth] = weights.shape;
  const taps = height * width;
  const values = to.spread(weights.shape);
  for (let tap = 0; tap < channels * taps; tap++) {
    const opposite = tap + taps - 1 - 2 * (tap % taps);
    values.set(weights.values.subarray(tap * depth, (tap + 1) * depth), opposite * depth);
  }
  return { ...weights, values };
}
