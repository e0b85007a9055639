/** Programs joined as they are answer as they did; on codebooks they share, within budgets, and switch without a trace. */
import { describe, expect, it } from 'vitest';
import { compare, outputsOf } from '../../host/compress/agreement.ts';
import { fromCodebook, trainCodebook } from '../../host/compress/codebook.ts';
import { asItIs, layerError } from '../../host/compress/options.ts';
import { refine } from '../../host/compress/refine.ts';
import { pack } from '../../host/image/pack.ts';
import { asUnpacked } from '../../host/image/programs.ts';
import { type Unpacked, unpack } from '../../host/image/unpack.ts';
import { bookOf, learnCodebook } from '../../host/join/codebooks.ts';
import { prepareNetwork } from '../../host/join/prepare.ts';
import { joinOnto, joinPrograms, programsOf, renamed } from '../../host/join/programs.ts';
import { BudgetError, type Joined, packJoined, shareCodebooks, takeCodebooks } from '../../host/join/share.ts';
import type { Model } from '../../host/model/model.ts';
import { nameAt } from '../../host/records/names.ts';
import { ImageView } from '../../host/records/view.ts';
import { moduleOf, Runtime, VARIANT_NAMES } from '../../host/runtime/node.ts';
import type { Codebook } from '../../host/sources/codebook.ts';
import { Random } from '../../host/system/random.ts';
import { everything } from '../zoo.ts';
import { inputsOf, network, networksOf } from './networks.ts';

const models = ['a', 'b', 'c'].map((name, i) => network(name, i + 1, 3 + i));
const [unseen] = [inputsOf(99, 30)];
const packed = (parts: readonly Unpacked[]) => packJoined(joinPrograms(parts, 'all'));
const unpackedOf = (image: Uint8Array) => unpack(new ImageView(image));

/** Every answer of a program of an image. */
const answersOf = (image: Uint8Array, program = 0, variant = VARIANT_NAMES[0]!): Uint8Array[] => {
  const runtime = new Runtime(image, variant).load(program);
  return unseen!.map((input) => runtime.run(input).slice());
};

describe('images joined as they are', () => {
  it.each(VARIANT_NAMES)('answer as each did alone, byte for byte, on %s', (variant) => {
    const image = packed(models.map((model) => asUnpacked(model)));
    for (const [p, model] of models.entries())
      expect(answersOf(image, p, variant)).toEqual(answersOf(pack(model), 0, variant));
  });

  it('keep tables, coded weights, names and all that metadata say', () => {
    const first = unpackedOf(
      pack({ ...models[0]!, metadata: { name: 'first', labels: ['x', 'y', 'z'] } }, { tables: 'q31', lossless: true }),
    );
    const image = packed([first, asUnpacked(models[1]!)]);
    const view = new ImageView(image);
    expect(view.metadata().programs).toEqual([{ name: 'first', labels: ['x', 'y', 'z'] }, { name: 'b' }]);
    const alone = new ImageView(packJoined(first));
    const tablesOf = ({ programs }: ImageView) => programs[0]!.operators.map(({ encoding }) => encoding);
    expect(tablesOf(view)).toEqual(tablesOf(alone));
    expect(view.sources.slice(0, alone.sources.length).map(({ encoding }) => encoding)).toEqual(
      alone.sources.map(({ encoding }) => encoding),
    );
  });

  it('hold weights, recipes and generators of the same values once', () => {
    const model = everything(3).build();
    const { shared, model: all } = joinPrograms([asUnpacked(model), renamed(asUnpacked(model), 'again')], 'all');
    expect(shared.generators).toBe(model.generators.length);
    expect(all.sources.length).toBeLessThanOrEqual(model.sources.length);
    const [alone, both] = [pack(model).length, packed([asUnpacked(model), renamed(asUnpacked(model), 'again')]).length];
    const weights = new ImageView(pack(model)).sections.find(({ kind }) => kind === 5)!.size;
    expect(both).toBeLessThan(2 * alone - weights + 64);
  });

  it('come apart again into the same programs', () => {
    const all = unpackedOf(packed(models.map((model) => asUnpacked(model))));
    const again = programsOf(all).map(packJoined);
    expect(again).toEqual(models.map((model) => pack(model)));
  });

  it('are refused where two programs have one name, and a name for several programs at once', () => {
    const twice = [asUnpacked(models[0]!), asUnpacked(models[0]!)];
    expect(() => joinPrograms(twice, 'all')).toThrow('got two called "a"; give one another, as in a-2=FILE');
    expect(() => renamed(unpackedOf(packed(models.map((model) => asUnpacked(model)))), 'one')).toThrow(
      'expected one program',
    );
  });
});

