/** Weights that are the product of two factors: of low rank, so that the factors are smaller than the product. */
import * as FEATURE from '../../assembly/features.ts';
import * as F from '../../assembly/format.ts';
import { clamp, multiplyByQuantizedMultiplier, quantizeMultiplier, realOf } from '../arithmetic/fixed.ts';
import type { Encoding } from '../model/model.ts';
import { ENCODING_CODES, encodingOf, packedBytes, packRows, unpackRows } from '../records/packed.ts';
import { mlpScratch, WEIGHT_RANGE } from './mlp.ts';
import { type GeneratorKind, generated, generatorOf, NO_MLP, type SourceKind } from './source.ts';

/** w[r][k] = clamp(requantize(sum_j left[r][j] * right[j][k], mixScale), -127, 127). */
export interface FactoredSource {
  kind: 'factored';
  generator: number;
  rows: number;
  rowLength: number;
  /** [rows][rank] levels of the generator's leftEncoding */
  left: Int8Array;
  /** real factor from the sum to the INT8 weight */
  mixScale: number;
}

/** The right factor, which layers can share; a layer takes as many of its columns as its rows are long. */
export interface Factor {
  kind: 'factored';
  /** 1 to 255 */
  rank: number;
  columns: number;
  leftEncoding: Encoding; // of its sources
  encoding: Encoding;
  values: Int8Array; // [rank][columns]
}

declare module '../model/model.ts' {
  interface WeightSources {
    factored: FactoredSource;
  }
  interface Generators {
    factored: Factor;
  }
}

function product({ rows, rowLength, left, mixScale }: FactoredSource, { rank, columns, values }: Factor): Int8Array {
  if (rowLength > columns) throw new RangeError(`factored source of ${rowLength} a row exceeds ${columns} columns`);
  const factor = quantizeMultiplier(mixScale);
  return Int8Array.from({ length: rows * rowLength }, (_, i) => {
    const r = Math.floor(i / rowLength);
    let sum = 0;
    for (let j = 0; j < rank; j++) sum += left[r * rank + j] * values[j * columns + (i % rowLength)];
    return clamp(multiplyByQuantizedMultiplier(sum, factor), ...WEIGHT_RANGE);
  });
}

export const factoredSource: SourceKind<FactoredSource> = {
  code: 6,
  doc: {
    rows:
      'The product of a left factor, which is of the source, and a right one, which is of the generator, requantised.' +
      ' A layer takes the first columns of the right factor.',
    formulas: ['w[r][k] = clamp(requantize(sum_j left[r][j] * right[j][k]), -127, 127)'],
    fields: {
      SOURCE_SHIFT_AT: 'of the factor from the sum to INT8',
      SOURCE_DATA_AT: 'left factor',
      SOURCE_MULTIPLIER_AT: 'of the factor from the sum to INT8',
      GENERATOR_CODE_ENCODING_AT: 'of left factors: `ENCODING_INT8` to `TERNARY`',
      GENERATOR_CODE_LENGTH_AT: '0',
      GENERATOR_HIDDEN_AT: '0',
      GENERATOR_OUTPUTS_AT: 'rank',
      GENERATOR_BASIS_ENCODING_AT: 'of the right factor, likewise',
      GENERATOR_BASIS_COLUMNS_AT: 'of the right factor; no source has longer rows',
      GENERATOR_BASIS_AT: 'right factor',
    },
    bytes: {
      'left factor': 'rows x bytes of packed values, as many as the rank',
      'right factor': 'rank x bytes of a packed row, once for all its sources',
    },
  },
  materialize: (source, generators) => product(source, generatorOf(source, generators)),
  pack(source, generators) {
    const { rank, leftEncoding } = generatorOf(source, generators);
    const mix = quantizeMultiplier(source.mixScale);
    return { ...generated(packRows(source.left, rank, leftEncoding)), mix };
  },
  unpack(image, { at, generator, rows, rowLength, data }, generators) {
    const common = { kind: 'factored' as const, generator, rows, rowLength };
    const { rank, leftEncoding } = generatorOf(common, generators);
    const from = image.section(F.SECTION_WEIGHTS).offset + data;
    const packed = image.bytes.slice(from, from + rows * packedBytes(leftEncoding, rank));
    const multiplier = image.i32(at + F.SOURCE_MULTIPLIER_AT);
    const mixScale = realOf({ multiplier, shift: image.i8(at + F.SOURCE_SHIFT_AT) });
    return { ...common, left: unpackRows(packed, rank, leftEncoding), mixScale };
  },
  describe: ({ generator }) => `factors ${generator}`,
  pieces(image, { index, generator, data, rows }) {
    const { outputs, codeEncoding } = image.generators[generator];
    const label = `source ${index}: left factor of ${rows} x ${outputs}, ${encodingOf(codeEncoding)}`;
    return [{ offset: data, category: 'codes', label }];
  },
  features: () => [],
  scratchBytes: (image, view) => mlpScratch(image, view, view.rowLength),
  isInPlace: () => false,
};

export const factoredGenerator: GeneratorKind<Factor> = {
  pack({ rank, columns, leftEncoding, encoding, values }, data) {
    if (rank < 1 || rank > 255) throw new RangeError(`factored generator: expected a rank of 1 to 255, got ${rank}`);
    const basis = data.size;
    data.bytes(packRows(values, columns, encoding));
    return {
      codeEncoding: ENCODING_CODES[leftEncoding],
      codeLength: 0,
      hidden: 0,
      outputs: rank,
      basisEncoding: ENCODING_CODES[encoding],
      basisRows: 0,
      basisColumns: columns,
      mlp: NO_MLP,
      basis,
    };
  },
  unpack(image, { codeEncoding, basisEncoding, outputs: rank, basisColumns: columns, basis }) {
    const encoding = encodingOf(basisEncoding);
    const at = image.section(F.SECTION_WEIGHTS).offset + basis;
    const packed = image.bytes.slice(at, at + rank * packedBytes(encoding, columns));
    const values = unpackRows(packed, columns, encoding);
    return { kind: 'factored', rank, columns, leftEncoding: encodingOf(codeEncoding), encoding, values };
  },
  pieces({ index, basis, outputs, basisColumns, basisEncoding }) {
    const label = `generator ${index}: right factor of ${outputs} x ${basisColumns}, ${encodingOf(basisEncoding)}`;
    return [{ offset: basis, category: 'basis/head', label }];
  },
  features: ({ codeEncoding, basisEncoding }) => [
    FEATURE.FEATURE_ENCODING + codeEncoding,
    FEATURE.FEATURE_ENCODING + basisEncoding,
  ],
};
