/** Methods that hold weights in forms of their own: what is trained is what the runtime makes of the image. */
import { describe, expect, it } from 'vitest';
import { windowAt } from '../../host/data/windows.ts';
import { pack } from '../../host/image/pack.ts';
import { unpack } from '../../host/image/unpack.ts';
import type { Model, WeightedOperator } from '../../host/model/model.ts';
import { ImageView } from '../../host/records/view.ts';
import { execute } from '../../host/reference/executor.ts';
import { Runtime, VARIANT_NAMES } from '../../host/runtime/node.ts';
import { materialize } from '../../host/sources/registry.ts';
import { openTask } from '../../host/task/task.ts';
import type { TrainConfig } from '../../host/train/config.ts';
import { parametersOf } from '../../host/train/exported.ts';
import { networkFault, specsOf } from '../../host/train/network.ts';
import { weightsOf } from '../../host/train/real.ts';
import type { Trained } from '../../host/train/run.ts';
import { trainModel } from '../../host/train/train.ts';
import { BASIS, configFor } from './together.ts';

/** A configuration of the synthetic task, by the methods of its layers. */
function configOf(methods: Record<string, object>): TrainConfig {
  const config = configFor('motion');
  return { ...config, network: { ...config.network, methods } as TrainConfig['network'] };
}

const TERNARY = { ...BASIS, matrices: 4, encoding: 'ternary' };
const SINGLE = { kind: 'basis', matrices: 1, encoding: 'ternary', rows: 24, columns: 24 };
const CODEBOOK = { kind: 'codebook', entries: 16, length: 4 };
const LOW_RANK = { kind: 'lowRank', rank: 6, encoding: 'int8' };

const METHODS: Record<string, Record<string, object>> = {
  'a basis of four ternary matrices': { pointwise: TERNARY },
  'one ternary matrix': { pointwise: SINGLE },
  'a codebook of nibbles': { pointwise: CODEBOOK },
  'a codebook whose entries no row is a multiple of': { pointwise: { kind: 'codebook', entries: 40, length: 5 } },
  'one codebook for convolution, pointwise layers and classifier': {
    convolution: CODEBOOK,
    pointwise: CODEBOOK,
    fc: CODEBOOK,
  },
  'factors in INT8': { pointwise: LOW_RANK },
  'factors in INT4': { pointwise: { ...LOW_RANK, encoding: 'int4' } },
  'factors in two bits': { pointwise: { ...LOW_RANK, encoding: 'int2' } },
  'ternary factors, of convolution and classifier as well': {
    convolution: { kind: 'lowRank', rank: 3, encoding: 'ternary' },
    pointwise: { kind: 'lowRank', rank: 12, encoding: 'ternary' },
    fc: { kind: 'lowRank', rank: 2, encoding: 'ternary' },
  },
};

/**
 * Where weights may fall to the other side of a border: at most so many levels, of such a share of them. The MLP of a
 * basis is rounded in float32; the device rounds a product of many bits twice. All others are the same bytes.
 */
const BORDERS: Record<string, [levels: number, share: number]> = {
  'a basis of four ternary matrices': [4, 1],
  'factors in INT8': [1, 1 / 100],
};

/** The library compiles for seconds: each is trained once. */
const trainings = new Map<string, Promise<{ losses: number[]; trained: Trained }>>();
function training(name: string) {
  const run = async () => {
    const losses: number[] = [];
    const trained = await trainModel(configOf(METHODS[name]!), {
      epochs: 6,
      onProgress: ({ loss }) => losses.push(loss),
    });
    return { losses, trained };
  };
  const found = trainings.get(name) ?? run();
  trainings.set(name, found);
  return found;
}

const weighted = ({ programs: [program] }: Model): WeightedOperator[] =>
  program!.operators.filter((operator) => 'effectiveScale' in operator);

