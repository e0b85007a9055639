/**
 * Networks by configuration: convolutions, depthwise-separable blocks, residuals, pools and fully connected layers on
 * one row of positions (signals) or several (images, spectra), then a mean over positions and a classifier.
 *
 * A configuration is a list of layers, or short for the family of the ECG networks:
 *
 *   input [P, C0] -> stem k7 s2 -> [P/2, C] -> (depthwise k5 -> pointwise) x blocks -> mean over positions -> classes
 *
 * This file knows sizes and names only; forward.ts computes, export.ts writes the same list as operators.
 */
import type { Shape } from '../model/model.ts';
import { frontEndOf, type Task } from '../task/task.ts';
import { type LayerKind, type LayerSpec, positionsOf } from './layerSpec.ts';
import type { MethodConfig } from './methods/config.ts';
import type { Method } from './methods/method.ts';
import { METHODS } from './methods/registry.ts';
import type { Extent, LayerConfig, NetworkConfig } from './networkConfig.ts';

/** What is computed from one or two earlier results; -1 is the input of the network. */
export type NodeSpec =
  | { kind: 'layer'; layer: LayerSpec; input: number }
  | { kind: 'add'; name: string; inputs: [number, number]; output: Shape }
  | { kind: 'averagePool'; name: string; kernel: [number, number]; input: number; output: Shape };

export interface NetworkSpec {
  input: Shape;
  /** the last is the classifier, which answers with one value a class */
  nodes: NodeSpec[];
  layers: LayerSpec[];
  /** that hold the weights of layers which share something */
  shared: Method[];
  /** that hold those of one layer each, by its name */
  alone: Map<string, Method>;
  classes: number;
}

/** Left or upper share of the padding that TensorFlow calls SAME; the other end gets the odd one. */
export function samePadding(inputWidth: number, outputWidth: number, kernel: number, stride: number): number {
  return Math.floor(Math.max(0, (outputWidth - 1) * stride + kernel - inputWidth) / 2);
}

/** A range that training makes smaller counts as this. */
export const SMALLEST_RANGE = 0.5;

/** `input`: what the front end gives. */
export function buildNetwork(config: NetworkConfig, input: readonly number[], classes: number): NetworkSpec {
  const layers = new Builder(config, input as Shape).build(classes);
  const fault = faultOf(config, layers);
  if (fault) throw new Error(`network: ${fault[0]}: ${fault[1]}; edit the training configuration`);
  return layers;
}

/** The layers of a network for the windows of a task. */
export const specOf = ({ task, network }: { task: Task; network: NetworkConfig }, classes: number): NetworkSpec =>
  buildNetwork(network, frontEndOf(task).output.shape, classes);

const listOf = (config: NetworkConfig): LayerConfig[] =>
  'layers' in config
    ? config.layers
    : [
        { kind: 'convolution', ...config.stem },
        ...config.widths.map(
          (channels, block): LayerConfig => ({
            kind: 'separable',
            channels,
            kernel: config.depthwiseKernel,
            stride: config.strides[block]!,
          }),
        ),
      ];

const pair = (extent: Extent): [number, number] => (typeof extent === 'number' ? [1, extent] : extent);

class Builder {
  private readonly nodes: NodeSpec[] = [];
  private readonly counts = new Map<string, number>();

  constructor(
    private readonly config: NetworkConfig,
    private readonly input: Shape,
  ) {}

  build(classes: number): NetworkSpec {
    for (const layer of listOf(this.config)) this.add(layer);
    const shape = this.shapeAt(this.last);
    if (positionsOf(shape) > 1) this.pool('pool', [shape[0], shape[1]]);
    this.layer('fc', 'fullyConnected', classes, [1, 1], [1, 1], 'none', false);
    const layers = this.nodes.flatMap((node) => (node.kind === 'layer' ? [node.layer] : []));
    return { input: this.input, nodes: this.nodes, layers, ...methodsOf(layers), classes };
  }

