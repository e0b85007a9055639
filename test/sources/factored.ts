/** Weights that are the product of two factors, in all encodings. */
import * as F from '../../assembly/format.ts';
import * as S from '../../assembly/status.ts';
import type { Encoding } from '../../host/model/model.ts';
import type { Factor } from '../../host/sources/factored.ts';
import type { SourceFixture } from '../sources.ts';
import { LEVELS, packed } from '../weights.ts';
import type { ModelBuilder } from '../zoo.ts';

const ENCODINGS = ['int8', 'int4', 'int2', 'ternary'] as const;

/** Adds a right factor; returns its index. */
export function factor(
  b: ModelBuilder,
  rank: number,
  columns: number,
  leftEncoding: Encoding,
  encoding: Encoding,
): number {
  const values = b.levels(encoding, rank * columns);
  return b.generators.push({ kind: 'factored', rank, columns, leftEncoding, encoding, values }) - 1;
}

/** Adds a source of a right factor; returns its index. */
export function fromFactor(b: ModelBuilder, generator: number, rows: number, rowLength: number): number {
  const { rank, leftEncoding, encoding } = b.generators[generator] as Factor;
  const largest = [leftEncoding, encoding].reduce((product, each) => product * LEVELS[each].at(-1)!, 1);
  const mixScale = b.pick([127, 300, 20]) / (largest * rank);
  return (
    b.sources.push({
      kind: 'factored',
      generator,
      rows,
      rowLength,
      left: b.levels(leftEncoding, rows * rank),
      mixScale,
    }) - 1
  );
}

export default {
  ways: {
    factored(b, rows, rowLength) {
      const rank = b.pick([1, 2, 3, 5, 8, 16]);
      const columns = rowLength + b.integer(0, 3);
      fromFactor(b, factor(b, rank, columns, b.pick(ENCODINGS), b.pick(ENCODINGS)), rows, rowLength);
    },
  },
  numbers: ({ left }, { values, leftEncoding, encoding }) => [
    [left, LEVELS[leftEncoding]],
    [values, LEVELS[encoding]],
  ],
  reach: ({ data, rows }, { codeEncoding, basisEncoding, outputs, basis, basisColumns }) => [
    [data, rows * packed(codeEncoding, outputs)],
    [basis, outputs * packed(basisEncoding, basisColumns)],
  ],
  layers(b) {
    const shared = factor(b, 5, 16, 'int8', 'int4');
    b.pointwise(16, fromFactor(b, shared, 16, b.channels)).pointwise(9, fromFactor(b, shared, 9, 16));
    b.pointwise(7, fromFactor(b, factor(b, 3, 9, 'ternary', 'int2'), 7, 9));
  },
  wrong(image) {
    const [first, second] = image.sources;
    const [shared] = image.generators;
    const weights = image.section(F.SECTION_WEIGHTS);
    return [
      [
        'place of a left factor, past its section',
        (d) => d.setUint32(first.at + F.SOURCE_DATA_AT, weights.size - 16 * 5 + 1, true),
        S.BAD_SOURCE,
        first.at,
      ],
      [
        'left factor of more rows than there are',
        (d) => d.setUint16(first.at + F.SOURCE_ROWS_AT, 0xffff, true),
        S.BAD_SOURCE,
        first.at,
      ],
      [
        'right factor of fewer columns than a row has',
        (d) => d.setUint16(shared.at + F.GENERATOR_BASIS_COLUMNS_AT, 15, true),
        S.BAD_SOURCE,
        second.at,
      ],
      [
        'multiplier of a product',
        (d) => d.setInt32(first.at + F.SOURCE_MULTIPLIER_AT, 1, true),
        S.BAD_SOURCE,
        first.at,
      ],
      ['shift of a product', (d) => d.setInt8(first.at + F.SOURCE_SHIFT_AT, 31), S.BAD_SOURCE, first.at],
      ['rank of 0', (d) => d.setUint8(shared.at + F.GENERATOR_OUTPUTS_AT, 0), S.BAD_GENERATOR, shared.at],
      [
        'right factor of no columns',
        (d) => d.setUint16(shared.at + F.GENERATOR_BASIS_COLUMNS_AT, 0, true),
        S.BAD_GENERATOR,
        shared.at,
      ],
      [
        'right factor of most columns, past its section',
        (d) => d.setUint16(shared.at + F.GENERATOR_BASIS_COLUMNS_AT, 0xffff, true),
        S.BAD_GENERATOR,
        shared.at,
      ],
      [
        'right factor that ends past its section',
        (d) => d.setUint32(shared.at + F.GENERATOR_BASIS_AT, weights.size - 5 * 8 + 1, true),
        S.BAD_GENERATOR,
        shared.at,
      ],
      [
        'left factors in the encoding of coded rows',
        (d) => d.setUint8(shared.at + F.GENERATOR_CODE_ENCODING_AT, F.ENCODING_RICE),
        S.BAD_GENERATOR,
        shared.at,
      ],
      [
        'left factors in no encoding',
        (d) => d.setUint8(shared.at + F.GENERATOR_CODE_ENCODING_AT, 0),
        S.BAD_GENERATOR,
        shared.at,
      ],
      [
        'right factor in the encoding of coded rows',
        (d) => d.setUint8(shared.at + F.GENERATOR_BASIS_ENCODING_AT, F.ENCODING_RICE),
        S.BAD_GENERATOR,
        shared.at,
      ],
      [
        'right factor with hidden units',
        (d) => d.setUint8(shared.at + F.GENERATOR_HIDDEN_AT, 1),
        S.BAD_GENERATOR,
        shared.at,
      ],
      [
        'reserved field of a right factor',
        (d) => d.setUint16(shared.at + F.GENERATOR_RESERVED_AT, 1, true),
        S.BAD_GENERATOR,
        shared.at,
      ],
    ];
  },
} satisfies SourceFixture<'factored'>;
