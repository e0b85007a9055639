/** ONNX files by hand, and the networks of test/float/networks.ts as ONNX: in float, or quantised between Q and DQ. */
import protobuf from 'protobufjs/light.js';
import type { GraphTensor } from '../../host/import/graph.ts';
import { DESCRIPTOR } from '../../host/onnx/schema.ts';
import type { Built, NetworkSpec } from '../float/networks.ts';

type Attribute = number | number[] | string;
export interface NodeSpec {
  op: string;
  inputs: string[];
  outputs: string[];
  attributes?: Record<string, Attribute>;
  name?: string;
}
export interface TensorSpec {
  dims: number[];
  /** FLOAT without */
  type?: 'FLOAT' | 'INT8' | 'UINT8' | 'INT32' | 'INT64';
  values: ArrayLike<number>;
}
export interface OnnxSpec {
  /** name -> shape; 0 for a batch that is left open */
  inputs: Record<string, number[]>;
  outputs: string[];
  initializers: Record<string, TensorSpec>;
  nodes: NodeSpec[];
  opset?: number;
}

const TYPES = { FLOAT: 1, UINT8: 2, INT8: 3, INT32: 6, INT64: 7 };
const ARRAYS = { FLOAT: Float32Array, UINT8: Uint8Array, INT8: Int8Array, INT32: Int32Array };

function tensor(name: string, { dims, type = 'FLOAT', values }: TensorSpec) {
  const own = { name, dims, dataType: TYPES[type] };
  if (type === 'INT64') return { ...own, int64Data: Array.from(values) };
  return { ...own, rawData: new Uint8Array(ARRAYS[type].from(values).buffer) };
}

function attribute(name: string, value: Attribute) {
  if (typeof value === 'string') return { name, s: new TextEncoder().encode(value), type: 3 };
  if (Array.isArray(value)) return { name, ints: value, type: 7 };
  return Number.isInteger(value) && !/alpha|beta|epsilon|min|max/.test(name)
    ? { name, i: value, type: 2 }
    : { name, f: value, type: 1 };
}

export function onnx({ inputs, outputs, initializers, nodes, opset = 13 }: OnnxSpec): Uint8Array {
  const type = protobuf.Root.fromJSON(DESCRIPTOR).lookupType('Model');
  const graph = {
    name: 'g',
    node: nodes.map(({ op, inputs: input, outputs: output, attributes = {}, name = op }) => ({
      input,
      output,
      name,
      opType: op,
      attribute: Object.entries(attributes).map(([key, value]) => attribute(key, value)),
    })),
    initializer: Object.entries(initializers).map(([name, spec]) => tensor(name, spec)),
    input: Object.entries(inputs).map(([name, shape]) => ({
      name,
      type: { tensorType: { elemType: 1, shape: { dim: shape.map((dimValue) => ({ dimValue })) } } },
    })),
    output: outputs.map((name) => ({ name })),
  };
  return type.encode(type.fromObject({ irVersion: 8, graph, opsetImport: [{ domain: '', version: opset }] })).finish();
}

/** How a network is quantised: the INT8 tensors that the .tflite route made, by name. */
export interface Scales {
  activation(name: string): Pick<GraphTensor, 'scales' | 'zeroPoints'>;
  layer(output: string): { values: Int8Array; scales: number[]; bias: Int32Array; inputScale: number };
}

