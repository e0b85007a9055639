/** Auxiliary networks that learn: behind a trunk that stays as it is, and together with the trunk of a checkpoint. */
import { beforeAll, describe, expect, it } from 'vitest';
import { type WindowSet, windowAt } from '../../host/data/windows.ts';
import type { Model } from '../../host/model/model.ts';
import { auxiliaryNamed } from '../../host/prune/auxiliary.ts';
import { type Cut, cutsOf, onlyProgram } from '../../host/prune/cuts.ts';
import { DISTILLATION, taught } from '../../host/prune/distill.ts';
import { examplesOf, largest, learnedBehind, teacherLogits, unlearnedBehind } from '../../host/prune/frozen.ts';
import type { Part } from '../../host/prune/graft.ts';
import { type Material, materialOf } from '../../host/prune/material.ts';
import { withMixtures } from '../../host/prune/mixtures.ts';
import { checkpointNetwork, imageNetwork, type Network } from '../../host/prune/network.ts';
import { chosenOf, type PruneOptions, prune } from '../../host/prune/prune.ts';
import { Runtime } from '../../host/runtime/node.ts';
import { openTask } from '../../host/task/task.ts';
import { train } from '../../host/train/loop.ts';
import { lossOf } from '../../host/train/loss.ts';
import { specOf } from '../../host/train/network.ts';
import { startArrays } from '../../host/train/start.ts';
import { trainModel } from '../../host/train/train.ts';
import { configFor } from '../train/together.ts';

const INT8 = { kind: 'int8' };
const auxiliary = auxiliaryNamed('dscnn8-8')!;
const options: PruneOptions = { auxiliary, trunkBiases: false, seed: 1, epochs: 2, instructions: async () => null };

let whole: Network;
let material: Material;
let cut: Cut;
beforeAll(async () => {
  const config = configFor('motion', INT8);
  const { checkpoint } = await trainModel(config, { epochs: 12 });
  whole = await checkpointNetwork(checkpoint, config);
  material = materialOf(openTask(config.task), 200, 1);
  cut = cutsOf(whole.model)[1]!;
}, 300_000);

/** Share of windows to which two networks answer the same class. */
function agreement(network: Network, { model, origins }: Part, set: WindowSet): number {
  const runtime = new Runtime(network.packed({ model, origins })).load();
  const classes = set.classNames.length;
  const own = largest(
    Float32Array.from(
      Array.from(set.labels.keys(), (i) => [...new Int8Array(runtime.run(windowAt(set, i)).buffer)]).flat(),
    ),
    classes,
  );
  const teachers = largest(teacherLogits(network, set), classes);
  return own.filter((answer, i) => answer === teachers[i]).length / own.length;
}

/** Weights of the layers in front of a cut. */
const trunkWeights = (model: Model, { operator: end }: Cut): number[][] =>
  onlyProgram(model)
    .operators.slice(0, end + 1)
    .flatMap((operator) => {
      const source = 'source' in operator ? model.sources[operator.source] : undefined;
      return source?.kind === 'stored' ? [[...source.values]] : [];
    });

describe('behind a frozen trunk', () => {
  it('an auxiliary network learns the answers of the whole, with labels and without', {
    timeout: 300_000,
  }, async () => {
    const network = imageNetwork(whole.image);
    const unlearned = agreement(network, await unlearnedBehind(network, cut, auxiliary), material.validation);
    for (const labelled of [true, false]) {
      const examples = examplesOf(network, { ...material, labelled }, 1);
      expect(examples.known).toBe(labelled ? 200 : 0);
      const part = await learnedBehind(network, cut, auxiliary, examples, { seed: 1, epochs: 3 });
      expect(trunkWeights(part.model, cut)).toEqual(trunkWeights(network.model, cut));
      const learned = agreement(network, part, material.validation);
      expect(learned, `labelled ${labelled}`).toBeGreaterThan(unlearned + 0.3);
    }
  });

  it('the same seed gives the same image', { timeout: 300_000 }, async () => {
    const network = imageNetwork(whole.image);
    const examples = examplesOf(network, material, 1);
    const image = async (seed: number) =>
      Buffer.from(network.packed(await learnedBehind(network, cut, auxiliary, examples, { seed, epochs: 1 })));
    const first = await image(1);
    expect(first.equals(await image(1))).toBe(true);
    expect(first.equals(await image(2))).toBe(false);
  });
});

