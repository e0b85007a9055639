/** MINIMUM and MAXIMUM: their rows, fixtures, random models and twins. */
import { activation, number, several, single, values } from '../import/specs.ts';
import { binary, type Dice } from '../import/twin/dice.ts';
import { places, type Run, repeatedAt } from '../import/twin/values.ts';
import type { OperatorTests } from '../operatorTests.ts';
import { input, narrow, type Rows, zeroPoint } from '../rows.ts';

const rows = (kind: 'minimum' | 'maximum'): Rows => [
  32,
  (b, i) => {
    input(b, b.integer(1, 3), b.integer(1, 5), 1 + ((7 * i) % 40));
    const [height, width, channels] = b.tensors[0].shape;
    if (i % 8 > 0) b.tensor('second', i % 2 === 0 ? [height, width, channels] : [1, 1, channels]);
    const input2 = b.last;
    const output = b.tensor(kind, [height, width, channels]);
    b.operators.push({ kind, name: kind, input: 0, input2, output, activation: [-128, 127] });
    for (const tensor of b.tensors) tensor.zeroPoint = zeroPoint(b, tensor.zeroPoint);
    narrow(b);
  },
];

const chosen =
  (choose: (a: number, b: number) => number): Run =>
  ({ operands: [a, b], results: [output] }) => [
    [...places(output.shape)].map((place) => choose(repeatedAt(a, place), repeatedAt(b, place))),
  ];

const picture = () => activation([1, 2, 3, 5]);
const perChannel = { ...activation([5]), data: values(5) };
const anyScale = (dice: Dice) => dice.scale();

export default {
  rows: { minimum: rows('minimum'), maximum: rows('maximum') },
  fixtures: {
    'MINIMUM of two': { file: several('MINIMUM', [picture(), picture()], picture(), {}), kinds: ['minimum'] },
    'MAXIMUM of one value per channel, first': {
      file: several('MAXIMUM', [activation([1, 1, 1, 5]), picture()], picture(), {}),
      kinds: ['maximum'],
    },
    'MINIMUM of a constant per channel': {
      file: single('MINIMUM', [picture(), perChannel, picture()]),
      kinds: ['copy', 'fullyConnected', 'minimum'],
    },
    'MAXIMUM of a constant number': {
      file: single('MAXIMUM', [activation([1, 4, 4, 16]), number(-7, 0.05, 3), activation([1, 4, 4, 16])]),
      kinds: ['lookup'],
    },
  },
  places: { MINIMUM: ['either', 'either'], MAXIMUM: ['either', 'either'] },
  binarySteps: { minimum: binary('MINIMUM', null, anyScale), maximum: binary('MAXIMUM', null, anyScale) },
  twins: { MINIMUM: chosen(Math.min), MAXIMUM: chosen(Math.max) },
} satisfies OperatorTests;