  private get last(): number {
    return this.nodes.length - 1;
  }

  private shapeAt(node: number): Shape {
    const found = this.nodes[node];
    if (!found) return this.input;
    return found.kind === 'layer' ? found.layer.output : found.output;
  }

  /** "conv2": numbered from 1 within its kind; the first convolution of the network is the stem. */
  private numbered(word: string): string {
    const number = (this.counts.get(word) ?? 0) + 1;
    this.counts.set(word, number);
    return `${word}${number}`;
  }

  private add(config: LayerConfig): void {
    if (config.kind === 'residual') this.residual(config.layers);
    else if (config.kind === 'averagePool') this.pool(this.numbered('pool'), pair(config.kernel));
    else if (config.kind === 'fullyConnected')
      this.layer(this.numbered('dense'), 'fullyConnected', config.channels, [1, 1], [1, 1]);
    else if (config.kind === 'separable') {
      const { channels, kernel, stride, activation } = config;
      this.add({ kind: 'depthwise', kernel, stride });
      this.add({ kind: 'pointwise', channels, activation });
    } else this.weighted(config);
  }

  private weighted(config: Extract<LayerConfig, { kind: 'convolution' | 'depthwise' | 'pointwise' }>): void {
    const { kind, activation } = config;
    const [kernel, stride] = kind === 'pointwise' ? [1, 1] : [config.kernel, config.stride ?? 1];
    const channels = kind === 'depthwise' ? this.shapeAt(this.last)[2] : config.channels;
    const isStem = kind === 'convolution' && this.nodes.length === 0;
    const name = isStem ? 'stem' : this.numbered({ convolution: 'conv', depthwise: 'dw', pointwise: 'pw' }[kind]);
    this.layer(name, kind, channels, pair(kernel), pair(stride), activation);
  }

  private layer(
    name: string,
    kind: LayerKind,
    channels: number,
    kernel: [number, number],
    stride: [number, number],
    activation: LayerSpec['activation'] = 'relu',
    normalized = true,
    from = this.last,
  ): void {
    const input = this.shapeAt(from);
    const [height, width] = [0, 1].map((i) => Math.ceil(input[i]! / stride[i]!)) as [number, number];
    const output: Shape = kind === 'fullyConnected' ? [1, 1, channels] : [height, width, channels];
    const pad = [0, 1].map((i) => samePadding(input[i]!, output[i]!, kernel[i]!, stride[i]!)) as [number, number];
    const method = this.methodOf(name, kind);
    const spec = { name, kind, method, input, output, kernel, stride, pad, normalized, activation };
    this.nodes.push({ kind: 'layer', layer: spec, input: from });
  }

  private methodOf(name: string, kind: LayerKind): MethodConfig {
    const { methods } = this.config;
    return methods[name] ?? (name === 'fc' ? undefined : methods[kind]) ?? { kind: 'int8' };
  }

  /** Of whole windows that do not overlap; what is left at the end of a row or column is not looked at. */
  private pool(name: string, kernel: [number, number]): void {
    const [height, width, channels] = this.shapeAt(this.last);
    const output: Shape = [Math.floor(height / kernel[0]), Math.floor(width / kernel[1]), channels];
    this.nodes.push({ kind: 'averagePool', name, kernel, input: this.last, output });
  }

  /** relu(layers(x) + x); where shapes differ x goes through a convolution of one position (He et al. 2016). */
  private residual(layers: LayerConfig[]): void {
    const before = this.last;
    for (const layer of layers) this.add(layer);
    const [after, output] = [this.last, this.shapeAt(this.last)];
    const input = this.shapeAt(before);
    let other = before;
    if (String(input) !== String(output)) {
      const stride = [0, 1].map((i) => Math.ceil(input[i]! / output[i]!)) as [number, number];
      this.layer(this.numbered('skip'), 'convolution', output[2], [1, 1], stride, 'none', true, before);
      other = this.last;
    }
    this.nodes.push({ kind: 'add', name: this.numbered('add'), inputs: [after, other], output });
  }
}