const SIZES = [
  { entries: 32, length: 4 },
  { entries: 64, length: 2 },
];
const networks = networksOf('a', 'b', 'c');
const shared = shareCodebooks(networks, SIZES, {}, packed);
const imageOf = (joined: readonly Joined[]) => packed(joined.map(({ unpacked }) => unpacked));
const smallest = imageOf(shared);
const errorOf = (original: Model, changed: Model): number => {
  const samples = { inputs: unseen!, wasm: moduleOf('simd') };
  return compare(outputsOf(original, samples), outputsOf(changed, samples), 0).relativeError;
};

describe('codebooks of many networks', () => {
  it('hold all layers but the first and the last of each, one book for kernels and one for the others', () => {
    for (const { prepared, chosen } of shared) {
      const names = chosen.map(({ replacement: { name } }) => name);
      expect([names[0], names.at(-1)]).toEqual(['int8', 'int8']);
      const inner = prepared.layers.slice(1, -1);
      chosen.slice(1, -1).forEach(({ replacement }, i) => {
        expect(replacement.name).toBe('shared codebook of 32 x 4');
        const same = (other: Joined) =>
          other.chosen.filter(
            (_, l) => other.prepared.inner[l] && bookOf(other.prepared.layers[l]!) === bookOf(inner[i]!),
          );
        for (const other of shared.flatMap(same)) expect(other.replacement.generator).toBe(replacement.generator);
      });
    }
    expect(new ImageView(smallest).generators).toHaveLength(2);
  });

  it('are better for what layers are given than those of k-means, on which they begin', () => {
    const layers = networks
      .map((one) => prepareNetwork(one))
      .flatMap(({ weighed, inner }) => weighed.filter((_, l) => inner[l]));
    const own = layers.filter(({ layer }) => bookOf(layer) === 'mixes');
    const error = (codebook: Codebook) =>
      own.reduce((sum, one) => sum + layerError(one, fromCodebook(one, codebook, true)), 0);
    const size = { entries: 16, length: 4 };
    expect(error(learnCodebook(own, size))).toBeLessThan(0.98 * error(trainCodebook(own, size.entries, size.length)));
  });

  it('disturb unseen outputs less with calibration than without', () => {
    const blind = shareCodebooks(
      networks.map((one) => ({ ...one, samples: null })),
      SIZES,
      {},
      packed,
    );
    const sum = (joined: Joined[]) =>
      joined.reduce((total, { original, unpacked }) => total + errorOf(original.model, unpacked.model), 0);
    expect(sum(shared)).toBeLessThan(0.8 * sum(blind));
    expect(blind.map(({ agreement }) => agreement)).toEqual([null, null, null]);
  });

  it('disturb unseen outputs less where INT8 layers behind changed ones make up for these, too', () => {
    const errors = shared.map(({ prepared, chosen, original }) => {
      const { layers, moments, samples } = prepared;
      // a layer in the middle, since there are too few inputs for all weights of the last layer
      const replacements = chosen.map(({ replacement }, l) => (l === 4 ? asItIs(layers[l]!) : replacement));
      return [true, false].map((int8) =>
        errorOf(original.model, refine(original.model, layers, replacements, moments, samples!, { int8 })),
      );
    });
    const [fitted, left] = [0, 1].map((i) => errors.reduce((sum, both) => sum + both[i]!, 0));
    expect(fitted).toBeLessThan(left!);
  });

  it('keep every budget, and use more bytes for smaller errors', () => {
    const whole = imageOf(shareCodebooks(networks, SIZES, { budget: 1e6 }, packed)).length;
    const budgets = [0.25, 0.5, 0.75].map((share) => Math.round(smallest.length + share * (whole - smallest.length)));
    const errors = budgets.map((budget) => {
      const joined = shareCodebooks(networks, SIZES, { budget }, packed);
      const { length } = imageOf(joined);
      expect(length).toBeLessThanOrEqual(budget);
      expect(length).toBeGreaterThan(budget - 0.2 * (whole - smallest.length));
      return joined.flatMap(({ chosen }) => chosen).reduce((sum, { error }) => sum + error, 0);
    });
    expect(errors).toEqual(errors.toSorted((a, b) => b - a));
  });

  it('refuse a budget below the smallest image, which they name', () => {
    const rough = () => shareCodebooks(networks, SIZES, { budget: 1000 }, packed);
    expect(rough).toThrow(BudgetError);
    expect(rough).toThrow(`the smallest image is ${smallest.length.toLocaleString('en-US')}`);
  });

  it('give a network that agrees too seldom more bytes, and others none', () => {
    const coarse = [{ entries: 3, length: 4 }, SIZES[1]!];
    const many = networks.map((one, i) => ({ ...one, samples: { ...one.samples!, inputs: inputsOf(20 + i, 150) } }));
    const begun = shareCodebooks(many, coarse, { agreement: 0.001 }, packed);
    const least = Math.min(...begun.map(({ agreement }) => agreement!));
    const wanted = least + 0.02;
    const joined = shareCodebooks(many, coarse, { agreement: wanted }, packed);
    for (const [i, { agreement, chosen }] of joined.entries()) {
      expect(agreement).toBeGreaterThanOrEqual(wanted);
      if (begun[i]!.agreement! >= wanted)
        expect(chosen.map(({ bytes }) => bytes)).toEqual(begun[i]!.chosen.map(({ bytes }) => bytes));
    }
    expect(imageOf(joined).length).toBeGreaterThan(imageOf(begun).length);
  });

  it('are held to an agreement by every fifth input, which they are not fitted to', () => {
    for (const { prepared, agreement } of shareCodebooks(networks.slice(0, 1), SIZES, { agreement: 0.001 }, packed)) {
      const { inputs } = networks[0]!.samples!;
      expect(prepared.answers!.samples.inputs).toEqual(inputs.filter((_, i) => i % 5 === 0));
      expect(prepared.samples!.inputs).toEqual(inputs.filter((_, i) => i % 5 !== 0));
      expect((agreement! * inputs.length) / 5).toBeCloseTo(Math.round((agreement! * inputs.length) / 5), 9);
    }
  });

  it('are the same every time', () => {
    expect(imageOf(shareCodebooks(networksOf('a', 'b', 'c'), SIZES, {}, packed))).toEqual(smallest);
  });
});

