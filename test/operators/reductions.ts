/** Reductions of every kind, and which channel is the largest or smallest: fixtures, models, twins. */
import { activation, integers, single } from '../import/specs.ts';
import { int8 } from '../import/tflite.ts';
import { integers as axesOf, integer, type Step } from '../import/twin/dice.ts';
import * as fixed from '../import/twin/fixed.ts';
import { flatIndex, places, type Run, int8 as saturated, size, type Values } from '../import/twin/values.ts';
import type { OperatorTests } from '../operatorTests.ts';

/** What is reduced to each value of the output. */
function groupsOf(from: Values, axes: Values): number[][] {
  const rank = from.shape.length;
  const over = new Set(axes.values.map((axis) => (axis + rank) % rank));
  const left = from.shape.map((count, d) => (over.has(d) ? 1 : count));
  const groups = Array.from({ length: size(left) }, (): number[] => []);
  for (const place of places(from.shape)) {
    const group = place.map((at, d) => (over.has(d) ? 0 : at));
    groups[flatIndex(group, left)].push(from.values[flatIndex(place, from.shape)]);
  }
  return groups;
}

const reduce =
  (choose: (...values: number[]) => number): Run =>
  ({ operands: [from, axes] }) => [groupsOf(from, axes).map((values) => choose(...values))];

/** Over any dimensions, but the batch of a picture; `rescaled`: to numbers of its own. */
const step =
  (opcode: string, rescaled: boolean): Step =>
  (dice, draft, from) => {
    const input = draft.at(from);
    const rank = input.shape.length;
    const axes = [...input.shape.keys()].filter((d) => (rank < 4 || d > 0) && dice.chance(0.5));
    if (axes.length === 0) return null;
    const keep = dice.chance(0.5);
    const kept = input.shape.map((count, d) => (axes.includes(d) ? 1 : count));
    const shape = keep ? kept : input.shape.filter((_, d) => !axes.includes(d));
    if (shape.length === 0) return null;
    const output = rescaled ? dice.activation(shape, dice.near(input.scale, 1)) : { ...input, shape };
    const signed = dice.shuffled(axes).map((axis) => (dice.chance(0.5) ? axis : axis - rank));
    const options = { 0: int8(keep ? 1 : 0) };
    return draft.append(opcode, [from, axesOf(...signed)], [output], { optionsType: 27, options });
  };

const over = (opcode: string, axes: number[], shape: number[], kinds: string[]) => ({
  file: single(opcode, [activation([1, 4, 3, 5]), integers(...axes), activation(shape)], { optionsType: 27 }),
  kinds,
});

/** The sum of differences from the zero point, rescaled once. */
const sum: Run = ({ operands: [from, axes], results: [output] }) => {
  const factor = fixed.factorOf(from.scale / output.scale);
  return [
    groupsOf(from, axes).map((values) => {
      const total = values.reduce((a, b) => a + b - from.zeroPoint, 0);
      return saturated(fixed.scaled(total, factor) + output.zeroPoint);
    }),
  ];
};

/** The first of the largest, or smallest, of the last dimension. */
const place =
  (isBetter: (a: number, b: number) => boolean): Run =>
  ({ operands: [from] }) => {
    const depth = from.shape.at(-1)!;
    return [
      Array.from({ length: size(from.shape) / depth }, (_, row) => {
        const all = from.values.slice(row * depth, (row + 1) * depth);
        return all.reduce((best, value, c) => (isBetter(value, all[best]) ? c : best), 0);
      }),
    ];
  };

const indexStep =
  (opcode: string): Step =>
  (dice, draft, from) => {
    const input = draft.at(from);
    const axis = dice.chance(0.5) ? -1 : input.shape.length - 1;
    const type = dice.pick(['INT32', 'INT64']);
    const output = { shape: input.shape.slice(0, -1), type };
    return draft.append(opcode, [from, integer(axis)], [output]);
  };

export default {
  rows: {},
  fixtures: {
    'MEAN over channels': over('MEAN', [3], [1, 4, 3], ['copy', 'mean', 'copy']),
    'MEAN over height': over('MEAN', [-3], [1, 3, 5], ['copy', 'mean', 'copy']),
    'MEAN over width and channels': over('MEAN', [3, 2], [1, 4, 1, 1], ['copy', 'mean', 'copy']),
    'REDUCE_MAX over height and width': over('REDUCE_MAX', [1, 2], [1, 5], ['maxPool']),
    'REDUCE_MAX over width': over('REDUCE_MAX', [2], [1, 4, 5], ['copy', 'maxPool', 'copy']),
    'SUM over height and width': {
      file: single('SUM', [activation([1, 4, 3, 5]), integers(1, 2), activation([1, 5], 0.3)], { optionsType: 27 }),
      kinds: ['depthwise'],
    },
    'SUM over channels': {
      file: single('SUM', [activation([1, 4, 3, 5]), integers(3), activation([1, 4, 3], 0.1)], { optionsType: 27 }),
      kinds: ['copy', 'depthwise', 'copy'],
    },
    'ARG_MAX of vectors': {
      file: single('ARG_MAX', [activation([5, 9]), { ...integers(-1), shape: [] }, { shape: [5], type: 'INT64' }]),
      kinds: ['argmax', 'copy'],
    },
    'ARG_MIN at every position': {
      file: single('ARG_MIN', [activation([1, 4, 3, 5]), integers(3), { shape: [1, 4, 3], type: 'INT32' }]),
      kinds: ['lookup', 'argmax', 'copy'],
    },
    'REDUCE_MIN over height and width': over('REDUCE_MIN', [1, 2], [1, 5], ['lookup', 'maxPool', 'lookup']),
  },
  places: {
    REDUCE_MAX: ['computed', 'constant'],
    REDUCE_MIN: ['computed', 'constant'],
    SUM: ['computed', 'constant'],
    ARG_MAX: ['computed', 'constant'],
    ARG_MIN: ['computed', 'constant'],
  },
  steps: {
    meanOverAny: step('MEAN', true),
    reduceMax: step('REDUCE_MAX', false),
    reduceMin: step('REDUCE_MIN', false),
    sum: step('SUM', true),
  },
  ends: { argMax: indexStep('ARG_MAX'), argMin: indexStep('ARG_MIN') },
  twins: {
    REDUCE_MAX: reduce(Math.max),
    REDUCE_MIN: reduce(Math.min),
    SUM: sum,
    ARG_MAX: place((a, b) => a > b),
    ARG_MIN: place((a, b) => a < b),
  },
} satisfies OperatorTests;
