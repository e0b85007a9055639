/** ADD and SIGNED_ADD: their rows, fixtures, random models and twins. */
import { activation, fused, number, several, single, values } from '../import/specs.ts';
import { int8 } from '../import/tflite.ts';
import { binary, type Dice } from '../import/twin/dice.ts';
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

const sumScale = (dice: Dice, first: number, second: number) => dice.near(Math.max(first, second), 1.5);

/** SUB: as ADD, but its quotients of scales are float32. */
const subtract: Run = ({ operator, operands: [a, b], results: [output] }) => {
  const common = Math.fround(2 * Math.max(a.scale, b.scale));
  const factors = [a, b].map(({ scale }) => fixed.factorOf(Math.fround(scale / common)));
  const out = fixed.factorOf(Math.fround(common / Math.fround(2 ** 20 * output.scale)));
  const activation = clampOf(option(operator, 0), output);
  return [
    [...places(output.shape)].map((place) => {
      const [x, y] = [a, b].map((operand, i) =>
        fixed.scaled((repeatedAt(operand, place) - operand.zeroPoint) * 2 ** 20, factors[i]),
      );
      return activation(fixed.scaled(x - y, out) + output.zeroPoint);
    }),
  ];
};

export default {
  rows: {
    signedAdd: [
      64,
      (b, i) => {
        input(b, b.integer(1, 3), b.integer(1, 5), 1 + ((7 * i) % 40));
        const [first] = b.tensors;
        const [height, width, channels] = first.shape;
        if (i % 8 > 0) b.tensor('second', i % 2 === 0 ? [height, width, channels] : [1, 1, channels]);
        const input2 = b.last;
        const output = b.tensor('sum', [height, width, channels]);
        const negated = (['none', 'first', 'second', 'both'] as const)[(i >> 1) % 4];
        b.operators.push({
          kind: 'signedAdd',
          name: 'sum',
          input: 0,
          input2,
          output,
          negated,
          activation: [-128, 127],
        });
        for (const tensor of b.tensors) {
          tensor.zeroPoint = zeroPoint(b, tensor.zeroPoint);
          tensor.scale = b.pick([tensor.scale, 0.05, 2 ** 8, 2 ** -8]);
        }
        narrow(b);
      },
    ],
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
    signedAdd: [
      ['a factor above 1 of an input', 1, 1],
      ['a factor above 1 of the output', 5, 1],
      ['a multiplier that is not normalised', 2, 5],
      ['a sign for a third input', 6, 4],
      ['a negative number of signs', 6, -1],
    ],
    add: [
      ['a factor above 1 of an input', 1, 1],
      ['a factor above 1 of the output', 5, 1],
      ['a multiplier that is not normalised', 0, 5],
    ],
  },
  fixtures: {
    'ADD of a computed value per channel, first': {
      file: several(
        'ADD',
        [activation([1, 1, 1, 5], 0.03, -9), activation([1, 2, 3, 5])],
        activation([1, 2, 3, 5]),
        fused(11),
      ),
      kinds: ['signedAdd'],
    },
    'SUB of two': {
      file: several(
        'SUB',
        [activation([1, 2, 3, 5]), activation([1, 2, 3, 5], 0.03, -9)],
        activation([1, 2, 3, 5]),
        fused(28, 1),
      ),
      kinds: ['signedAdd'],
    },
    'SUB from one value per channel': {
      file: several('SUB', [activation([5], 0.03, -9), activation([1, 2, 3, 5])], activation([1, 2, 3, 5]), fused(28)),
      kinds: ['signedAdd'],
    },
    'SUB of a constant per channel': {
      file: single(
        'SUB',
        [activation([1, 2, 3, 5]), { ...number(0), shape: [5], data: values(5) }, activation([1, 2, 3, 5], 0.06, 1)],
        fused(28),
      ),
      kinds: ['copy', 'fullyConnected', 'signedAdd'],
    },
    'SUB from a constant number': {
      file: single('SUB', [number(-77), activation([1, 4, 4, 16]), activation([1, 4, 4, 16], 0.1)], fused(28)),
      kinds: ['lookup'],
    },
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
      kinds: ['copy', 'fullyConnected', 'signedAdd'],
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
  places: { ADD: ['either', 'either'], SUB: ['either', 'either'] },
  binarySteps: { add: binary('ADD', 11, sumScale), subtract: binary('SUB', 28, sumScale) },
  twins: { ADD: add, SUB: subtract },
} satisfies OperatorTests;
