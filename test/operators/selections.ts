/** GATHER, TILE, BROADCAST_TO, MIRROR_PAD, REVERSE_V2, which become rows and columns of a resize. */
import { activation, integers, single } from '../import/specs.ts';
import { int8, int32 } from '../import/tflite.ts';
import { type Dice, integers as numbers, type Step } from '../import/twin/dice.ts';
import { flatIndex, option, places, type Run } from '../import/twin/values.ts';
import type { OperatorTests } from '../operatorTests.ts';

/** Every place of the output from one of the input. */
const from =
  (place: (at: number[], given: Parameters<Run>[0]) => number[]): Run =>
  (given) => {
    const [input] = given.operands;
    return [[...places(given.results[0].shape)].map((at) => input.values[flatIndex(place(at, given), input.shape)])];
  };

/** The dimension of the axis is that of the indices, which may be any number of dimensions. */
const gather = from((at, { operator, operands: [input, indices] }) => {
  const axis = (option(operator, 0) + input.shape.length) % input.shape.length;
  const rank = indices.shape.length;
  const index = indices.values[flatIndex(at.slice(axis, axis + rank), indices.shape)];
  return [...at.slice(0, axis), index, ...at.slice(axis + rank)];
});

const tile = from((at, { operands: [input] }) => at.map((value, d) => value % input.shape[d]));

const broadcastTo = from((at, { operands: [{ shape }] }) =>
  at.slice(at.length - shape.length).map((value, d) => (shape[d] === 1 ? 0 : value)),
);

/** Walks from the left border inwards and turns round at each end. */
const mirrorPad = from((at, { operator, operands: [input, pads] }) =>
  at.map((value, d) => {
    const last = input.shape[d] - 1;
    const edge = option(operator, 0); // 1 SYMMETRIC: the border twice
    const place = value - pads.values[2 * d];
    if (place < 0) return -place - edge;
    return place > last ? last - (place - last) + edge : place;
  }),
);

const reverse = from((at, { operands: [input, axes] }) => {
  const rank = input.shape.length;
  const turned = axes.values.map((axis) => (axis + rank) % rank);
  return at.map((value, d) => (turned.includes(d) ? input.shape[d] - 1 - value : value));
});

/** Any but the batch of a picture. */
const dimension = (dice: Dice, shape: number[]) => dice.pick([...shape.keys()].slice(shape.length < 4 ? 0 : 1));
const isBatch = (shape: number[], d: number) => d === 0 && shape.length === 4;

const gatherStep: Step = (dice, draft, at) => {
  const input = draft.at(at);
  const axis = dimension(dice, input.shape);
  const count = dice.whole(1, 6);
  const positions = dice.many(count, () => dice.whole(0, input.shape[axis] - 1));
  const alone = dice.chance(0.2) && input.shape.length > 1;
  const shape = input.shape.toSpliced(axis, 1, ...(alone ? [] : [count]));
  const indices = alone ? { ...numbers(positions[0]), shape: [] } : numbers(...positions);
  const options = { 0: int32(dice.chance(0.5) ? axis : axis - input.shape.length) };
  return draft.append('GATHER', [at, indices], [{ ...input, shape }], { optionsType: 23, options });
};

const tileStep: Step = (dice, draft, at) => {
  const input = draft.at(at);
  const times = input.shape.map((_, d) => (isBatch(input.shape, d) ? 1 : dice.pick([1, 1, 1, 2, 3])));
  const shape = input.shape.map((count, d) => count * times[d]);
  return draft.append('TILE', [at, numbers(...times)], [{ ...input, shape }]);
};

const broadcastStep: Step = (dice, draft, at) => {
  const input = draft.at(at);
  const shape = input.shape.map((count, d) => (count === 1 && !isBatch(input.shape, d) ? dice.whole(1, 4) : count));
  return draft.append('BROADCAST_TO', [at, numbers(...shape)], [{ ...input, shape }]);
};

