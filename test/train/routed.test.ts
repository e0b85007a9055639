/** A selector and the classifiers that it picks from: one program, trained and exported, against its simulation. */
import { beforeAll, describe, expect, it } from 'vitest';
import { windowAt } from '../../host/data/windows.ts';
import { takingBranch } from '../../host/image/branches.ts';
import { pack } from '../../host/image/pack.ts';
import { unpack } from '../../host/image/unpack.ts';
import type { Model, Program } from '../../host/model/model.ts';
import { ImageView } from '../../host/records/view.ts';
import { execute } from '../../host/reference/executor.ts';
import { Runtime } from '../../host/runtime/node.ts';
import { Random } from '../../host/system/random.ts';
import { openTask, readTask } from '../../host/task/task.ts';
import { readConfigFor, type TrainConfig } from '../../host/train/config.ts';
import { read } from '../../host/train/descent.ts';
import { exportModel } from '../../host/train/export.ts';
import { score } from '../../host/train/metrics.ts';
import { initialize } from '../../host/train/parameters.ts';
import { lengthOfPatch } from '../../host/train/patches.ts';
import { realize } from '../../host/train/real.ts';
import { isRouted, networksOf, specsOfRoute } from '../../host/train/routed/training.ts';
import type { Trained } from '../../host/train/run.ts';
import { Simulation } from '../../host/train/simulation.ts';
import { checkpointFaults } from '../../host/train/tensors.ts';
import { trainModel, untrainedModel } from '../../host/train/train.ts';

const layers = (channels: number, stride = 2) => [
  { kind: 'convolution', channels, kernel: 5, stride },
  { kind: 'separable', channels: 2 * channels, kernel: 5, stride: 2 },
];
const BASIS = {
  kind: 'basis',
  matrices: 2,
  encoding: 'int4',
  rows: 12,
  columns: 12,
  codeLength: 4,
  hidden: 6,
  rowsPerCode: 2,
};

const written = (route: object, more: object = {}) => ({
  name: 'routed',
  task: 'synthetic-motion',
  seed: 1,
  network: { layers: layers(8) },
  route: {
    branches: 3,
    selector: { layers: layers(4) },
    classifier: { layers: layers(5) },
    aggregate: ['stem'],
    apart: 1,
    selecting: 1,
    rounds: 1,
    ...route,
  },
  epochs: 1,
  batch: 16,
  windowsPerEpoch: { rest: 32, walk: 32, run: 32, shake: 32 },
  learningRate: 0.01,
  codeRate: 2,
  warmupSteps: 4,
  weightDecay: 0.01,
  clip: 2,
  ...more,
});

const configOf = (route: object = {}, more: object = {}): TrainConfig =>
  readConfigFor(readTask('synthetic-motion'), 'routed.json', written(route, more));

const packed = async (route: object): Promise<Runtime> => new Runtime(pack(await untrainedModel(configOf(route))));

describe('a trained route', () => {
  let trained: Trained;
  beforeAll(async () => {
    trained = await trainModel(configOf());
  }, 300_000);

  it('is one program, whose answers are as good in integers as in the simulation', () => {
    const { model, report } = trained;
    expect(model.programs).toHaveLength(1);
    const runtime = new Runtime(pack(model)).load(0);
    const { task } = configOf();
    const set = openTask(task).load('validation');
    const logits = Float32Array.from(
      Array.from(set.labels).flatMap((_, i) => [...new Int8Array(runtime.run(windowAt(set, i)).buffer)]),
    );
    const { macroF1, accuracy } = score(set.labels, logits, set.classNames.length);
    expect(Math.abs(accuracy - report.validation.accuracy)).toBeLessThan(0.03);
    expect(Math.abs(macroF1 - report.validation.macroF1)).toBeLessThan(0.04);
  });

  it('answers as the reference executor does, whichever branch is taken', () => {
    const image = pack(trained.model);
    const set = openTask(configOf().task).load('validation');
    const window = windowAt(set, 3);
    for (const branch of [0, 1, 2]) {
      const forced = takingBranch(image, 0, branch);
      const runtime = new Runtime(forced).load(0);
      const { model } = unpack(new ImageView(forced));
      const [program] = model.programs as [Program];
      const values = execute(model as Model, program, [new Uint8Array(window.slice().buffer)], { tables: 'compact' });
      const answers = [...new Int8Array(runtime.run(window).buffer)];
      expect(answers, `branch ${branch}`).toEqual([...values[program.outputs[0]!]!]);
    }
  });

  it('is exported again, byte for byte, from its checkpoint', async () => {
    const config = configOf();
    if (!isRouted(config)) throw new Error('expected a route');
    expect(checkpointFaults(trained.checkpoint, networksOf(specsOfRoute(config)))).toEqual([]);
    expect(pack(await exportModel(trained.checkpoint, config))).toEqual(pack(trained.model));
  });

  it('keeps parameters that a look at validation windows found', () => {
    const { history, kept } = trained.report;
    const looked = history.flatMap(({ epoch, validation }) => (validation ? [[epoch, validation[0]!] as const] : []));
    const best = looked.reduce((one, other) => (other[1] > one[1] ? other : one));
    expect(kept).toBe(best[0]);
  });
});

