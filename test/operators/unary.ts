/** ABS, RSQRT, ELU and EXP, which become tables: fixtures, random models, twins. */
import { activation, oneValue } from '../import/specs.ts';
import { type Dice, f, type Step } from '../import/twin/dice.ts';
import * as fixed from '../import/twin/fixed.ts';
import { int8, type Run } from '../import/twin/values.ts';
import type { OperatorTests } from '../operatorTests.ts';

const each =
  (of: (value: number, input: fixed.Scale, output: fixed.Scale) => number): Run =>
  ({ operands: [input], results: [output] }) => [
    input.values.map((q) => int8(of(q - input.zeroPoint, input, output) + output.zeroPoint)),
  ];

const abs = each((value, input, output) => {
  const size = Math.abs(value);
  return input.scale === output.scale ? size : fixed.scaled(size, fixed.factorOf(f(input.scale / output.scale)));
});

/** Twenty bits of the root, then the scales; 127 where there is none. */
const rsqrt = each((value, input, output) => {
  if (value <= 0) return 127 - output.zeroPoint;
  const root = fixed.inverseRoot(BigInt(value));
  const factor = fixed.factorOf(1 / f(f(Math.sqrt(input.scale)) * output.scale));
  const bits = fixed.scaled(1, { m: root.m, shift: root.shift + 20 });
  return fixed.scaled(bits, { m: factor.m, shift: factor.shift - 20 });
});

const ofReals = (of: (x: number) => number) =>
  each((value, input, output) => {
    const real = f(of(f(input.scale * value)));
    const scaled = f(real * f(1 / output.scale));
    return Math.sign(scaled) * Math.floor(Math.abs(scaled) + 0.5);
  });

const step =
  (opcode: string, most: number): Step =>
  (dice: Dice, draft, from) => {
    const input = draft.at(from);
    if (input.scale > most) return null;
    return draft.append(opcode, [from], [dice.activation([...input.shape], dice.near(input.scale))]);
  };

export default {
  rows: {},
  fixtures: {
    'ABS to another scale': oneValue('ABS', activation([1, 4, 4, 16], 0.03, -128)),
    'ABS of one scale': oneValue('ABS', activation([1, 4, 4, 16], 0.05, -100)),
    RSQRT: oneValue('RSQRT', activation([1, 4, 4, 16], 0.02, -128)),
    ELU: oneValue('ELU', activation([1, 4, 4, 16], 0.03, -90)),
    EXP: oneValue('EXP', activation([1, 4, 4, 16], 0.5, -128)),
  },
  places: { ABS: ['computed'], RSQRT: ['computed'], ELU: ['computed'], EXP: ['computed'] },
  steps: { abs: step('ABS', 1), rsqrt: step('RSQRT', 1), elu: step('ELU', 1), exp: step('EXP', 0.25) },
  twins: { ABS: abs, RSQRT: rsqrt, ELU: ofReals((x) => (x < 0 ? f(Math.exp(x)) - 1 : x)), EXP: ofReals(Math.exp) },
} satisfies OperatorTests;
