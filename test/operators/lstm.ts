/** LSTM: its rows, parameters that are wrong, files, random ones, and a twin. */
import { activation, bias, single, weights } from '../import/specs.ts';
import { float32, int8, type TensorSpec } from '../import/tflite.ts';
import { type Dice, f, type Step } from '../import/twin/dice.ts';
import { factorOf, scaled } from '../import/twin/fixed.ts';
import { clamp, option, type Run, int8 as saturated } from '../import/twin/values.ts';
import type { May, OperatorTests } from '../operatorTests.ts';
import { EXTREME_FACTORS, input, type Rows, zeroPoint } from '../rows.ts';

const rows: Rows = [
  48,
  (b, i) => {
    const [positions, depth, units] = [b.integer(1, 5), 1 + ((3 * i) % 17), 1 + (i % 9)];
    input(b, 1, positions, depth);
    const input2 = b.tensor('state', [1, 3 * units, 1]);
    const output = b.tensor('lstm', [1, positions, units]);
    for (const tensor of b.tensors) tensor.zeroPoint = zeroPoint(b, tensor.zeroPoint);
    const factor = () => (b.integer(0, 5) === 0 ? b.pick(EXTREME_FACTORS) : b.integer(1, 60) / 40);
    const gate = () => ({
      weights: b.levels('int8', units * depth),
      bias: Int32Array.from({ length: units }, () => b.pick([0, b.integer(-9999, 9999), 2 ** 31 - 1])),
      factor: factor(),
      recurrentWeights: b.levels('int8', units * units),
      recurrentFactor: factor(),
    });
    b.operators.push({
      kind: 'lstm',
      name: 'lstm',
      input: 0,
      input2,
      output,
      gates: [gate(), gate(), gate(), gate()],
      forgetFactor: b.pick([2 ** -15, 2 ** -15, ...EXTREME_FACTORS]),
      candidateFactor: b.pick([2 ** -18, 2 ** -19, ...EXTREME_FACTORS]),
      hiddenFactor: b.pick([2 ** -23, 2 ** -23, ...EXTREME_FACTORS]),
      cellExponent: b.pick([-12, -11, -15, 0, -27]),
      clip: b.pick([0, 0, 20000, 1, 32767]),
    });
  },
];

const TIME = 28;
const lstmOptions = (clip = 0) => ({ optionsType: 71, options: { 0: int8(4), 1: float32(clip) } });
const variable = (count: number, type: string, scale: number, zero: number): TensorSpec => ({
  ...activation([1, count], scale, zero),
  type,
  variable: true,
});

/** Of a file, in its order; -1 where there is nothing. */
function operands(made: {
  weights: (rows: number, columns: number) => TensorSpec;
  bias: () => TensorSpec;
  units: number;
  depth: number;
  output: { scale: number; zeroPoint: number };
  cellScale: number;
}): (TensorSpec | number)[] {
  const { weights: matrix, bias: biases, units, depth, output, cellScale } = made;
  const four = <T>(make: () => T) => Array.from({ length: 4 }, make);
  return [
    ...four(() => matrix(units, depth)),
    ...four(() => matrix(units, units)),
    ...[-1, -1, -1],
    ...four(biases),
    ...[-1, -1],
    variable(units, 'INT8', output.scale, output.zeroPoint),
    variable(units, 'INT16', cellScale, 0),
    ...[-1, -1, -1, -1],
  ];
}

function fixture(positions: number, depth: number, units: number) {
  const output = { ...activation([1, positions, units], 1 / 128, -3), scale: 1 / 128, zeroPoint: -3 };
  const list = operands({
    weights: (rows, columns) => weights([rows, columns], 0, 0.02),
    bias: () => bias(units),
    units,
    depth,
    output,
    cellScale: 2 ** -11,
  });
  const given = list.filter((each) => typeof each !== 'number') as TensorSpec[];
  let next = 0;
  const inputs = [0, ...list.map((each) => (typeof each === 'number' ? -1 : ++next))];
  return single('UNIDIRECTIONAL_SEQUENCE_LSTM', [activation([1, positions, depth]), ...given, output], {
    ...lstmOptions(),
    inputs,
  });
}

const step: Step = (dice: Dice, draft, from) => {
  const own = draft.at(from);
  if (own.shape.length !== 3 || own.shape[0] !== 1 || own.shape[1] > TIME) return null;
  const [, positions, depth] = own.shape;
  const units = dice.whole(1, 8);
  const output = dice.activation([1, positions, units], dice.pick([f(1 / 128), f(0.0078), f(dice.real(0.004, 0.02))]));
  const list = operands({
    weights: (rows, columns) => ({
      shape: [rows, columns],
      scale: f(dice.real(0.2, 3) / 127 / (columns === depth ? own.scale * 40 : 1)),
      data: dice.values(rows * columns),
    }),
    bias: () => dice.bias(units),
    units,
    depth,
    output,
    cellScale: 2 ** dice.pick([-11, -12, -10, -15, -5]),
  });
  const options = lstmOptions(dice.pick([0, 0, 0, 2.5]));
  return draft.append('UNIDIRECTIONAL_SEQUENCE_LSTM', [from, ...list], [output], options);
};

