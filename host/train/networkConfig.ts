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
