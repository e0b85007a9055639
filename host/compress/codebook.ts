/** Product quantisation: weights as entries of a codebook of INT8 vectors, of one layer or shared by several. */

import type { Codebook } from '../sources/codebook.ts';
import { Random } from '../system/random.ts';
import { kMeans, nearestCenter } from './kmeans.ts';
import { byChannel, type Layer, placeOf, targetsOf } from './layers.ts';
import type { Quadratic } from './quadratic.ts';
import type { Replacement } from './replacement.ts';

/** A layer with the forms that say what an error costs, one per channel. */
export interface Weighed {
  layer: Layer;
  forms: readonly Quadratic[];
  /** what its errors count beside those of other layers that learn the same codebook; default 1 */
  importance?: number;
}

const RMS = 40; // of a scaled channel: three deviations are within INT8
const SMALLEST_SCALE = 1 / 8;
const MOST_VECTORS = 40_000; // that a codebook is trained on
const ROUNDS = 2; // of indices, then scales
const SWEEPS = 6;

/** The scales with which all channels have the same spread. */
function spreadScales({ weights, channels, depth }: Layer): Float64Array {
  return Float64Array.from({ length: channels }, (_, c) => {
    let square = 0;
    for (let k = 0; k < depth; k++) square += weights[c * depth + k] ** 2;
    return Math.max(SMALLEST_SCALE, Math.sqrt(square / depth) / RMS);
  });
}

/** A codebook for the weights of all the layers given, each of which counts by its importance. */
export function trainCodebook(all: readonly Weighed[], entries: number, length: number, seed = 1): Codebook {
  const parts = all.map((one) => scaledVectors(one, length));
  const n = parts.reduce((sum, { vectors }) => sum + vectors.length / length, 0);
  const random = new Random(seed);
  const keep = Math.min(1, MOST_VECTORS / n);
  const [vectors, weights]: [number[], number[]] = [[], []];
  for (const part of parts) {
    for (let at = 0; at < part.vectors.length; at += length) {
      if (keep < 1 && random.uniform() >= keep) continue;
      for (let j = at; j < at + length; j++) {
        vectors.push(part.vectors[j]);
        weights.push(part.weights[j]);
      }
    }
  }
  const count = Math.min(entries, vectors.length / length);
  const centers = kMeans(Float64Array.from(vectors), Float64Array.from(weights), length, count, random);
  const values = Int8Array.from(centers, (value) => Math.max(-127, Math.min(127, Math.round(value))));
  return { kind: 'codebook', entries: count, length, values };
}

/** Runs of scaled weights along the source's rows, and what their squared errors cost; a tail is padded at no cost. */
function scaledVectors({ layer, forms, importance = 1 }: Weighed, length: number) {
  const { rows, rowLength, depth, effectiveScale } = layer;
  const targets = targetsOf(layer);
  const scales = spreadScales(layer);
  const perRow = Math.ceil(rowLength / length);
  const vectors = new Float64Array(rows * perRow * length);
  const costs = new Float64Array(vectors.length);
  let energy = 0;
  for (let r = 0; r < rows; r++) {
    for (let k = 0; k < rowLength; k++) {
      const [c, index] = placeOf(layer, r, k);
      const at = r * perRow * length + k;
      vectors[at] = targets[c * depth + index] / scales[c];
      costs[at] = (scales[c] * effectiveScale[c]) ** 2 * forms[c].variance(index);
      energy += costs[at] * vectors[at] ** 2;
    }
  }
  return { vectors, weights: energy > 0 ? costs.map((cost) => (importance * cost) / energy) : costs.fill(1) };
}

/** `targets` [channels][depth], the layer's own where none are given, as entries of a codebook. */
export function fromCodebook(
  { layer, forms }: Weighed,
  codebook: Codebook,
  shared: boolean,
  targets: ArrayLike<number> = targetsOf(layer),
): Replacement {
  const { rows, rowLength, channels, depth } = layer;
  const { length, values, entries } = codebook;
  const perRow = Math.ceil(rowLength / length);
  const indices = new Uint8Array(rows * perRow);
  const scales = spreadScales(layer);
  const wanted = Array.from({ length: channels }, (_, c) =>
    Float64Array.from({ length: depth }, (_, k) => targets[c * depth + k]),
  );
  let levels: Int8Array = new Int8Array(channels * depth);
  for (let round = 0; round < ROUNDS; round++) {
    assignNearest(layer, forms, wanted, scales, codebook, indices);
    if (layer.kind !== 'depthwise') improveRows(forms, wanted, scales, codebook, indices);
    levels = byChannel(layer, expand(indices, rowLength, codebook));
    for (let c = 0; c < channels; c++) {
      const own = levels.subarray(c * depth, (c + 1) * depth);
      scales[c] = Math.max(SMALLEST_SCALE, forms[c].bestScale(wanted[c], own, scales[c]));
    }
  }
  return {
    name: `${shared ? 'shared codebook' : 'codebook'} of ${entries} x ${values.length / entries}`,
    source: { kind: 'codebook', generator: -1, rows, rowLength, indices },
    generator: codebook,
    levels,
    scales,
  };
}

