/** Weights mixed from matrices that layers share, in proportions that an MLP makes of a code; or one matrix alone. */
import * as FEATURE from '../../assembly/features.ts';
import * as F from '../../assembly/format.ts';
import type { Encoding } from '../model/model.ts';
import { ENCODING_CODES, encodingOf, packedBytes, packRows, unpackRows } from '../records/packed.ts';
import { MIX_FIELDS, MIXED, type MixedSource, mixedRows, packMix, unpackMix } from './mix.ts';
import { MLP_BYTES, type Mlp, mlpFeatures, mlpPieces, mlpSizes, packMlp, unpackMlp } from './mlp.ts';
import { type GeneratorKind, generatorOf, type SourceKind } from './source.ts';

/**
 * Weights mixed from a shared basis: w[r][k] = clamp(requantize(sum_j h[j] * basis[j][r][k], multiplier), -127, 127)
 * with h = MLP(code of row group floor(r / rowsPerCode)). Without an MLP (codeLength 0): w = basis[0].
 */
export interface BasisSource extends MixedSource {
  kind: 'basis';
}

/** Matrices that sources mix, and the MLP that says in which proportions. */
export interface BasisGenerator {
  kind: 'basis';
  mlp: Mlp | null; // null: one matrix, taken as it is (plain cross-layer sharing)
  encoding: Encoding;
  count: number; // matrices: mlp.outputs, or 1
  rows: number;
  columns: number;
  values: Int8Array; // [count][rows][columns]
}

declare module '../model/model.ts' {
  interface WeightSources {
    basis: BasisSource;
  }
  interface Generators {
    basis: BasisGenerator;
  }
}

/** Rows of the matrices' top left corner. */
function rowsOfBasis(source: BasisSource, { mlp, values, rows, columns }: BasisGenerator): Int8Array {
  if (source.rows > rows || source.rowLength > columns) {
    throw new RangeError(`basis source of ${source.rows} x ${source.rowLength} exceeds ${rows} x ${columns}`);
  }
  return mixedRows(source, mlp, (j, r) => values.subarray((j * rows + r) * columns));
}

export const basisSource: SourceKind<BasisSource> = {
  code: 2,
  doc: {
    rows:
      'Rows of all matrices of the basis are mixed, in the proportions that the MLP makes of the code of a group of' +
      ' rows, and requantised. A layer takes the top left corner. Without an MLP there is one matrix, taken as it is.',
    formulas: [
      'w[r][k] = clamp(requantize(sum_j h[j] * basis[j][r][k]), -127, 127), h = MLP(code[r / rowsPerCode])',
      'w[r][k] = basis[0][r][k] without an MLP',
    ],
    fields: {
      ...MIX_FIELDS,
      GENERATOR_BASIS_ENCODING_AT: 'of the matrices: `ENCODING_INT8` to `TERNARY`',
      GENERATOR_BASIS_ROWS_AT: 'of a matrix; no source has more',
      GENERATOR_BASIS_COLUMNS_AT: 'of a matrix; no source has longer rows',
      GENERATOR_BASIS_AT: 'matrices, one behind the other',
    },
    bytes: {
      codes: 'groups of rows x bytes of a packed code',
      MLP: MLP_BYTES,
      matrices: 'matrices x rows x bytes of a packed row, once for all its sources',
    },
  },
  materialize: (source, generators) => rowsOfBasis(source, generatorOf(source, generators)),
  pack: (source, generators) => packMix(source, generatorOf(source, generators).mlp),
  unpack(image, view, generators) {
    const { mlp } = generatorOf({ kind: 'basis', generator: view.generator }, generators);
    return { kind: 'basis', ...unpackMix(image, view, mlp) };
  },
  describe: ({ generator }) => `basis ${generator}`,
  ...MIXED,
};

export const basisGenerator: GeneratorKind<BasisGenerator> = {
  pack({ mlp, encoding, count, rows, columns, values }, data) {
    const packed = packMlp(mlp, data);
    const basis = data.size;
    data.bytes(packRows(values, columns, encoding));
    return {
      ...mlpSizes(mlp),
      outputs: mlp?.outputs ?? count,
      basisEncoding: ENCODING_CODES[encoding],
      basisRows: rows,
      basisColumns: columns,
      mlp: packed,
      basis,
    };
  },
  unpack(image, view) {
    const { codeLength, outputs: count, basisRows: rows, basisColumns: columns } = view;
    const encoding = encodingOf(view.basisEncoding);
    const at = image.section(F.SECTION_WEIGHTS).offset + view.basis;
    const packed = image.bytes.slice(at, at + count * rows * packedBytes(encoding, columns));
    const mlp = codeLength > 0 ? unpackMlp(image, view) : null;
    return { kind: 'basis', mlp, encoding, count, rows, columns, values: unpackRows(packed, columns, encoding) };
  },
  pieces(view) {
    const { index, basis, outputs, basisRows, basisColumns } = view;
    const encoding = encodingOf(view.basisEncoding);
    const rowBytes = packedBytes(encoding, basisColumns);
    const size = `${outputs} basis of ${basisRows} x ${basisColumns}`;
    const label = `generator ${index}: ${size}, ${encoding}, ${rowBytes} bytes a row`;
    return [...mlpPieces(view), { offset: basis, category: 'basis/head', label }];
  },
  features(view) {
    const { basisEncoding, codeLength, outputs } = view;
    // two matrices of INT2 or fewer are mixed by a table of all 16 sums
    const isTabled = basisEncoding === F.ENCODING_INT2 && codeLength > 0 && outputs <= 2;
    const mix = isTabled ? [] : [FEATURE.FEATURE_MIX];
    return [...mix, ...mlpFeatures(view), FEATURE.FEATURE_ENCODING + basisEncoding];
  },
};
