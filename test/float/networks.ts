/** Networks in float with random weights, as .tflite and as ONNX: the same layers in the words of either. */
import { conv, depthwise, fullyConnected } from '../import/specs.ts';
import { type FileSpec, float32, int8, int32, type OperatorSpec, type TensorSpec } from '../import/tflite.ts';

/** A layer by the names of the tensors that it reads and writes; kernels are padded as SAME. */
export type LayerSpec = { input: string; output: string } & (
  | { kind: 'conv' | 'depthwise'; channels: number; kernel: [number, number]; stride: number; relu?: boolean }
  | { kind: 'add'; other: string; relu?: boolean }
  | { kind: 'average'; kernel: [number, number] }
  | { kind: 'dense'; channels: number }
  | { kind: 'softmax' }
);

export interface NetworkSpec {
  /** [H, W, C] */
  input: [number, number, number];
  layers: LayerSpec[];
}

const separable = (block: number, input: string): LayerSpec[] => [
  { kind: 'depthwise', input, output: `dw${block}`, channels: 64, kernel: [3, 3], stride: 1, relu: true },
  { kind: 'conv', input: `dw${block}`, output: `pw${block}`, channels: 64, kernel: [1, 1], stride: 1, relu: true },
];

/** DS-CNN of MLPerf Tiny. */
export const KWS: NetworkSpec = {
  input: [49, 10, 1],
  layers: [
    { kind: 'conv', input: 'x', output: 'pw0', channels: 64, kernel: [10, 4], stride: 2, relu: true },
    ...[1, 2, 3, 4].flatMap((block) => separable(block, `pw${block - 1}`)),
    { kind: 'average', input: 'pw4', output: 'mean', kernel: [25, 5] },
    { kind: 'dense', input: 'mean', output: 'logits', channels: 12 },
    { kind: 'softmax', input: 'logits', output: 'y' },
  ],
};

const residual = (block: number, channels: number, stride: number): LayerSpec[] => [
  { kind: 'conv', input: `r${block - 1}`, output: `a${block}`, channels, kernel: [3, 3], stride, relu: true },
  { kind: 'conv', input: `a${block}`, output: `b${block}`, channels, kernel: [3, 3], stride: 1 },
  ...(stride === 1
    ? []
    : [{ kind: 'conv', input: `r${block - 1}`, output: `s${block}`, channels, kernel: [1, 1], stride } as LayerSpec]),
  {
    kind: 'add',
    input: stride === 1 ? `r${block - 1}` : `s${block}`,
    other: `b${block}`,
    output: `r${block}`,
    relu: true,
  },
];

/** ResNet-8 of MLPerf Tiny. */
export const RESNET: NetworkSpec = {
  input: [32, 32, 3],
  layers: [
    { kind: 'conv', input: 'x', output: 'r0', channels: 16, kernel: [3, 3], stride: 1, relu: true },
    ...residual(1, 16, 1),
    ...residual(2, 32, 2),
    ...residual(3, 64, 2),
    { kind: 'average', input: 'r3', output: 'mean', kernel: [8, 8] },
    { kind: 'dense', input: 'mean', output: 'logits', channels: 10 },
    { kind: 'softmax', input: 'logits', output: 'y' },
  ],
};

