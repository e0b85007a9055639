/** A layer with weights: sizes and names only. */
import type { Shape } from '../model/model.ts';
import type { MethodConfig } from './methods/config.ts';

export type LayerKind = 'convolution' | 'depthwise' | 'pointwise' | 'fullyConnected';

export interface LayerSpec {
  name: string;
  kind: LayerKind;
  /** how its weights are held */
  method: MethodConfig;
  input: Shape;
  output: Shape;
  kernel: [height: number, width: number];
  stride: [height: number, width: number];
  /** zeros above and to the left; below and to the right are as many as are needed */
  pad: [top: number, left: number];
  /** batch normalisation follows, in place of a bias */
  normalized: boolean;
  activation: 'relu' | 'none';
}

/** Positions of a kernel. */
export const taps = ({ kernel: [height, width] }: Pick<LayerSpec, 'kernel'>): number => height * width;

export const positionsOf = ([height, width]: Shape): number => height * width;

/** Input values of one output value, at each tap; of a fully connected layer all that there are. */
export const depthOf = ({ kind, input }: LayerSpec): number =>
  kind === 'fullyConnected' ? positionsOf(input) * input[2] : input[2];

/**
 * Length that a patch of taps * channels values is padded to, in input and weights. The library vectorises multiples of
 * four only; unpadded, the stem alone took a third of a training step. The padding is zero and stays zero.
 */
export const patchLength = (values: number): number => 4 * Math.ceil(values / 4);

/**
 * Depthwise [taps, channels]; convolution [outC, patchLength], of which taps * inC count; the others [outC, inputs].
 */
export function weightShape(layer: LayerSpec): [number, number] {
  const [, , channels] = layer.output;
  if (layer.kind === 'depthwise') return [taps(layer), channels];
  if (layer.kind === 'convolution') return [channels, patchLength(taps(layer) * depthOf(layer))];
  return [channels, depthOf(layer)];
}
