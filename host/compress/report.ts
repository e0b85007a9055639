/** What compression did, in numbers: bytes by category, each layer, agreement with the original, accuracy. */
import { bytesByCategory, regionsOf } from '../image/regions.ts';
import { withResidency } from '../image/seal.ts';
import type { Unpacked } from '../image/unpack.ts';
import { ImageView } from '../records/view.ts';
import { generatorBytes } from '../sources/registry.ts';
import { type Agreement, compare, largestOf, type Outputs, outputsOf, outputZeroPoint } from './agreement.ts';
import { BudgetError, type Compressed, type Prepared } from './compress.ts';
import type { Option } from './options.ts';
import { ownBytes } from './replacement.ts';
import type { Samples } from './samples.ts';

export interface LayerReport {
  name: string;
  weights: number;
  became: string;
  tables: 'q31' | 'compact';
  bytes: { before: number; after: number };
  /** of the network's outputs when only this layer changes; of the layer's outputs, relative, without calibration */
  error: number;
}

/** What one kind of source makes of every layer that can have it. */
export interface SourceReport {
  name: string;
  layers: number;
  weights: number;
  /** generators included */
  bytes: number;
  /** squared error of a layer's own outputs over their power, mean over the layers */
  layerError: number;
}

export interface CompressionReport {
  bytes: { before: number; after: number };
  /** weights of the layers that can change, with the generators that came in */
  weightBytes: { before: number; after: number };
  /** of program 0: changed layers with a cache each, and streamed */
  arenaBytes: { before: number; after: number; streamed: number };
  categories: Record<string, { before: number; after: number }>;
  layers: LayerReport[];
  /** on samples that were not calibrated on, or null without any */
  agreement: Agreement | null;
  /** share of labels found, on the same samples */
  accuracy: { before: number; after: number } | null;
}

/** All sources that were fitted, whether they pay or not, in order of their bytes. */
export function sourcesOf({ fitted, layers }: Prepared): SourceReport[] {
  const found = new Map<string, SourceReport>();
  const count = (option: Option, l: number, bytes: number) => {
    const { name } = option.replacement;
    const sum = found.get(name) ?? { name, layers: 0, weights: 0, bytes, layerError: 0 };
    sum.layers++;
    sum.weights += layers[l].weights.length;
    sum.bytes += option.bytes;
    sum.layerError += option.layerError;
    found.set(name, sum);
  };
  fitted.own.forEach((options, l) => {
    for (const option of options) count(option, l, 0);
  });
  for (const { bytes, options } of fitted.shared)
    options.forEach((option, l) => {
      if (option) count(option, l, bytes);
    });
  return [...found.values()]
    .map((sum) => ({ ...sum, layerError: sum.layerError / sum.layers }))
    .sort((a, b) => b.bytes / b.weights - a.bytes / a.weights);
}

/** What the changed model is judged by. */
export interface Judged {
  samples: Samples;
  labels: Int32Array | null;
  /** the original's, of the same samples */
  outputs: Outputs;
}

export function judgedBy({ model, tables }: Unpacked, samples: Samples, labels: Int32Array | null): Judged {
  return { samples, labels, outputs: outputsOf(model, samples, tables) };
}

export function reportOn(
  original: Uint8Array,
  { model, layers }: Prepared,
  compressed: Compressed,
  judged: Judged | null,
): CompressionReport {
  const { image, chosen, exact } = compressed;
  const generators = new Map(chosen.map(({ replacement: { generator } }) => [generator, generatorBytes(generator)]));
  const before = layers.reduce((sum, { weights }) => sum + weights.length, 0);
  const after =
    chosen.reduce((sum, { replacement }) => sum + ownBytes(replacement), 0) +
    [...generators.values()].reduce((sum, bytes) => sum + bytes, 0);
  const outputs = judged && outputsOf(compressed.model, judged.samples, compressed.tables);
  return {
    bytes: { before: original.length, after: image.length },
    weightBytes: { before, after },
    arenaBytes: {
      before: arenaOf(original),
      after: arenaOf(image),
      streamed: arenaOf(withResidency(image, 'stream')),
    },
    categories: categories(original, image),
    layers: layers.map((layer, i) => ({
      name: layer.name,
      weights: layer.weights.length,
      became: chosen[i].replacement.name,
      tables: exact[i] ? 'q31' : 'compact',
      bytes: { before: layer.weights.length, after: ownBytes(chosen[i].replacement) },
      error: chosen[i].error,
    })),
    agreement: judged && outputs && compare(judged.outputs, outputs, outputZeroPoint(model)),
    accuracy:
      judged?.labels && outputs
        ? { before: accuracy(judged.outputs, judged.labels), after: accuracy(outputs, judged.labels) }
        : null,
  };
}

const arenaOf = (image: Uint8Array): number => new ImageView(image).programs[0].arenaBytes;

function accuracy(outputs: Outputs, labels: Int32Array): number {
  return largestOf(outputs).reduce((right, index, i) => right + (index === labels[i] ? 1 : 0), 0) / labels.length;
}

function categories(before: Uint8Array, after: Uint8Array): CompressionReport['categories'] {
  const [old, now] = [before, after].map((image) => bytesByCategory(regionsOf(new ImageView(image))));
  const names = [...new Set([...Object.keys(old), ...Object.keys(now)])];
  return Object.fromEntries(names.map((name) => [name, { before: old[name] ?? 0, after: now[name] ?? 0 }]));
}

/** What one budget gives. */
export interface CurvePoint {
  budget: number;
  /** null where the method does not get so small */
  report: CompressionReport | null;
  smallest?: number;
}

/** Compresses to a budget and reports on it; a budget that cannot be met is a point, too. */
export async function pointOf(
  image: Uint8Array,
  prepared: Prepared,
  judged: Judged | null,
  budget: number,
  compressed: () => Promise<Compressed>,
): Promise<CurvePoint> {
  try {
    return { budget, report: reportOn(image, prepared, await compressed(), judged) };
  } catch (error) {
    if (error instanceof BudgetError) return { budget, report: null, smallest: error.smallest };
    throw error;
  }
}
