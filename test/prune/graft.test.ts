/** Images of a trunk with an auxiliary network behind it: exact, and without anything that is not used. */
import { describe, expect, it } from 'vitest';
import { TABLE_COMPACT } from '../../assembly/format.ts';
import { pack } from '../../host/image/pack.ts';
import { TOPOLOGIES } from '../../host/measure/topologies.ts';
import { auxiliaryNamed } from '../../host/prune/auxiliary.ts';
import { cutsOf, onlyProgram } from '../../host/prune/cuts.ts';
import { unlearnedBehind } from '../../host/prune/frozen.ts';
import { grafted, trunkOf } from '../../host/prune/graft.ts';
import { imageNetwork, type Network } from '../../host/prune/network.ts';
import { prunedAt } from '../../host/prune/sweep.ts';
import { ImageView } from '../../host/records/view.ts';
import { execute } from '../../host/reference/executor.ts';
import { Runtime, VARIANT_NAMES } from '../../host/runtime/node.ts';
import { untrainedModel } from '../../host/train/index.ts';
import { BASIS, configFor } from '../train/together.ts';

const kws = TOPOLOGIES.find(({ name }) => name === 'kws')!.build();
const network: Network = {
  model: kws,
  image: pack(kws, { tables: 'q31' }),
  packed: ({ model }) => pack(model, { tables: 'q31' }),
  trained: null,
};
const inputs = [1, 2, 3].map((seed) => Uint8Array.from({ length: 490 }, (_, i) => (i * i * seed + 7 * i) & 255));

/** What the runtime has in each operator's result. */
function traced(image: Uint8Array, input: Uint8Array): Buffer[] {
  const results: Buffer[] = [];
  new Runtime(image).load().trace(input, (_, result) => results.push(Buffer.from(result)));
  return results;
}

describe.each(['dscnn32-16', 'dense'])('a keyword spotter cut with %s', (name) => {
  const auxiliary = auxiliaryNamed(name)!;
  it.each(cutsOf(kws).map((cut) => [cut.block, cut] as const))('at %s', { timeout: 60_000 }, async (_, cut) => {
    const part = await unlearnedBehind(network, cut, auxiliary);
    const { image, size } = prunedAt(network, cut, part, auxiliary, { trunkBiases: true });
    const program = onlyProgram(part.model);
    for (const input of inputs) {
      // the trunk hands over the bytes that it had inside the whole
      const [before, after] = [network.image, image].map((one) => traced(one, input));
      expect(after[cut.operator].equals(before[cut.operator])).toBe(true);
      // and what stands behind it computes what the slow reference does, on every variant
      const expected = execute(part.model, program, [input], { tables: 'q31' })[program.outputs[0]];
      for (const variant of VARIANT_NAMES)
        expect([...new Int8Array(new Runtime(image, variant).load().run(input).buffer)]).toEqual([...expected]);
    }
    // it answers as the whole does: probabilities
    expect(new Runtime(image).load().outputs).toEqual(new Runtime(network.image).load().outputs);
    // every source and every tensor is used
    const used = program.operators.flatMap((operator) => ('source' in operator ? [operator.source] : []));
    expect([...new Set(used)].sort((a, b) => a - b)).toEqual([...part.model.sources.keys()]);
    expect(new Set(program.operators.flatMap(({ input, output }) => [input, output])).size).toBe(
      program.tensors.length,
    );
    expect(size.imageBytes).toBe(image.length);
  });
});

describe('a part of a network with generated weights', () => {
  it('keeps the basis where its layers are made from it, and drops it where none is', async () => {
    const model = await untrainedModel(configFor('motion', BASIS));
    const [conv1, block1] = cutsOf(model);
    expect(trunkOf(model, conv1).model.generators).toEqual([]);
    const { generators, sources } = trunkOf(model, block1).model;
    expect(generators).toEqual(model.generators);
    expect(sources.filter((source) => 'generator' in source).map((source) => source.generator)).toEqual([0]);
  });

  it('is packed with the tables that its image had', async () => {
    const model = await untrainedModel(configFor('motion', BASIS));
    const auxiliary = auxiliaryNamed('dscnn8')!;
    for (const tables of ['compact', 'q31'] as const) {
      const whole = pack(model, { tables });
      const network = imageNetwork(whole);
      const cut = cutsOf(network.model)[1];
      const part = await unlearnedBehind(network, cut, auxiliary);
      const encodings = (image: Uint8Array) =>
        new ImageView(image).programs[0].operators.map(({ encoding }) => encoding);
      const [before, after] = [whole, network.packed(part)].map(encodings);
      expect(after.slice(0, cut.operator + 1)).toEqual(before.slice(0, cut.operator + 1));
      const added = onlyProgram(part.model).operators.flatMap((operator, i) =>
        'source' in operator && i > cut.operator ? [after[i] === TABLE_COMPACT] : [],
      );
      expect(added).toEqual(added.map(() => tables === 'compact'));
    }
  });
});

it('what stands behind a softmax of a whole is refused, since it says nothing to learn from', async () => {
  const model = await untrainedModel(configFor('motion'));
  const [cut] = cutsOf(model);
  const program = onlyProgram(model);
  const headless = { ...model, programs: [{ ...program, operators: program.operators.slice(0, -1) }] };
  expect(() => grafted(headless, cut, model)).toThrow('expected a classifier that ends in a layer with weights');
});
