/** Weights written tile by tile. */
import * as F from '../../assembly/format.ts';
import * as S from '../../assembly/status.ts';
import type { Mlp } from '../../host/sources/mlp.ts';
import type { TileGenerator } from '../../host/sources/tile.ts';
import type { SourceFixture } from '../sources.ts';
import { codeReach, LEVELS, mlpReach } from '../weights.ts';
import type { ModelBuilder } from '../zoo.ts';

/** Adds what makes tiles; returns its index. */
export function tile(b: ModelBuilder, mlp: Mlp): number {
  return b.generators.push({ kind: 'tile', mlp }) - 1;
}

/** Adds a source of tiles; returns its index. */
export function fromTiles(b: ModelBuilder, generator: number, rows: number, rowLength: number): number {
  const { mlp } = b.generators[generator] as TileGenerator;
  const codes = b.levels(mlp.codeEncoding, ((rows * rowLength) / mlp.outputs) * mlp.codeLength);
  return b.sources.push({ kind: 'tile', generator, rows, rowLength, codes }) - 1;
}

export default {
  ways: {
    tile(b, rows, rowLength) {
      const lengths = Array.from({ length: 64 }, (_, i) => i + 1).filter((length) => rowLength % length === 0);
      fromTiles(b, tile(b, b.anyMlp(b.pick(lengths.slice(-2)))), rows, rowLength);
    },
  },
  numbers: ({ codes }, { mlp }) => [[codes, LEVELS[mlp.codeEncoding]]],
  reach: (source, generator) => [
    ...codeReach(source, generator, (source.rows * source.rowLength) / generator.outputs),
    ...mlpReach(generator),
  ],
  layers(b) {
    b.pointwise(24);
    b.pointwise(12, fromTiles(b, tile(b, b.mlp(16, 32, 8, 'int2')), 12, 24));
  },
  wrong({ sources, generators: [generator] }) {
    const source = sources[1];
    return [
      [
        'length of tiles that a row is no multiple of',
        (d) => d.setUint8(generator.at + F.GENERATOR_OUTPUTS_AT, 7),
        S.BAD_SOURCE,
        source.at,
      ],
      [
        'tile without an MLP',
        (d) => d.setUint8(generator.at + F.GENERATOR_CODE_LENGTH_AT, 0),
        S.BAD_GENERATOR,
        generator.at,
      ],
      [
        'place of codes of tiles, past their section',
        (d) => d.setUint32(source.at + F.SOURCE_DATA_AT, 0xfffffff0, true),
        S.BAD_SOURCE,
        source.at,
      ],
    ];
  },
} satisfies SourceFixture<'tile'>;
