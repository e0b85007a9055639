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
import type { Generator, Shape } from '../model/model.ts';
import { UsageError } from '../system/errors.ts';
import { classNamesOf, frontEndOf, type Task } from '../task/task.ts';
import { type LayerKind, type LayerSpec, positionsOf } from './layerSpec.ts';
import type { MethodConfig } from './methods/config.ts';
import type { Installed, Method } from './methods/method.ts';
import { METHODS } from './methods/registry.ts';
import type { Extent, LayerConfig, NetworkConfig, RouteConfig } from './networkConfig.ts';

/** What is computed from one or two earlier results; -1 is the input of the network. */
export type NodeSpec =
  | { kind: 'layer'; layer: LayerSpec; input: number }
  | { kind: 'add'; name: string; inputs: [number, number]; output: Shape }
  | { kind: 'averagePool'; name: string; kernel: [number, number]; input: number; output: Shape }
  | { kind: 'concatenation'; name: string; input: number; lent: Lent; output: Shape };

/** A layer of another network, whose channels stand behind those of the own one: its node there, and its name. */
export interface Lent {
  node: number;
  layer: string;
  /** the own layer, whose range is that of the other */
  own: string;
}

export interface NetworkSpec {
  /** begins the names of its layers, and so of its parameters: "" where it is trained alone */
  prefix: string;
  input: Shape;
  /** the last is the classifier, which answers with one value a class */
  nodes: NodeSpec[];
  layers: LayerSpec[];
  /** that hold the weights of layers which share something, be they of this network or of others beside it */
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
  const [network] = together([new Builder(config, input as Shape).build(classes)], null) as [NetworkSpec];
  const fault = faultOf(config, network);
  if (fault) throw new Error(`network: ${fault[0]}: ${fault[1]}; edit the training configuration`);
  return network;
}

/** A network among others, by the name of its program. */
export interface NamedNetwork {
  name: string;
  task: Task;
  network: NetworkConfig;
}

/**
 * Networks that are trained together: their layers of one method share what it shares, whichever network they are of.
 * With generators of an image these are what they share. Throws UsageError for a method that has none among them.
 */
export function specsOf(
  networks: readonly NamedNetwork[],
  installed: readonly Generator[] | null = null,
): NetworkSpec[] {
  const parts = networks.map(({ name, task, network }) => {
    const prefix = networks.length > 1 ? `${name}/` : '';
    return new Builder(network, frontEndOf(task).output.shape, prefix).build(classNamesOf(task).length);
  });
  return together(parts, installed);
}

/** Of the largest answer of a network seen, in a checkpoint. */
export const peakName = ({ prefix }: NetworkSpec): string => `${prefix}logits.peak`;

/** The layers of a network for the windows of a task. */
export const specOf = ({ task, network }: { task: Task; network: NetworkConfig }, classes: number): NetworkSpec =>
  buildNetwork(network, frontEndOf(task).output.shape, classes);

/** Layers of a configuration, those of the short form written out. */
export const listOf = (config: NetworkConfig): LayerConfig[] =>
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

/** Without what holds its weights. */
type BareNetwork = Omit<NetworkSpec, 'shared' | 'alone'>;

/** The network whose layers of these names a network reads beside its own. */
interface Lender {
  network: BareNetwork;
  layers: readonly string[];
}

class Builder {
  private readonly nodes: NodeSpec[] = [];
  private readonly counts = new Map<string, number>();

  constructor(
    private readonly config: NetworkConfig,
    private readonly input: Shape,
    private readonly prefix = '',
    private readonly lender: Lender | null = null,
  ) {}

