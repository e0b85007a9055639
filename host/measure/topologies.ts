/** The four networks of MLPerf Tiny with random weights. */

import type { Model, Operator, Program, Shape, Tensor, WeightSource, Window } from '../model/model.ts';
import { Random } from '../system/random.ts';
import { samePadding } from '../train/network.ts';
import { type Core, randomInt8, requantization } from './kernels.ts';
import { PEERS, type Peer } from './peers.ts';

export interface Topology {
  name: 'kws' | 'ic' | 'vww' | 'ad';
  description: string;
  build(): Model;
  peer: Partial<Record<Core, Peer>>;
}

export const TOPOLOGIES: readonly Topology[] = [
  {
    name: 'kws',
    description: 'keyword spotting, DS-CNN',
    build: keywordSpotting,
    peer: PEERS.kws.cores,
  },
  {
    name: 'ic',
    description: 'image classification, ResNet-8',
    build: imageClassification,
    peer: PEERS.ic.cores,
  },
  {
    name: 'vww',
    description: 'visual wake words, MobileNetV1 0.25',
    build: visualWakeWords,
    peer: PEERS.vww.cores,
  },
  {
    name: 'ad',
    description: 'anomaly detection, autoencoder',
    build: anomalyDetection,
    peer: PEERS.ad.cores,
  },
];

function keywordSpotting(): Model {
  const network = new Network('kws', [49, 10, 1], 83).convolution(64, [10, 4], 2);
  for (let block = 0; block < 4; block++) network.depthwise(1).pointwise(64);
  return network.averagePool().fullyConnected(12, LINEAR).softmax().model();
}

function visualWakeWords(): Model {
  const network = new Network('vww', [96, 96, 3], -128).convolution(8, [3, 3], 2);
  const strides = [1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1] as const;
  let channels = 8;
  strides.forEach((stride, block) => {
    if (stride === 2 || block === 0) channels *= 2;
    network.depthwise(stride).pointwise(channels);
  });
  return network.averagePool().fullyConnected(2, LINEAR).softmax().model();
}

function imageClassification(): Model {
  const network = new Network('ic', [32, 32, 3], -128).convolution(16, [3, 3], 1);
  for (const [channels, stride] of [
    [16, 1],
    [32, 2],
    [64, 2],
  ] as const) {
    const input = network.last;
    const body = network.convolution(channels, [3, 3], stride).convolution(channels, [3, 3], 1, LINEAR).last;
    const shortcut = stride === 1 ? input : network.from(input).convolution(channels, [1, 1], stride, LINEAR).last;
    network.add(shortcut, body);
  }
  return network.averagePool().fullyConnected(10, LINEAR).softmax().model();
}

function anomalyDetection(): Model {
  const network = new Network('ad', [1, 1, 640], 89);
  for (const channels of [128, 128, 128, 128, 8, 128, 128, 128, 128]) network.fullyConnected(channels);
  return network.fullyConnected(640, LINEAR).model();
}

/** Scale and zero point of a result: after ReLU all codes are for 0 and above, so that clamping costs nothing. */
type Quantization = Pick<Tensor, 'scale' | 'zeroPoint'>;
const RELU: Quantization = { scale: 0.1, zeroPoint: -128 };
const LINEAR: Quantization = { scale: 0.12, zeroPoint: 5 };
const PROBABILITY: Quantization = { scale: 1 / 256, zeroPoint: -128 };

// Without it a signal dies out on its way through 28 layers: requantisation() gives a deviation of 50, ReLU keeps half
const RELU_RMS = 35;
const INPUT_RMS = 74;

const FULL_RANGE: [number, number] = [-128, 127];

/** A program that grows layer by layer, each on the result of the one before; padding is TensorFlow's SAME. */
class Network {
  private readonly random = new Random(1);
  private readonly sources: WeightSource[] = [];
  private readonly operators: Operator[] = [];
  private readonly tensors: Tensor[];
  /** tensor that the next layer reads */
  last = 0;

