/**
 * What a search chooses among: networks that differ from that of a configuration in depth, in width, and in what holds
 * the weights of each layer.
 */
import type { RawConfig } from '../sweep/variation.ts';
import { narrowed } from '../sweep/variation.ts';
import { UsageError } from '../system/errors.ts';
import { classNamesOf, type Task } from '../task/task.ts';
import type { LayerSpec } from '../train/layerSpec.ts';
import type { MethodConfig } from '../train/methods/config.ts';
import { specOf } from '../train/network.ts';
import type { LayerConfig, NetworkConfig } from '../train/networkConfig.ts';

/** Ways of holding the weights of pointwise layers; `widest` is the largest number of channels that one of them has. */
export const SOURCES = {
  int8: () => ({ kind: 'int8' }),
  int4: () => ({ kind: 'int4' }),
  int2: () => ({ kind: 'int2' }),
  ternary: () => ({ kind: 'ternary' }),
  binary: () => ({ kind: 'binary' }),
  basis2: (widest: number) => basisOf(2, widest),
  basis4: (widest: number) => basisOf(4, widest),
  codebook64: () => ({ kind: 'codebook', entries: 64, length: 8 }),
  codebook256: () => ({ kind: 'codebook', entries: 256, length: 8 }),
  rank8: () => ({ kind: 'lowRank', rank: 8, encoding: 'int4' }),
  rank16: () => ({ kind: 'lowRank', rank: 16, encoding: 'int4' }),
} satisfies Record<string, (widest: number) => MethodConfig>;
export type Source = keyof typeof SOURCES;

function basisOf(matrices: number, widest: number): MethodConfig {
  const shape = { rows: widest, columns: widest, codeLength: 4, hidden: 12, rowsPerCode: 8 };
  return { kind: 'basis', matrices, encoding: 'int2', ...shape };
}

/** What the first half of these layers, which has few of the weights, may be held by while the rest is held by less. */
const FINER: readonly Source[] = ['int8', 'int4'];
/** Stem, depthwise layers and classifier. */
const OTHERS = ['int8', 'int4'] as const;
/** More blocks than the configuration has, or fewer. */
const DEPTHS = [-2, -1, 0, 1] as const;
/** Factors on the channels of the configuration, narrowest first. */
export const WIDTHS = [0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 1, 1.25, 1.5, 2] as const;

/** A network but for its width. */
export interface Scheme {
  /** depthwise-separable or residual */
  blocks: number;
  /** of the first half of the pointwise layers, and of the rest */
  first: Source;
  rest: Source;
  others: (typeof OTHERS)[number];
}

/** Every scheme for a network, those of few blocks first. Throws UsageError for one that has no blocks. */
export function schemesOf(network: NetworkConfig, where: string): Scheme[] {
  const blocks = blocksOf(network);
  if (blocks === 0)
    throw new UsageError(`${where}: network: expected depthwise-separable or residual blocks, got none`);
  const sources = Object.keys(SOURCES) as Source[];
  const pairs = sources.flatMap((rest) => [
    [rest, rest] as const,
    ...FINER.filter((first) => sources.indexOf(first) < sources.indexOf(rest)).map((first) => [first, rest] as const),
  ]);
  return DEPTHS.map((more) => blocks + more)
    .filter((count) => count > 0)
    .flatMap((count) =>
      pairs.flatMap(([first, rest]) => OTHERS.map((others) => ({ blocks: count, first, rest, others }))),
    );
}

/** "int8+int2-int4.d5.w75": first half, rest, other layers, blocks, width. */
export const nameOf = ({ blocks, first, rest, others }: Scheme, width: number): string =>
  [`${first === rest ? '' : `${first}+`}${rest}-${others}`, `d${blocks}`, `w${Math.round(100 * width)}`].join('.');

/** The configuration of one task with another network; the rest of it stays. */
export function varied(base: RawConfig, scheme: Scheme, width: number, task: Task): RawConfig {
  const [only] = base.tasks as [RawConfig['tasks'][number]];
  const network = withBlocks((only.network ?? base.network) as unknown as NetworkConfig, scheme.blocks);
  const { network: _, ...rest } = base;
  const bare = { ...network, methods: {} };
  const wide = narrowed({ ...rest, tasks: [{ ...only, network: bare as unknown as RawConfig['network'] }] }, width);
  const shaped = wide.tasks[0]!.network as unknown as NetworkConfig;
  const { layers } = specOf({ task, network: shaped }, classNamesOf(task).length);
  const methods = methodsFor(layers, scheme);
  return { ...wide, tasks: wide.tasks.map((one) => ({ ...one, network: { ...one.network, methods } })) };
}

/** By name of the layer or by kind, as a configuration says it. */
function methodsFor(layers: readonly LayerSpec[], { first, rest, others }: Scheme): Record<string, MethodConfig> {
  const held = layers.filter(({ kind }) => kind === 'pointwise');
  const widest = Math.max(...held.flatMap(({ input, output }) => [input[2], output[2]]));
  const half = first === rest ? [] : held.slice(0, Math.floor(held.length / 2));
  const kinds = ['convolution', 'depthwise'].filter((kind) => layers.some((layer) => layer.kind === kind));
  return {
    ...Object.fromEntries(half.map(({ name }) => [name, SOURCES[first](widest)])),
    pointwise: SOURCES[rest](widest),
    ...Object.fromEntries([...kinds, 'fc'].map((name) => [name, { kind: others }])),
  };
}

const isBlock = ({ kind }: LayerConfig): boolean => kind === 'separable' || kind === 'residual';

const blocksOf = (network: NetworkConfig): number =>
  'layers' in network ? network.layers.filter(isBlock).length : network.widths.length;

/** The first `count` blocks, or all of them and the last again, at stride 1, as often as it takes. */
function withBlocks(network: NetworkConfig, count: number): NetworkConfig {
  const more = Math.max(0, count - blocksOf(network));
  if (!('layers' in network)) {
    const { widths, strides } = network;
    return {
      ...network,
      widths: [...widths, ...Array<number>(more).fill(widths.at(-1)!)].slice(0, count),
      strides: [...strides, ...Array<number>(more).fill(1)].slice(0, count),
    };
  }
  const last = network.layers.findLastIndex(isBlock);
  const again = Array.from({ length: more }, () => unstrided(network.layers[last]!));
  const all = [...network.layers.slice(0, last + 1), ...again, ...network.layers.slice(last + 1)];
  const blocks = all.filter(isBlock);
  return { ...network, layers: all.filter((layer) => !isBlock(layer) || blocks.indexOf(layer) < count) };
}

function unstrided(layer: LayerConfig): LayerConfig {
  if (layer.kind === 'residual') return { ...layer, layers: layer.layers.map(unstrided) };
  return 'stride' in layer ? { ...layer, stride: 1 } : { ...layer };
}