/** As torch.onnx.export writes it: channels first, activations as nodes of their own; with scales, Q and DQ around. */
export function asOnnx({ input, layers }: NetworkSpec, { shapes, weights }: Built, quantized?: Scales): Uint8Array {
  const spec: OnnxSpec = {
    inputs: { x: [0, input[2], input[0], input[1]] },
    outputs: ['y'],
    initializers: {},
    nodes: [],
  };
  const node = (op: string, inputs: string[], output: string, attributes?: Record<string, Attribute>) =>
    spec.nodes.push({ op, inputs, outputs: [output], attributes });
  const constant = (name: string, dims: number[], values: ArrayLike<number>, type?: TensorSpec['type']) => {
    spec.initializers[name] = { dims, values, type };
    return name;
  };
  /** The value as a reader takes it: behind its Q and DQ. */
  const read = (name: string) => (quantized ? `${name} dq` : name);
  const pair = (name: string) => {
    if (!quantized) return;
    const { scales, zeroPoints } = quantized.activation(name);
    const parts = [constant(`${name} s`, [], scales), constant(`${name} z`, [], [zeroPoints[0] + 128], 'UINT8')];
    node('QuantizeLinear', [name, ...parts], `${name} q`);
    node('DequantizeLinear', [`${name} q`, ...parts], `${name} dq`);
  };
  const layerConstants = (output: string, order: number[]): string[] => {
    const { shape, values, bias } = weights.get(output)!;
    const own = quantized?.layer(output);
    const dims = order.map((d) => shape[d]);
    if (!own)
      return [
        constant(`${output} w`, dims, turned(values, shape, order)),
        constant(`${output} b`, [bias.length], bias),
      ];
    constant(`${output} w`, dims, turned(own.values, shape, order), 'INT8');
    const axes = own.scales.length === 1 ? [] : [own.scales.length];
    const zero = constant(
      `${output} wz`,
      axes,
      own.scales.map(() => 0),
      'INT8',
    );
    node('DequantizeLinear', [`${output} w`, constant(`${output} ws`, axes, own.scales), zero], `${output} wd`, {
      axis: 0,
    });
    constant(`${output} b`, [bias.length], own.bias, 'INT32');
    const biasScales = own.scales.map((scale) => scale * own.inputScale);
    node('DequantizeLinear', [`${output} b`, constant(`${output} bs`, axes, biasScales)], `${output} bd`, { axis: 0 });
    return [`${output} wd`, `${output} bd`];
  };
  pair('x');
  for (const layer of layers) {
    const own = 'relu' in layer && layer.relu ? `${layer.output} sum` : layer.output;
    const [height, width, depth] = shapes.get(layer.input)!;
    if (layer.kind === 'conv' || layer.kind === 'depthwise') {
      const order = layer.kind === 'conv' ? [0, 3, 1, 2] : [3, 0, 1, 2];
      const totals = [height, width].map((size, axis) =>
        Math.max(0, (Math.ceil(size / layer.stride) - 1) * layer.stride + layer.kernel[axis] - size),
      );
      const pads = [...totals.map((total) => total >> 1), ...totals.map((total) => total - (total >> 1))];
      const strides = [layer.stride, layer.stride];
      const group = layer.kind === 'conv' ? 1 : depth;
      const inputs = [read(layer.input), ...layerConstants(layer.output, order)];
      node('Conv', inputs, own, { kernel_shape: layer.kernel, strides, pads, group });
    } else if (layer.kind === 'add') node('Add', [read(layer.input), read(layer.other)], own);
    else if (layer.kind === 'average')
      node('AveragePool', [read(layer.input)], own, { kernel_shape: layer.kernel, strides: layer.kernel });
    else if (layer.kind === 'dense') {
      node('Flatten', [read(layer.input)], `${layer.input} flat`);
      node('Gemm', [`${layer.input} flat`, ...layerConstants(layer.output, [0, 1])], own, { transB: 1 });
    } else node('Softmax', [read(layer.input)], own, { axis: -1 });
    if (own !== layer.output) node('Relu', [own], layer.output);
    if (layer.kind !== 'softmax') pair(layer.output);
  }
  return onnx(spec);
}

function turned(values: ArrayLike<number>, shape: number[], order: number[]): number[] {
  const steps = shape.map((_, d) => shape.slice(d + 1).reduce((a, b) => a * b, 1));
  let places = [0];
  for (const d of order)
    places = places.flatMap((place) => Array.from({ length: shape[d] }, (_, i) => place + i * steps[d]));
  return places.map((place) => values[place]);
}
