/** Blocks of a picture as channels or as a batch, and windows over a batch: fixtures, random models, twins. */
import { activation, bias, channelScales, conv, integers, single, weights } from '../import/specs.ts';
import { int8, int32 } from '../import/tflite.ts';
import { integers as numbers, type Step } from '../import/twin/dice.ts';
import { flatIndex, option, places, type Run } from '../import/twin/values.ts';
import type { OperatorTests } from '../operatorTests.ts';

/** Where a value of [N, H, W, b b C] stands in [N, H b, W b, C]. */
function inSpace([n, y, x, c]: number[], block: number, channels: number): number[] {
  const place = Math.floor(c / channels);
  return [n, y * block + Math.floor(place / block), x * block + (place % block), c % channels];
}

const spaceToDepth: Run = ({ operator, operands: [input], results: [output] }) => [
  [...places(output.shape)].map(
    (at) => input.values[flatIndex(inSpace(at, option(operator, 0), input.shape[3]), input.shape)],
  ),
];

const depthToSpace: Run = ({ operator, operands: [input], results: [output] }) => {
  const values: number[] = [];
  [...places(input.shape)].forEach((at, i) => {
    values[flatIndex(inSpace(at, option(operator, 0), output.shape[3]), output.shape)] = input.values[i];
  });
  return [values];
};

/** The picture of a batch and the place in it, in a picture before it was padded. */
function inPicture(at: number[], block: readonly number[], before: readonly number[], batch: number): number[] {
  let place = Math.floor(at[0] / batch);
  const inside = block
    .toReversed()
    .map((size) => {
      const shift = place % size;
      place = Math.floor(place / size);
      return shift;
    })
    .toReversed();
  return [at[0] % batch, ...block.map((size, i) => at[1 + i] * size + inside[i] - before[i]), at.at(-1)!];
}

const spaceToBatch: Run = ({ operands: [input, block, pads], results: [output] }) => [
  [...places(output.shape)].map((at) => {
    const before = block.values.map((_, i) => pads.values[2 * i]);
    const from = inPicture(at, block.values, before, input.shape[0]);
    const inside = from.every((value, d) => value >= 0 && value < input.shape[d]);
    return inside ? input.values[flatIndex(from, input.shape)] : output.zeroPoint;
  }),
];

const batchToSpace: Run = ({ operands: [input, block, crops], results: [output] }) => {
  const values: number[] = [];
  [...places(input.shape)].forEach((at, i) => {
    const before = block.values.map((_, d) => crops.values[2 * d]);
    const to = inPicture(at, block.values, before, output.shape[0]);
    if (to.every((value, d) => value >= 0 && value < output.shape[d]))
      values[flatIndex(to, output.shape)] = input.values[i];
  });
  return [values];
};

const toDepth: Step = (dice, draft, from) => {
  const input = draft.at(from);
  if (input.shape.length !== 4) return null;
  const [batch, height, width, channels] = input.shape;
  const block = dice.pick([1, 2, 3].filter((size) => height % size === 0 && width % size === 0));
  const shape = [batch, height / block, width / block, channels * block * block];
  const rest = { optionsType: 19, options: { 0: int32(block) } };
  return draft.append('SPACE_TO_DEPTH', [from], [{ ...input, shape }], rest);
};

const toSpace: Step = (dice, draft, from) => {
  const input = draft.at(from);
  if (input.shape.length !== 4) return null;
  const [batch, height, width, channels] = input.shape;
  const block = dice.pick([1, 2, 3].filter((size) => channels % (size * size) === 0));
  const shape = [batch, height * block, width * block, channels / (block * block)];
  const rest = { optionsType: 94, options: { 0: int32(block) } };
  return draft.append('DEPTH_TO_SPACE', [from], [{ ...input, shape }], rest);
};