const mirrorStep: Step = (dice, draft, at) => {
  const input = draft.at(at);
  const mode = dice.whole(0, 1);
  const most = (count: number) => Math.min(3, count - 1 + mode);
  const pads = input.shape.map((count, d) =>
    isBatch(input.shape, d) || dice.chance(0.5) ? [0, 0] : [dice.whole(0, most(count)), dice.whole(0, most(count))],
  );
  const shape = input.shape.map((count, d) => count + pads[d][0] + pads[d][1]);
  const amounts = { ...numbers(...pads.flat()), shape: [shape.length, 2] };
  return draft.append('MIRROR_PAD', [at, amounts], [{ ...input, shape }], {
    optionsType: 77,
    options: { 0: int8(mode) },
  });
};

const reverseStep: Step = (dice, draft, at) => {
  const input = draft.at(at);
  const axis = dimension(dice, input.shape);
  return draft.append('REVERSE_V2', [at, numbers(dice.chance(0.5) ? axis : axis - input.shape.length)], [{ ...input }]);
};

const backwardsStep: Step = (dice, draft, at) => {
  const input = draft.at(at);
  const axis = dimension(dice, input.shape);
  const others = (value: number, here: number) => numbers(...input.shape.map((_, d) => (d === axis ? here : value)));
  const [first, last] = [dice.whole(0, input.shape[axis] - 1), -input.shape[axis] - 1];
  const step = dice.whole(1, 3);
  const shape = input.shape.with(axis, Math.floor(first / step) + 1);
  const ends = numbers(...input.shape.map((count, d) => (d === axis ? last : count)));
  const inputs = [at, others(0, first), ends, others(1, -step)];
  return draft.append('STRIDED_SLICE', inputs, [{ ...input, shape }], { optionsType: 32, options: {} });
};

const picture = () => activation([1, 3, 4, 5]);
const pads = (...all: number[]) => ({ ...integers(...all), shape: [all.length / 2, 2] });
const places4 = (count: number) => [1, count, 4, 5];

export default {
  rows: {},
  fixtures: {
    'GATHER of rows': {
      file: single('GATHER', [picture(), integers(2, 0, 0, 1), activation(places4(4))], {
        optionsType: 23,
        options: { 0: int32(1) },
      }),
      kinds: ['resize'],
    },
    'GATHER of channels': {
      file: single('GATHER', [picture(), integers(4, 1), activation([1, 3, 4, 2])], {
        optionsType: 23,
        options: { 0: int32(-1) },
      }),
      kinds: ['copy', 'resize', 'copy'],
    },
    'TILE of rows and columns': {
      file: single('TILE', [picture(), integers(1, 2, 3, 1), activation([1, 6, 12, 5])]),
      kinds: ['resize'],
    },
    'BROADCAST_TO over rows': {
      file: single('BROADCAST_TO', [activation([1, 1, 4, 5]), integers(1, 3, 4, 5), picture()]),
      kinds: ['resize'],
    },
    'MIRROR_PAD, REFLECT': {
      file: single('MIRROR_PAD', [picture(), pads(0, 0, 1, 2, 3, 0, 0, 0), activation([1, 6, 7, 5])], {
        optionsType: 77,
        options: { 0: int8(0) },
      }),
      kinds: ['resize'],
    },
    'MIRROR_PAD, SYMMETRIC, of channels too': {
      file: single('MIRROR_PAD', [picture(), pads(0, 0, 3, 0, 0, 0, 0, 2), activation([1, 6, 4, 7])], {
        optionsType: 77,
        options: { 0: int8(1) },
      }),
      kinds: ['resize', 'copy', 'resize', 'copy'],
    },
    'REVERSE_V2 of columns': {
      file: single('REVERSE_V2', [picture(), integers(-2), picture()]),
      kinds: ['resize'],
    },
  },
  places: {
    GATHER: ['computed', 'constant'],
    TILE: ['computed', 'constant'],
    BROADCAST_TO: ['computed', 'unread'],
    MIRROR_PAD: ['computed', 'constant'],
    REVERSE_V2: ['computed', 'constant'],
  },
  steps: {
    gather: gatherStep,
    tile: tileStep,
    broadcastTo: broadcastStep,
    mirrorPad: mirrorStep,
    reverse: reverseStep,
    backwards: backwardsStep,
  },
  twins: { GATHER: gather, TILE: tile, BROADCAST_TO: broadcastTo, MIRROR_PAD: mirrorPad, REVERSE_V2: reverse },
} satisfies OperatorTests;
