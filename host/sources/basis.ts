/** Weights mixed from matrices that layers share, in proportions that an MLP makes of a code; or one matrix alone. */
import * as FEATURE from '../../assembly/features.ts';
import * as F from '../../assembly/format.ts';
import { generatorScratch } from '../../assembly/scratch.ts';
import { clamp, multiplyByQuantizedMultiplier, quantizeMultiplier, realOf } from '../arithmetic/fixed.ts';
import { ENCODING_CODES, encodingOf, packedBytes, packRows, unpackRows } from '../image/packed.ts';
import {
  codeAt,
  codePieces,
  evaluateMlp,
  MLP_BYTES,
  MLP_FIELDS,
  type Mlp,
  mlpFeatures,
  mlpPieces,
  mlpSizes,
  packCodes,
  packMlp,
  unpackCodes,
  unpackMlp,
  WEIGHT_RANGE,
} from './mlp.ts';
import { type GeneratorKind, generated, generatorOf, type SourceKind } from './source.ts';

/**
 * Weights mixed from a shared basis: w[r][k] = clamp(requantize(sum_j h[j] * basis[j][r][k], multiplier), -127, 127)
 * with h = MLP(code of row group floor(r / rowsPerCode)). Without an MLP (codeLength 0): w = basis[0].
 */
export interface BasisSource {
  kind: 'basis';
  generator: number;
  rows: number;
  rowLength: number;
  rowsPerCode: number;
  /** [ceil(rows / rowsPerCode)][codeLength] levels of the generator's code encoding */
  codes: Int8Array;
  /** real factor from the mix sum_j h[j] * basis[j] to the INT8 weight; unused without an MLP */
  mixScale: number;
}

export interface BasisGenerator {
  kind: 'basis';
  mlp: Mlp | null; // null: one matrix, taken as it is (plain cross-layer sharing)
  encoding: 'int8' | 'int4' | 'int2';
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

/**
 * w[r][k] = clamp(requantize(sum_j h[j] * basis[j][r][k], mixScale)) with h = MLP(code of r's group);
 * without an MLP basis[0][r][k].
 */
function mixedRows(source: BasisSource, generator: BasisGenerator): Int8Array {
  const { mlp, values, count, rows: basisRows, columns } = generator;
  if (source.rows > basisRows || source.rowLength > columns) {
    throw new RangeError(`basis source of ${source.rows} x ${source.rowLength} exceeds ${basisRows} x ${columns}`);
  }
  const factor = quantizeMultiplier(mlp === null ? 1 : source.mixScale);
  const weights = new Int8Array(source.rows * source.rowLength);
  let mix: Int8Array = new Int8Array(0);
  for (let r = 0; r < source.rows; r++) {
    if (mlp !== null && r % source.rowsPerCode === 0) {
      mix = evaluateMlp(mlp, codeAt(source, mlp, r / source.rowsPerCode));
    }
    for (let k = 0; k < source.rowLength; k++) {
      const basisAt = (j: number) => values[(j * basisRows + r) * columns + k];
      let weight = basisAt(0);
      if (mlp !== null) {
        let sum = 0;
        for (let j = 0; j < count; j++) sum += mix[j] * basisAt(j);
        weight = clamp(multiplyByQuantizedMultiplier(sum, factor), ...WEIGHT_RANGE);
      }
      weights[r * source.rowLength + k] = weight;
    }
  }
  return weights;
}

export const basisSource: SourceKind<BasisSource> = {
  code: 2,
  doc: {
    rows:
      "Row r is the sum of rows r of all matrices of the basis, each times what the MLP makes of the code of r's group," +
      " requantised and cut to the row's length. Without an MLP there is one matrix, taken as it is.",
    fields: {
      ...MLP_FIELDS,
      SOURCE_ROWS_PER_CODE_AT: 'rows that share a code',
      SOURCE_SHIFT_AT: 'of the factor from the sum to INT8',
      SOURCE_MULTIPLIER_AT: 'of the factor from the sum to INT8',
      GENERATOR_OUTPUTS_AT: 'matrices',
      GENERATOR_BASIS_ENCODING_AT: 'of the matrices: `ENCODING_INT8`, `INT4` or `INT2`',
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
  materialize: (source, generators) => mixedRows(source, generatorOf(source, generators)),
  pack: (source, generators) => ({
    ...generated(packCodes(source, generatorOf(source, generators).mlp)),
    rowsPerCode: source.rowsPerCode,
    mix: quantizeMultiplier(source.mixScale),
  }),
  unpack(image, view, generators) {
    const { at, rows, rowLength, rowsPerCode, generator } = view;
    const mixScale = realOf({
      multiplier: image.i32(at + F.SOURCE_MULTIPLIER_AT),
      shift: image.i8(at + F.SOURCE_SHIFT_AT),
    });
    const common = { kind: 'basis' as const, generator, rows, rowLength, rowsPerCode, mixScale };
    const { mlp } = generatorOf(common, generators);
    return { ...common, codes: unpackCodes(image, view, mlp, Math.ceil(rows / rowsPerCode)) };
  },
  describe: ({ generator }) => `basis ${generator}`,
  pieces: codePieces,
  features: () => [],
  scratchBytes(image, { generator, rowLength }) {
    const { codeLength, hidden, outputs } = image.generators[generator];
    return generatorScratch(codeLength, hidden, outputs, rowLength);
  },
  isInPlace: () => false,
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
    const encoding = encodingOf(view.basisEncoding) as BasisGenerator['encoding'];
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
