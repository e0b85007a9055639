/** The runtime against its slow twins in host/reference: every tensor, every byte. */
import { describe, expect, it } from 'vitest';
import { pack } from '../../host/image/pack.ts';
import { withResidency } from '../../host/image/seal.ts';
import type { Window } from '../../host/model/model.ts';
import { execute } from '../../host/reference/executor.ts';
import { Runtime } from '../../host/runtime/node.ts';
import { basis, fromBasis } from '../sources/basis.ts';
import { fromTiles, tile } from '../sources/tile.ts';
import { everything, ModelBuilder } from '../zoo.ts';

const VARIANTS = ['scalar', 'dsp', 'simd'] as const;
const TABLES = ['compact', 'q31'] as const;

/** Runs a model on both sides and compares operator by operator. */
function expectEqual(builder: ModelBuilder, variant: (typeof VARIANTS)[number], tables: (typeof TABLES)[number]): void {
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

/** A random program of one kind; sizes are drawn from those where tails and alignment change. */
const KINDS: Record<string, (seed: number) => ModelBuilder> = {
  pointwise: (seed) => {
    const b = new ModelBuilder(seed, [1, 1, 1]);
    b.tensors[0].shape = [
      b.integer(1, 3),
      b.integer(1, 6),
      b.pick([1, 2, 3, 4, 5, 7, 8, 12, 16, 17, 20, 31, 32, 33, 64]),
    ];
    return b.pointwise(b.integer(1, 20), b.pick(['int8', 'int4', 'int2', 'ternary'] as const));
  },
  convolution: (seed) => {
    const b = new ModelBuilder(seed, [1, 1, 1]);
    b.tensors[0].shape = [b.integer(1, 7), b.integer(1, 9), b.integer(1, 5)];
    return b.convolution(b.integer(1, 9), window(b), b.pick(['int8', 'int4', 'ternary'] as const));
  },
  depthwise: (seed) => {
    const b = new ModelBuilder(seed, [1, 1, 1]);
    b.tensors[0].shape = [b.integer(1, 7), b.integer(1, 9), b.integer(1, 9)];
    return b.depthwise(b.integer(1, 3), window(b), b.pick(['int8', 'int4', 'int2'] as const));
  },
  fullyConnected: (seed) => {
    const b = new ModelBuilder(seed, [1, 1, 1]);
    b.tensors[0].shape = [b.integer(1, 2), b.integer(1, 4), b.integer(1, 33)];
    return b.fullyConnected(b.integer(1, 12)).argmax();
  },
  pooling: (seed) => {
    const b = new ModelBuilder(seed, [1, 1, 1]);
    b.tensors[0].shape = [b.integer(1, 7), b.integer(1, 9), b.integer(1, 5)];
    return b.pool(b.pick(['averagePool', 'maxPool'] as const), window(b));
  },
  'depthwise in bands': (seed) => {
    const b = new ModelBuilder(seed, [1, 1, 1]);
    b.tensors[0].shape = [b.integer(30, 60), b.integer(20, 60), b.integer(1, 2)];
    const kernel = b.pick([
      [3, 3],
      [1, 5],
      [3, 5],
      [5, 5],
      [2, 3],
    ] as const);
    const stride = b.integer(1, 3);
    return b.depthwise(1, { kernel: [...kernel], stride: [b.integer(1, 2), stride], pad: [kernel[0] >> 1, 1] });
  },
  'unusual factors': (seed) => {
    const b = new ModelBuilder(seed, [1, 1, 1]);
    b.tensors[0].shape = [b.integer(1, 3), b.integer(1, 6), b.pick([4, 8, 13])];
    b.depthwise(1, window(b));
    b.convolution(b.integer(1, 9), window(b)).pointwise(b.integer(1, 9)).fullyConnected(7);
    for (const operator of b.operators) {
      if (!('effectiveScale' in operator)) continue;
      // shifts from +3 to -31 beside usual ones
      operator.effectiveScale = operator.effectiveScale.map((scale) =>
        b.pick([scale, scale, 0.6, 5, 2 ** -24, 2 ** -31]),
      );
    }
    return b;
  },
  'add and softmax': (seed) => {
    const b = new ModelBuilder(seed, [1, 1, 1]);
    b.tensors[0].shape = [2, b.integer(1, 3), b.integer(1, 20)];
    b.pointwise(b.tensors[0].shape[2]).add(0);
    // the first input larger, the second larger, both equal; an output so coarse that the sum takes an unusual shift
    if (seed % 3 === 0) b.tensors[1].scale = b.tensors[0].scale;
    if (seed % 5 === 0) b.tensors[2].scale = 2 ** 8;
    return b.softmax();
  },
  standardize: (seed) => {
    const b = new ModelBuilder(seed, [1, 1, 1], 'i16');
    b.tensors[0].shape = [1, b.integer(1, 400), b.integer(1, 3)];
    const marker = b.pick([null, { centre: b.integer(0, 50), peak: b.integer(1, 127), slope: b.integer(0, 30) }]);
    return b.standardize(marker, b.pick([0, 3, 9000]));
  },
  generated: (seed) => {
    const b = new ModelBuilder(seed, [1, 3, 16]);
    const mlp = b.mlp(b.integer(1, 9), b.integer(1, 20), b.integer(1, 4), b.pick(['int8', 'int4', 'int2'] as const));
    const shared = basis(b, 20, 24, b.pick(['int8', 'int4', 'int2'] as const), b.pick([mlp, mlp, null]));
    const channels = b.pick([1, 4, 8, 20]);
    b.pointwise(channels, fromBasis(b, shared, channels, 16, b.integer(1, 20)));
    const tiles = tile(
      b,
      b.mlp(b.integer(1, 17), b.integer(1, 33), b.pick([1, 2, 4]), b.pick(['int8', 'int4', 'int2'] as const)),
    );
    return channels % 4 === 0 ? b.pointwise(9, fromTiles(b, tiles, 9, channels)) : b;
  },
};

/** Kernel, stride and padding such that every window meets its input. */
function window(b: ModelBuilder): Window {
  const [height, width] = b.tensors[b.last].shape;
  const kernel: [number, number] = [b.integer(1, Math.min(5, height)), b.integer(1, Math.min(7, width))];
  return {
    kernel,
    stride: [b.integer(1, 3), b.integer(1, 3)],
    pad: [b.integer(0, kernel[0] - 1), b.integer(0, kernel[1] - 1)],
  };
}

describe.each(VARIANTS)('the %s runtime equals the reference', (variant) => {
  it.each(Object.keys(KINDS))('for random %s of any size', (kind) => {
    for (let seed = 1; seed <= 60; seed++) expectEqual(KINDS[kind](seed), variant, TABLES[seed % 2]);
  });

  it.each(TABLES)('for a network of every operator, source and encoding, %s tables', (tables) => {
    for (let seed = 1; seed <= 10; seed++) expectEqual(everything(seed), variant, tables);
  });
});

describe('residency', () => {
  it.each(VARIANTS)('changes no byte of any layer (%s)', (variant) => {
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