describe('a route whose parts learn together', () => {
  it('is looked at every other epoch, and the best of it is kept', async () => {
    const { report } = await trainModel(configOf({ rounds: 0, elsewhere: 1, together: 3 }));
    const looked = report.history.flatMap(({ epoch, validation }) => (validation ? [epoch] : []));
    expect(looked).toEqual([3, 4, 6]);
    expect(looked).toContain(report.kept);
    expect(report.history.every(({ loss }) => Number.isFinite(loss))).toBe(true);
  });

  it('keeps what the last epoch learned where it is asked to, and looks at nothing before', async () => {
    const { report } = await trainModel(configOf({ rounds: 0, together: 1 }, { keep: 'last' }));
    expect(report.kept).toBe(4);
    expect(report.history.map(({ validation }) => validation !== null)).toEqual([false, false, false, true]);
  });

  it('teaches layers of the selector what classifiers want of them, and only then', () => {
    const config = configOf({ classifier: { layers: layers(5) } });
    if (!isRouted(config)) throw new Error('expected a route');
    const { selector, branches } = specsOfRoute(config);
    const real = Object.assign(
      {},
      ...[selector, branches[0]!].map((spec) => read(realize(initialize(spec, new Random(1)), [spec]))),
    );
    for (const node of branches[0]!.nodes)
      if (node.kind === 'concatenation') real[`${node.lent.own}.range`] = real[`${node.lent.layer}.range`];
    const lender = new Simulation(selector, 4);
    const reader = new Simulation(branches[0]!, 4, lender);
    lender.load(real);
    reader.load(real);
    const { positions, length } = lengthOfPatch(selector);
    const random = new Random(2);
    const patches = Float32Array.from({ length: 4 * positions * length }, () => random.normal());
    const learnt = (isTeaching: boolean): string[] => {
      const scores = lender.forward(patches, null);
      const logits = reader.forward(patches, null);
      reader.backward(
        logits.map(() => random.normal()),
        isTeaching,
      );
      const slopes = lender.backward(scores.map(() => 0));
      return Object.keys(slopes).filter((name) => slopes[name]!.some((slope) => slope !== 0));
    };
    expect(learnt(false)).toEqual([]);
    const stem = learnt(true);
    expect(stem.length).toBeGreaterThan(0);
    expect(stem.every((name) => name.includes('stem.'))).toBe(true);
  });
});

describe('an image of a route', () => {
  it('takes the arena of one classifier, however many there are', async () => {
    const [two, six] = [await packed({ branches: 2 }), await packed({ branches: 6 })];
    expect(six.arenaBytes(0) - two.arenaBytes(0)).toBeLessThanOrEqual(8); // scores of the selector
    const wide = await packed({ branches: 2, classifier: { layers: layers(40) } });
    expect(wide.arenaBytes(0)).toBeGreaterThan(2 * six.arenaBytes(0));
  });

  it('holds one basis for all classifiers', async () => {
    const classifier = { layers: layers(6), methods: { pointwise: BASIS } };
    const model = await untrainedModel(configOf({ classifier }));
    expect(model.generators).toHaveLength(1);
    expect(model.sources.filter((source) => 'generator' in source)).toHaveLength(3);
  });
});

describe('a route that does not agree', () => {
  it.each([
    ['classifier.layers.0', { classifier: { layers: layers(5, 1) } }, 'convolution of kernel 1,5 and stride 1,2'],
    ['aggregate.0', { aggregate: ['pw7'] }, 'stem, dw1, pw1, got "pw7"'],
    ['aggregate.0', { aggregate: ['fc'] }, 'got "fc"'],
    ['branches', { branches: 1 }, 'from 2 to 32'],
    ['selector.methods.dw7', { selector: { layers: layers(4), methods: { dw7: { kind: 'int4' } } } }, 'dw1'],
    ['classifier.methods.dw7', { classifier: { layers: layers(4), methods: { dw7: { kind: 'int4' } } } }, 'dw1'],
    ['loss.union', { loss: { union: -1 } }, 'union'],
  ])('is refused in one line at route.%s', (field, route, said) => {
    const line = (): unknown => configOf(route);
    expect(line).toThrow(new RegExp(`^routed\\.json: route\\.${field.replaceAll('.', '\\.')}: [^\\n]*$`));
    expect(line).toThrow(said);
  });
});