/** To a batch, a window over it, and back, as a dilated layer is written. */
const dilatedByBatches: Step = (dice, draft, from) => {
  const input = draft.at(from);
  if (input.shape.length !== 4) return null;
  const [, height, width, channels] = input.shape;
  const block = [dice.whole(1, 2), dice.whole(1, 3)];
  const before = [dice.whole(0, 2), dice.whole(0, 2)];
  const sizes = [height, width];
  const behind = sizes.map((size, d) => {
    const least = (block[d] - ((size + before[d]) % block[d])) % block[d];
    return size + before[d] + least < 2 * block[d] ? least + block[d] : least;
  });
  const small = sizes.map((size, d) => (size + before[d] + behind[d]) / block[d]);
  const batch = block[0] * block[1];
  const pads = { ...numbers(before[0], behind[0], before[1], behind[1]), shape: [2, 2] };
  const pictures = { ...input, shape: [batch, ...small, channels] };
  const there = draft.append('SPACE_TO_BATCH_ND', [from, numbers(...block), pads], [pictures]);
  const kernel = small.map((size) => dice.whole(1, Math.min(2, size)));
  const layer = dice.weights([1, ...kernel, channels], 3);
  const out = small.map((size, d) => size - kernel[d] + 1);
  const made = dice.activation([batch, ...out, channels], dice.layerScale(input, layer, kernel[0] * kernel[1]));
  const options = {
    0: int8(1),
    1: int32(1),
    2: int32(1),
    3: int32(1),
    4: int8(dice.fused()),
    5: int32(1),
    6: int32(1),
  };
  const window = draft.append('DEPTHWISE_CONV_2D', [there, layer], [made], { optionsType: 2, options });
  const whole = out.map((size, d) => size * block[d]);
  const crops = whole.map((size) => (size > 2 && dice.chance(0.5) ? [1, 1] : [0, 0]));
  const shape = [1, ...whole.map((size, d) => size - crops[d][0] - crops[d][1]), channels];
  const amounts = { ...numbers(...crops.flat()), shape: [2, 2] };
  return draft.append('BATCH_TO_SPACE_ND', [window, numbers(...block), amounts], [{ ...made, shape }]);
};

const none = { ...integers(0, 0, 0, 0), shape: [2, 2] };
const edges = { ...integers(1, 1, 0, 2), shape: [2, 2] };

export default {
  rows: {},
  fixtures: {
    SPACE_TO_DEPTH: {
      file: single('SPACE_TO_DEPTH', [activation([1, 4, 6, 3]), activation([1, 2, 3, 12])], {
        optionsType: 19,
        options: { 0: int32(2) },
      }),
      kinds: ['copy'],
    },
    DEPTH_TO_SPACE: {
      file: single('DEPTH_TO_SPACE', [activation([1, 2, 3, 12]), activation([1, 4, 6, 3])], {
        optionsType: 94,
        options: { 0: int32(2) },
      }),
      kinds: ['copy'],
    },
    'SPACE_TO_BATCH_ND with padding': {
      file: single('SPACE_TO_BATCH_ND', [activation([1, 4, 4, 3]), integers(2, 3), edges, activation([6, 3, 2, 3])]),
      kinds: ['copy', 'copy', 'copy'],
    },
    'BATCH_TO_SPACE_ND of a signal': {
      file: single('BATCH_TO_SPACE_ND', [
        activation([3, 2, 4]),
        integers(3),
        { ...integers(1, 0), shape: [1, 2] },
        activation([1, 5, 4]),
      ]),
      kinds: ['copy', 'copy'],
    },
    'BATCH_TO_SPACE_ND without crops': {
      file: single('BATCH_TO_SPACE_ND', [activation([4, 2, 3, 2]), integers(2, 2), none, activation([1, 4, 6, 2])]),
      kinds: ['copy', 'copy'],
    },
    'CONV_2D of a batch of two': {
      file: {
        tensors: [
          activation([2, 5, 4, 2]),
          activation([2, 5, 4, 2]),
          weights([3, 3, 3, 2], 0, channelScales),
          bias(3),
          activation([2, 5, 4, 3], 0.1),
        ],
        operators: [
          { opcode: 'RELU', inputs: [0], outputs: [1] },
          { opcode: 'CONV_2D', inputs: [1, 2, 3], outputs: [4], ...conv() },
        ],
        inputs: [0],
        outputs: [4],
      },
      kinds: ['lookup', 'copy', 'copy', 'convolution', 'convolution', 'copy', 'copy'],
    },
  },
  places: {
    SPACE_TO_DEPTH: ['computed'],
    DEPTH_TO_SPACE: ['computed'],
    SPACE_TO_BATCH_ND: ['computed', 'constant', 'constant'],
    BATCH_TO_SPACE_ND: ['computed', 'constant', 'constant'],
  },
  steps: { spaceToDepth: toDepth, depthToSpace: toSpace, dilatedByBatches },
  twins: {
    SPACE_TO_DEPTH: spaceToDepth,
    DEPTH_TO_SPACE: depthToSpace,
    SPACE_TO_BATCH_ND: spaceToBatch,
    BATCH_TO_SPACE_ND: batchToSpace,
  },
} satisfies OperatorTests;