describe('together with the trunk of a checkpoint', () => {
  it('an auxiliary network moves the trunk a little from where it was', { timeout: 300_000 }, async () => {
    const { rows, pruned } = await prune(whole, [cut], material, { ...options, epochs: 12 });
    const { model } = imageNetwork(pruned[0]!.image);
    const [before, after] = [whole.model, model].map((one) => trunkWeights(one, cut));
    expect(after.map((weights) => weights.length)).toEqual(before!.map((weights) => weights.length));
    const moved = after.flat().map((weight, i) => Math.abs(weight - before!.flat()[i]!));
    expect(moved.some((by) => by > 0)).toBe(true);
    const mean = moved.reduce((sum, by) => sum + by, 0) / moved.length;
    expect(mean).toBeLessThan(20); // of 127: weights at random differ by about 60
    expect(rows[1]!.scores!.validation.macroF1.value).toBeGreaterThan(0.4); // chance: 0.25
  });

  it('rows tell what each image takes and is worth, and auto takes one of them', { timeout: 300_000 }, async () => {
    const cuts = cutsOf(whole.model);
    const outcome = await prune(whole, cuts, material, { ...options, epochs: 1 });
    expect(outcome.rows.map((row) => row.cut)).toEqual(['whole', ...cuts.map(({ block }) => block)]);
    outcome.pruned.forEach(({ image }, i) => {
      const { size, scores } = outcome.rows[i + 1]!;
      expect([size.imageBytes, size.arenaBytes]).toEqual([image.length, new Runtime(image).arenaBytes()]);
      const { difference, macroF1 } = scores!.judged.test!;
      expect(difference!.value).toBeCloseTo(macroF1.value - outcome.rows[0]!.scores!.judged.test!.macroF1.value, 12);
    });
    const worst = { ...outcome.rows[0]!.scores!.validation, macroF1: { value: 0, low: 0, high: 0 } };
    const lax = {
      ...outcome,
      rows: outcome.rows.map((row, i) => (i ? row : { ...row, scores: { ...row.scores!, validation: worst } })),
    };
    const smallest = Math.min(...outcome.pruned.map(({ image }) => image.length));
    expect(chosenOf(lax)!.image.length).toBe(smallest);
  });
});

it('a training that begins with an array of another shape is refused, by name and both shapes', async () => {
  await startArrays();
  const config = configFor('motion', INT8);
  const start = new Map([['stem.weight', { shape: [2], data: new Float32Array(2) }]]);
  const lesson = { config, spec: specOf(config, 4), sets: material, soft: null, start };
  await expect(train([lesson])).rejects.toThrow(/training: expected "stem\.weight" of shape 8,48 to begin with, got 2/);
});

describe('distillation', () => {
  it('without labels is least where the answers are the teacher’s, with them it moves towards the label', async () => {
    await startArrays();
    const logits = Float32Array.of(2, 0, -1);
    const windows = { ...material.train, labels: Uint8Array.of(1), classNames: ['a', 'b', 'c'] };
    const { soft } = taught(windows, logits);
    const loss = (labels: number[], answers: number[]): number => {
      const hard = new Float32Array(3);
      for (const label of labels) hard[label] = 1;
      return lossOf(Float32Array.from(answers), 3, { hard, soft }, DISTILLATION).value;
    };
    const same = loss([], [2, 0, -1]);
    for (const other of [
      [2, 1, -1],
      [1, 0, -1],
      [0, 0, 0],
    ])
      expect(loss([], other)).toBeGreaterThan(same);
    expect(loss([], [5, 3, 2])).toBeCloseTo(same, 4); // a constant more changes no probability
    expect(loss([1], [2, 1, -1])).toBeLessThan(loss([1], [2, 0, -1]));
  });
});

describe('mixtures', () => {
  it('stand behind the windows, lie between two of them, and are none where there are enough', () => {
    const set = material.train;
    const all = withMixtures(set, 260, 1);
    expect([all.labels.length, withMixtures(set, 200, 1)]).toEqual([260, set]);
    expect(windowAt(all, 7)).toEqual(windowAt(set, 7));
    const bounds = [Math.min(...set.samples), Math.max(...set.samples)] as const;
    const mixed = all.samples.subarray(set.samples.length);
    expect(mixed.every((value) => value >= bounds[0] && value <= bounds[1])).toBe(true);
    expect([...windowAt(all, 230)]).not.toEqual([...windowAt(all, 231)]);
  });
});