/** Layers of one configuration that share something are held together, others each by itself. */
function methodsOf(layers: readonly LayerSpec[]): Pick<NetworkSpec, 'shared' | 'alone'> {
  const groups = new Map<string, LayerSpec[]>();
  for (const layer of layers) {
    if (!METHODS[layer.method.kind]!.isShared) continue;
    const key = JSON.stringify(layer.method);
    groups.set(key, [...(groups.get(key) ?? []), layer]);
  }
  const shared = [...groups.values()].map((group, i) => methodFor(group, i === 0 ? 'generator' : `generator${i + 1}`));
  const alone = layers.filter(({ method }) => !METHODS[method.kind]!.isShared);
  return { shared, alone: new Map(alone.map((layer) => [layer.name, methodFor([layer], layer.name)])) };
}

const methodFor = (layers: LayerSpec[], prefix: string): Method => {
  const { method } = layers[0]!;
  return METHODS[method.kind]!.make(method, layers, prefix);
};

/** What does not agree in a network whose fields are right by themselves: the field, and what is wrong with it. */
export function networkFault(
  config: NetworkConfig,
  input: readonly number[],
  classes: number,
): [field: string, fault: string] | null {
  const listed = listFault(config);
  return listed ?? faultOf(config, new Builder(config, input as Shape).build(classes));
}

function listFault(config: NetworkConfig): [string, string] | null {
  if (!('layers' in config))
    return config.widths.length === config.strides.length
      ? null
      : ['strides', `expected one per block, ${config.widths.length} as "widths" has, got ${config.strides.length}`];
  return config.layers[0]!.kind === 'residual'
    ? ['layers.0', 'expected a layer that gives the residual something to add, got a residual']
    : null;
}

function faultOf({ methods }: NetworkConfig, { nodes, shared, alone, layers }: NetworkSpec): [string, string] | null {
  const empty = nodes.find((node) => node.kind !== 'layer' && positionsOf(node.output) < 1);
  if (empty) return ['layers', 'expected pools that fit into their input, got one that is larger'];
  const mixed = nodes.find((node) => node.kind === 'add' && differ(nodes, node.inputs));
  if (mixed) return ['layers', 'expected layers of a residual that end in a shape which strides of its input give'];
  const known = new Set([...layers.map(({ name }) => name), ...layers.map(({ kind }) => kind)]);
  const stranger = Object.keys(methods).find((name) => !known.has(name));
  if (stranger !== undefined)
    return [`methods.${stranger}`, `expected a layer or a kind of the network, ${[...known].join(', ')}`];
  for (const { layers } of [...shared, ...alone.values()]) {
    const { method, name, kind } = layers[0]!;
    const fault = METHODS[method.kind]!.fault(method, layers);
    if (fault) return [`methods.${name in methods ? name : kind}.${fault[0]}`, fault[1]];
  }
  return null;
}

function differ(nodes: readonly NodeSpec[], [first, second]: [number, number]): boolean {
  const shapeOf = (node: NodeSpec): Shape => (node.kind === 'layer' ? node.layer.output : node.output);
  return String(shapeOf(nodes[first]!)) !== String(shapeOf(nodes[second]!));
}

/** For a model card: one or two sentences. */
export function describeNetwork(config: NetworkConfig): string {
  const listed = listOf(config);
  const blocks = listed.filter(({ kind }) => kind === 'separable').length;
  const shape = blocks > 0 ? `${blocks} depthwise-separable blocks` : `${listed.length} layers`;
  const held = Object.entries(config.methods).map(
    ([name, method]) => `${name} weights are ${METHODS[method.kind]!.about(method)}`,
  );
  return `${shape}${held.length > 0 ? `; ${held.join('; ')}` : ''}; all others are stored as INT8.`;
}
