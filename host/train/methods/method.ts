/**
 * How weights are held: one file a method, with its parameters, its quantizer in training and its export to a weight
 * source, and one line in registry.ts. A method whose layers share something holds all of them at once; any other holds
 * each layer by itself.
 */

import type { Generator, Residency, WeightSource } from '../../model/model.ts';
import type { Schema } from '../../system/json.ts';
import type { Random } from '../../system/random.ts';
import type { Parameters } from '../arrays.ts';
import type { LayerSpec } from '../layerSpec.ts';
import type { Tensor } from '../layers.ts';
import type { MethodConfig } from './config.ts';

/** Integer weights of a layer and the scale that makes them real, broadcastable over them. */
export interface LayerWeights {
  levels: Tensor;
  scale: Tensor;
}

/** What a model is given. */
export interface Sources {
  list: WeightSource[];
  generators: Generator[];
  /** per layer: index of its source, and the real value of one level per output channel when it is materialised */
  of: Map<string, { source: number; scales: Float64Array; residency: Residency }>;
}

/** The weights of some layers. Names of parameters are those of the checkpoint. */
export interface Method {
  layers: readonly LayerSpec[];
  /** trained arrays by name */
  shapes(): [name: string, shape: number[]][];
  initialize(random: Random): Parameters;
  /** of each of its layers, as [rows][columns] of weightShape; borrows the parameters */
  weights(parameters: Parameters): Map<string, LayerWeights>;
  /** adds sources, and generators; borrows the parameters */
  export(parameters: Parameters, sources: Sources): void;
}

/** A generator that an image has, at its place there: its layers are made from it as it is. */
export interface Installed<G extends Generator = Generator> {
  generator: G;
  index: number;
}

export interface MethodKind<C extends MethodConfig = MethodConfig> {
  schema: Schema<C>;
  /** for a model card: "weights are ..." */
  about(config: C): string;
  /** whether layers share something, and so are held together */
  isShared: boolean;
  /** what keeps it from holding these layers: the field of its configuration and what is wrong; null where nothing */
  fault(config: C, layers: readonly LayerSpec[]): [field: string, message: string] | null;
  /** multiply-accumulates of making the weights of a layer once; absent where they are only unpacked or looked up */
  makingMacs?(config: C, layer: LayerSpec): number;
  /** whether a generator of an image is one that this configuration describes; absent where none can be taken over */
  isOf?(config: C, generator: Generator): boolean;
  /** `prefix` begins the names of what layers share; `installed`: what they share is there already */
  make(config: C, layers: readonly LayerSpec[], prefix: string, installed: Installed | null): Method;
}

/** Levels as int8. They are whole up to float32 rounding of the straight-through sum. Consumes the array. */
export const integers = (array: Tensor): Int8Array => Int8Array.from(array.dataSync(), Math.round);

export const scalar = (array: Tensor): number => array.dataSync()[0]!;
