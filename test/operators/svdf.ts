/** SVDF: its rows, parameters that are wrong, files of both kinds of state, random ones, and a twin. */
import { activation, bias, single, values, weights } from '../import/specs.ts';
import { int8, int32, type TensorSpec } from '../import/tflite.ts';
import { type Dice, f, type Step, size } from '../import/twin/dice.ts';
import { factorOf, scaled } from '../import/twin/fixed.ts';
import { clamp, type Run, int8 as saturated } from '../import/twin/values.ts';
import type { OperatorTests } from '../operatorTests.ts';
import { EXTREME_FACTORS, input, type Rows, zeroPoint } from '../rows.ts';

const rows: Rows = [
  48,
  (b, i) => {
    const [units, rank, memory, wide] = [1 + (i % 7), 1 + (i % 3), b.pick([1, 2, 8, b.integer(1, 30)]), i % 2 === 1];
    input(b, b.integer(1, 2), 1, 1 + ((5 * i) % 23));
    const depth = b.tensors[0].shape[0] * b.tensors[0].shape[2];
    const filters = units * rank;
    const input2 = b.tensor('state', [1, (filters * memory) << Number(wide), 1]);
    const output = b.tensor('svdf', [1, 1, units]);
    for (const tensor of b.tensors) tensor.zeroPoint = zeroPoint(b, tensor.zeroPoint);
    const short = () => b.pick([-32768, 32767, b.integer(-999, 999)]);
    b.operators.push({
      kind: 'svdf',
      name: 'svdf',
      input: 0,
      input2,
      output,
      rank,
      memory,
      zeroPoint: wide ? 0 : b.pick([-128, 127, 0, b.integer(-128, 127)]),
      stateFactor: b.pick([0.01, 0.003, ...EXTREME_FACTORS]),
      outputFactor: b.pick([0.01, 0.0001, 0.003, ...EXTREME_FACTORS]),
      biases: Int32Array.from({ length: units }, () => b.pick([0, b.integer(-9999, 9999), 2 ** 31 - 1, -(2 ** 31)])),
      timeWeights: wide ? Int16Array.from({ length: filters * memory }, short) : b.levels('int8', filters * memory),
      frameWeights: b.levels('int8', filters * depth),
    });
  },
];

const svdf = (rank: number) => ({ optionsType: 6, options: { 0: int32(rank), 1: int8(0) } });
const state = (count: number, type: string, scale: number, zero: number): TensorSpec => ({
  ...activation([1, count], scale, zero),
  type,
  variable: true,
});
const matrix = (type: string, rows: number, columns: number): TensorSpec => ({
  ...weights([rows, columns], 0, 0.01),
  type,
  data: values(rows * columns).map((value) => value * (type === 'INT16' ? 99 : 1)),
});

/** Tensors of a file's SVDF; the input is not among them. */
const parts = (dice: Dice, from: { scale: number }, depth: number) => {
  const [units, rank, memory] = [dice.whole(1, 6), dice.whole(1, 3), dice.whole(1, 8)];
  const type = dice.pick(['INT8', 'INT16']);
  const filters = units * rank;
  const short = () => dice.pick([-32768, 32767, dice.whole(-2000, 2000), dice.whole(-2000, 2000)]);
  const frame = { shape: [filters, depth], scale: dice.scale(-10, -4), data: dice.values(filters * depth) };
  const data = type === 'INT16' ? dice.many(filters * memory, short) : dice.values(filters * memory);
  const time = { shape: [filters, memory], type, scale: dice.power(type === 'INT16' ? -14 : -6), data };
  const steps = type === 'INT16' ? 1 / 256 : 1;
  const stateScale = f(from.scale * frame.scale * Math.sqrt(depth) * 60 * steps);
  const kept = state(filters * memory, type, stateScale, type === 'INT16' ? 0 : dice.zeroPoint());
  const spread = Math.sqrt(rank * memory) * 40 * (type === 'INT16' ? 2 ** 15 : 60);
  const output = dice.activation([1, units], f(stateScale * time.scale * spread * 2 ** dice.real(-3, 1)));
  return { frame, time, kept, output, rank, biases: dice.chance(0.7) ? [dice.bias(units)] : [] };
};

