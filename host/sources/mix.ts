/**
 * Rows mixed from the rows of matrices, in proportions that the MLP makes of a code, wherever the matrices come from:
 * the twin of assembly/weights/mix.ts, and the fields of such a source. Without an MLP it is one matrix, taken as it
 * is.
 */
import * as F from '../../assembly/format.ts';
import { clamp, multiplyByQuantizedMultiplier, quantizeMultiplier, realOf } from '../arithmetic/fixed.ts';
import type { ImageView, SourceView } from '../records/view.ts';
import {
  codeAt,
  codePieces,
  evaluateMlp,
  MLP_FIELDS,
  type Mlp,
  mlpScratch,
  packCodes,
  unpackCodes,
  WEIGHT_RANGE,
} from './mlp.ts';
import { generated, type PackedSource, type SourceDoc, type SourceKind } from './source.ts';

/** Rows mixed from rows of matrices, in proportions that a code has for each group of rows. */
export interface MixedSource {
  generator: number;
  rows: number;
  rowLength: number;
  rowsPerCode: number;
  /** [ceil(rows / rowsPerCode)][codeLength] levels of the generator's code encoding */
  codes: Int8Array;
  /** real factor from the mix sum_j h[j] * matrix[j] to the INT8 weight; unused without an MLP */
  mixScale: number;
}

/** What a kind of such sources has in common with the others. */
export const MIXED: Pick<SourceKind<never>, 'pieces' | 'features' | 'scratchBytes' | 'isInPlace'> = {
  pieces: codePieces,
  features: () => [],
  scratchBytes: (image, view) => mlpScratch(image, view, view.rowLength),
  isInPlace: () => false,
};

/** What docs/sources.md says of the fields of such a source and its generator. */
export const MIX_FIELDS: SourceDoc['fields'] = {
  ...MLP_FIELDS,
  SOURCE_ROWS_PER_CODE_AT: 'rows that share a code',
  SOURCE_SHIFT_AT: 'of the factor from the sum to INT8',
  SOURCE_MULTIPLIER_AT: 'of the factor from the sum to INT8',
  GENERATOR_OUTPUTS_AT: 'matrices',
};

/**
 * w[r][k] = clamp(requantize(sum_j h[j] * matrix(j, r)[k], mixScale)) with h = MLP(code of r's group); without an MLP
 * matrix(0, r)[k].
 */
export function mixedRows(
  source: MixedSource,
  mlp: Mlp | null,
  matrix: (j: number, r: number) => Int8Array,
): Int8Array {
  const { rows, rowLength, rowsPerCode, mixScale } = source;
  const factor = quantizeMultiplier(mixScale);
  const weights = new Int8Array(rows * rowLength);
  let mix: Int8Array = new Int8Array(0);
  for (let r = 0; r < rows; r++) {
    if (mlp === null) {
      weights.set(matrix(0, r).subarray(0, rowLength), r * rowLength);
      continue;
    }
    if (r % rowsPerCode === 0) mix = evaluateMlp(mlp, codeAt(source, mlp, r / rowsPerCode));
    const parts = Array.from(mix, (_, j) => matrix(j, r));
    for (let k = 0; k < rowLength; k++) {
      const sum = parts.reduce((acc, part, j) => acc + mix[j] * part[k], 0);
      weights[r * rowLength + k] = clamp(multiplyByQuantizedMultiplier(sum, factor), ...WEIGHT_RANGE);
    }
  }
  return weights;
}

export function packMix(source: MixedSource, mlp: Mlp | null): PackedSource {
  const { rowsPerCode, mixScale } = source;
  return { ...generated(packCodes(source, mlp)), rowsPerCode, mix: quantizeMultiplier(mixScale) };
}

/** The inverse of packMix. */
export function unpackMix(image: ImageView, view: SourceView, mlp: Mlp | null): MixedSource {
  const { at, rows, rowLength, rowsPerCode, generator } = view;
  const multiplier = image.i32(at + F.SOURCE_MULTIPLIER_AT);
  const mixScale = realOf({ multiplier, shift: image.i8(at + F.SOURCE_SHIFT_AT) });
  const codes = unpackCodes(image, view, mlp, Math.ceil(rows / rowsPerCode));
  return { generator, rows, rowLength, rowsPerCode, codes, mixScale };
}
