/**
 * The shape of the network: a stem convolution, depthwise-separable blocks, global average pool, fully connected.
 *
 *   input [P, C0] -> stem k7 s2 -> [P/2, C] -> (depthwise k5 -> pointwise) x blocks -> mean over positions -> classes
 *
 * This file knows sizes and names only; forward.ts computes, export.ts writes the same list as operators.
 */

export const POINTWISE_MODES = ['generated', 'int8', 'int4', 'ternary'] as const;
export type PointwiseMode = (typeof POINTWISE_MODES)[number];

export interface NetworkConfig {
  stem: { channels: number; kernel: number; stride: 1 | 2 };
  depthwiseKernel: number;
  /** output channels of each block */
  widths: number[];
  /** stride of each block's depthwise convolution */
  strides: (1 | 2)[];
  /** weights of every pointwise layer but the first, which stays INT8 */
  pointwise: PointwiseMode;
  generator: GeneratorConfig | null;
}

/**
 * One basis for all generated layers: weights of a row = sum over matrices of h[code of the row][matrix] *
 * basis[matrix].
 */
export interface GeneratorConfig {
  /** basis matrices that are mixed; 1 means no mixing and no codes: all layers share one matrix */
  matrices: number;
  encoding: 'int8' | 'int4' | 'int2';
  rows: number;
  columns: number;
  /** values in a code, hidden units of the micro-MLP, rows of a layer that share a code; unused with one matrix */
  codeLength: number;
  hidden: number;
  rowsPerCode: number;
}

/** Convolutions and pointwise layers are followed by batch normalisation and ReLU, the fully connected one is not. */
export interface LayerSpec {
  name: string;
  kind: 'convolution' | 'depthwise' | 'pointwise' | 'fullyConnected';
  weights: PointwiseMode;
  inputChannels: number;
  outputChannels: number;
  inputWidth: number;
  outputWidth: number;
  kernel: number;
  stride: 1 | 2;
  padLeft: number;
}

export interface NetworkSpec {
  layers: LayerSpec[];
  classes: number;
  generator: GeneratorConfig | null;
}

/** `input`: what the front end gives. */
export function buildNetwork(
  config: NetworkConfig,
  [, inputWidth, inputChannels]: readonly [height: number, width: number, channels: number],
  classes: number,
): NetworkSpec {
  check(config);
  const layers: LayerSpec[] = [];
  let width = inputWidth;
  let channels = inputChannels;
  const add = (
    name: string,
    kind: LayerSpec['kind'],
    outputChannels: number,
    kernel: number,
    stride: 1 | 2,
    weights: PointwiseMode = 'int8',
  ): void => {
    const outputWidth = Math.ceil(width / stride);
    layers.push({
      name,
      kind,
      weights,
      inputChannels: channels,
      outputChannels,
      inputWidth: width,
      outputWidth,
      kernel,
      stride,
      padLeft: samePadding(width, outputWidth, kernel, stride),
    });
    width = outputWidth;
    channels = outputChannels;
  };

  add('stem', 'convolution', config.stem.channels, config.stem.kernel, config.stem.stride);
  config.widths.forEach((outputChannels, block) => {
    add(`dw${block + 1}`, 'depthwise', channels, config.depthwiseKernel, config.strides[block]!);
    // The first pointwise layer is the smallest and the one whose errors every later layer inherits: it stays stored.
    add(`pw${block + 1}`, 'pointwise', outputChannels, 1, 1, block === 0 ? 'int8' : config.pointwise);
  });
  width = 1;
  add('fc', 'fullyConnected', classes, 1, 1);
  return { layers, classes, generator: config.pointwise === 'generated' ? config.generator : null };
}

/** Left share of the padding that TensorFlow calls SAME; the right end gets the odd one. */
export function samePadding(inputWidth: number, outputWidth: number, kernel: number, stride: number): number {
  return Math.floor(Math.max(0, (outputWidth - 1) * stride + kernel - inputWidth) / 2);
}

/**
 * Length that a stem patch of taps * channels values is padded to, in input and weights. The library vectorises multiples of four
 * only; unpadded, the stem alone took a third of a training step. The padding is zero and stays zero.
 */
export const patchLength = (taps: number, channels: number): number => 4 * Math.ceil((taps * channels) / 4);

/** Depthwise [taps, channels]; convolution [outC, patchLength], of which taps * inC count; the others [outC, inC]. */
export function weightShape({ kind, kernel, inputChannels, outputChannels }: LayerSpec): [number, number] {
  if (kind === 'depthwise') return [kernel, outputChannels];
  return [outputChannels, kind === 'convolution' ? patchLength(kernel, inputChannels) : inputChannels];
}

/** Codes of a layer: one per group of rows. */
export function codeCount(layer: LayerSpec, generator: GeneratorConfig): number {
  return Math.ceil(layer.outputChannels / generator.rowsPerCode);
}

export const mixes = (generator: GeneratorConfig): boolean => generator.matrices > 1;

/** A range that training makes smaller counts as this. */
export const SMALLEST_RANGE = 0.5;

function check(config: NetworkConfig): void {
  const fault = networkFault(config);
  if (fault) throw new Error(`network: ${fault[0]}: ${fault[1]}; edit the training configuration`);
}

/** What does not agree in a network whose fields are right by themselves: the field, and what is wrong with it. */
export function networkFault({
  widths,
  strides,
  pointwise,
  generator,
}: NetworkConfig): [field: string, fault: string] | null {
  if (widths.length !== strides.length)
    return ['strides', `expected one per block, ${widths.length} as "widths" has, got ${strides.length}`];
  if (pointwise !== 'generated') return null;
  if (!generator) return ['generator', 'expected what pointwise "generated" is made by, got none; or choose "int8"'];
  if (widths.length < 2) return ['widths', 'expected two blocks or more, as the first is not generated'];
  const [rows, columns] = [Math.max(...widths.slice(1)), Math.max(...widths.slice(0, -1))];
  if (generator.rows < rows) return ['generator.rows', `expected at least ${rows}, of the largest layer`];
  if (generator.columns < columns) return ['generator.columns', `expected at least ${columns}, of the largest layer`];
  return null;
}

/** For a model card: one or two sentences. */
export function describeNetwork({ widths, pointwise, generator }: NetworkConfig): string {
  const blocks = `${widths.length} depthwise-separable blocks of ${widths.join(', ')} channels`;
  if (pointwise !== 'generated' || !generator) return `${blocks}; pointwise weights are stored as ${pointwise}.`;
  const { matrices, encoding, rows, columns } = generator;
  const basis = `${matrices === 1 ? 'one matrix' : `${matrices} matrices`} of ${rows} x ${columns} (${encoding})`;
  return `${blocks}; PW1 is stored, the pointwise weights behind it are generated from one shared basis, ${basis}.`;
}
