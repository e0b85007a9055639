/** Several tasks on one basis: trained together, or a new one on the basis of an image, and joined to it. */
import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { TABLE_SHORT } from '../../assembly/format.ts';
import { selectWindows, type WindowSet, windowAt } from '../../host/data/windows.ts';
import { addTo, basisDigest, packAddOn } from '../../host/image/addOn.ts';
import { pack } from '../../host/image/pack.ts';
import { asUnpacked, joined } from '../../host/image/programs.ts';
import { bytesByProgram } from '../../host/image/regions.ts';
import { unpack } from '../../host/image/unpack.ts';
import type { Model } from '../../host/model/model.ts';
import { ImageView } from '../../host/records/view.ts';
import { execute } from '../../host/reference/executor.ts';
import { Runtime, VARIANT_NAMES } from '../../host/runtime/node.ts';
import { GENERATORS, materialize } from '../../host/sources/registry.ts';
import { Random } from '../../host/system/random.ts';
import { openTask } from '../../host/task/task.ts';
import type { TrainConfig } from '../../host/train/config.ts';
import { checkpointLogits } from '../../host/train/evaluate.ts';
import { parametersOf } from '../../host/train/exported.ts';
import { specsOf } from '../../host/train/network.ts';
import { weightsOf } from '../../host/train/real.ts';
import type { TrainedTogether } from '../../host/train/run.ts';
import { trainModel, trainTogether } from '../../host/train/train.ts';
import { BASIS, configFor, type Name, RANDOM, SINGLE, together } from './together.ts';

const NAMES: Name[] = ['ecg', 'motion', 'tones'];

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const testOf = ({ task, data }: TrainConfig): WindowSet => openTask(task, { data }).load('test');

const bytesAt = (set: WindowSet, i: number): Uint8Array => new Uint8Array(windowAt(set, i).slice().buffer);

/** The library compiles for seconds: each kind of sharing is trained once. */
const trainings = new Map<object, Promise<TrainedTogether>>();
function trained(pointwise: object): Promise<TrainedTogether> {
  const training = trainings.get(pointwise) ?? trainTogether(together(NAMES, pointwise));
  trainings.set(pointwise, training);
  return training;
}

