/** Cut points, and the parameters and multiply-accumulates of each, beside those of the paper. */
import { describe, expect, it } from 'vitest';
import { TOPOLOGIES } from '../../host/measure/topologies.ts';
import type { Model } from '../../host/model/model.ts';
import { PAPER } from '../../host/pages/prune.ts';
import { auxiliaryNamed, kernelAt } from '../../host/prune/auxiliary.ts';
import { countOperators, countPruned } from '../../host/prune/count.ts';
import { cutsOf, onlyProgram } from '../../host/prune/cuts.ts';
import { classesOf } from '../../host/prune/graft.ts';
import { untrainedModel } from '../../host/train/index.ts';
import { configFor } from '../train/together.ts';
import { ModelBuilder } from '../zoo.ts';

const topology = (name: string): Model => TOPOLOGIES.find((one) => one.name === name)!.build();
const blocks = (model: Model): string[] => cutsOf(model).map(({ block }) => block);

/** Whether the paper counts the biases of the trunk. */
const TRUNK_BIASES = { vww: false, kws: true } as const;

describe.each(Object.entries(TRUNK_BIASES))('%s', (name, trunkBiases) => {
  const model = topology(name);
  const figures = PAPER[name as keyof typeof TRUNK_BIASES]!.parameters;
  it.each(Object.entries(figures))(
    '%s has as many parameters and MACs as in the paper',
    (block, [expected, millions]) => {
      const cut = cutsOf(model).find((one) => one.block === block);
      const { parameters, macs } = cut
        ? countPruned(model, cut, auxiliaryNamed('dscnn32-16')!, classesOf(model), { trunkBiases })
        : countOperators(model, { trunkBiases });
      expect([block === 'whole' || cut !== undefined, parameters, Math.round(macs / 1e4) / 100]).toEqual([
        true,
        expected,
        millions,
      ]);
    },
  );
});

describe('cuts', () => {
  it('are behind the first convolution and every block but the last', () => {
    expect(blocks(topology('kws'))).toEqual(['conv1', 'block1', 'block2', 'block3']);
    expect(blocks(topology('vww')).at(-1)).toBe('block12');
  });

  it('are not inside a residual block, whose input is still wanted', () => {
    const model = topology('ic');
    const { operators } = onlyProgram(model);
    expect(cutsOf(model).map(({ operator }) => operators[operator].kind)).toEqual(['convolution', 'add', 'add']);
  });

  it('are none in a network of fully connected layers', () => {
    expect(blocks(topology('ad'))).toEqual([]);
  });

  it('are behind an activation that is a table of its own', () => {
    const builder = new ModelBuilder(1, [6, 6, 3]);
    builder
      .convolution(4, { kernel: [3, 3], stride: [1, 1], pad: [1, 1] })
      .lookup()
      .pointwise(5)
      .pointwise(5)
      .pointwise(5);
    const model = builder.build();
    const { operators } = onlyProgram(model);
    expect(cutsOf(model).map(({ operator }) => operators[operator].kind)).toEqual(['lookup', 'pointwise']);
  });

  it('are refused for a model of several programs', () => {
    const model = topology('kws');
    expect(() => cutsOf({ ...model, programs: [model.programs[0], model.programs[0]] })).toThrow(
      'expected one program with one input and one output, got 2',
    );
  });
});

describe('auxiliary networks', () => {
  it.each([
    ['dscnn32-16', [32, 16]],
    ['dscnn16-16-16', [16, 16, 16]],
    ['dscnn8', [8]],
    ['dense', []],
  ])('%s has blocks of %j channels', (name, widths) => {
    expect(auxiliaryNamed(name)).toEqual({ name, widths });
  });

  it.each(['', 'dscnn', 'dscnn0', 'dscnn32-', 'dscnn2000', 'Dense', 'dscnn1-1-1-1-1-1-1-1-1'])(
    '"%s" is none',
    (name) => {
      expect(auxiliaryNamed(name)).toBeUndefined();
    },
  );

  it('look 3x3 around in planes, and along a row as wide as the depthwise layers of the network', async () => {
    const kernels = (model: Model) => cutsOf(model).map((cut) => kernelAt(onlyProgram(model), cut));
    expect(kernels(topology('kws'))).toEqual([
      [3, 3],
      [3, 3],
      [3, 3],
      [3, 3],
    ]);
    expect(kernels(await untrainedModel(configFor('motion')))).toEqual([5, 5, 5]);
  });
});
