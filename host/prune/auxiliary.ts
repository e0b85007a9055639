/**
 * Auxiliary networks: what takes the place of all that stood behind a cut. As in De Leon and Atienza, Depth Pruning with
 * Auxiliary Networks for TinyML (ICASSP 2022): depthwise 3x3, pointwise 32, depthwise 3x3, pointwise 16, each with batch
 * normalisation and ReLU, then a mean over positions and a dense layer.
 */
import type { Program, Shape } from '../model/model.ts';
import type { Extent, LayerConfig } from '../train/networkConfig.ts';
import type { Cut } from './cuts.ts';

/** By its name: "dscnn32-16", with any channels of its blocks, or "dense", which has none. */
export interface Auxiliary {
  name: string;
  /** output channels of each depthwise-separable block */
  widths: number[];
}

export const DEFAULT_AUXILIARY = 'dscnn32-16';

const MOST_CHANNELS = 1024;

/** undefined for a name of none */
export function auxiliaryNamed(name: string): Auxiliary | undefined {
  if (name === 'dense') return { name, widths: [] };
  const [, list] = /^dscnn(\d{1,4}(?:-\d{1,4}){0,7})$/.exec(name) ?? [];
  const widths = list?.split('-').map(Number) ?? [0];
  return widths.every((width) => width >= 1 && width <= MOST_CHANNELS) ? { name, widths } : undefined;
}

/** Its layers, in front of the mean and the classifier. */
export const layersOf = ({ widths }: Auxiliary, kernel: Extent): LayerConfig[] =>
  widths.map((channels) => ({ kind: 'separable', channels, kernel }));

/**
 * 3x3 on planes, as in the paper. On a row of positions as wide as the depthwise kernel in front of the cut, else behind
 * it: two of these see as far around as two blocks of the network do, and a kernel of 3 would see half of that.
 */
export function kernelAt({ operators, tensors }: Program, { tensor, operator: end }: Cut): Extent {
  const [height] = tensors[tensor].shape as Shape;
  if (height > 1) return [3, 3];
  const width = (index: number): number => {
    const operator = operators[index];
    return operator?.kind === 'depthwise' ? operator.kernel[1] : 0;
  };
  const all = [...operators.keys()];
  const before = all.slice(0, end + 1).findLast((index) => width(index) > 1);
  const near = before ?? all.slice(end + 1).find((index) => width(index) > 1);
  return near === undefined ? 3 : width(near);
}
