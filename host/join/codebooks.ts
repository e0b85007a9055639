/**
 * A pair of codebooks for the layers of many networks: one for depthwise and k x k kernels, one for 1x1 and fully
 * connected layers. Begun by k-means, then improved by what errors do: entries and indices in turn.
 */
import { fromCodebook, trainCodebook, type Weighed } from '../compress/codebook.ts';
import type { Layer } from '../compress/layers.ts';
import { placeOf } from '../compress/layers.ts';
import type { Replacement } from '../compress/replacement.ts';
import type { Codebook, CodebookSource } from '../sources/codebook.ts';

/** Which of the two codebooks a layer takes. */
export type Book = 'kernels' | 'mixes';

/** Layers whose channels have one weight a position take the second one. */
export const bookOf = ({ kind }: Pick<Layer, 'kind'>): Book =>
  kind === 'depthwise' || kind === 'convolution' ? 'kernels' : 'mixes';

/** How large a codebook is: entries of so many weights. */
export interface BookSize {
  entries: number;
  length: number;
}

const ROUNDS = 2; // of entries, then indices and scales
const STEPS = 12; // of conjugate gradients for the entries
const LARGEST = 127;

/** A codebook for all the layers: each counts by what its errors are of its outputs, times its importance. */
export function learnCodebook(layers: readonly Weighed[], { entries, length }: BookSize): Codebook {
  let codebook = trainCodebook(layers, entries, length);
  for (let round = 0; round < ROUNDS; round++) {
    const fitted = layers.map((one) => usesOf(one, fromCodebook(one, codebook, true), length));
    codebook = { ...codebook, values: bestEntries(fitted, codebook) };
  }
  return codebook;
}

/** A layer, its scales, and where in the codebook each of its weights comes from, [channels][depth]. */
interface Uses {
  weighed: Weighed;
  /** [channels] */
  scales: Float64Array;
  slots: Int32Array;
  /** what a squared error counts, so that having no weights at all would be the layer's importance */
  share: number;
}

function usesOf(weighed: Weighed, { source, scales }: Replacement, length: number): Uses {
  const { layer, forms, importance = 1 } = weighed;
  const { rows, rowLength, channels, depth, weights, effectiveScale } = layer;
  const { indices } = source as CodebookSource;
  const perRow = Math.ceil(rowLength / length);
  const slots = new Int32Array(channels * depth);
  for (let r = 0; r < rows; r++) {
    for (let k = 0; k < rowLength; k++) {
      const [c, index] = placeOf(layer, r, k);
      slots[c * depth + index] = indices[r * perRow + Math.floor(k / length)]! * length + (k % length);
    }
  }
  let power = 0;
  const nothing = new Float64Array(depth);
  for (let c = 0; c < channels; c++) {
    const own = Float64Array.from(weights.subarray(c * depth, (c + 1) * depth));
    power += effectiveScale[c]! ** 2 * forms[c]!.error(own, 1, nothing);
  }
  return { weighed, scales, slots, share: power > 0 ? importance / power : 0 };
}

/** The entries with the smallest error for these indices and scales, by conjugate gradients from those that there are. */
function bestEntries(layers: readonly Uses[], { values }: Codebook): Int8Array {
  const entries = Float64Array.from(values);
  const residual = slope(layers, entries, true);
  const weight = diagonal(layers, entries.length);
  const solved = (r: Float64Array) => r.map((x, i) => (weight[i]! > 0 ? x / weight[i]! : 0));
  let z = solved(residual);
  let direction = z;
  let rz = dot(residual, z);
  for (let step = 0; step < STEPS && rz > 0; step++) {
    const image = slope(layers, direction, false).map((x) => -x);
    const along = dot(direction, image);
    if (!(along > 0)) break;
    const length = rz / along;
    for (let i = 0; i < entries.length; i++) {
      entries[i]! += length * direction[i]!;
      residual[i]! -= length * image[i]!;
    }
    z = solved(residual);
    const next = dot(residual, z);
    const before = direction;
    const keep = next / rz;
    direction = z.map((x, i) => x + keep * before[i]!);
    rz = next;
  }
  return Int8Array.from(entries, (x) => Math.max(-LARGEST, Math.min(LARGEST, Math.round(x))));
}

const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, x, i) => sum + x * b[i]!, 0);

/** How the error falls with each value of the codebook: sum of scale H (weights - scale entries); without weights, linear. */
function slope(layers: readonly Uses[], entries: Float64Array, withWeights: boolean): Float64Array {
  const total = new Float64Array(entries.length);
  for (const { weighed, scales, slots, share } of layers) {
    const { layer, forms } = weighed;
    const { channels, depth, weights, effectiveScale } = layer;
    const off = new Float64Array(depth);
    for (let c = 0; c < channels; c++) {
      const base = c * depth;
      const scale = scales[c]!;
      for (let k = 0; k < depth; k++)
        off[k] = (withWeights ? weights[base + k]! : 0) - scale * entries[slots[base + k]!]!;
      const { h } = forms[c]!;
      const factor = share * effectiveScale[c]! ** 2 * scale;
      for (let k = 0; k < depth; k++) {
        let sum = 0;
        const line = k * depth;
        for (let j = 0; j < depth; j++) sum += h[line + j]! * off[j]!;
        total[slots[base + k]!]! += factor * sum;
      }
    }
  }
  return total;
}

/** The second derivative by each value alone, which conditions the search. */
function diagonal(layers: readonly Uses[], size: number): Float64Array {
  const total = new Float64Array(size);
  for (const { weighed, scales, slots, share } of layers) {
    const { layer, forms } = weighed;
    const { channels, depth, effectiveScale } = layer;
    for (let c = 0; c < channels; c++) {
      const factor = share * (effectiveScale[c]! * scales[c]!) ** 2;
      for (let k = 0; k < depth; k++) total[slots[c * depth + k]!]! += factor * forms[c]!.variance(k);
    }
  }
  return total;
}
