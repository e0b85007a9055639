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

export type Encoding = 'int8' | 'int4' | 'int2' | 'ternary';
export type Residency = 'flash' | 'boot' | 'lazy' | 'stream';

/** Weights that lie in the image, row-major [rows][rowLength]; values within the encoding's levels. */
export interface StoredSource {
  kind: 'stored';
  encoding: Encoding;
  rows: number;
  rowLength: number;
  values: Int8Array;
}

/**
 * Weights mixed from a shared basis: w[r][k] = clamp(requantize(sum_j h[j] * basis[j][r][k], multiplier), -127, 127)
 * with h = MLP(code of row group floor(r / rowsPerCode)). Without an MLP (codeLength 0): w = basis[0].
 */
export interface BasisSource {
  kind: 'basis';
  generator: number;
  rows: number;
  rowLength: number;
  rowsPerCode: number;
  /** [ceil(rows / rowsPerCode)][codeLength] levels of the generator's code encoding */
  codes: Int8Array;
  /** real factor from the mix sum_j h[j] * basis[j] to the INT8 weight; unused without an MLP */
  mixScale: number;
}

/** Weights written tile by tile: row-major, each run of `outputs` weights is MLP(code of the tile). */
export interface TileSource {
  kind: 'tile';
  generator: number;
  rows: number;
  rowLength: number;
  /** [rows * rowLength / outputs][codeLength] */
  codes: Int8Array;
}

/** Weights put together from a codebook's entries: in each row, entry after entry, the last cut to the row's length. */
export interface CodebookSource {
  kind: 'codebook';
  generator: number;
  rows: number;
  rowLength: number;
  /** [rows][ceil(rowLength / length)], each below the codebook's entries */
  indices: Uint8Array;
}

export type WeightSource = StoredSource | BasisSource | TileSource | CodebookSource;

/**
 * Integer micro-MLP: hidden[i] = clamp(requantize(b1[i] + sum_j w1[i][j] * code[j], scale1), 0, 127),
 * output[o] = clamp(requantize(b2[o] + sum_i w2[o][i] * hidden[i], scale2), -127, 127).
 */
export interface Mlp {
  codeLength: number;
  codeEncoding: 'int8' | 'int4' | 'int2';
  hidden: number;
  outputs: number;
  w1: Int8Array; // [hidden][codeLength]
  b1: Int32Array; // [hidden], stored as i16 << shift
  scale1: number;
  w2: Int8Array; // [outputs][hidden]
  b2: Int32Array; // [outputs]
  scale2: number;
}

export interface BasisGenerator {
  kind: 'basis';
  mlp: Mlp | null; // null: one matrix, taken as it is (plain cross-layer sharing)
  encoding: 'int8' | 'int4' | 'int2';
  count: number; // matrices: mlp.outputs, or 1
  rows: number;
  columns: number;
  values: Int8Array; // [count][rows][columns]
}

export interface TileGenerator {
  kind: 'tile';
  mlp: Mlp;
}

/** Entries that layers of all programs can share; up to 16 cost half a byte an index, up to 256 a whole one. */
export interface Codebook {
  kind: 'codebook';
  entries: number;
  /** weights in an entry, 1 to 255 */
  length: number;
  values: Int8Array; // [entries][length]
}

export type Generator = BasisGenerator | TileGenerator | Codebook;

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
export interface Pointwise extends OperatorBase, Weighted {
  kind: 'pointwise';
}
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
export type Operator = OperatorKinds[keyof OperatorKinds];
export type WeightedOperator = Convolution | Depthwise | Pointwise | FullyConnected;

export interface Program {
  name: string;
  tensors: Tensor[];
  operators: Operator[];
  inputs: number[];
  outputs: number[];
}

export interface Model {
  programs: Program[];
  sources: WeightSource[];
  generators: Generator[];
  /** stored as JSON in the image, never read by the device: labels, task, training configuration */
  metadata: Metadata;
}

export interface Metadata {
  name: string;
  task?: string;
  labels?: string[];
  [key: string]: unknown;
}
