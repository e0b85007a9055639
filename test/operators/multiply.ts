/** MULTIPLY: its rows, fixtures, random models and twin. */
import { activation, fused, number, several, single, values } from '../import/specs.ts';
import { binary } from '../import/twin/dice.ts';
import * as fixed from '../import/twin/fixed.ts';
import { fused as clampOf, option, places, type Run, repeatedAt } from '../import/twin/values.ts';
import type { OperatorTests } from '../operatorTests.ts';
import { EXTREME_FACTORS, input, narrow, zeroPoint } from '../rows.ts';

const multiply: Run = ({ operator, operands: [a, b], results: [output] }) => {
  const factor = fixed.factorOf((a.scale * b.scale) / output.scale);
  const activation = clampOf(option(operator, 0), output);
  return [
    [...places(output.shape)].map((place) => {
      const product = (repeatedAt(a, place) - a.zeroPoint) * (repeatedAt(b, place) - b.zeroPoint);
      return activation(fixed.scaled(product, factor) + output.zeroPoint);
    }),
  ];
};

export default {
  rows: {
    multiply: [
      48,
      (b, i) => {
        input(b, b.integer(1, 3), b.integer(1, 5), 1 + ((7 * i) % 40));
        const [height, width, channels] = b.tensors[0].shape;
        if (i % 8 > 0) b.tensor('second', i % 2 === 0 ? [height, width, channels] : [1, 1, channels]);
        b.multiply(b.last, 0);
        for (const tensor of b.tensors) tensor.zeroPoint = zeroPoint(b, tensor.zeroPoint);
        const [first, second, output] = [b.tensors[0], b.tensors.at(-2)!, b.tensors.at(-1)!];
        // from the largest factor that open lets through to 0
        const factor = b.pick([null, null, null, ...EXTREME_FACTORS.filter((real) => real < 2 ** 14), 2 ** 14 - 1]);
        if (factor !== null) output.scale = (first.scale * second.scale) / factor;
        narrow(b);
      },
    ],
  },
  wrong: {
    multiply: [
      ['a shift of one more than leaves a product whole', 1, 15],
      ['a multiplier that is not normalised', 0, 5],
    ],
  },
  fixtures: {
    'MUL of two': {
      file: several(
        'MUL',
        [activation([1, 2, 3, 5]), activation([1, 2, 3, 5], 0.03, -9)],
        activation([1, 2, 3, 5], 0.1),
        fused(21),
      ),
      kinds: ['multiply'],
    },
    'MUL by one value per channel, first': {
      file: several(
        'MUL',
        [activation([1, 1, 1, 5], 0.03, -9), activation([1, 2, 3, 5])],
        activation([1, 2, 3, 5], 0.1),
        fused(21, 3),
      ),
      kinds: ['multiply'],
    },
    'MUL by a constant number': {
      file: single('MUL', [number(-77), activation([1, 4, 4, 16]), activation([1, 4, 4, 16], 0.1)], fused(21)),
      kinds: ['lookup'],
    },
    'MUL by a constant per channel, first': {
      file: single(
        'MUL',
        [{ ...number(0), shape: [1, 1, 5], data: values(5) }, activation([1, 2, 3, 5]), activation([1, 2, 3, 5], 0.1)],
        fused(21, 1),
      ),
      kinds: ['copy', 'fullyConnected', 'multiply'],
    },
  },
  places: { MUL: ['either', 'either'] },
  binarySteps: {
    multiply: binary('MUL', 21, (dice, first, second) => dice.power(Math.log2(first * second) + dice.real(0, 7))),
  },
  twins: { MUL: multiply },
} satisfies OperatorTests;