/** The nearest entry of every run, each weight by its own variance. */
function assignNearest(
  layer: Layer,
  forms: readonly Quadratic[],
  wanted: readonly Float64Array[],
  scales: Float64Array,
  { length, values }: Codebook,
  indices: Uint8Array,
): void {
  const { rows, rowLength, effectiveScale } = layer;
  const perRow = Math.ceil(rowLength / length);
  const [vector, costs] = [new Float64Array(length), new Float64Array(length)];
  for (let i = 0; i < indices.length; i++) {
    const r = Math.floor(i / perRow);
    for (let j = 0; j < length; j++) {
      const k = (i % perRow) * length + j;
      costs[j] = 0;
      if (k >= rowLength || r >= rows) continue;
      const [c, index] = placeOf(layer, r, k);
      vector[j] = wanted[c][index] / scales[c];
      costs[j] = (scales[c] * effectiveScale[c]) ** 2 * forms[c].variance(index);
    }
    indices[i] = nearestCenter(vector, costs, 0, length, values);
  }
}

/** Rows are channels: exchanges entries as long as that makes the error of the whole row smaller. */
function improveRows(
  forms: readonly Quadratic[],
  wanted: readonly Float64Array[],
  scales: Float64Array,
  codebook: Codebook,
  indices: Uint8Array,
): void {
  const perRow = indices.length / wanted.length;
  const own = new Map<Quadratic, Float64Array>(); // rows that share their inputs share these
  wanted.forEach((weights, r) => {
    const form = forms[r];
    let squares = own.get(form);
    if (!squares) {
      squares = entrySquares(form, codebook, perRow);
      own.set(form, squares);
    }
    improveRow(form, weights, scales[r], codebook, squares, indices.subarray(r * perRow, (r + 1) * perRow));
  });
}

/** entry' H entry for every entry at every place in a row, [perRow][entries]. */
function entrySquares({ depth, h }: Quadratic, { entries, length, values }: Codebook, perRow: number): Float64Array {
  const squares = new Float64Array(perRow * entries);
  for (let block = 0; block < perRow; block++) {
    const from = block * length;
    const size = Math.min(length, depth - from);
    for (let entry = 0; entry < entries; entry++) {
      let sum = 0;
      for (let i = 0; i < size; i++) {
        for (let j = 0; j < size; j++)
          sum += values[entry * length + i] * h[(from + i) * depth + from + j] * values[entry * length + j];
      }
      squares[block * entries + entry] = sum;
    }
  }
  return squares;
}

function improveRow(
  form: Quadratic,
  weights: Float64Array,
  scale: number,
  { entries, length, values }: Codebook,
  squares: Float64Array,
  indices: Uint8Array,
): void {
  const { depth, h } = form;
  const levels = new Float64Array(depth);
  for (let k = 0; k < depth; k++) levels[k] = values[indices[Math.floor(k / length)] * length + (k % length)];
  const gradient = form.gradient(weights, scale, levels);
  const linear = new Float64Array(length);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    let moved = false;
    for (let block = 0; block < indices.length; block++) {
      const from = block * length;
      const size = Math.min(length, depth - from);
      // what the gradient would be with nothing in this place
      for (let i = 0; i < size; i++) {
        linear[i] = gradient[from + i];
        for (let j = 0; j < size; j++) linear[i] += h[(from + i) * depth + from + j] * levels[from + j];
      }
      const cost = (entry: number): number => {
        let product = 0;
        for (let i = 0; i < size; i++) product += values[entry * length + i] * linear[i];
        return squares[block * entries + entry] - 2 * product;
      };
      let [best, least] = [indices[block], cost(indices[block]) - 1e-9];
      for (let entry = 0; entry < entries; entry++) {
        const c = cost(entry);
        if (c < least) [best, least] = [entry, c];
      }
      if (best === indices[block]) continue;
      indices[block] = best;
      moved = true;
      for (let i = 0; i < size; i++) {
        const delta = values[best * length + i] - levels[from + i];
        levels[from + i] += delta;
        for (let j = 0; j < depth; j++) gradient[j] -= delta * h[(from + i) * depth + j];
      }
    }
    if (!moved) return;
  }
}

/** Values [rows][rowLength] that indices [rows][ceil(rowLength / length)] stand for. */
function expand(indices: Uint8Array, rowLength: number, { length, values }: Codebook): Int8Array {
  const perRow = Math.ceil(rowLength / length);
  return Int8Array.from({ length: (indices.length / perRow) * rowLength }, (_, i) => {
    const k = i % rowLength;
    return values[indices[Math.floor(i / rowLength) * perRow + Math.floor(k / length)] * length + (k % length)];
  });
}
