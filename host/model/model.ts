/**
 * The one model type that host stages hand on: train and import make it, pack writes it, inspect reads it back.
 *
 * Everything is already integer, except the real scales that `pack` turns into fixed-point multipliers.
 * Loop letters as everywhere: p position, c output channel, k input channel / depth, l layer.
 */

/** Height, width, channels; a one-dimensional signal has height 1. */
export type Shape = [height: number, width: number, channels: number];

/** real = scale * (q - zeroPoint) */
export interface Tensor {
  name: string;
  shape: Shape;
  type: 'i8' | 'i16';
  scale: number;
  zeroPoint: number;
}

/** How stored weights lie in the image: 8, 4 or 2 bits a weight, or -1, 0, 1 in packed form. */
export type Encoding = 'int8' | 'int4' | 'int2' | 'ternary';
/** When weights become INT8: never, as they are read in place; at load; in the first inference; in every one. */
export type Residency = 'flash' | 'boot' | 'lazy' | 'stream';

/** Weights that lie in the image, row-major [rows][rowLength]; values within the encoding's levels. */
export interface StoredSource {
  kind: 'stored';
  encoding: Encoding;
  rows: number;
  rowLength: number;
  values: Int8Array;
  /** of INT8 the real weights that they were rounded from, in their steps; not in an image */
  reals?: Float32Array;
}

/**
 * Every kind of weight source by name. Each file of host/sources/ adds its own here, so that the model need not know
 * them: stored weights, which all else stands for, are the only ones that it has of itself.
 */
export interface WeightSources {
  stored: StoredSource;
}
/** Weights of any kind, which `kind` tells: stored, or a recipe to make them. */
export type WeightSource = WeightSources[keyof WeightSources];

/** The same of what several sources share, by the kind of the sources: a basis, a micro-MLP, a codebook. */
// biome-ignore lint/suspicious/noEmptyInterface: files of host/sources/ fill it
export interface Generators {}
/** Of any kind, which `kind` tells: that of the sources that it serves. */
export type Generator = Generators[keyof Generators];

/** Kernel, stride and padding in rows (height) and columns (width). */
export interface Window {
  kernel: [height: number, width: number];
  stride: [height: number, width: number];
  pad: [top: number, left: number];
}

/** What every operator has, beside its kind. */
export interface OperatorBase {
  name: string;
  input: number; // tensor
  output: number; // tensor
}

/** What an operator with weights adds: its source and the per-channel requantisation. */
export interface Weighted {
  source: number;
  residency: Residency;
  /** i32 per output channel, in units of inputScale * weightScale[c]; the input zero point is *not* folded in */
  bias: Int32Array;
  /** real factor from the accumulator to the output, per output channel, > 0 */
  effectiveScale: Float64Array;
  /** fused activation, in quantised units */
  activation: [min: number, max: number];
}

/** Weight rows are [outC][kH][kW][inC]. */
export interface Convolution extends OperatorBase, Window, Weighted {
  kind: 'convolution';
}
/** Weight rows are taps: [kH * kW][outC], outC = inC * multiplier. */
export interface Depthwise extends OperatorBase, Window, Weighted {
  kind: 'depthwise';
  multiplier: number;
}
/** A 1x1 convolution: weight rows are [outC][inC], at every position. */
export interface Pointwise extends OperatorBase, Weighted {
  kind: 'pointwise';
}
/** Weight rows are [outC][inC]; the input has one position. */
export interface FullyConnected extends OperatorBase, Weighted {
  kind: 'fullyConnected';
}

/**
 * Every kind of operator by its name. Those without weights stand with all else that the host knows of them, a file of
 * host/operators/ each, from where they add themselves here.
 */
export interface OperatorKinds {
  convolution: Convolution;
  depthwise: Depthwise;
  pointwise: Pointwise;
  fullyConnected: FullyConnected;
}
/** One step of a program, of any kind, which `kind` tells. */
export type Operator = OperatorKinds[keyof OperatorKinds];
/** One with weights: its `source` is an index of the model's sources. */
export type WeightedOperator = Convolution | Depthwise | Pointwise | FullyConnected;

/** One network: operators in the order in which they run. Inputs and outputs are indices of tensors. */
export interface Program {
  name: string;
  tensors: Tensor[];
  operators: Operator[];
  inputs: number[];
  outputs: number[];
}

/** All that pack() turns into an image. */
export interface Model {
  programs: Program[];
  sources: WeightSource[];
  generators: Generator[];
  /** stored as JSON in the image, never read by the device: labels, task, training configuration */
  metadata: Metadata;
}

/** What people and hosts want to know of a program. Any further field is kept. */
export interface ProgramMetadata {
  name: string;
  task?: string;
  labels?: string[];
  [key: string]: unknown;
}

/** The same of a model: of its one program, or of each in a list. Any further field is kept. */
export interface Metadata extends ProgramMetadata {
  /** in the order of the programs; absent where there is one alone */
  programs?: ProgramMetadata[];
}
