/** TRANSPOSE_CONV, which becomes a copy and a convolution: fixtures, random models, a twin that scatters products. */
import { activation, bias, channelScales, integers, single, weights } from '../import/specs.ts';
import { int8, int32, type TensorSpec } from '../import/tflite.ts';
import { type Step, integers as shapeOf } from '../import/twin/dice.ts';
import * as fixed from '../import/twin/fixed.ts';
import { flatIndex, fused, option, places, type Run, size } from '../import/twin/values.ts';
import type { OperatorTests } from '../operatorTests.ts';

/** Each value of the input, times the kernel, is added to the output from where the stride takes it. */
const scatter: Run = ({ operator, operands: [, kernel, input, biases], results: [output], weightScales }) => {
  const stride = [option(operator, 2), option(operator, 1)];
  const before = [0, 1].map((d) => {
    const [whole, own, step] = [output.shape[d + 1], kernel.shape[d + 1], stride[d]];
    const positions = option(operator, 0) === 0 ? Math.ceil(whole / step) : Math.ceil((whole - own + 1) / step);
    return Math.floor(Math.max(0, (positions - 1) * step + own - whole) / 2);
  });
  const channels = kernel.shape[0];
  const sums = Array.from({ length: size(output.shape) }, (_, i) => biases?.values[i % channels] ?? 0);
  for (const [, y, x, k] of places(input.shape)) {
    const value = input.values[flatIndex([0, y, x, k], input.shape)] - input.zeroPoint;
    for (const [c, ky, kx] of places([channels, kernel.shape[1], kernel.shape[2]])) {
      const [oy, ox] = [y * stride[0] + ky - before[0], x * stride[1] + kx - before[1]];
      if (oy < 0 || oy >= output.shape[1] || ox < 0 || ox >= output.shape[2]) continue;
      sums[flatIndex([0, oy, ox, c], output.shape)] += value * kernel.values[flatIndex([c, ky, kx, k], kernel.shape)];
    }
  }
  const factors = weightScales.map((scale) => fixed.factorOf((input.scale * scale) / output.scale));
  const activated = fused(option(operator, 3), output);
  return [
    sums.map((sum, i) => {
      const factor = factors[factors.length === 1 ? 0 : i % channels];
      return activated(fixed.scaled(sum, factor) + output.zeroPoint);
    }),
  ];
};

const options = (padding: number, stride: number[], activated = 0) => ({
  optionsType: 49,
  options: { 0: int8(padding), 1: int32(stride[1]), 2: int32(stride[0]), 3: int8(activated) },
});

const step: Step = (dice, draft, from) => {
  const input = draft.at(from);
  if (input.shape.length !== 4) return null;
  const [, height, width, depth] = input.shape;
  const kernel = [dice.whole(1, 4), dice.whole(1, 4)];
  const stride = [dice.whole(1, 3), dice.whole(1, 3)];
  const [padding, channels] = [dice.whole(0, 1), dice.whole(1, 9)];
  // SAME: as large as the stride makes it; VALID: as far as the kernel reaches
  const size = [height, width].map((count, d) =>
    padding === 0 ? count * stride[d] : (count - 1) * stride[d] + Math.max(kernel[d], stride[d]),
  );
  const scales = dice.weights([channels, ...kernel, depth], 0);
  const output = dice.activation([1, ...size, channels], dice.layerScale(input, scales, kernel[0] * kernel[1] * depth));
  const biases = dice.biasFor(input, scales, output, channels, kernel[0] * kernel[1] * depth);
  const inputs = [shapeOf(...output.shape), scales, from, ...biases];
  return draft.append('TRANSPOSE_CONV', inputs, [output], options(padding, stride, dice.fused()));
};

const fixture = (tensors: TensorSpec[], rest: ReturnType<typeof options>, kinds: string[]) => ({
  file: single('TRANSPOSE_CONV', tensors, rest),
  kinds,
});

export default {
  rows: {},
  fixtures: {
    'TRANSPOSE_CONV, SAME, stride 2': fixture(
      [
        integers(1, 6, 8, 3),
        weights([3, 3, 3, 2], 0, channelScales),
        activation([1, 3, 4, 2]),
        bias(3),
        activation([1, 6, 8, 3], 0.2),
      ],
      options(0, [2, 2], 1),
      ['copy', 'convolution'],
    ),
    'TRANSPOSE_CONV, VALID, a stride larger than the kernel': fixture(
      [integers(1, 9, 9, 3), weights([3, 2, 2, 2], 0, 0.01), activation([1, 3, 3, 2]), activation([1, 9, 9, 3], 0.1)],
      options(1, [3, 3]),
      ['copy', 'convolution'],
    ),
    'TRANSPOSE_CONV of stride 1': fixture(
      [integers(1, 5, 6, 3), weights([3, 3, 3, 2], 0, 0.01), activation([1, 3, 4, 2]), activation([1, 5, 6, 3], 0.2)],
      options(1, [1, 1]),
      ['convolution'],
    ),
  },
  places: { TRANSPOSE_CONV: ['unread', 'constant', 'computed', 'constant'] },
  steps: { transposeConvolution: step },
  twins: { TRANSPOSE_CONV: scatter },
} satisfies OperatorTests;
