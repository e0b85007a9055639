/** REDUCE_MAX and REDUCE_MIN, and MEAN over other dimensions than height and width: fixtures, models, twins. */
import { activation, integers, single } from '../import/specs.ts';
import { int8 } from '../import/tflite.ts';
import { integers as axesOf, type Step } from '../import/twin/dice.ts';
import { flatIndex, places, type Run, size } from '../import/twin/values.ts';
import type { OperatorTests } from '../operatorTests.ts';

const reduce =
  (choose: (...values: number[]) => number): Run =>
  ({ operands: [from, axes] }) => {
    const rank = from.shape.length;
    const over = new Set(axes.values.map((axis) => (axis + rank) % rank));
    const left = from.shape.map((count, d) => (over.has(d) ? 1 : count));
    const groups = Array.from({ length: size(left) }, (): number[] => []);
    for (const place of places(from.shape)) {
      const group = place.map((at, d) => (over.has(d) ? 0 : at));
      groups[flatIndex(group, left)].push(from.values[flatIndex(place, from.shape)]);
    }
    return [groups.map((values) => choose(...values))];
  };

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

export default {
  rows: {},
  fixtures: {
    'MEAN over channels': over('MEAN', [3], [1, 4, 3], ['copy', 'mean', 'copy']),
    'MEAN over height': over('MEAN', [-3], [1, 3, 5], ['copy', 'mean', 'copy']),
    'MEAN over width and channels': over('MEAN', [3, 2], [1, 4, 1, 1], ['copy', 'mean', 'copy']),
    'REDUCE_MAX over height and width': over('REDUCE_MAX', [1, 2], [1, 5], ['maxPool']),
    'REDUCE_MAX over width': over('REDUCE_MAX', [2], [1, 4, 5], ['copy', 'maxPool', 'copy']),
    'REDUCE_MIN over height and width': over('REDUCE_MIN', [1, 2], [1, 5], ['lookup', 'maxPool', 'lookup']),
  },
  places: { REDUCE_MAX: ['computed', 'constant'], REDUCE_MIN: ['computed', 'constant'] },
  steps: {
    meanOverAny: step('MEAN', true),
    reduceMax: step('REDUCE_MAX', false),
    reduceMin: step('REDUCE_MIN', false),
  },
  twins: { REDUCE_MAX: reduce(Math.max), REDUCE_MIN: reduce(Math.min) },
} satisfies OperatorTests;
