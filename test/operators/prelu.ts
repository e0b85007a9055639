/** PRELU, which becomes tables, a product and a maximum: fixtures, random models, twin. */
import { activation, number, several, single, values } from '../import/specs.ts';
import { type Step, size } from '../import/twin/dice.ts';
import * as fixed from '../import/twin/fixed.ts';
import { int8, places, type Run, repeatedAt } from '../import/twin/values.ts';
import type { OperatorTests } from '../operatorTests.ts';

const prelu: Run = ({ operands: [a, slope], results: [output] }) => {
  const identity = fixed.factorOf(a.scale / output.scale);
  const leak = fixed.factorOf((a.scale * slope.scale) / output.scale);
  return [
    [...places(output.shape)].map((place) => {
      const value = repeatedAt(a, place) - a.zeroPoint;
      const scaled =
        value >= 0
          ? fixed.scaled(value, identity)
          : fixed.scaled(value * (repeatedAt(slope, place) - slope.zeroPoint), leak);
      return int8(scaled + output.zeroPoint);
    }),
  ];
};

/** With a constant slope of any shape that can be repeated, or one that is computed. */
const step: Step = (dice, draft, from) => {
  const input = draft.at(from);
  const shape = dice.pick([[], [1], dice.repeatable(input.shape), [input.shape.at(-1)!]]);
  const slope = { ...dice.activation(shape, dice.scale(-9, -5)), data: dice.values(size(shape)) };
  const output = dice.activation([...input.shape], dice.near(input.scale, 1));
  return draft.append('PRELU', [from, dice.chance(0.1) ? from : slope], [output]);
};

const picture = () => activation([1, 2, 3, 5]);

export default {
  rows: {},
  fixtures: {
    'PRELU of a slope per channel': {
      file: single('PRELU', [picture(), { ...activation([1, 1, 5], 0.01, -20), data: values(5) }, picture()]),
      kinds: ['copy', 'fullyConnected', 'lookup', 'lookup', 'multiply', 'maximum'],
    },
    'PRELU of one slope': {
      file: single('PRELU', [activation([1, 4, 4, 16]), number(90, 0.003, -7), activation([1, 4, 4, 16], 0.04, -9)]),
      kinds: ['lookup'],
    },
    'PRELU of a computed slope': {
      file: several('PRELU', [picture(), activation([1, 2, 3, 5], 0.01, 4)], activation([1, 2, 3, 5], 0.06, 50), {}),
      kinds: ['lookup', 'lookup', 'multiply', 'maximum'],
    },
  },
  places: { PRELU: ['computed', 'either'] },
  steps: { prelu: step },
  twins: { PRELU: prelu },
} satisfies OperatorTests;