  constructor(
    private readonly name: string,
    input: Shape,
    zeroPoint: number,
  ) {
    this.tensors = [{ name: 'input', shape: input, type: 'i8', scale: 0.5, zeroPoint }];
  }

  from(tensor: number): this {
    this.last = tensor;
    return this;
  }

  convolution(channels: number, kernel: [number, number], stride: number, quantization = RELU): this {
    const depth = kernel[0] * kernel[1] * this.shape[2];
    const weighted = this.weights(channels, depth, channels, depth);
    const [window, shape] = this.same(kernel, stride, channels);
    return this.push(shape, quantization, (at) => ({ kind: 'convolution', ...at, ...window, ...weighted }));
  }

  depthwise(stride: number): this {
    const channels = this.shape[2];
    const weighted = this.weights(9, channels, channels, 9);
    const [window, shape] = this.same([3, 3], stride, channels);
    return this.push(shape, RELU, (at) => ({ kind: 'depthwise', multiplier: 1, ...at, ...window, ...weighted }));
  }

  pointwise(channels: number): this {
    const [height, width, depth] = this.shape;
    const weighted = this.weights(channels, depth, channels, depth);
    return this.push([height, width, channels], RELU, (at) => ({ kind: 'pointwise', ...at, ...weighted }));
  }

  fullyConnected(channels: number, quantization = RELU): this {
    const depth = this.shape[2]; // always after a pool or another one: one position
    const weighted = this.weights(channels, depth, channels, depth);
    return this.push([1, 1, channels], quantization, (at) => ({ kind: 'fullyConnected', ...at, ...weighted }));
  }

  /** Over all positions. */
  averagePool(): this {
    const [height, width, channels] = this.shape;
    const window: Window = { kernel: [height, width], stride: [height, width], pad: [0, 0] };
    const { scale, zeroPoint } = this.tensors[this.last];
    return this.push([1, 1, channels], { scale, zeroPoint }, (at) => ({
      kind: 'averagePool',
      ...at,
      ...window,
      activation: FULL_RANGE,
    }));
  }

  add(input: number, input2: number): this {
    this.last = input;
    return this.push(this.shape, RELU, (at) => ({ kind: 'add', ...at, input2, activation: FULL_RANGE }));
  }

  softmax(): this {
    return this.push(this.shape, PROBABILITY, (at) => ({ kind: 'softmax', ...at, beta: 1 }));
  }

  model(): Model {
    const { name, tensors, operators, sources } = this;
    const program: Program = { name, tensors, operators, inputs: [0], outputs: [this.last] };
    return { programs: [program], sources, generators: [], metadata: { name } };
  }

  private get shape(): Shape {
    return this.tensors[this.last].shape;
  }

  private same(kernel: [number, number], stride: number, channels: number): [Window, Shape] {
    const input = this.shape;
    const size = ([0, 1] as const).map((i) => Math.ceil(input[i] / stride));
    const pad = ([0, 1] as const).map((i) => samePadding(input[i], size[i], kernel[i], stride));
    return [{ kernel, stride: [stride, stride], pad: [pad[0], pad[1]] }, [size[0], size[1], channels]];
  }

  private weights(rows: number, rowLength: number, channels: number, depth: number) {
    this.sources.push(randomInt8(rows, rowLength, this.random));
    const inputRms = this.last === 0 ? INPUT_RMS : RELU_RMS;
    return { ...requantization(channels, depth, this.random, inputRms), source: this.sources.length - 1 };
  }

  private push(
    shape: Shape,
    quantization: Quantization,
    operator: (at: { name: string; input: number; output: number }) => Operator,
  ): this {
    const output = this.tensors.length;
    const made = operator({ name: `${output}`, input: this.last, output });
    this.tensors.push({ name: `${made.kind} ${output}`, shape, type: 'i8', ...quantization });
    this.operators.push(made);
    this.last = output;
    return this;
  }
}