  build(classes: number): BareNetwork {
    for (const layer of listOf(this.config)) this.add(layer);
    const shape = this.shapeAt(this.last);
    if (positionsOf(shape) > 1) this.pool('pool', [shape[0], shape[1]]);
    this.layer('fc', 'fullyConnected', classes, [1, 1], [1, 1], 'none', false);
    const layers = this.nodes.flatMap((node) => (node.kind === 'layer' ? [node.layer] : []));
    return { prefix: this.prefix, input: this.input, nodes: this.nodes, layers, classes };
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
    const spec = {
      name: `${this.prefix}${name}`,
      kind,
      method,
      input,
      output,
      kernel,
      stride,
      pad,
      normalized,
      activation,
    };
    this.nodes.push({ kind: 'layer', layer: spec, input: from });
    if (this.lender?.layers.includes(name)) this.borrow(name, spec, this.lender.network);
  }

  /** Behind the own layer stands what the layer of that name in another network gives. */
  private borrow(name: string, own: LayerSpec, { prefix, nodes }: BareNetwork): void {
    const node = nodes.findIndex((node) => node.kind === 'layer' && node.layer.name === `${prefix}${name}`);
    const lent = nodes[node];
    if (lent?.kind !== 'layer') return; // routeFault says so
    const [height, width, channels] = own.output;
    const output: Shape = [height, width, channels + lent.layer.output[2]];
    this.nodes.push({
      kind: 'concatenation',
      name: `${own.name}+`,
      input: this.last,
      lent: { node, layer: lent.layer.name, own: own.name },
      output,
    });
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
    this.nodes.push({ kind: 'add', name: `${this.prefix}${this.numbered('add')}`, inputs: [after, other], output });
  }
}

/** Layers of one method that share something are held together, others each by itself. */
function together(
  networks: readonly BareNetwork[],
  installed: readonly Generator[] | null,
  prefix = '',
): NetworkSpec[] {
  const groups = new Map<string, LayerSpec[]>();
  for (const layer of networks.flatMap(({ layers }) => layers)) {
    if (!isShared(layer)) continue;
    const key = JSON.stringify(layer.method);
    groups.set(key, [...(groups.get(key) ?? []), layer]);
  }
  const shared = [...groups.values()].map((group, i) =>
    methodFor(group, `${prefix}generator${i === 0 ? '' : i + 1}`, installed && installedFor(group, installed)),
  );
  return networks.map((network) => {
    const alone = network.layers.filter((layer) => !isShared(layer));
    return { ...network, shared, alone: new Map(alone.map((layer) => [layer.name, methodFor([layer], layer.name)])) };
  });
}

const isShared = ({ method }: LayerSpec): boolean => METHODS[method.kind]!.isShared;

function methodFor(layers: LayerSpec[], prefix: string, installed: Installed | null = null): Method {
  const { method } = layers[0]!;
  return METHODS[method.kind]!.make(method, layers, prefix, installed);
}

/** The generator of an image that a method describes. */
function installedFor([{ method, name }]: readonly LayerSpec[], installed: readonly Generator[]): Installed {
  const index = installed.findIndex((generator) => METHODS[method.kind]!.isOf?.(method, generator));
  if (index >= 0) return { generator: installed[index]!, index };
  throw new UsageError(
    `basis: expected what ${name} says, ${JSON.stringify(method)}, got ${installed.map(described).join('; ') || 'none'}; ` +
      'say in methods what the image has',
  );
}

/** A selector, and the classifiers that it picks one of. */
export interface RoutedSpecs {
  selector: NetworkSpec;
  branches: NetworkSpec[];
}

/** What a `route` describes, for windows of this shape. What classifiers share is theirs alone. */
export function routedSpecs(route: RouteConfig, input: readonly number[], classes: number): RoutedSpecs {
  const bare = new Builder(route.selector, input as Shape, 'selector/').build(route.branches);
  const branches = Array.from({ length: route.branches }, (_, i) =>
    new Builder(route.classifier, input as Shape, `branch${i}/`, { network: bare, layers: route.aggregate }).build(
      classes,
    ),
  );
  const [selector] = together([bare], null, 'selector/') as [NetworkSpec];
  return { selector, branches: together(branches, null, 'branches/') };
}

