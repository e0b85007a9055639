/** Weight synthesis: a source's rows as INT8, made from codes by the integer micro-MLP of a generator. */

import { decodeBias, encodeBias } from '../arithmetic/compact.ts';
import { clamp, multiplyByQuantizedMultiplier, quantizeMultiplier } from '../arithmetic/fixed.ts';
import type { BasisSource, CodebookSource, Generator, Mlp, TileSource, WeightSource } from '../model/model.ts';

const HIDDEN_RANGE: [min: number, max: number] = [0, 127]; // ReLU
const WEIGHT_RANGE: [min: number, max: number] = [-127, 127]; // symmetric, so that -w always exists

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

/** All rows of a source, [rows][rowLength]. Throws when source and generator do not belong together. */
export function materialize(source: WeightSource, generators: readonly Generator[]): Int8Array {
  switch (source.kind) {
    case 'stored':
      return source.values;
    case 'basis':
      return materializeBasis(source, generators);
    case 'tile':
      return materializeTiles(source, generators);
    case 'codebook':
      return materializeEntries(source, generators);
  }
}

/** w[r][k] = clamp(requantize(sum_j h[j] * basis[j][r][k], mixScale)), h = MLP(code of r's group); or basis[0][r][k]. */
function materializeBasis(source: BasisSource, generators: readonly Generator[]): Int8Array {
  const generator = generators[source.generator];
  if (generator?.kind !== 'basis') throw wrongGenerator(source);
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

/** Row-major; each run of `outputs` weights is MLP(code of the tile). */
function materializeTiles(source: TileSource, generators: readonly Generator[]): Int8Array {
  const generator = generators[source.generator];
  if (generator?.kind !== 'tile') throw wrongGenerator(source);
  const { mlp } = generator;
  const weights = new Int8Array(source.rows * source.rowLength);
  if (weights.length % mlp.outputs !== 0) {
    throw new RangeError(`tile source of ${weights.length} weights is no multiple of ${mlp.outputs} weights a tile`);
  }
  for (let tile = 0; tile * mlp.outputs < weights.length; tile++) {
    weights.set(evaluateMlp(mlp, codeAt(source, mlp, tile)), tile * mlp.outputs);
  }
  return weights;
}

/** w[r][k] = entry[index[r][floor(k / length)]][k % length]. */
function materializeEntries(source: CodebookSource, generators: readonly Generator[]): Int8Array {
  const generator = generators[source.generator];
  if (generator?.kind !== 'codebook') throw wrongGenerator(source);
  const { entries, length, values } = generator;
  const rowIndices = Math.ceil(source.rowLength / length);
  return Int8Array.from({ length: source.rows * source.rowLength }, (_, i) => {
    const r = Math.floor(i / source.rowLength);
    const k = i % source.rowLength;
    const index = source.indices[r * rowIndices + Math.floor(k / length)];
    if (!(index < entries))
      throw new RangeError(`codebook source, row ${r}, weight ${k}: no entry ${index} of ${entries}`);
    return values[index * length + (k % length)];
  });
}

function codeAt(source: BasisSource | TileSource, mlp: Mlp, index: number): Int8Array {
  return source.codes.subarray(index * mlp.codeLength, (index + 1) * mlp.codeLength);
}

function wrongGenerator(source: Exclude<WeightSource, { kind: 'stored' }>): Error {
  return new Error(`${source.kind} source: generator ${source.generator} is missing or of another kind`);
}