describe.each(Object.keys(METHODS))('weights from %s', (name) => {
  const config = configOf(METHODS[name]!);

  it('are in training what the device makes of the image', { timeout: 120_000 }, async () => {
    const { checkpoint, model } = (await training(name)).trained;
    const simulated = weightsOf(parametersOf(checkpoint), specsOf([config]));
    const read = unpack(new ImageView(pack(model))).model;
    for (const operator of weighted(model)) {
      const { levels } = simulated.get(operator.name)!;
      const [rows, columns] = levels.shape as [number, number];
      const source = read.sources[operator.source]!;
      const expected = Array.from(levels.dataSync(), Math.round);
      const weights = materialize(source, read.generators);
      // training pads rows of convolutions
      const apart = Array.from(weights, (weight, i) =>
        Math.abs(weight - expected[Math.floor(i / source.rowLength) * columns + (i % source.rowLength)]!),
      );
      const [levelsApart, share] = BORDERS[name] ?? [0, 0];
      expect(rows).toBe(source.rows);
      expect(Math.max(...apart)).toBeLessThanOrEqual(levelsApart);
      expect(apart.filter((each) => each > 0).length).toBeLessThanOrEqual(share * apart.length);
    }
    const runtime = new Runtime(pack(model));
    runtime.load().checkWeights();
  });

  it('answer on every variant as the reference does', { timeout: 120_000 }, async () => {
    const { model } = (await training(name)).trained;
    const [program] = model.programs;
    const test = openTask(config.task, { data: config.data }).load('test');
    const input = new Uint8Array(windowAt(test, 7).slice().buffer);
    const expected = execute(model, program!, [input], { tables: 'compact' })[program!.outputs[0]!]!;
    for (const variant of VARIANT_NAMES) {
      const output = new Runtime(pack(model), variant).load().run(input);
      expect(Array.from(new Int8Array(output.buffer))).toEqual(Array.from(expected));
    }
  });

  it('learn', { timeout: 120_000 }, async () => {
    const { losses } = await training(name);
    expect(losses.at(-1)).toBeLessThan(0.8 * losses[0]!);
  });
});

describe('layers of one method', () => {
  it('share a codebook, and have factors of their own', { timeout: 120_000 }, async () => {
    const shared = (await training('a codebook of nibbles')).trained.model.generators;
    expect(shared.map(({ kind }) => kind)).toEqual(['codebook']);
    const own = (await training('factors in INT8')).trained.model.generators;
    expect(own.map(({ kind }) => kind)).toEqual(['factored', 'factored', 'factored']);
  });
});

describe('a new task on what an image has', () => {
  it.each([
    ['a ternary basis, one code a row', TERNARY, { ...TERNARY, rowsPerCode: 1 }],
    ['a codebook', CODEBOOK, CODEBOOK],
  ])('takes %s over as it is', { timeout: 120_000 }, async (_, before, after) => {
    const basis = (await trainModel(configOf({ pointwise: before }), { epochs: 1, subset: 64 })).model.generators;
    const { model } = await trainModel(configFor('tones', after), { basis, epochs: 1, subset: 64 });
    expect(model.generators).toEqual(basis);
    const generated = model.sources.filter((source) => 'generator' in source);
    expect(generated).toHaveLength(3);
    new Runtime(pack(model)).load().checkWeights();
  });

  it('has layers of its own beside those of the frozen basis', { timeout: 120_000 }, async () => {
    const basis = (await trainModel(configOf({ pointwise: TERNARY }), { epochs: 1, subset: 64 })).model.generators;
    const tones = configFor('tones', { ...TERNARY, rowsPerCode: 1 });
    const network = tones.network as { methods: object };
    network.methods = { ...network.methods, pw2: { kind: 'int2' }, pw3: { kind: 'ternary' } };
    const { model } = await trainModel(tones, { basis, epochs: 1, subset: 64 });
    expect(model.generators).toEqual(basis);
    const sourceOf = (name: string) => model.sources[weighted(model).find((op) => op.name === name)!.source]!;
    expect(sourceOf('pw1')).toMatchObject({ kind: 'basis', rowsPerCode: 1 });
    expect(sourceOf('pw1')).toHaveProperty('codes.length', 16 * BASIS.codeLength);
    expect(sourceOf('pw2')).toMatchObject({ kind: 'stored', encoding: 'int2' });
    expect(sourceOf('pw3')).toMatchObject({ kind: 'stored', encoding: 'ternary' });
    new Runtime(pack(model)).load().checkWeights();
  });
});

describe('a configuration', () => {
  it.each([
    ['codebook', { depthwise: CODEBOOK }, 'methods.depthwise.kind'],
    ['low rank', { depthwise: LOW_RANK }, 'methods.depthwise.kind'],
    ['codebook of more entries than runs', { pw1: { ...CODEBOOK, entries: 200, length: 20 } }, 'methods.pw1.entries'],
  ])('of a %s that cannot be is refused, by field', (_, methods, field) => {
    const { network } = configOf(methods);
    expect(networkFault(network, [1, 128, 3], 4)?.[0]).toBe(field);
  });
});