describe('a network that codebooks have never seen', () => {
  const base = unpackedOf(smallest);
  const [added] = takeCodebooks(networksOf('x', 'y', 'z', 'new').slice(3), base.model.generators, {}, (parts) =>
    packJoined(joinOnto(base, parts)),
  );
  const image = packJoined(joinOnto(base, [added!.unpacked]));

  it('is put on them as they are, so that no generator comes in and other programs answer as before', () => {
    const [before, after] = [new ImageView(smallest), new ImageView(image)];
    expect(unpackedOf(image).model.generators).toEqual(base.model.generators);
    expect(after.generators).toHaveLength(before.generators.length);
    for (const p of before.programs.keys()) expect(answersOf(image, p)).toEqual(answersOf(smallest, p));
    expect(nameAt(after.metadata(), 3)).toBe('new');
  });

  it('takes of each length the book that disturbs it least', () => {
    const { weighed, inner } = added!.prepared;
    const books = base.model.generators as Codebook[];
    added!.chosen.forEach(({ replacement, layerError: chosen }, l) => {
      if (!inner[l]) return;
      const errors = books.map((book) => layerError(weighed[l]!, fromCodebook(weighed[l]!, book, true)));
      expect([chosen, books]).toEqual([Math.min(...errors), expect.arrayContaining([replacement.generator])]);
    });
  });

  it('keeps its answers about as often as those that the codebooks were learned from', () => {
    const seen = shared.map(({ original, unpacked }) => errorOf(original.model, unpacked.model));
    expect(errorOf(added!.original.model, added!.unpacked.model)).toBeLessThan(2 * Math.max(...seen));
  });
});

describe('1,000 random switches', () => {
  it.each(VARIANT_NAMES)('in one arena answer as if each program were loaded fresh, on %s', (variant) => {
    const programs = shared.length;
    const inputs = inputsOf(7, 20);
    const fresh = Array.from({ length: programs }, (_, p) =>
      inputs.map((input) => Buffer.from(new Runtime(smallest, variant).load(p).run(input)).toString('hex')),
    );
    const random = new Random(3);
    const runtime = new Runtime(smallest, variant);
    for (let i = 0; i < 1000; i++) {
      const [p, sample] = [random.below(programs), random.below(inputs.length)];
      const answer = Buffer.from(runtime.load(p).run(inputs[sample]!)).toString('hex');
      if (answer !== fresh[p]![sample]) expect([i, p, answer]).toEqual([i, p, fresh[p]![sample]]);
    }
    runtime.checkWeights();
  });
});
