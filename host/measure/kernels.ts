/** The shapes that `htpw bench` measures, one program each, and what CMSIS-NN needs for the same work. */

import type {
  Model,
  Operator,
  Program,
  Shape,
  StoredSource,
  Tensor,
  Weighted,
  WeightSource,
  Window,
} from '../model/model.ts';
import { Random } from '../system/random.ts';

/** Cortex cores for which there are figures of CMSIS-NN and TensorFlow Lite Micro. */
const CORES = ['M55', 'M7', 'M4', 'M3', 'M0'] as const;
export type Core = (typeof CORES)[number];

/** The one that a board.json calls its core; undefined where nothing stands beside our figures. */
export const peerCore = (core: string): Core | undefined => CORES.find((known) => core === `Cortex-${known}`);

export interface Kernel {
  kind: 'pointwise' | 'convolution' | 'depthwise' | 'fullyConnected' | 'averagePool' | 'add';
  input: Shape;
  /** output channels; those of the input for depthwise, pooling and add */
  channels: number;
  window?: Window;
  /**
   * CMSIS-NN's instructions per multiply-accumulate (pool: per input value, add: per element), -O2, dimensions
   * unknown to the compiler; commit 4ab83cc3, measured in the same emulator: calls of the wrapper (as
   * arm_depthwise_conv_wrapper_s8) beyond the first. Columns (N x 1) and all of the M55, with its MVE kernels, at commit
   * 99f736a6, whose other kernels are the same; without the shapes that were not measured.
   */
  cmsis: Partial<Record<Core, number>>;
}

const pointwise = (positions: number, depth: number, channels: number, cmsis: Kernel['cmsis']): Kernel => ({
  kind: 'pointwise',
  input: [1, positions, depth],
  channels,
  cmsis,
});

const fullyConnected = (depth: number, channels: number, cmsis: Kernel['cmsis']): Kernel => ({
  kind: 'fullyConnected',
  input: [1, 1, depth],
  channels,
  cmsis,
});

const windowed = (
  kind: 'convolution' | 'depthwise' | 'averagePool',
  input: Shape,
  channels: number,
  kernel: [number, number],
  stride: number,
  pad: [number, number],
  cmsis: Kernel['cmsis'],
): Kernel => ({ kind, input, channels, window: { kernel, stride: [stride, stride], pad }, cmsis });