describe('tasks that are trained together', () => {
  it.each([
    ['a basis', BASIS],
    ['random matrices', RANDOM],
    ['one matrix', SINGLE],
  ])('share %s in an image whose integers are those of the reference', { timeout: 300_000 }, async (_, pointwise) => {
    const { model, report } = await trained(pointwise);
    expect(model.generators).toHaveLength(1);
    const generated = model.sources.filter((source) => 'generator' in source);
    expect(generated).toHaveLength(3 * NAMES.length);
    expect(report.programs.map(({ name }) => name)).toEqual(NAMES);

    const image = pack(model);
    const configs = together(NAMES, pointwise).programs;
    for (const variant of VARIANT_NAMES) {
      const runtime = new Runtime(image, variant);
      for (const [p, config] of configs.entries()) {
        runtime.load(p).checkWeights();
        const program = model.programs[p]!;
        const set = testOf(config);
        for (const i of [0, 40, 80]) {
          const values = execute(model, program, [bytesAt(set, i)], { tables: 'compact' });
          const expected = values[program.outputs[0]!] as Int8Array;
          expect(Array.from(new Int8Array(runtime.run(bytesAt(set, i)).buffer))).toEqual(Array.from(expected));
        }
      }
    }
  });

  it.each([
    ['a basis', BASIS],
    ['random matrices', RANDOM],
  ])('of %s have the weights and answers of the float simulation', { timeout: 300_000 }, async (_, pointwise) => {
    const { checkpoint, model } = await trained(pointwise);
    const configs = together(NAMES, pointwise).programs;
    const specs = specsOf(configs);
    const simulated = weightsOf(parametersOf(checkpoint), specs);
    const runtime = new Runtime(pack(model, { tables: 'q31' }));
    configs.forEach((config, p) => {
      const { operators, tensors } = model.programs[p]!;
      for (const operator of operators) {
        if (operator.kind !== 'pointwise') continue;
        const levels = simulated.get(operator.name)!.levels.dataSync();
        const weights = materialize(model.sources[operator.source]!, model.generators);
        // float32 can round what the MLP gives for each matrix to the other side of a border
        const apart = Math.max(...weights.map((weight, i) => Math.abs(weight - Math.round(levels[i]!))));
        expect(apart).toBeLessThanOrEqual(pointwise.matrices);
      }

      const every = Array.from({ length: 48 }, (_, i) => 3 * i);
      const set = selectWindows(testOf(config), every);
      const logits = checkpointLogits(checkpoint, config, set, specs[p]);
      runtime.load(p);
      const answers = every.flatMap((_, i) => Array.from(new Int8Array(runtime.run(bytesAt(set, i)).buffer)));
      const step = tensors.at(-1)!.scale;
      const sum = (values: Iterable<number>): number => Array.from(values, Math.abs).reduce((a, b) => a + b, 0);
      const wrong = sum(answers.map((answer, i) => answer * step - logits[i]!));
      expect(wrong / sum(logits)).toBeLessThan(0.25);
    });
  });

  it('give the same image for the same seed, and another for another', { timeout: 300_000 }, async () => {
    const config = together(['motion', 'tones']);
    const image = async (seed: number) => sha256(pack((await trainTogether(config, { seed, epochs: 1 })).model));
    const first = await image(1);
    expect(await image(1)).toBe(first);
    expect(await image(2)).not.toBe(first);
  });

  it('lower the loss that is the mean of theirs', { timeout: 300_000 }, async () => {
    const losses: number[] = [];
    await trainTogether(together(['motion', 'tones']), { epochs: 6, onProgress: ({ loss }) => losses.push(loss) });
    expect(losses.at(-1)).toBeLessThan(0.8 * losses[0]!);
  });

  it('switch in one arena as if each were loaded fresh, on every variant', { timeout: 300_000 }, async () => {
    const { model } = await trained(BASIS);
    const image = pack(model);
    const inputs = together(NAMES).programs.map((config) => bytesAt(testOf(config), 5));
    for (const variant of VARIANT_NAMES) {
      const fresh = inputs.map((input, p) => sha256(new Runtime(image, variant).load(p).run(input)));
      const random = new Random(1);
      const runtime = new Runtime(image, variant);
      const switches = Array.from({ length: 100 }, () => random.below(NAMES.length));
      const answers = switches.map((p) => sha256(runtime.load(p).run(inputs[p]!)));
      expect(answers).toEqual(switches.map((p) => fresh[p]));
    }
  });

  it('have names, labels and tasks of their own', { timeout: 300_000 }, async () => {
    const { model } = await trained(BASIS);
    const view = new ImageView(pack(model));
    const { programs, name } = view.metadata() as { programs: Record<string, unknown>[]; name: string };
    expect(name).toBe('together');
    expect(programs.map((one) => [one.name, one.task])).toEqual([
      ['ecg', 'ecg-beats'],
      ['motion', 'synthetic-motion'],
      ['tones', 'synthetic-tones'],
    ]);
    const runtime = new Runtime(view.bytes);
    expect(NAMES.map((_, p) => runtime.portsOf(p).outputs[0]!.labels)).toEqual(
      together(NAMES).programs.map(({ task }) => Object.keys(task.classes)),
    );
    expect(unpack(view).model.programs.map((program) => program.name)).toEqual(NAMES);
  });

  it('cost what they take away and what they share', { timeout: 300_000 }, async () => {
    const image = pack((await trained(BASIS)).model);
    const bytes = bytesByProgram(new ImageView(image));
    const { shared } = bytes[0]!;
    expect(bytes.map((one) => [one.shared, one.with])).toEqual([
      [shared, [1, 2]],
      [shared, [0, 2]],
      [shared, [0, 1]],
    ]);
    // the matrices, two bits a weight, their MLP and its record
    expect(shared).toBeGreaterThan((2 * 24 * 24) / 4);
    expect(shared).toBeLessThan((2 * 24 * 24) / 4 + 160);
    const own = bytes.reduce((sum, one) => sum + one.own, 0);
    expect(own + shared).toBeLessThan(image.length);
    expect(own + shared).toBeGreaterThan(image.length - 1000); // header, metadata and trailer
  });
});

