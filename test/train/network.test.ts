/** Topologies by configuration: the networks of MLPerf Tiny have the layers that bench/ measures. */
import { describe, expect, it } from 'vitest';
import { TOPOLOGIES } from '../../host/measure/topologies.ts';
import { readConfig } from '../../host/train/config.ts';
import { buildNetwork, describeNetwork, specOf } from '../../host/train/network.ts';
import type { LayerConfig, NetworkConfig } from '../../host/train/networkConfig.ts';

const separable = (channels: number, stride = 1): LayerConfig => ({
  kind: 'separable',
  channels,
  kernel: [3, 3],
  stride: [stride, stride],
});

const NETWORKS: [name: string, NetworkConfig, input: number[], classes: number][] = [
  [
    'kws',
    {
      layers: [
        { kind: 'convolution', channels: 64, kernel: [10, 4], stride: [2, 2] },
        ...Array.from({ length: 4 }, () => separable(64)),
      ],
      methods: {},
    },
    [49, 10, 1],
    12,
  ],
  [
    'vww',
    {
      layers: [
        { kind: 'convolution', channels: 8, kernel: [3, 3], stride: [2, 2] },
        separable(16),
        separable(32, 2),
        separable(32),
        separable(64, 2),
        separable(64),
        separable(128, 2),
        ...Array.from({ length: 5 }, () => separable(128)),
        separable(256, 2),
        separable(256),
      ],
      methods: {},
    },
    [96, 96, 3],
    2,
  ],
  ['ic', readConfig('models/configs/mlperf-resnet8.json').network, [32, 32, 3], 10],
];

/** Output shape and number of weights of each layer, in no order: skips may come before or behind. */
const sorted = (layers: [string, number][]): string[] => layers.map(String).sort();

describe.each(NETWORKS)('%s of MLPerf Tiny', (name, config, input, classes) => {
  it('has the weights and shapes of the network that is measured', () => {
    const topology = TOPOLOGIES.find((one) => one.name === name)!;
    const { programs, sources } = topology.build();
    const measured = programs[0]!.operators.flatMap((operator): [string, number][] => {
      if (!('source' in operator)) return [];
      const source = sources[operator.source]!;
      const { shape } = programs[0]!.tensors[operator.output]!;
      return [[`${shape}`, source.rows * source.rowLength]];
    });
    const { layers } = buildNetwork(config, input, classes);
    const ours = layers.map(({ kind, kernel, input, output }): [string, number] => {
      const depth = kind === 'depthwise' ? 1 : input[2];
      return [`${output}`, kernel[0] * kernel[1] * depth * output[2]];
    });
    expect(sorted(ours)).toEqual(sorted(measured));
  });
});

describe('RegularCNN1D', () => {
  it('has the 1,455,618 parameters that the size of the published one stands for', () => {
    const { layers } = specOf(readConfig('models/configs/regular-cnn1d.json'), 2);
    const weights = layers.map(({ kernel, input, output }) => kernel[1] * input[2] * output[2]);
    // behind a convolution a bias and batch normalisation, else a bias
    const others = layers.map(({ kind, output }) => (kind === 'convolution' ? 3 : 1) * output[2]);
    expect([...weights, ...others].reduce((sum, count) => sum + count)).toBe(1_455_618);
  });
});

describe('a network', () => {
  it('of the short form is the list that it stands for', () => {
    const { network } = readConfig('models/configs/ecg-beats-int4.json');
    const { stem, depthwiseKernel, widths, strides, methods } = network as Extract<NetworkConfig, { stem: unknown }>;
    const layers: LayerConfig[] = [
      { kind: 'convolution', ...stem },
      ...widths.map((channels, i) => ({
        kind: 'separable' as const,
        channels,
        kernel: depthwiseKernel,
        stride: strides[i]!,
      })),
    ];
    const [short, listed] = [network, { layers, methods }].map((one) => buildNetwork(one, [1, 320, 2], 4));
    expect(listed!.layers).toEqual(short!.layers);
    expect(describeNetwork(network)).toBe(
      '5 depthwise-separable blocks; pointwise weights are stored as INT4; pw1 weights are stored as INT8; ' +
        'all others are stored as INT8.',
    );
  });

  it('holds layers of one configuration that share something together, and others one by one', () => {
    const { shared, alone } = specOf(readConfig('models/configs/ecg-beats.json'), 4);
    expect(shared.map(({ layers }) => layers.map(({ name }) => name))).toEqual([['pw2', 'pw3', 'pw4', 'pw5']]);
    expect([...alone.keys()]).toEqual(['stem', 'dw1', 'pw1', 'dw2', 'dw3', 'dw4', 'dw5', 'fc']);
  });

  it('has a basis for each configuration of one', () => {
    const { network } = readConfig('models/configs/ecg-beats-k1.json');
    const { pointwise } = network.methods as Record<string, { kind: string }>;
    const methods = { ...network.methods, pw5: { ...pointwise!, encoding: 'int2' } } as NetworkConfig['methods'];
    const { shared } = buildNetwork({ ...network, methods }, [1, 320, 2], 4);
    expect(shared.map((method) => [method.layers.length, method.shapes()[0]![0]])).toEqual([
      [3, 'generator.basis'],
      [1, 'generator2.basis'],
    ]);
  });
});