export const KERNELS: readonly Kernel[] = [
  pointwise(125, 64, 64, { M55: 0.396, M7: 2.053, M4: 2.088, M0: 7.56 }),
  pointwise(64, 64, 64, { M55: 0.393, M7: 2.076, M4: 2.111, M3: 3.12, M0: 7.6 }),
  pointwise(16, 128, 128, { M55: 0.282, M7: 1.911, M4: 1.944, M0: 7.04 }),
  pointwise(36, 128, 256, { M55: 0.281, M7: 1.797, M4: 1.83, M0: 6.88 }),
  pointwise(20, 96, 96, { M7: 1.98, M4: 2.014, M0: 7.24 }),
  pointwise(40, 32, 64, { M55: 0.616, M7: 2.754, M4: 2.793, M0: 9.19 }),
  pointwise(9, 256, 256, { M7: 1.945, M4: 1.974, M0: 6.9 }),
  pointwise(2304, 8, 16, { M55: 2.176, M7: 6.691, M4: 6.629, M0: 18.18 }),
  windowed('depthwise', [12, 12, 64], 64, [3, 3], 1, [1, 1], { M55: 2.327, M7: 7.88, M4: 7.88, M0: 36.96 }),
  windowed('depthwise', [25, 5, 64], 64, [3, 3], 1, [1, 1], { M55: 2.343, M7: 7.79, M4: 7.79, M0: 35.7 }),
  windowed('depthwise', [24, 24, 32], 32, [3, 3], 2, [0, 0], { M55: 2.75, M7: 8.16, M4: 8.16, M0: 38.6 }),
  windowed('depthwise', [1, 128, 64], 64, [1, 5], 1, [0, 2], { M55: 2.967, M7: 16.25, M4: 16.64, M0: 72.3 }),
  windowed('depthwise', [28, 1, 40], 40, [3, 1], 1, [0, 0], { M7: 23.4, M4: 23.92, M0: 128.8 }),
  windowed('depthwise', [24, 1, 128], 128, [5, 1], 1, [0, 0], { M7: 16.07, M4: 16.48, M0: 103.1 }),
  windowed('depthwise', [15, 1, 128], 128, [10, 1], 1, [0, 0], { M7: 11.96, M4: 12.32, M0: 84.05 }),
  windowed('depthwise', [15, 1, 128], 128, [15, 1], 1, [0, 0], { M7: 10.48, M4: 10.78, M0: 77.75 }),
  windowed('convolution', [49, 10, 1], 64, [10, 4], 2, [4, 1], { M7: 3.549, M4: 3.494, M0: 9.43 }),
  windowed('convolution', [96, 96, 3], 8, [3, 3], 2, [0, 0], { M7: 6.337, M4: 6.119, M0: 13.65 }),
  windowed('convolution', [32, 32, 3], 16, [3, 3], 1, [1, 1], { M7: 4.879, M4: 4.77, M0: 11.7 }),
  windowed('convolution', [32, 32, 16], 16, [3, 3], 1, [1, 1], { M55: 0.399, M7: 2.349, M4: 2.328, M0: 7.56 }),
  windowed('convolution', [16, 16, 32], 32, [3, 3], 1, [1, 1], { M7: 1.931, M4: 1.926, M0: 6.7 }),
  windowed('convolution', [8, 8, 64], 64, [3, 3], 1, [1, 1], { M55: 0.206, M7: 1.763, M4: 1.761, M0: 6.33 }),
  windowed('convolution', [1, 128, 16], 32, [1, 5], 1, [0, 2], { M7: 2.412, M4: 2.407, M0: 7.72 }),
  windowed('convolution', [32, 32, 16], 32, [1, 1], 2, [0, 0], { M7: 4.253, M4: 4.3, M0: 12.5 }),
  fullyConnected(64, 12, { M7: 2.84, M4: 2.83, M0: 7.85 }),
  fullyConnected(640, 128, { M55: 0.49, M7: 1.955, M4: 1.954, M0: 6.19 }),
  fullyConnected(128, 128, { M7: 2.272, M4: 2.269, M0: 6.81 }),
  fullyConnected(128, 8, { M7: 2.4, M4: 2.4, M0: 7.57 }),
  fullyConnected(8, 128, { M7: 8.16, M4: 8.13, M0: 18.3 }),
  windowed('averagePool', [25, 5, 64], 64, [25, 5], 1, [0, 0], { M55: 1.64, M7: 6.34, M4: 6.34, M0: 20.7 }),
  { kind: 'add', input: [16, 16, 64], channels: 64, cmsis: { M55: 13.8, M7: 80.4, M4: 81.1, M0: 237 } },
];

const area = ([height, width]: readonly [number, number, ...number[]]): number => height * width;

function outputShape({ input, channels, window, kind }: Kernel): Shape {
  if (kind === 'fullyConnected') return [1, 1, channels];
  if (!window) return [input[0], input[1], channels];
  // 'same' where there is padding or a stride, else every whole window
  const size = (i: 0 | 1) =>
    window.stride[i] === 1 && window.pad[i] === 0
      ? input[i] - window.kernel[i] + 1
      : Math.ceil(input[i] / window.stride[i]);
  return [size(0), size(1), channels];
}

/** Multiply-accumulates, padding included; input values of a pool, elements of an addition. */
export function work(kernel: Kernel): number {
  const { kind, input, channels, window } = kernel;
  const positions = area(outputShape(kernel));
  const taps = window ? area(window.kernel) : 1;
  if (kind === 'convolution') return positions * taps * input[2] * channels;
  if (kind === 'depthwise' || kind === 'averagePool') return positions * taps * channels;
  if (kind === 'add') return area(input) * channels;
  return (kind === 'pointwise' ? positions * input[2] : area(input) * input[2]) * channels;
}

/** "64x64x64" for pointwise (positions, depth, channels), else input shape, kernel, stride and output channels. */
export function shapeName({ kind, input, channels, window }: Kernel): string {
  if (kind === 'pointwise') return `${area(input)}x${input[2]}x${channels}`;
  if (kind === 'fullyConnected') return `${input[2]} to ${channels}`;
  const shape = input.join('x');
  if (!window) return shape;
  const stride = window.stride[0] === 1 ? '' : ` s${window.stride[0]}`;
  return `${shape}, ${window.kernel.join('x')}${stride}${kind === 'convolution' ? `, ${channels}` : ''}`;
}

