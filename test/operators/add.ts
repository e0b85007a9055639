/** ADD: its rows, fixtures, random models and twin. */
import { activation, fused, number, several, single, values } from '../import/specs.ts';
import { int8 } from '../import/tflite.ts';
import { binary } from '../import/twin/dice.ts';
import * as fixed from '../import/twin/fixed.ts';
import { fused as clampOf, option, places, type Run, repeatedAt } from '../import/twin/values.ts';
import type { OperatorTests } from '../operatorTests.ts';
import { input, narrow, zeroPoint } from '../rows.ts';

const add: Run = ({ operator, operands: [a, b], results: [output] }) => {
  const common = 2 * Math.max(a.scale, b.scale);
  const factors = [a, b].map(({ scale }) => fixed.factorOf(scale / common));
  const out = fixed.factorOf(common / (2 ** 20 * output.scale));
  const activation = clampOf(option(operator, 0), output);
  return [
    [...places(output.shape)].map((place) => {
      const [x, y] = [a, b].map((operand, i) =>
        fixed.scaled((repeatedAt(operand, place) - operand.zeroPoint) * 2 ** 20, factors[i]),
      );
      return activation(fixed.scaled(x + y, out) + output.zeroPoint);
    }),
  ];
};

export default {
  rows: {
    add: [
      40,
      (b, i) => {
        input(b, b.integer(1, 3), b.integer(1, 5), b.integer(1, 40));
        if (i % 8 > 0) b.tensor('second', [...b.tensors[0].shape]);
        b.add(0);
        for (const tensor of b.tensors) {
          tensor.zeroPoint = zeroPoint(b, tensor.zeroPoint);
          tensor.scale = b.pick([tensor.scale, 0.05, 2 ** 8, 2 ** -8]);
        }
        narrow(b);
      },
    ],
  },
  wrong: {
    add: [
      ['a factor above 1 of an input', 1, 1],
      ['a factor above 1 of the output', 5, 1],
      ['a multiplier that is not normalised', 0, 5],
    ],
  },
  fixtures: {
    ADD: {
      file: {
        ...single(
          'ADD',
          [activation([1, 2, 3, 2]), activation([1, 2, 3, 2], 0.03, -7), activation([1, 2, 3, 2], 0.07, 1)],
          { optionsType: 11, options: { 0: int8(1) } },
        ),
        inputs: [0, 1],
      },
      kinds: ['add'],
    },
    'ADD of a constant number': {
      file: single('ADD', [activation([1, 4, 4, 16]), number(90), activation([1, 4, 4, 16], 0.06, 1)], fused(11, 1)),
      kinds: ['lookup'],
    },
    'ADD of a constant per channel': {
      file: single(
        'ADD',
        [activation([1, 2, 3, 5]), { ...number(0), shape: [5], data: values(5) }, activation([1, 2, 3, 5], 0.06, 1)],
        fused(11, 2),
      ),
      kinds: ['copy', 'fullyConnected', 'copy', 'add'],
    },
    'ADD that repeats both': {
      file: several(
        'ADD',
        [activation([1, 3, 1, 4]), activation([1, 2, 1], 0.03)],
        activation([1, 3, 2, 4]),
        fused(11),
      ),
      kinds: ['copy', 'copy', 'add'],
    },
  },
  places: { ADD: ['either', 'either'] },
  binarySteps: { add: binary('ADD', 11, (dice, first, second) => dice.near(Math.max(first, second), 1.5)) },
  twins: { ADD: add },
} satisfies OperatorTests;
