/** SPLIT_V, PACK and UNPACK, which become copies: fixtures, random models, twins. */
import { activation, integers, several, single, values } from '../import/specs.ts';
import { int32 } from '../import/tflite.ts';
import { integer, type Step, integers as sizesOf } from '../import/twin/dice.ts';
import { flatIndex, option, places, type Run } from '../import/twin/values.ts';
import type { OperatorTests } from '../operatorTests.ts';

const splitV: Run = ({ operands: [input, , axes], results }) => {
  const axis = (axes.values[0] + input.shape.length) % input.shape.length;
  return results.map(({ shape }, part) => {
    const before = results.slice(0, part).reduce((sum, other) => sum + other.shape[axis], 0);
    return [...places(shape)].map((place) => {
      const from = place.map((at, d) => (d === axis ? at + before : at));
      return input.values[flatIndex(from, input.shape)];
    });
  });
};

const unpack: Run = ({ operator, operands: [input], results }) => {
  const axis = (option(operator, 1) + input.shape.length) % input.shape.length;
  return results.map(({ shape }, part) =>
    [...places(shape)].map((place) => input.values[flatIndex(place.toSpliced(axis, 0, part), input.shape)]),
  );
};

const pack: Run = ({ operator, operands, results: [output] }) => {
  const axis = (option(operator, 1) + output.shape.length) % output.shape.length;
  return [
    [...places(output.shape)].map((place) => {
      const { values: own, shape } = operands[place[axis]];
      return own[flatIndex(place.toSpliced(axis, 1), shape)];
    }),
  ];
};

/** The last part goes on. */
const splitVStep: Step = (dice, draft, from) => {
  const input = draft.at(from);
  const rank = input.shape.length;
  const axis = dice.pick([...input.shape.keys()].filter((d) => d > 0 || rank < 4));
  const first = dice.whole(1, input.shape[axis]);
  const sizes = [first, input.shape[axis] - first].filter((count) => count > 0);
  const parts = sizes.map((count) => ({ ...input, shape: input.shape.with(axis, count) }));
  const said = dice.chance(0.5) ? sizes : sizes.with(-1, -1);
  const place = integer(dice.chance(0.5) ? axis : axis - rank);
  const rest = { optionsType: 79, options: { 0: int32(parts.length) } };
  return draft.append('SPLIT_V', [from, sizesOf(...said), place], parts, rest) + parts.length - 1;
};

const unpackStep: Step = (dice, draft, from) => {
  const input = draft.at(from);
  const rank = input.shape.length;
  if (rank < 2) return null;
  const axis = dice.pick([...input.shape.keys()].filter((d) => (d > 0 || rank < 4) && input.shape[d] < 9));
  if (axis === undefined) return null;
  const parts = dice.many(input.shape[axis], () => ({ ...input, shape: input.shape.toSpliced(axis, 1) }));
  const options = { 0: int32(parts.length), 1: int32(dice.chance(0.5) ? axis : axis - rank) };
  return draft.append('UNPACK', [from], parts, { optionsType: 64, options }) + parts.length - 1;
};

const packStep: Step = (dice, draft, from) => {
  const input = draft.at(from);
  const rank = input.shape.length;
  if (rank > 3 || (rank === 3 && input.shape[0] !== 1)) return null;
  const axis = dice.whole(rank === 3 ? 1 : 0, rank);
  const other = () => (dice.chance(0.5) ? from : { ...input, data: dice.values(input.shape.reduce((a, b) => a * b)) });
  const inputs = dice.shuffled([from, ...dice.many(dice.whole(0, 2), other)]);
  const options = { 0: int32(inputs.length), 1: int32(dice.chance(0.5) ? axis : axis - rank - 1) };
  const shape = input.shape.toSpliced(axis, 0, inputs.length);
  return draft.append('PACK', inputs, [{ ...input, shape }], { optionsType: 59, options });
};

const ofTwo = (axis: number) => ({ 0: int32(2), 1: int32(axis) });

export default {
  rows: {},
  fixtures: {
    'SPLIT_V along channels': {
      file: {
        tensors: [
          activation([1, 3, 2, 6]),
          integers(4, -1),
          { ...integers(-1), shape: [] },
          activation([1, 3, 2, 4]),
          activation([1, 3, 2, 2]),
        ],
        operators: [
          { opcode: 'SPLIT_V', inputs: [0, 1, 2], outputs: [3, 4], optionsType: 79, options: { 0: int32(2) } },
        ],
        inputs: [0],
        outputs: [4, 3],
      },
      kinds: ['copy', 'copy'],
    },
    'UNPACK of rows': {
      file: {
        tensors: [activation([1, 2, 3, 5]), activation([1, 3, 5]), activation([1, 3, 5])],
        operators: [{ opcode: 'UNPACK', inputs: [0], outputs: [1, 2], optionsType: 64, options: ofTwo(1) }],
        inputs: [0],
        outputs: [2, 1],
      },
      kinds: ['copy', 'copy'],
    },
    'PACK of two along channels': {
      file: several('PACK', [activation([1, 3, 5]), activation([1, 3, 5])], activation([1, 3, 5, 2]), {
        optionsType: 59,
        options: ofTwo(-1),
      }),
      kinds: ['copy', 'copy'],
    },
    'PACK with a constant': {
      file: single(
        'PACK',
        [{ ...activation([1, 3, 5]), data: values(15) }, activation([1, 3, 5]), activation([1, 2, 3, 5])],
        { optionsType: 59, options: ofTwo(1) },
      ),
      kinds: ['copy', 'fullyConnected', 'copy', 'copy'],
    },
  },
  places: { SPLIT_V: ['computed', 'unread', 'constant'], UNPACK: ['computed'], PACK: ['either', 'either'] },
  steps: { splitV: splitVStep, unpack: unpackStep, pack: packStep },
  twins: { SPLIT_V: splitV, UNPACK: unpack, PACK: pack },
} satisfies OperatorTests;