/**
 * Kernels by the firmware that they are counted in. Code for depthwise kernels of any size makes the others slower where
 * registers are few, and no network of those others has it.
 */
export const inFirmwares = (kernels: readonly Kernel[]): Kernel[][] => {
  const isColumn = ({ kind, input }: Kernel): boolean => kind === 'depthwise' && input[1] === 1;
  const groups = [kernels.filter((kernel) => !isColumn(kernel)), kernels.filter(isColumn)];
  return groups.filter(({ length }) => length > 0);
};

/**
 * Two programs for each kernel: the operator once, and twice. What the second run adds is the operator, its dispatch
 * and its table; what an inference costs anyway cancels out. The operator's tensors are not ports: a port is one byte
 * that nothing reads.
 */
export function kernelModel(kernels: readonly Kernel[]): Model {
  const random = new Random(1);
  const sources: WeightSource[] = [];
  const programs = kernels.flatMap((kernel) => {
    const once = kernelProgram(kernel, sources, random);
    return [once, { ...once, operators: [once.operators[0], once.operators[0]] }];
  });
  return { programs, sources, generators: [], metadata: { name: 'kernels' } };
}

function kernelProgram(kernel: Kernel, sources: WeightSource[], random: Random): Program {
  const tensor = (name: string, shape: Shape, scale: number): Tensor => ({
    name,
    shape,
    type: 'i8',
    scale,
    zeroPoint: -3,
  });
  const inPlace = kernel.kind === 'averagePool'; // a pool keeps the scale
  return {
    name: `${kernel.kind} ${shapeName(kernel)}`,
    tensors: [
      tensor('port', [1, 1, 1], 1),
      tensor('input', kernel.input, 0.1),
      tensor('input2', kernel.kind === 'add' ? kernel.input : [1, 1, 1], 0.07),
      tensor('output', outputShape(kernel), inPlace ? 0.1 : 0.13),
    ],
    operators: [operatorOf(kernel, sources, random)],
    inputs: [0],
    outputs: [0],
  };
}

function operatorOf(kernel: Kernel, sources: WeightSource[], random: Random): Operator {
  const { kind, channels, window } = kernel;
  const base = { name: kind, input: 1, output: 3 };
  const activation: [number, number] = [-128, 127];
  if (kind === 'add') return { kind, ...base, input2: 2, activation };
  if (kind === 'averagePool') return { kind, ...base, ...window!, activation };
  const perChannel = work(kernel) / channels / area(outputShape(kernel));
  const [rows, rowLength] = kind === 'depthwise' ? [perChannel, channels] : [channels, perChannel];
  sources.push(randomInt8(rows, rowLength, random));
  const weighted = { ...requantization(channels, perChannel, random), source: sources.length - 1 };
  if (kind === 'depthwise') return { kind, ...base, ...window!, multiplier: 1, ...weighted };
  if (kind === 'convolution') return { kind, ...base, ...window!, ...weighted };
  return { kind, ...base, ...weighted };
}

export function randomInt8(rows: number, rowLength: number, random: Random): StoredSource {
  const values = Int8Array.from({ length: rows * rowLength }, () => random.below(255) - 127);
  return { kind: 'stored', encoding: 'int8', rows, rowLength, values };
}

const UNIFORM = 74; // root mean square of uniform INT8

/** Biases, and factors that spread the outputs over the INT8 range; inputs are off their zero point by `inputRms`. */
export function requantization(
  channels: number,
  depth: number,
  random: Random,
  inputRms = UNIFORM,
): Omit<Weighted, 'source'> {
  const typical = UNIFORM * inputRms * Math.sqrt(depth); // deviation of a sum of products
  return {
    residency: 'flash',
    bias: Int32Array.from({ length: channels }, () => random.below(2000) - 1000),
    effectiveScale: Float64Array.from({ length: channels }, () => ((0.5 + random.below(1000) / 1000) * 50) / typical),
    activation: [-128, 127],
  };
}
