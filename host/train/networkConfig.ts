/** Networks as configurations say them; network.ts makes layers of them. */
import type { MethodConfig } from './methods/config.ts';

/** Along the width alone, or height and width. */
export type Extent = number | [height: number, width: number];

export type LayerConfig =
  | { kind: 'convolution'; channels: number; kernel: Extent; stride?: Extent; activation?: 'relu' | 'none' }
  | { kind: 'separable'; channels: number; kernel: Extent; stride?: Extent; activation?: 'relu' | 'none' }
  | { kind: 'depthwise'; kernel: Extent; stride?: Extent; activation?: 'relu' | 'none' }
  | { kind: 'pointwise'; channels: number; activation?: 'relu' | 'none' }
  | { kind: 'fullyConnected'; channels: number }
  | { kind: 'averagePool'; kernel: Extent }
  | { kind: 'residual'; layers: LayerConfig[] };

/** Stem and depthwise-separable blocks. */
export interface SeparableConfig {
  stem: { channels: number; kernel: number; stride: number };
  depthwiseKernel: number;
  /** output channels of each block */
  widths: number[];
  /** stride of each block's depthwise convolution */
  strides: number[];
  methods: Record<string, MethodConfig>;
}

export interface ListedConfig {
  layers: LayerConfig[];
  /** by the name of a layer, or of its kind for all others of it; INT8 where nothing is said */
  methods: Record<string, MethodConfig>;
}

export type NetworkConfig = SeparableConfig | ListedConfig;

/** A selector that picks one of several classifiers for every window (Ma et al. 2024, DiTMoS). */
export interface RouteConfig {
  /** how many classifiers there are */
  branches: number;
  selector: NetworkConfig;
  /** each of them */
  classifier: NetworkConfig;
  /** layers of the classifiers that are followed by what the layer of that name in the selector gives, too */
  aggregate: string[];
  /** epochs in which each classifier learns its cluster of the training windows */
  apart: number;
  /** weight of the mean over windows of other clusters then, and in `together` of that of all classifiers; default 0 */
  elsewhere?: number;
  /** epochs of the selector behind these */
  selecting: number;
  /** how often selector and classifiers take turns then */
  rounds: number;
  /** epochs of the selector, and of the classifiers, in each round */
  turns: [selector: number, classifiers: number];
  /** factor on the learning rate in the rounds */
  turnRate: number;
  loss: RouteLossConfig;
  /** epochs at last in which selector and classifiers learn at once, as a mixture of experts; default 0 */
  together?: number;
}

/** Weights of the four terms that a classifier makes small in the rounds, each a mean over some windows of a batch. */
export interface RouteLossConfig {
  /** cross entropy of windows that no classifier gets right */
  union: number;
  /** minus that of windows which this one and others get right */
  overlap: number;
  /** of windows that only this one gets right */
  single: number;
  /** of windows that the selector gives it */
  selection: number;
}