describe('a task that is trained on the basis of an image', () => {
  let base: Uint8Array;
  let view: ImageView;
  let basis: Model['generators'];
  let addition: Model;
  let addOn: Uint8Array;

  beforeAll(async () => {
    base = pack((await trainTogether(together(['motion', 'tones']), { epochs: 1 })).model);
    view = new ImageView(base);
    basis = unpack(view).model.generators;
    addition = (await trainModel(configFor('ecg', { ...BASIS, rowsPerCode: 4 }), { basis, epochs: 1 })).model;
    addOn = packAddOn(addition, basis.length);
  }, 300_000);

  const added = (image: Uint8Array, more: Uint8Array): Uint8Array => {
    const { model, ...options } = addTo(new ImageView(image), more);
    return pack(model, options);
  };

  it('changes nothing of it: matrices and MLP are those that were there', () => {
    expect(addition.generators).toEqual(basis);
    const all = new ImageView(added(base, addOn));
    expect(basisDigest(unpack(all).model.generators)).toEqual(basisDigest(basis));
    const [before, after] = [base, all.bytes].map((image) => new Runtime(image));
    together(['motion', 'tones']).programs.forEach((config, p) => {
      const input = bytesAt(testOf(config), 9);
      expect(after!.load(p).run(input)).toEqual(before!.load(p).run(input));
    });
  });

  it('answers as the reference does', () => {
    const runtime = new Runtime(added(base, addOn)).load(2);
    runtime.checkWeights();
    const input = bytesAt(testOf(configFor('ecg')), 3);
    const [program] = addition.programs as [Model['programs'][number]];
    const values = execute(addition, program, [input], { tables: 'compact' });
    expect(Array.from(new Int8Array(runtime.run(input).buffer))).toEqual(Array.from(values[program.outputs[0]!]!));
  });

  it('gives the bytes of an image in which all were packed together', () => {
    const { model, ...options } = joined(unpack(view), asUnpacked(addition));
    expect(sha256(added(base, addOn))).toBe(sha256(pack(model, options)));
  });

  it('has tables of three bytes a channel on request, and joins to the bytes of all packed together', () => {
    const short = packAddOn(addition, basis.length, 'short');
    const all = new ImageView(added(base, short));
    const [program] = all.programs.slice(-1) as [ImageView['programs'][number]];
    const encodings = program.operators.filter(({ source }) => source in all.sources).map(({ encoding }) => encoding);
    expect(new Set(encodings)).toEqual(new Set([TABLE_SHORT]));
    const { model, ...options } = joined(unpack(view), asUnpacked(addition, 'short'));
    expect(sha256(all.bytes)).toBe(sha256(pack(model, options)));
    expect(addOn.length - short.length).toBeGreaterThan(100);
  });

  it('takes few bytes: the add-on has no basis', () => {
    const [data] = basis.map((generator) => {
      const { values } = generator as { values: Int8Array };
      return values.length / 4;
    }) as [number];
    const alone = pack(addition);
    expect(addOn.length).toBeLessThan(alone.length - data);
    expect(new ImageView(added(base, addOn)).generators).toHaveLength(1);
  });

  it('brings factors of its own beside the basis, also behind another that did', { timeout: 300_000 }, async () => {
    const withOwn = (name: Name, task: Name) => {
      const config = { ...configFor(task), name };
      const network = config.network as { methods: object };
      network.methods = { ...network.methods, pw2: { kind: 'lowRank', rank: 3, encoding: 'int8' } };
      return trainModel({ ...config, name }, { basis, epochs: 1, subset: 64 });
    };
    const { model: ecg } = await withOwn('ecg', 'ecg');
    expect(ecg.generators.map(({ kind }) => kind)).toEqual(['basis', 'factored']);
    const { model: again } = await withOwn('again' as Name, 'motion');
    const image = added(added(base, packAddOn(ecg, basis.length)), packAddOn(again, basis.length));
    const all = unpack(new ImageView(image)).model;
    expect(all.generators.map(({ kind }) => kind)).toEqual(['basis', 'factored', 'factored']);
    const runtime = new Runtime(image);
    for (const [p, [model, task]] of (
      [
        [ecg, 'ecg'],
        [again, 'motion'],
      ] as [Model, Name][]
    ).entries()) {
      const input = bytesAt(testOf(configFor(task)), 3);
      const alone = new Runtime(pack(model)).load().run(input);
      const program = runtime.load(2 + p);
      program.checkWeights();
      expect(program.run(input)).toEqual(alone);
    }
    const { model, ...options } = joined(unpack(view), asUnpacked(ecg));
    expect(sha256(pack(model, options))).toBe(sha256(added(base, packAddOn(ecg, basis.length))));
  });

  it('can be followed by another', { timeout: 300_000 }, async () => {
    const again = { ...configFor('motion'), name: 'again' };
    const more = packAddOn((await trainModel(again, { basis, epochs: 1, subset: 64 })).model, basis.length);
    const both = added(added(base, addOn), more);
    expect(new Runtime(both).programs).toBe(4);
    expect(new ImageView(both).metadata()).toMatchObject({
      name: 'together',
      programs: [{ name: 'motion' }, { name: 'tones' }, { name: 'ecg' }, { name: 'again' }],
    });
  });

  it('is joined to an image of one program, whose metadata become those of its program', {
    timeout: 300_000,
  }, async () => {
    const single = pack((await trainModel(configFor('motion', RANDOM), { epochs: 1 })).model);
    const generators = unpack(new ImageView(single)).model.generators;
    const { model } = await trainModel(configFor('tones', RANDOM), { basis: generators, epochs: 1 });
    const all = new ImageView(added(single, packAddOn(model, generators.length)));
    expect(all.metadata()).toMatchObject({
      name: 'motion',
      programs: [
        { name: 'motion', labels: ['rest', 'walk', 'run', 'shake'] },
        { name: 'tones', task: 'synthetic-tones' },
      ],
    });
    expect(all.metadata().labels).toBeUndefined();
    expect(Object.keys(GENERATORS)).toContain(unpack(all).model.generators[0]!.kind);
  });

  it('is refused by an image of another basis, and by one without any', { timeout: 300_000 }, async () => {
    const { model } = await trainModel(configFor('motion', { ...BASIS, hidden: 7 }), { epochs: 1, subset: 64 });
    expect(() => added(pack(model), addOn)).toThrow(/basis has SHA-256 [0-9a-f]{16}\.\.\., got one with [0-9a-f]{16}/);
    const plain = await trainModel(configFor('motion', { kind: 'int4' }), { epochs: 1, subset: 64 });
    expect(() => added(pack(plain.model), addOn)).toThrow(/got one with none; add it to the image/);
  });

  it('is refused twice, and where no method has the basis', async () => {
    expect(() => added(added(base, addOn), addOn)).toThrow('got another "ecg"; train it under another');
    const other = configFor('ecg', { ...BASIS, hidden: 7 });
    await expect(trainModel(other, { basis })).rejects.toThrow(
      /basis: expected what pw1 says, .*"hidden":7.* got a basis of 2, codes of 4 int8, 6 hidden, 24 x 24 in int2/,
    );
    const tiles = { kind: 'tile', tile: 8, codeLength: 4, hidden: 6 };
    await expect(trainModel(configFor('ecg', tiles), { basis })).rejects.toThrow('basis: expected what pw1 says');
  });

  it('is refused when a byte of it is damaged or missing, wherever it is', () => {
    for (let at = 0; at < addOn.length; at += 37) {
      const damaged = addOn.slice();
      damaged[at] ^= 0x10;
      // magic, version, generators, SHA-256, then what size and CRC cover; the magic inside says nothing
      if (at < 40 || at >= 64) expect(() => added(base, damaged)).toThrow(/^(expected an )?add-on/);
    }
    for (const length of [0, 3, 39, 60, addOn.length - 1])
      expect(() => added(base, addOn.slice(0, length))).toThrow(/add-on/);
  });
});
