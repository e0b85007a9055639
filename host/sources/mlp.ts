/** The integer micro-MLP of generators, from a code to numbers: its twin, its bytes, and the codes of sources. */
import * as FEATURE from '../../assembly/features.ts';
import * as F from '../../assembly/format.ts';
import { generatorScratch } from '../../assembly/scratch.ts';
import { decodeBias, encodeBias } from '../arithmetic/compact.ts';
import { clamp, multiplyByQuantizedMultiplier, quantizeMultiplier, realOf } from '../arithmetic/fixed.ts';
import type { Encoding } from '../model/model.ts';
import type { ByteWriter } from '../records/bytes.ts';
import { ENCODING_CODES, encodingOf, packedBytes, packRows, unpackRows } from '../records/packed.ts';
import type { GeneratorView, ImageView, SourceView } from '../records/view.ts';
import { NO_MLP, type PackedMlp, type Piece, type SourceDoc } from './source.ts';

/**
 * Integer micro-MLP: hidden[i] = clamp(requantize(b1[i] + sum_j w1[i][j] * code[j], scale1), 0, 127),
 * output[o] = clamp(requantize(b2[o] + sum_i w2[o][i] * hidden[i], scale2), -127, 127).
 */
export interface Mlp {
  codeLength: number;
  codeEncoding: Encoding;
  hidden: number;
  outputs: number;
  w1: Int8Array; // [hidden][codeLength]
  b1: Int32Array; // [hidden], stored as i16 << shift
  scale1: number;
  w2: Int8Array; // [outputs][hidden]
  b2: Int32Array; // [outputs]
  scale2: number;
}

/** What docs/sources.md says of codes and the MLP. */
export const MLP_FIELDS: SourceDoc['fields'] = {
  SOURCE_DATA_AT: 'codes; nothing where there is no MLP',
  GENERATOR_CODE_ENCODING_AT: 'of codes: `ENCODING_INT8` to `TERNARY`; 0 without an MLP',
  GENERATOR_CODE_LENGTH_AT: 'values in a code; 0: no MLP',
  GENERATOR_HIDDEN_AT: 'hidden units of the MLP',
  GENERATOR_MLP_AT: 'the MLP, on 2 bytes',
};
export const MLP_BYTES = '2 x (hidden + outputs) + hidden x (code length + outputs), once for all its sources';

const HIDDEN_RANGE: [min: number, max: number] = [0, 127]; // ReLU
export const WEIGHT_RANGE: [min: number, max: number] = [-127, 127]; // symmetric, so that -w always exists

/**
 * One layer of the MLP: clamp(requantize(bias[o] + sum_i weights[o][i] * input[i], scale)).
 * The bias is used as the image stores it, i16 << shift.
 */
function layer(
  input: Int8Array,
  weights: Int8Array,
  bias: Int32Array,
  scale: number,
  [min, max]: [min: number, max: number],
): Int8Array {
  const factor = quantizeMultiplier(scale);
  return Int8Array.from(decodeBias(encodeBias(bias)), (storedBias, o) => {
    const acc = input.reduce((sum, value, i) => sum + weights[o * input.length + i] * value, storedBias);
    return clamp(multiplyByQuantizedMultiplier(acc | 0, factor), min, max);
  });
}

/** code [codeLength] levels -> output [outputs] in [-127, 127]. */
export function evaluateMlp(mlp: Mlp, code: Int8Array): Int8Array {
  const hidden = layer(code, mlp.w1, mlp.b1, mlp.scale1, HIDDEN_RANGE);
  return layer(hidden, mlp.w2, mlp.b2, mlp.scale2, WEIGHT_RANGE);
}

/** Code `index` of a source. */
export function codeAt({ codes }: { codes: Int8Array }, { codeLength }: Mlp, index: number): Int8Array {
  return codes.subarray(index * codeLength, (index + 1) * codeLength);
}

