/** Weights mixed from random matrices, with codes or without. */
import { expect } from 'vitest';
import * as F from '../../assembly/format.ts';
import * as S from '../../assembly/status.ts';
import type { Mlp } from '../../host/sources/mlp.ts';
import { digitOf, type RandomGenerator, randomRow } from '../../host/sources/random.ts';
import type { SourceFixture } from '../sources.ts';
import { codeReach, LEVELS, mlpReach } from '../weights.ts';
import type { ModelBuilder } from '../zoo.ts';

/** Adds random matrices, of seeds at the limits as well; returns their index. */
export function matrices(b: ModelBuilder, mlp: Mlp | null): number {
  return b.generators.push({ kind: 'random', mlp, seed: b.pick([0, 1, 0xffffffff, b.integer(0, 2 ** 32 - 1)]) }) - 1;
}

/** Adds a source of random matrices; returns its index. */
export function fromRandom(
  b: ModelBuilder,
  generator: number,
  rows: number,
  rowLength: number,
  rowsPerCode = b.integer(1, rows),
): number {
  const { mlp } = b.generators[generator] as RandomGenerator;
  const codes = mlp ? b.levels(mlp.codeEncoding, Math.ceil(rows / rowsPerCode) * mlp.codeLength) : new Int8Array();
  const mixScale = b.pick([0.6, 1, 0.02]);
  return b.sources.push({ kind: 'random', generator, rows, rowLength, rowsPerCode, codes, mixScale }) - 1;
}