/** Uniform in [-1, 1), the same for a seed everywhere. */
export function dice(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

/** Weights in the order of .tflite, [C][kH][kW][K] or [kH][kW][C], and biases, by the output of the layer. */
export interface Weights {
  shape: number[];
  values: number[];
  bias: number[];
}

export interface Built {
  shapes: Map<string, [number, number, number]>;
  weights: Map<string, Weights>;
}

export function build({ input, layers }: NetworkSpec, seed = 1): Built {
  const random = dice(seed);
  const shapes: Built['shapes'] = new Map([['x', input]]);
  const weights: Built['weights'] = new Map();
  for (const layer of layers) {
    const [height, width, depth] = shapes.get(layer.input)!;
    if (layer.kind === 'conv' || layer.kind === 'depthwise' || layer.kind === 'dense') {
      const { channels } = layer;
      const shape =
        layer.kind === 'dense'
          ? [channels, depth]
          : layer.kind === 'conv'
            ? [channels, ...layer.kernel, depth]
            : [1, ...layer.kernel, channels];
      const count = shape.reduce((a, b) => a * b, 1);
      const reach = Math.sqrt((3 * channels) / (layer.kind === 'depthwise' ? count : count));
      weights.set(layer.output, {
        shape,
        values: Array.from({ length: count }, () => Math.fround(reach * random())),
        bias: Array.from({ length: channels }, () => Math.fround(0.1 * random())),
      });
      const stride = layer.kind === 'dense' ? 1 : layer.stride;
      shapes.set(layer.output, [Math.ceil(height / stride), Math.ceil(width / stride), channels]);
    } else if (layer.kind === 'average') shapes.set(layer.output, [1, 1, depth]);
    else shapes.set(layer.output, [height, width, depth]);
  }
  return { shapes, weights };
}

/** As a float .tflite. */
export function asTflite({ layers }: NetworkSpec, { shapes, weights }: Built): FileSpec {
  const tensors: TensorSpec[] = [];
  const places = new Map<string, number>();
  const flat = new Set(layers.filter(({ kind }) => kind === 'dense' || kind === 'softmax').map(({ output }) => output));
  const at = (name: string): number => {
    const known = places.get(name);
    if (known !== undefined) return known;
    const shape = shapes.get(name)!;
    places.set(
      name,
      tensors.push({ name, type: 'FLOAT32', shape: flat.has(name) ? [1, shape[2]] : [1, ...shape] }) - 1,
    );
    return places.get(name)!;
  };
  const constant = (name: string, shape: number[], data: number[]) =>
    tensors.push({ name, type: 'FLOAT32', shape, data }) - 1;
  const operators: OperatorSpec[] = layers.flatMap((layer): OperatorSpec[] => {
    const [inputs, outputs] = [[at(layer.input)], [at(layer.output)]];
    const own = weights.get(layer.output);
    if (own) inputs.push(constant('w', own.shape, own.values), constant('b', [own.bias.length], own.bias));
    switch (layer.kind) {
      case 'conv':
        return [{ opcode: 'CONV_2D', inputs, outputs, ...conv(layer.stride, 0, layer.relu ? 1 : 0) }];
      case 'depthwise':
        return [{ opcode: 'DEPTHWISE_CONV_2D', inputs, outputs, ...depthwise(1, layer.relu ? 1 : 0) }];
      case 'add':
        return [
          {
            opcode: 'ADD',
            inputs: [inputs[0], at(layer.other)],
            outputs,
            optionsType: 11,
            options: { 0: int8(layer.relu ? 1 : 0) },
          },
        ];
      case 'average': {
        const [height, width] = layer.kernel;
        const options = { 0: int8(1), 1: int32(width), 2: int32(height), 3: int32(width), 4: int32(height) };
        return [{ opcode: 'AVERAGE_POOL_2D', inputs, outputs, optionsType: 5, options }];
      }
      case 'dense': {
        const flattened = tensors.push({ name: 'flat', type: 'FLOAT32', shape: [1, own!.shape[1]] }) - 1;
        return [
          { opcode: 'RESHAPE', inputs: [inputs[0]], outputs: [flattened] },
          { opcode: 'FULLY_CONNECTED', inputs: [flattened, ...inputs.slice(1)], outputs, ...fullyConnected() },
        ];
      }
      default:
        return [{ opcode: 'SOFTMAX', inputs, outputs, optionsType: 9, options: { 0: float32(1) } }];
    }
  });
  return { tensors, operators, inputs: [at('x')], outputs: [at('y')] };
}

/** Random inputs, channels last. */
export function inputsOf({ input }: NetworkSpec, count: number, seed = 7): Float32Array[][] {
  const random = dice(seed);
  const size = input[0] * input[1] * input[2];
  return Array.from({ length: count }, () => [Float32Array.from({ length: size }, () => random())]);
}