const step: Step = (dice, draft, from) => {
  const own = draft.at(from);
  const depth = size(own.shape);
  if (own.shape.length > 2 || own.shape[0] !== 1 || depth > 64) return null;
  const { frame, time, kept, output, rank, biases } = parts(dice, own, depth);
  return draft.append('SVDF', [from, frame, time, biases[0] ?? -1, kept], [output], svdf(rank));
};

/** Sums wrap in 32 bits; a narrow state wraps where its zero point takes it out of 8. */
const run: Run = ({ operator, operands: [input, frame, time, biases, kept], results: [output], file }) => {
  const [filters, memory] = time.shape;
  const units = size(output.shape);
  const depth = size(input.shape);
  const wide = file.tensors[operator.inputs[4]].type === 'INT16';
  const [low, high, bits] = wide ? [-32768, 32767, 16] : [-128, 127, 8];
  const toState = factorOf(f(f(input.scale * frame.scale) / kept.scale));
  const toOutput = factorOf(f(f(kept.scale * time.scale) / output.scale));
  const totals = Array.from({ length: filters }, (_, filter) => {
    let sum = 0n;
    for (let k = 0; k < depth; k++)
      sum += BigInt(frame.values[filter * depth + k]) * BigInt(input.values[k] - input.zeroPoint);
    const newest = kept.zeroPoint + clamp(scaled(Number(BigInt.asIntN(32, sum)), toState), low, high);
    const own = [...kept.values.slice(filter * memory + 1, (filter + 1) * memory), newest];
    own.forEach((value, m) => {
      kept.values[filter * memory + m] = Number(BigInt.asIntN(bits, BigInt(value)));
    });
    return own.reduce(
      (total, _, m) =>
        total + BigInt(time.values[filter * memory + m]) * BigInt(kept.values[filter * memory + m] - kept.zeroPoint),
      0n,
    );
  });
  const rank = filters / units;
  return [
    Array.from({ length: units }, (_, unit) => {
      const own = totals.slice(unit * rank, (unit + 1) * rank);
      const sum = own.reduce((a, b) => a + b, BigInt(biases?.values[unit] ?? 0));
      return saturated(scaled(Number(BigInt.asIntN(32, sum)), toOutput) + output.zeroPoint);
    }),
  ];
};

export default {
  rows: { svdf: rows },
  wrong: {
    svdf: [
      ['no rank', 0, 0],
      ['a rank of 256', 0, 256],
      ['no memory', 1, 0],
      ['a memory of 2^16', 1, 0x10000],
      ['a state of neither kind', 2, 2],
      ['a zero point beyond INT8', 3, 128],
      ['a multiplier below 2^30', 4, 1],
      ['a shift of 31', 7, 31],
    ],
  },
  fixtures: {
    'SVDF with a state of INT16': {
      file: single(
        'SVDF',
        [
          activation([1, 6]),
          matrix('INT8', 8, 6),
          matrix('INT16', 8, 5),
          bias(4),
          state(40, 'INT16', 0.0005, 0),
          activation([1, 4], 0.5, -8),
        ],
        svdf(2),
      ),
      kinds: ['svdf'],
    },
    'SVDF with a state of INT8': {
      file: single(
        'SVDF',
        [
          activation([1, 6]),
          matrix('INT8', 3, 6),
          matrix('INT8', 3, 5),
          bias(3),
          state(15, 'INT8', 0.04, 11),
          activation([1, 3], 0.06, 5),
        ],
        svdf(1),
      ),
      kinds: ['svdf'],
    },
  },
  places: { SVDF: ['computed', 'constant', 'constant', 'constant', 'unread'] },
  steps: { svdf: step },
  twins: { SVDF: run },
} satisfies OperatorTests;