/** i16 b1, i16 b2, i8 w1, i8 w2, appended; returns where they lie and the numbers that go into the record. */
export function packMlp(mlp: Mlp | null, data: ByteWriter): PackedMlp {
  if (mlp === null) return NO_MLP;
  const offset = data.align(2).size;
  const bias1 = encodeBias(mlp.b1);
  const bias2 = encodeBias(mlp.b2);
  for (const value of [...bias1.values, ...bias2.values]) data.u16(value);
  data.bytes(mlp.w1).bytes(mlp.w2);
  return {
    offset,
    biasShift1: bias1.biasShift,
    biasShift2: bias2.biasShift,
    factor1: quantizeMultiplier(mlp.scale1),
    factor2: quantizeMultiplier(mlp.scale2),
  };
}

/** What the record of a generator says of its MLP beside PackedMlp. */
export function mlpSizes(mlp: Mlp | null): { codeEncoding: number; codeLength: number; hidden: number } {
  if (mlp === null) return { codeEncoding: 0, codeLength: 0, hidden: 0 };
  return { codeEncoding: ENCODING_CODES[mlp.codeEncoding], codeLength: mlp.codeLength, hidden: mlp.hidden };
}

/** The MLP of a generator that has one. */
export function unpackMlp(image: ImageView, view: GeneratorView): Mlp {
  const { at, codeLength, hidden, outputs } = view;
  const base = image.section(F.SECTION_WEIGHTS).offset + view.mlp;
  const biases = (from: number, count: number, biasShift: number) =>
    decodeBias({
      biasShift,
      values: Int16Array.from({ length: count }, (_, i) => image.u16(base + 2 * (from + i))),
    });
  const factor = (multiplierAt: number, shiftAt: number) =>
    realOf({ multiplier: image.i32(at + multiplierAt), shift: image.i8(at + shiftAt) });
  const w1At = base + 2 * (hidden + outputs);
  return {
    codeLength,
    codeEncoding: encodingOf(view.codeEncoding),
    hidden,
    outputs,
    w1: image.i8s(w1At, hidden * codeLength),
    b1: biases(0, hidden, image.u8(at + F.GENERATOR_BIAS_SHIFT1_AT)),
    scale1: factor(F.GENERATOR_MULTIPLIER1_AT, F.GENERATOR_SHIFT1_AT),
    w2: image.i8s(w1At + hidden * codeLength, outputs * hidden),
    b2: biases(hidden, outputs, image.u8(at + F.GENERATOR_BIAS_SHIFT2_AT)),
    scale2: factor(F.GENERATOR_MULTIPLIER2_AT, F.GENERATOR_SHIFT2_AT),
  };
}

/** The bytes of a source's codes; none without an MLP. */
export function packCodes({ codes }: { codes: Int8Array }, mlp: Mlp | null): Uint8Array {
  return mlp === null ? new Uint8Array() : packRows(codes, mlp.codeLength, mlp.codeEncoding);
}

/** The inverse of packCodes, for so many codes of a source. */
export function unpackCodes(image: ImageView, { data }: SourceView, mlp: Mlp | null, count: number): Int8Array {
  if (mlp === null) return new Int8Array();
  const at = image.section(F.SECTION_WEIGHTS).offset + data;
  const packed = image.bytes.slice(at, at + count * packedBytes(mlp.codeEncoding, mlp.codeLength));
  return unpackRows(packed, mlp.codeLength, mlp.codeEncoding);
}

/** Scratch for a code, the MLP and a row of each of its matrices, whatever of these a generator has. */
export function mlpScratch(image: ImageView, { generator }: SourceView, matrixRowLength: number): number {
  const { codeLength, hidden, outputs } = image.generators[generator];
  return generatorScratch(codeLength, hidden, outputs, matrixRowLength);
}

export function mlpPieces({ mlp, index, codeLength, hidden, outputs }: GeneratorView): Piece[] {
  if (codeLength === 0) return [];
  const label = `generator ${index}: micro-MLP ${codeLength} -> ${hidden} -> ${outputs}`;
  return [{ offset: mlp, category: 'generator', label }];
}

/** The codes of a source whose generator has an MLP. */
export function codePieces(image: ImageView, { index, data, generator }: SourceView): Piece[] {
  if (image.generators[generator].codeLength === 0) return [];
  return [{ offset: data, category: 'codes', label: `source ${index}: codes` }];
}

export function mlpFeatures({ codeLength, codeEncoding }: GeneratorView): number[] {
  return codeLength > 0 ? [FEATURE.FEATURE_ENCODING + codeEncoding] : [];
}