/** Of the table that both functions share, whose entry 255 stands for infinity: 2^16 / (1 + e^-x), x a 24th each. */
const curve = (i: number) => 65536 / (1 + Math.exp(-i / 24));
const entry = (i: number) =>
  i > 254 ? 65535n : BigInt(Math.round(curve(i) + (curve(i) - (curve(i - 1) + curve(i + 1)) / 2) / 8));

/** Three times Q3.12 in Q0.15, of the half of the table's scale that `bits` say: 9 sigmoid, 8 tanh. */
function activate(thrice: number, bits: 8 | 9): number {
  const [place, part] = [Math.abs(thrice) >> bits, BigInt(Math.abs(thrice) % 2 ** bits)];
  const line = (entry(place) << BigInt(bits)) + part * (entry(place + 1) - entry(place));
  if (bits === 9) {
    const value = place >= 255 ? 0x7fffn << 10n : line;
    return Number((thrice >= 0 ? value + 512n : (1n << 25n) - value + 511n) >> 10n);
  }
  const value = (place >= 255 ? 0xffffn << 8n : line) - (1n << 23n);
  return Number((thrice >= 0 ? value + 128n : -value + 127n) >> 8n);
}

const run: Run = ({ operator, operands: list, results: [output] }) => {
  const [input] = list;
  const [last, cells] = [list[18], list[19]];
  const [, positions, depth] = input.shape;
  const units = output.shape[2];
  const short = (x: number) => clamp(x, -32768, 32767);
  const exponent = Math.log2(cells.scale);
  const limit = Math.trunc(Math.min(option(operator, 1) / cells.scale, 32767));
  const [forgetting, entering] = [factorOf(2 ** -15), factorOf(2 ** -30 / cells.scale)];
  const hidden = factorOf(2 ** -30 / last.scale);
  const all: number[] = [];
  for (let t = 0; t < positions; t++) {
    const now = input.values.slice(t * depth, (t + 1) * depth);
    const before = [...last.values];
    const sumOf = (values: number[], zero: number, matrix: number[], u: number, start: number) => {
      const total = values.reduce(
        (sum, value, k) => sum + BigInt(matrix[u * values.length + k]) * BigInt(value - zero),
        BigInt(start),
      );
      return Number(BigInt.asIntN(32, total));
    };
    const gate = (g: number, u: number) => {
      const [fresh, recurrent, biases] = [list[1 + g], list[5 + g], list[12 + g]];
      const first = sumOf(now, input.zeroPoint, fresh.values, u, biases.values[u]);
      const second = sumOf(before, last.zeroPoint, recurrent.values, u, 0);
      const factor = (own: number, weight: number) => factorOf(f(own * weight) / 2 ** -12);
      return short(
        short(scaled(first, factor(input.scale, fresh.scale))) +
          short(scaled(second, factor(last.scale, recurrent.scale))),
      );
    };
    for (let u = 0; u < units; u++) {
      const [enter, forget, candidate, open] = [0, 1, 2, 3].map((g) => activate(3 * gate(g, u), g === 2 ? 8 : 9));
      const kept = short(scaled(forget * cells.values[u], forgetting));
      const sum = short(kept + short(scaled(enter * candidate, entering)));
      cells.values[u] = limit > 0 ? clamp(sum, -limit, limit) : sum;
      const scale = 12 + exponent;
      const thrice =
        scale >= 0 ? cells.values[u] * 3 * 2 ** scale : (cells.values[u] * 3 + 2 ** (-scale - 1)) >> -scale;
      last.values[u] = saturated(scaled(activate(thrice, 8) * open, hidden) + last.zeroPoint);
    }
    all.push(...last.values);
  }
  return [all];
};

export default {
  rows: { lstm: rows },
  wrong: {
    lstm: [
      ['a multiplier below 2^30', 0, 1],
      ['a shift of 31', 21, 31],
      ['a multiplier of a cell of 2^16', 22, 0x10000],
      ['a shift of a cell of 16', 23, 16],
      ['a clip of 2^15', 24, 0x8000],
    ],
  },
  fixtures: {
    'UNIDIRECTIONAL_SEQUENCE_LSTM with cells of INT16': { file: fixture(4, 5, 3), kinds: ['lstm'] },
  },
  places: {
    UNIDIRECTIONAL_SEQUENCE_LSTM: [
      'computed',
      ...Array<May>(8).fill('constant'), // weights
      ...Array<May>(3).fill('unread'),
      ...Array<May>(4).fill('constant'), // biases
      ...Array<May>(8).fill('unread'), // states, and what is left out
    ],
  },
  steps: { lstm: step },
  twins: { UNIDIRECTIONAL_SEQUENCE_LSTM: run },
} satisfies OperatorTests;
