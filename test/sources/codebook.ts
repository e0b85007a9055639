/** Weights put together from a codebook, of 16 entries and fewer and of more. */
import * as F from '../../assembly/format.ts';
import * as S from '../../assembly/status.ts';
import type { Codebook } from '../../host/sources/codebook.ts';
import type { SourceFixture } from '../sources.ts';
import { LEVELS, packed } from '../weights.ts';
import type { ModelBuilder } from '../zoo.ts';

/** Adds a codebook; returns its index. */
export function codebook(b: ModelBuilder, entries: number, length: number): number {
  return b.generators.push({ kind: 'codebook', entries, length, values: b.levels('int8', entries * length) }) - 1;
}

/** Adds a source of a codebook; returns its index. */
export function fromCodebook(b: ModelBuilder, generator: number, rows: number, rowLength: number): number {
  const { entries, length } = b.generators[generator] as Codebook;
  const indices = Uint8Array.from({ length: rows * Math.ceil(rowLength / length) }, () => b.integer(0, entries - 1));
  return b.sources.push({ kind: 'codebook', generator, rows, rowLength, indices }) - 1;
}

export default {
  ways: {
    codebook(b, rows, rowLength) {
      const most = b.pick([16, 256]);
      const generator = codebook(b, b.pick([1, most, b.integer(1, most)]), b.pick([1, 2, 3, 4, 8, 64]));
      fromCodebook(b, generator, rows, rowLength);
    },
  },
  numbers: (_, { values }) => [[values, LEVELS.int8]],
  reach: ({ data, rows, rowLength }, { codeEncoding, outputs, basis, basisRows }) => [
    [data, rows * packed(codeEncoding, Math.ceil(rowLength / outputs))],
    [basis, basisRows * outputs],
  ],
  layers(b) {
    b.pointwise(10, fromCodebook(b, codebook(b, 20, 5), 10, b.channels));
    b.pointwise(11, fromCodebook(b, codebook(b, 7, 4), 11, 10));
  },
  wrong(image) {
    const [bytes, nibbles] = image.sources;
    const [byteBook, nibbleBook] = image.generators;
    const weights = image.section(F.SECTION_WEIGHTS);
    return [
      ['index that no entry has', (d) => d.setUint8(weights.offset + bytes.data, 20), S.BAD_SOURCE, bytes.at],
      ['nibble that no entry has', (d) => d.setUint8(weights.offset + nibbles.data, 0x70), S.BAD_SOURCE, nibbles.at],
      [
        'place of indices, past their section',
        (d) => d.setUint32(bytes.at + F.SOURCE_DATA_AT, 0xfffffff0, true),
        S.BAD_SOURCE,
        bytes.at,
      ],
      [
        'codebook without entries',
        (d) => d.setUint16(byteBook.at + F.GENERATOR_BASIS_ROWS_AT, 0, true),
        S.BAD_GENERATOR,
        byteBook.at,
      ],
      [
        'codebook of more entries than a byte can name',
        (d) => d.setUint16(byteBook.at + F.GENERATOR_BASIS_ROWS_AT, 257, true),
        S.BAD_GENERATOR,
        byteBook.at,
      ],
      [
        'codebook of more entries than a nibble can name',
        (d) => d.setUint16(nibbleBook.at + F.GENERATOR_BASIS_ROWS_AT, 17, true),
        S.BAD_GENERATOR,
        nibbleBook.at,
      ],
      [
        'width of indices',
        (d) => d.setUint8(nibbleBook.at + F.GENERATOR_CODE_ENCODING_AT, F.ENCODING_INT2),
        S.BAD_GENERATOR,
        nibbleBook.at,
      ],
      [
        'codebook that ends past its section',
        (d) => d.setUint32(byteBook.at + F.GENERATOR_BASIS_AT, weights.size - 20 * 5 + 1, true),
        S.BAD_GENERATOR,
        byteBook.at,
      ],
      [
        'codebook with hidden units',
        (d) => d.setUint8(byteBook.at + F.GENERATOR_HIDDEN_AT, 1),
        S.BAD_GENERATOR,
        byteBook.at,
      ],
    ];
  },
} satisfies SourceFixture<'codebook'>;
