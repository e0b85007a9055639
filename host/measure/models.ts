/** Whole networks with random weights: what a model costs does not depend on what it has learnt. */
import type { Model, Operator, Residency, Tensor, WeightSource } from '../model/model.ts';
import type { BasisGenerator } from '../sources/basis.ts';
import type { Mlp } from '../sources/mlp.ts';
import { Random } from '../system/random.ts';
import type { TrainConfig } from '../train/config.ts';
import { depthOf, type LayerSpec, taps } from '../train/layerSpec.ts';
import type { BasisConfig } from '../train/methods/basis.ts';
import { specOf } from '../train/network.ts';
import { randomInt8, requantization } from './kernels.ts';

/** The ECG network of models/configs/ as the trainer would export it. */
export function ecgModel(config: Pick<TrainConfig, 'task' | 'network'>, residency: Residency): Model {
  const random = new Random(1);
  const { input, classes } = config.task;
  const { layers } = specOf(config, Object.keys(classes).length);
  const generator = layers.map(basisOf).find((basis) => basis !== null) ?? null;
  const [, width] = input.shape;
  const tensors: Tensor[] = [
    { name: 'ecg', shape: [1, width, 1], type: 'i16', scale: 0.005, zeroPoint: 0 },
    { name: 'standardized', shape: [1, width, 2], type: 'i8', scale: 1 / 32, zeroPoint: 0 },
  ];
  const marker = { centre: input.event!.at, peak: 127, slope: 8 };
  const operators: Operator[] = [{ kind: 'standardize', name: 'standardize', input: 0, output: 1, floor: 10, marker }];
  const sources: WeightSource[] = [];
  const add = (name: string, width: number, channels: number): { input: number; output: number } => {
    tensors.push({ name, shape: [1, width, channels], type: 'i8', scale: 0.1, zeroPoint: -128 });
    return { input: tensors.length - 2, output: tensors.length - 1 };
  };
  for (const layer of layers) {
    if (layer.kind === 'fullyConnected') {
      operators.push({
        kind: 'averagePool',
        name: 'pool',
        kernel: [1, tensors.at(-1)!.shape[1]],
        ...add('pooled', 1, layer.input[2]),
        stride: [1, 1],
        pad: [0, 0],
        activation: [-128, 127],
      });
    }
    const places = add(layer.name, layer.output[1], layer.output[2]);
    sources.push(sourceOf(layer, random));
    operators.push(operatorOf(layer, places, sources.length - 1, residency, random));
  }
  return {
    programs: [{ name: 'ecg', tensors, operators, inputs: [0], outputs: [tensors.length - 1] }],
    sources,
    generators: generator ? [randomBasis(generator, random)] : [],
    metadata: { name: 'ecg' },
  };
}

/** The basis that makes the weights of a layer, if one does. */
const basisOf = ({ method }: LayerSpec): BasisConfig | null =>
  method.kind === 'basis' ? (method as BasisConfig) : null;

function sourceOf(layer: LayerSpec, random: Random): WeightSource {
  const [rows, generator] = [layer.output[2], basisOf(layer)];
  if (generator) {
    const codes = randomInt8(Math.ceil(rows / generator.rowsPerCode), generator.codeLength, random).values;
    const { rowsPerCode } = generator;
    return { kind: 'basis', generator: 0, rows, rowLength: layer.input[2], rowsPerCode, codes, mixScale: 0.2 };
  }
  return layer.kind === 'depthwise'
    ? randomInt8(taps(layer), rows, random)
    : randomInt8(rows, taps(layer) * depthOf(layer), random);
}

function operatorOf(
  layer: LayerSpec,
  places: { input: number; output: number },
  source: number,
  residency: Residency,
  random: Random,
): Operator {
  const depth = layer.kind === 'depthwise' ? taps(layer) : taps(layer) * depthOf(layer);
  const weighted = {
    name: layer.name,
    ...places,
    source,
    ...requantization(layer.output[2], depth, random),
    residency: basisOf(layer) ? residency : ('flash' as const),
  };
  if (layer.kind === 'pointwise' || layer.kind === 'fullyConnected') return { kind: layer.kind, ...weighted };
  const { kernel, stride, pad } = layer;
  if (layer.kind === 'convolution') return { kind: 'convolution', ...weighted, kernel, stride, pad };
  return { kind: 'depthwise', multiplier: 1, ...weighted, kernel, stride, pad };
}

function randomBasis(
  { matrices, encoding, rows, columns, codeLength, hidden }: BasisConfig,
  random: Random,
): BasisGenerator {
  const levels = { int8: [-127, -50, 50, 127], int4: [-7, -2, 2, 7], int2: [-3, -1, 1, 3], ternary: [-1, 0, 0, 1] }[
    encoding
  ];
  const mlp: Mlp = {
    codeLength,
    codeEncoding: 'int8',
    hidden,
    outputs: matrices,
    w1: randomInt8(hidden, codeLength, random).values,
    b1: new Int32Array(hidden),
    scale1: 1 / 200,
    w2: randomInt8(matrices, hidden, random).values,
    b2: new Int32Array(matrices),
    scale2: 1 / 200,
  };
  const values = Int8Array.from({ length: matrices * rows * columns }, () => levels[random.below(4)]!);
  return { kind: 'basis', mlp: matrices > 1 ? mlp : null, encoding, count: matrices, rows, columns, values };
}
