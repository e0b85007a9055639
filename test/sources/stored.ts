/** Stored weights: every encoding, and INT8 that coding without loss makes smaller. */
import * as F from '../../assembly/format.ts';
import * as S from '../../assembly/status.ts';
import { riceBytes } from '../../host/records/rice.ts';
import type { SourceFixture } from '../sources.ts';
import { LEVELS, packed } from '../weights.ts';

export default {
  ways: {
    int8: (b, ...size) => b.stored('int8', ...size),
    int4: (b, ...size) => b.stored('int4', ...size),
    int2: (b, ...size) => b.stored('int2', ...size),
    ternary: (b, ...size) => b.stored('ternary', ...size),
    crowded: (b, ...size) => b.crowded(...size),
  },
  numbers: ({ values, encoding }) => [[values, LEVELS[encoding]]],
  reach({ data, encoding, rows, rowLength }, _, image) {
    if (encoding !== F.ENCODING_RICE) return [[data, rows * packed(encoding, rowLength)]];
    return [[data, riceBytes(image.bytes, image.section(F.SECTION_WEIGHTS).offset + data, rows)]];
  },
  layers: (b) => b.pointwise(9).pointwise(10, 'int4').pointwise(7, 'int2').pointwise(6, 'ternary'),
  wrong({ sources: [int8] }) {
    return [
      [
        'weights past their section',
        (d) => d.setUint32(int8.at + F.SOURCE_DATA_AT, 0xfffffff0, true),
        S.BAD_SOURCE,
        int8.at,
      ],
      ['INT8 off a word', (d) => d.setUint32(int8.at + F.SOURCE_DATA_AT, int8.data + 1, true), S.BAD_SOURCE, int8.at],
      [
        'generator of stored weights',
        (d) => d.setUint16(int8.at + F.SOURCE_GENERATOR_AT, 0, true),
        S.BAD_SOURCE,
        int8.at,
      ],
    ];
  },
} satisfies SourceFixture<'stored'>;
