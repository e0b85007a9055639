/**
 * Networks of every operator against their slow twins: every tensor, every byte, whatever holds the weights. Operators
 * one by one are in shapes.test.ts.
 */
import { describe, expect, it } from 'vitest';
import { pack } from '../../host/image/pack.ts';
import { withResidency } from '../../host/image/seal.ts';
import { execute } from '../../host/reference/executor.ts';
import { Runtime } from '../../host/runtime/node.ts';
import { VARIANT_NAMES, type VariantName } from '../../host/runtime/variants.ts';
import { everything, type ModelBuilder } from '../zoo.ts';

const TABLES = ['compact', 'q31', 'short'] as const;

/** Runs a model on both sides and compares operator by operator. */
function expectEqual(builder: ModelBuilder, variant: VariantName, tables: (typeof TABLES)[number]): void {
  const model = builder.build();
  const [program] = model.programs;
  const runtime = new Runtime(pack(model, { tables, lossless: true }), variant).load();
  runtime.checkWeights();
  const input = builder.input();
  const layers: Int8Array[] = [];
  execute(model, program, [input], { tables, after: (_, output) => layers.push(output) });
  runtime.trace(input, (operator, output) => {
    const { name } = program.operators[operator];
    expect(new Int8Array(output), `${name}, ${variant}, ${tables}`).toEqual(layers[operator]);
  });
}

describe.each(VARIANT_NAMES)('the %s runtime equals the reference', (variant) => {
  it.each(TABLES)('for a network of every operator, source and encoding, %s tables', (tables) => {
    for (let seed = 1; seed <= 10; seed++) expectEqual(everything(seed), variant, tables);
  });
});

describe('residency', () => {
  it.each(VARIANT_NAMES)('changes no byte of any layer (%s)', (variant) => {
    const builder = everything(5);
    const image = pack(builder.build(), { lossless: true });
    const input = builder.input();
    const traces = (['boot', 'lazy', 'stream'] as const).map((residency) =>
      new Runtime(withResidency(image, residency), variant).load().traceCrcs(input),
    );
    expect(traces[1]).toEqual(traces[0]);
    expect(traces[2]).toEqual(traces[0]);
  });

  it('takes less arena streamed than cached', () => {
    const image = pack(everything(1).build(), { lossless: true });
    const bytes = (['boot', 'lazy', 'stream'] as const).map((residency) =>
      new Runtime(withResidency(image, residency)).arenaBytes(),
    );
    expect(bytes[1]).toBe(bytes[0]);
    expect(bytes[2]).toBeLessThan(bytes[0]);
  });

  it('lazy layers give the same answer on the first and on the second inference', () => {
    const builder = everything(3);
    const runtime = new Runtime(withResidency(pack(builder.build()), 'lazy')).load();
    const input = builder.input();
    expect(runtime.run(input)).toEqual(runtime.run(input));
  });
});
