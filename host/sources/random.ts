/** Weights mixed from random matrices, which a seed stands for: a basis that takes no bytes of an image. */
import * as F from '../../assembly/format.ts';
import { MIX_FIELDS, MIXED, type MixedSource, mixedRows, packMix, unpackMix } from './mix.ts';
import { MLP_BYTES, type Mlp, mlpFeatures, mlpPieces, mlpSizes, packMlp, unpackMlp } from './mlp.ts';
import { type GeneratorKind, generatorOf, type SourceKind } from './source.ts';

/** As a source of a basis, but of as many rows and of rows as long as the format has. */
export interface RandomSource extends MixedSource {
  kind: 'random';
}

/** As that of a basis, whose matrices are drawn from a seed. */
export interface RandomGenerator {
  kind: 'random';
  mlp: Mlp | null; // null: one matrix, taken as it is
  /** u32; whatever it is, matrix j has the same rows, and a row the same first values, for every source */
  seed: number;
}

declare module '../model/model.ts' {
  interface WeightSources {
    random: RandomSource;
  }
  interface Generators {
    random: RandomGenerator;
  }
}

/** A bijection of u32 (finaliser of MurmurHash3). */
function scramble(x: number): number {
  const once = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  const twice = Math.imul(once ^ (once >>> 13), 0xc2b2ae35);
  return (twice ^ (twice >>> 16)) >>> 0;
}

/** Digit i, 0 to 7, in base 3 of the fraction half / 2^16, less 1. */
export function digitOf(half: number, i: number): number {
  return (Math.floor((half * 3 ** (i + 1)) / 2 ** 16) % 3) - 1;
}

/** Values -1, 0 and 1: the first `count` of row r of matrix j. */
export function randomRow(seed: number, j: number, r: number, count: number): Int8Array {
  const row = scramble(scramble(seed + 0x9e3779b9) + j * 2 ** 16 + r);
  return Int8Array.from({ length: count }, (_, k) => {
    const draw = scramble(row + Math.floor(k / 16));
    return digitOf(k % 16 < 8 ? draw % 2 ** 16 : Math.floor(draw / 2 ** 16), k % 8);
  });
}

export const randomSource: SourceKind<RandomSource> = {
  code: 5,
  doc: {
    rows:
      'As [basis](#basis), of matrices of any size whose values are -1, 0 and 1, drawn from a seed. A half of a draw' +
      ' is eight values. Of all 65,536 halves 21,846 give -1, 21,845 give 0 and as many 1, for each of the eight; any' +
      ' eight together come out of 9 or 10. All in 32 bits without sign, divisions without rest:',
    formulas: [
      'basis[j][r][k] = half(k / 8 mod 2) * 3^(k mod 8 + 1) / 2^16 mod 3 - 1',
      'half(0) = draw mod 2^16, half(1) = draw / 2^16',
      'draw = s(s(s(seed + 0x9e3779b9) + 2^16 j + r) + k / 16)',
      's(x): x ^= x >> 16, x *= 0x85ebca6b, x ^= x >> 13, x *= 0xc2b2ae35, x ^= x >> 16',
    ],
    fields: {
      ...MIX_FIELDS,
      GENERATOR_BASIS_ENCODING_AT: '`ENCODING_TERNARY`',
      GENERATOR_BASIS_ROWS_AT: '0',
      GENERATOR_BASIS_COLUMNS_AT: '0',
      GENERATOR_BASIS_AT: 'the seed, any u32',
    },
    bytes: { codes: 'groups of rows x bytes of a packed code', MLP: MLP_BYTES, matrices: 'none' },
  },
  materialize(source, generators) {
    const { mlp, seed } = generatorOf(source, generators);
    return mixedRows(source, mlp, (j, r) => randomRow(seed, j, r, source.rowLength));
  },
  pack: (source, generators) => packMix(source, generatorOf(source, generators).mlp),
  unpack(image, view, generators) {
    const { mlp } = generatorOf({ kind: 'random', generator: view.generator }, generators);
    return { kind: 'random', ...unpackMix(image, view, mlp) };
  },
  describe: ({ generator }) => `random ${generator}`,
  ...MIXED,
};

export const randomGenerator: GeneratorKind<RandomGenerator> = {
  pack({ mlp, seed }, data) {
    if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32)
      throw new RangeError(`random generator: expected a seed of 0 to 2^32 - 1, got ${seed}`);
    const matrices = { basisEncoding: F.ENCODING_TERNARY, basisRows: 0, basisColumns: 0, basis: seed };
    return { ...matrices, ...mlpSizes(mlp), outputs: mlp?.outputs ?? 1, mlp: packMlp(mlp, data) };
  },
  unpack: (image, view) => ({
    kind: 'random',
    mlp: view.codeLength > 0 ? unpackMlp(image, view) : null,
    seed: view.basis,
  }),
  pieces: (view) =>
    mlpPieces(view).map((piece) => ({
      ...piece,
      label: `${piece.label}, mixes random matrices of seed ${view.basis}`,
    })),
  features: mlpFeatures,
};