export default {
  ways: {
    random: (b, ...size) => fromRandom(b, matrices(b, b.anyMlp(b.integer(1, 4))), ...size),
    'random matrix': (b, ...size) => fromRandom(b, matrices(b, null), ...size),
  },
  numbers: ({ codes }, { mlp }) => (mlp ? [[codes, LEVELS[mlp.codeEncoding]]] : []),
  reach: (source, generator) => [
    ...codeReach(source, generator, Math.ceil(source.rows / source.rowsPerCode)),
    ...mlpReach(generator),
  ],
  layers(b) {
    const mixed = matrices(b, b.mlp(4, 12, 4, 'int8'));
    b.pointwise(16, fromRandom(b, mixed, 16, b.channels, 5)).pointwise(24, fromRandom(b, mixed, 24, 16, 16));
    b.pointwise(6, fromRandom(b, matrices(b, null), 6, 24));
  },
  wrong({ sources: [source, , last], generators: [mixed, matrix] }) {
    return [
      [
        'number of random matrices that nothing mixes',
        (d) => d.setUint8(matrix.at + F.GENERATOR_OUTPUTS_AT, 2),
        S.BAD_GENERATOR,
        matrix.at,
      ],
      [
        'encoding of random matrices',
        (d) => d.setUint8(mixed.at + F.GENERATOR_BASIS_ENCODING_AT, F.ENCODING_INT2),
        S.BAD_GENERATOR,
        mixed.at,
      ],
      [
        'number of rows of random matrices',
        (d) => d.setUint16(mixed.at + F.GENERATOR_BASIS_ROWS_AT, 1, true),
        S.BAD_GENERATOR,
        mixed.at,
      ],
      [
        'number of columns of random matrices',
        (d) => d.setUint16(mixed.at + F.GENERATOR_BASIS_COLUMNS_AT, 1, true),
        S.BAD_GENERATOR,
        mixed.at,
      ],
      [
        'MLP of random matrices, past its section',
        (d) => d.setUint32(mixed.at + F.GENERATOR_MLP_AT, 0xfffffff0, true),
        S.BAD_GENERATOR,
        mixed.at,
      ],
      [
        'number of rows to a code of random matrices',
        (d) => d.setUint16(source.at + F.SOURCE_ROWS_PER_CODE_AT, 0, true),
        S.BAD_SOURCE,
        source.at,
      ],
      [
        'number of random matrices that are mixed',
        (d) => d.setUint8(mixed.at + F.GENERATOR_OUTPUTS_AT, 0),
        S.BAD_GENERATOR,
        mixed.at,
      ],
      [
        'number of codes for so many rows of random matrices',
        (d) => d.setUint16(source.at + F.SOURCE_ROWS_AT, 0xffff, true),
        S.BAD_SOURCE,
        source.at,
      ],
      [
        'hidden layer of random matrices, of no unit',
        (d) => d.setUint8(mixed.at + F.GENERATOR_HIDDEN_AT, 0),
        S.BAD_GENERATOR,
        mixed.at,
      ],
      [
        'encoding of codes of random matrices',
        (d) => d.setUint8(mixed.at + F.GENERATOR_CODE_ENCODING_AT, F.ENCODING_RICE),
        S.BAD_GENERATOR,
        mixed.at,
      ],
      [
        'multiplier in the MLP of random matrices',
        (d) => d.setInt32(mixed.at + F.GENERATOR_MULTIPLIER2_AT, 1, true),
        S.BAD_GENERATOR,
        mixed.at,
      ],
      [
        'shift of a bias in the MLP of random matrices',
        (d) => d.setUint8(mixed.at + F.GENERATOR_BIAS_SHIFT1_AT, 31),
        S.BAD_GENERATOR,
        mixed.at,
      ],
      [
        'reserved field of random matrices',
        (d) => d.setUint16(matrix.at + F.GENERATOR_RESERVED_AT, 1, true),
        S.BAD_GENERATOR,
        matrix.at,
      ],
      [
        'row of random values, of none',
        (d) => d.setUint16(last.at + F.SOURCE_ROW_LENGTH_AT, 0, true),
        S.BAD_SOURCE,
        last.at,
      ],
      ['factor of a random mix', (d) => d.setInt8(source.at + F.SOURCE_SHIFT_AT, 31), S.BAD_SOURCE, source.at],
      [
        'place of codes of random matrices',
        (d) => d.setUint32(source.at + F.SOURCE_DATA_AT, 0xfffffff0, true),
        S.BAD_SOURCE,
        source.at,
      ],
    ];
  },
  claims: {
    'are drawn as they have been since the first image of this kind': () => {
      expect([...randomRow(0, 0, 0, 20)]).toEqual([-1, 0, 1, -1, 0, 0, -1, 0, 0, -1, 0, 0, 1, -1, -1, 1, 0, 0, 0, 0]);
      expect([...randomRow(0xffffffff, 3, 65535, 20)]).toEqual([
        0, -1, -1, 0, 0, -1, 0, -1, 1, -1, 1, 0, 1, -1, 1, 0, 1, 0, 1, 1,
      ]);
    },
    'take each value for a third of all halves of a draw, digit by digit, and any eight for 9 or 10 of them': () => {
      const together = new Map<string, number>();
      const counts = Array.from({ length: 8 }, () => [0, 0, 0]);
      for (let half = 0; half < 2 ** 16; half++) {
        const values = Array.from({ length: 8 }, (_, i) => digitOf(half, i));
        values.forEach((value, i) => {
          counts[i][value + 1]++;
        });
        together.set(values.join(), (together.get(values.join()) ?? 0) + 1);
      }
      expect(counts).toEqual(Array(8).fill([21_846, 21_845, 21_845]));
      expect(together.size).toBe(3 ** 8);
      expect(new Set(together.values())).toEqual(new Set([9, 10]));
    },
    'are independent of their neighbours in the row, the column, the other matrix and the next seed': () => {
      const matrix = (seed: number, j: number, r: number, k: number) =>
        Array.from({ length: 128 }, (_, i) => [...randomRow(seed, j, i + r, 129).slice(k, 128 + k)]).flat();
      for (const seed of [0, 1, 2024]) {
        const first = matrix(seed, 0, 0, 0);
        const others = [matrix(seed, 0, 0, 1), matrix(seed, 0, 1, 0), matrix(seed, 1, 0, 0), matrix(seed + 1, 0, 0, 0)];
        // sums of 16,384 products of variance 4/9 (values: 2/3) about 0
        const deviations = others.map((other) => first.reduce((sum, value, i) => sum + value * other[i], 0) / 85.3);
        const mean = first.reduce((sum, value) => sum + value, 0) / 104.5;
        for (const deviation of [...deviations, mean]) expect(Math.abs(deviation)).toBeLessThan(4);
      }
    },
  },
} satisfies SourceFixture<'random'>;