/** What does not agree between selector and classifiers. */
export function routeFault(route: RouteConfig, input: readonly number[], classes: number): [string, string] | null {
  for (const [name, outputs] of [
    ['selector', route.branches],
    ['classifier', classes],
  ] as const) {
    const fault = networkFault(
      name === 'selector' ? route.selector : { ...route.classifier, methods: {} },
      input,
      outputs,
    );
    if (fault) return [`${name}.${fault[0]}`, fault[1]];
  }
  const { selector, branches } = routedSpecs(route, input, classes);
  const [branch] = branches as [NetworkSpec];
  const [first, other] = [branch.layers[0]!, selector.layers[0]!];
  const geometry = ({ kind, kernel, stride }: LayerSpec): string => `${kind} of kernel ${kernel} and stride ${stride}`;
  if (geometry(first) !== geometry(other))
    return ['classifier.layers.0', `expected a ${geometry(other)} as the selector begins with, got ${geometry(first)}`];
  for (const [i, name] of route.aggregate.entries()) {
    const [own, lent] = [branch, selector].map(({ layers, prefix }) =>
      layers.find((layer) => layer.name === `${prefix}${name}` && layer.normalized),
    );
    const known = selector.layers.filter(({ normalized }) => normalized).map((layer) => layer.name.slice(9));
    if (!own || !lent)
      return [
        `aggregate.${i}`,
        `expected a layer that selector and classifier have, ${known.join(', ')}, got "${name}"`,
      ];
    const place = ({ output: [height, width], activation }: LayerSpec): string =>
      `${height} x ${width} positions, activation ${activation}`;
    if (place(own) !== place(lent))
      return [`aggregate.${i}`, `expected ${place(lent)} as ${name} of the selector has, got ${place(own)}`];
  }
  const bare = { ...branch, prefix: '' };
  const short = (name: string): string => name.slice(branch.prefix.length);
  const layers = branch.layers.map((layer) => ({ ...layer, name: short(layer.name) }));
  const fault = faultOf(route.classifier, { ...bare, layers, nodes: branch.nodes });
  return fault ? [`classifier.${fault[0]}`, fault[1]] : null;
}

/** A generator in the words of a configuration. */
function described(generator: Generator): string {
  const mlp = 'mlp' in generator ? generator.mlp : null;
  const mix = mlp ? ` of ${mlp.outputs}, codes of ${mlp.codeLength} ${mlp.codeEncoding}, ${mlp.hidden} hidden` : '';
  if (generator.kind === 'basis')
    return `a basis${mix || ' of 1'}, ${generator.rows} x ${generator.columns} in ${generator.encoding}`;
  if (generator.kind === 'codebook') return `a codebook of ${generator.entries} entries of ${generator.length}`;
  return generator.kind === 'random' ? `random${mix || ' of 1'}, seed ${generator.seed}` : `a ${generator.kind}`;
}

/** What does not agree in a network whose fields are right by themselves: the field, and what is wrong with it. */
export function networkFault(
  config: NetworkConfig,
  input: readonly number[],
  classes: number,
): [field: string, fault: string] | null {
  const listed = listFault(config);
  if (listed) return listed;
  const [network] = together([new Builder(config, input as Shape).build(classes)], null) as [NetworkSpec];
  return faultOf(config, network);
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
  if (held.length === 0) return `${shape}; all weights are stored as INT8.`;
  return `${shape}; ${held.join('; ')}; all others are stored as INT8.`;
}

/** The same of a selector and its classifiers. */
export const describeRoute = ({ branches, selector, classifier, aggregate }: RouteConfig): string =>
  [
    `A selector picks one of ${branches} classifiers.`,
    `Selector: ${describeNetwork(selector)}`,
    `Each classifier: ${describeNetwork(classifier)}`,
    ...(aggregate.length > 0 ? [`Behind ${aggregate.join(', ')} it reads what the selector gives there, too.`] : []),
  ].join(' ');
