/** Weights mixed from a shared basis, with codes or without. */
import * as F from '../../assembly/format.ts';
import * as S from '../../assembly/status.ts';
import type { BasisGenerator } from '../../host/sources/basis.ts';
import type { Mlp } from '../../host/sources/mlp.ts';
import type { SourceFixture } from '../sources.ts';
import { codeReach, LEVELS, mlpReach, packed } from '../weights.ts';
import type { ModelBuilder } from '../zoo.ts';

/** Adds a basis, of one matrix without an MLP; returns its index. */
export function basis(
  b: ModelBuilder,
  rows: number,
  columns: number,
  encoding: BasisGenerator['encoding'],
  mlp: Mlp | null,
): number {
  const count = mlp?.outputs ?? 1;
  const values = b.levels(encoding, count * rows * columns);
  return b.generators.push({ kind: 'basis', mlp, encoding, count, rows, columns, values }) - 1;
}

/** Adds a source of a basis; returns its index. */
export function fromBasis(
  b: ModelBuilder,
  generator: number,
  rows: number,
  rowLength: number,
  rowsPerCode: number,
): number {
  const { mlp } = b.generators[generator] as BasisGenerator;
  const codes = mlp ? b.levels(mlp.codeEncoding, Math.ceil(rows / rowsPerCode) * mlp.codeLength) : new Int8Array();
  return b.sources.push({ kind: 'basis', generator, rows, rowLength, rowsPerCode, codes, mixScale: 1 / 3 }) - 1;
}

function way(b: ModelBuilder, rows: number, rowLength: number, mixes: boolean): void {
  const encoding = b.pick(['int8', 'int4', 'int2', 'int2', 'ternary'] as const);
  const mlp = mixes ? b.anyMlp(b.integer(1, 4)) : null;
  const generator = basis(b, rows + b.integer(0, 3), rowLength + b.integer(0, 3), encoding, mlp);
  fromBasis(b, generator, rows, rowLength, b.integer(1, rows));
}

export default {
  ways: {
    basis: (b, ...size) => way(b, ...size, true),
    slice: (b, ...size) => way(b, ...size, false),
  },
  numbers: ({ codes }, { mlp, encoding, values }) => [
    ...(mlp ? ([[codes, LEVELS[mlp.codeEncoding]]] as [Int8Array, number[]][]) : []),
    [values, LEVELS[encoding]],
  ],
  reach(source, generator) {
    const { basis: at, outputs, basisRows, basisEncoding, basisColumns } = generator;
    return [
      ...codeReach(source, generator, Math.ceil(source.rows / source.rowsPerCode)),
      ...mlpReach(generator),
      [at, outputs * basisRows * packed(basisEncoding, basisColumns)],
    ];
  },
  layers(b) {
    const shared = basis(b, 24, 16, 'int2', b.mlp(4, 12, 2, 'int8'));
    b.pointwise(16, fromBasis(b, shared, 16, b.channels, 5)).pointwise(24, fromBasis(b, shared, 24, 16, 16));
    const matrix = basis(b, 6, 24, 'int4', null);
    b.pointwise(6, fromBasis(b, matrix, 6, 24, 6));
  },
  wrong({ sources: [mixed], generators: [shared, matrix] }) {
    return [
      [
        'generator index past the table',
        (d) => d.setUint16(mixed.at + F.SOURCE_GENERATOR_AT, 50, true),
        S.BAD_REFERENCE,
        mixed.at,
      ],
      ['no rows to a code', (d) => d.setUint16(mixed.at + F.SOURCE_ROWS_PER_CODE_AT, 0, true), S.BAD_SOURCE, mixed.at],
      ['multiplier of the mix', (d) => d.setInt32(mixed.at + F.SOURCE_MULTIPLIER_AT, 1, true), S.BAD_SOURCE, mixed.at],
      [
        'place of codes, past their section',
        (d) => d.setUint32(mixed.at + F.SOURCE_DATA_AT, 0xfffffff0, true),
        S.BAD_SOURCE,
        mixed.at,
      ],
      [
        'source of more rows than its basis',
        (d) => d.setUint16(shared.at + F.GENERATOR_BASIS_ROWS_AT, 15, true),
        S.BAD_SOURCE,
        mixed.at,
      ],
      [
        'basis past its section',
        (d) => d.setUint32(shared.at + F.GENERATOR_BASIS_AT, 0xffffff00, true),
        S.BAD_GENERATOR,
        shared.at,
      ],
      [
        'basis in the encoding of coded rows',
        (d) => d.setUint8(shared.at + F.GENERATOR_BASIS_ENCODING_AT, F.ENCODING_RICE),
        S.BAD_GENERATOR,
        shared.at,
      ],
      [
        'several matrices that nothing mixes',
        (d) => d.setUint8(matrix.at + F.GENERATOR_OUTPUTS_AT, 2),
        S.BAD_GENERATOR,
        matrix.at,
      ],
    ];
  },
} satisfies SourceFixture<'basis'>;
