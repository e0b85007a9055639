/** RESIZE: its rows, fixtures, random models, and twins of the two operators of .tflite files that become it. */
import type { Origin } from '../../host/operators/resize.ts';
import { activation, integers, single } from '../import/specs.ts';
import { int8, type OperatorSpec } from '../import/tflite.ts';
import { f, type Step, integers as sizes } from '../import/twin/dice.ts';
import { flatIndex, option, places, type Run } from '../import/twin/values.ts';
import type { OperatorTests } from '../operatorTests.ts';
import { input, type Rows, zeroPoint } from '../rows.ts';

const rows: Rows = [
  56,
  (b, i) => {
    if (i === 0) input(b, 3, 4, 5);
    else input(b, b.integer(1, 6), b.integer(1, 7), 1 + ((5 * i) % 24));
    const [height, width, channels] = b.tensors[0].shape;
    const origins = (size: number, count: number): Origin[] =>
      Array.from({ length: count }, () => {
        const from = b.integer(0, size - 1);
        return { from, share: from === size - 1 || i % 4 === 3 ? 0 : b.pick([0, 1, 512, 1023, b.integer(1, 1022)]) };
      });
    const [down, across] = i === 0 ? [2, 5] : [b.integer(1, 8), b.integer(1, 8)];
    const output = b.tensor('resized', [down, across, channels]);
    const made = { rows: origins(height, down), columns: origins(width, across) };
    b.operators.push({ kind: 'resize', name: 'resize', input: 0, output, ...made });
    for (const tensor of b.tensors) tensor.zeroPoint = zeroPoint(b, tensor.zeroPoint);
  },
];

type Mode = [alignCorners: number, halfPixelCenters: number];

/** Ids of the two flags: 0 and 1, or behind two sizes that nobody reads. */
const flags = (
  first: number,
  [alignCorners, halfPixelCenters]: Mode,
): Pick<OperatorSpec, 'optionsType' | 'options'> => ({
  optionsType: first === 0 ? 74 : 15,
  options: { [first]: int8(alignCorners), [first + 1]: int8(halfPixelCenters) },
});

const nearest: Run = ({ operator, operands: [from], results: [to] }) => {
  const [corners, half] = [option(operator, 0) === 1, option(operator, 1) === 1];
  const origin = (at: number, d: number) => {
    const [size, count] = [from.shape[d], to.shape[d]];
    const scale = corners && count > 1 ? f((size - 1) / (count - 1)) : f(size / count);
    const real = f((half ? at + 0.5 : at) * scale);
    return Math.min(corners ? Math.round(real) : Math.trunc(real), size - 1);
  };
  return [
    [...places(to.shape)].map(([, y, x, c]) => from.values[flatIndex([0, origin(y, 1), origin(x, 2), c], from.shape)]),
  ];
};

/** Four products of 20 fractional bits, as wide as they are. */
const bilinear: Run = ({ operator, operands: [from], results: [to] }) => {
  const [corners, half] = [option(operator, 2) === 1, option(operator, 3) === 1];
  const origin = (at: number, d: number) => {
    const [size, count] = [from.shape[d], to.shape[d]];
    const [numerator, denominator] = corners && count > 1 ? [size - 1, count - 1] : [size, count];
    const scale = Math.trunc((1024 * numerator + Math.trunc(denominator / 2)) / denominator);
    const place = at * scale + (half ? Math.trunc(scale / 2) - 512 : 0);
    const first = Math.max(0, Math.trunc(place / 1024));
    return { first, second: Math.min(Math.trunc((place + 1023) / 1024), size - 1), share: place - 1024 * first };
  };
  return [
    [...places(to.shape)].map(([, y, x, c]) => {
      const [row, column] = [origin(y, 1), origin(x, 2)];
      const value = (v: number, u: number) => from.values[flatIndex([0, v, u, c], from.shape)];
      const sum =
        value(row.first, column.first) * (1024 - row.share) * (1024 - column.share) +
        value(row.second, column.first) * row.share * (1024 - column.share) +
        value(row.first, column.second) * (1024 - row.share) * column.share +
        value(row.second, column.second) * row.share * column.share;
      return Math.trunc((sum + (sum > 0 ? 2 ** 19 : -(2 ** 19))) / 2 ** 20) + 0;
    }),
  ];
};

const step =
  (opcode: string, first: number, modes: Mode[]): Step =>
  (dice, draft, from) => {
    const picture = draft.at(from);
    if (picture.shape.length !== 4) return null;
    const size = [dice.whole(1, 9), dice.whole(1, 9)];
    const shape = [1, ...size, picture.shape[3]];
    return draft.append(opcode, [from, sizes(...size)], [{ ...picture, shape }], flags(first, dice.pick(modes)));
  };

const fixture = (opcode: string, first: number, mode: Mode, height: number, width: number) => ({
  file: single(
    opcode,
    [activation([1, 3, 4, 5]), integers(height, width), activation([1, height, width, 5])],
    flags(first, mode),
  ),
  kinds: ['resize'],
});

export default {
  rows: { resize: rows },
  wrong: {
    resize: [
      ['a row far behind the input', 0, -65536],
      ['a row just behind the input', 0, 3 << 16],
      ['a share of the row behind the last', 0, (2 << 16) | 1],
      ['all 1,024ths as a share', 0, 1024],
      ['a share of the column behind the last', 2, (3 << 16) | 1],
      ['a last column behind the input', 6, 4 << 16],
    ],
  },
  fixtures: {
    'RESIZE_NEAREST_NEIGHBOR to twice the size': fixture('RESIZE_NEAREST_NEIGHBOR', 0, [0, 0], 6, 8),
    'RESIZE_NEAREST_NEIGHBOR with aligned corners, down': fixture('RESIZE_NEAREST_NEIGHBOR', 0, [1, 0], 2, 3),
    'RESIZE_NEAREST_NEIGHBOR of half pixels': fixture('RESIZE_NEAREST_NEIGHBOR', 0, [0, 1], 5, 7),
    'RESIZE_BILINEAR to twice the size': fixture('RESIZE_BILINEAR', 2, [0, 0], 6, 8),
    'RESIZE_BILINEAR with aligned corners': fixture('RESIZE_BILINEAR', 2, [1, 0], 7, 5),
    'RESIZE_BILINEAR of half pixels': fixture('RESIZE_BILINEAR', 2, [0, 1], 6, 3),
  },
  places: { RESIZE_NEAREST_NEIGHBOR: ['computed', 'constant'], RESIZE_BILINEAR: ['computed', 'constant'] },
  steps: {
    resizeNearest: step('RESIZE_NEAREST_NEIGHBOR', 0, [
      [0, 0],
      [1, 0],
      [0, 1],
      [1, 1],
    ]),
    resizeBilinear: step('RESIZE_BILINEAR', 2, [
      [0, 0],
      [1, 0],
      [0, 1],
    ]),
  },
  twins: { RESIZE_NEAREST_NEIGHBOR: nearest, RESIZE_BILINEAR: bilinear },
} satisfies OperatorTests;
