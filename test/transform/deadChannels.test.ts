/** Dead channels go, and no output byte changes: random networks with zeros in them, before and after. */
import { describe, expect, it } from 'vitest';
import { MAX_BIAS } from '../../assembly/limits.ts';
import { rowSums, tapSums } from '../../host/arithmetic/channels.ts';
import { pack } from '../../host/image/pack.ts';
import type { Model, StoredSource } from '../../host/model/model.ts';
import { macs } from '../../host/model/weights.ts';
import { execute } from '../../host/reference/executor.ts';
import { Runtime } from '../../host/runtime/node.ts';
import { VARIANT_NAMES } from '../../host/runtime/variants.ts';
import { removeDeadChannels } from '../../host/transform/deadChannels.ts';
import { instructionsOf } from '../../host/transform/instructions.ts';
import { valueRanges } from '../../host/transform/ranges.ts';
import { ModelBuilder, random } from '../zoo.ts';

const SAME = { kernel: [3, 3], stride: [1, 1], pad: [1, 1] } as const;
const VALID = { kernel: [2, 2], stride: [2, 2], pad: [0, 0] } as const;
const window = ({ kernel, stride, pad }: typeof SAME | typeof VALID) => ({
  kernel: [...kernel] as [number, number],
  stride: [...stride] as [number, number],
  pad: [...pad] as [number, number],
});

/** Every kind that channels pass through: with a shortcut, a gate, pools, and layers that read all. */
function network(seed: number): ModelBuilder {
  const b = new ModelBuilder(seed, [6, 5, 3]);
  b.convolution(7, window(b.pick([SAME, VALID]))).pointwise(9);
  const skip = b.depthwise(1, window(SAME)).last;
  b.pointwise(9).lookup().add(skip);
  const wide = b.depthwise(2, window(b.pick([SAME, VALID]))).last;
  const gate = b.mean().pointwise(18).last;
  b.multiply(gate, wide).pool(b.pick(['averagePool', 'maxPool'] as const), window(SAME));
  return b.convolution(5, window(SAME)).fullyConnected(6).fullyConnected(4).softmax();
}

/**
 * Rows, taps of channels and columns of all weights become 0; some biases large, so that folding exceeds the device's.
 */
function kill(model: Model, seed: number): Model {
  const next = random(seed);
  const [{ operators, tensors }] = model.programs;
  for (const operator of operators) {
    if (!('source' in operator)) continue;
    const { rows, rowLength, values } = model.sources[operator.source] as StoredSource;
    const channels = operator.kind === 'depthwise' ? rowLength : tensors[operator.input].shape[2];
    const dead = Array.from({ length: channels }, () => next() < 0.25);
    const deadRows = Array.from({ length: rows }, () => operator.kind !== 'depthwise' && next() < 0.3);
    for (let i = 0; i < values.length; i++)
      if (dead[i % channels] || deadRows[Math.floor(i / rowLength)]) values[i] = 0;
    const sums = (operator.kind === 'depthwise' ? tapSums : rowSums)(values, operator.bias.length);
    operator.bias.forEach((_, c) => {
      const folded = (next() < 0.5 ? 1 : -1) * (MAX_BIAS - Math.floor(next() * 2 ** 10));
      if (next() < 0.1) operator.bias[c] = folded + tensors[operator.input].zeroPoint * sums[c];
    });
    if (next() < 0.3) tensors[operator.output].zeroPoint = -128;
  }
  return model;
}

const channelsOf = ({ programs: [{ tensors }] }: Model) => tensors.reduce((sum, { shape }) => sum + shape[2], 0);

/** A network of which only the middle matters, with weights by hand. */
function twoLayers(first: number[][], second: number[][], constant: number, kernel: 1 | 3): Model {
  const b = new ModelBuilder(1, [2, 2, first[0].length]);
  b.pointwise(first.length);
  b.convolution(second.length, { kernel: [kernel, kernel], stride: [1, 1], pad: [kernel >> 1, kernel >> 1] });
  const model = b.build();
  const set = (source: number, rows: number[][]) => {
    const { values, rowLength } = model.sources[source] as StoredSource;
    const taps = rowLength / rows[0].length;
    values.forEach((_, i) => {
      values[i] = rows[Math.floor(i / rowLength)][Math.floor((i % rowLength) % (rowLength / taps))];
    });
  };
  set(0, first);
  set(1, second);
  const [{ operators, tensors }] = model.programs;
  if ('bias' in operators[0]) {
    operators[0].bias.fill(0);
    operators[0].activation = [-128, 127];
  }
  tensors[1].zeroPoint = constant; // what a channel with neither weights nor bias gives
  return model;
}

/** Four layers of `channels`, of which the last `dead` of each are the zero point whatever comes in. */
function partlyDead(channels: number, dead: number, size: number): Model {
  const b = new ModelBuilder(17 * channels + dead, [size, size, 4]);
  const skip = b.convolution(channels, window(SAME)).last;
  b.depthwise(1, window(SAME)).pointwise(channels).add(skip).depthwise(1, window(SAME)).pointwise(channels);
  const model = b.convolution(channels, window(VALID)).fullyConnected(10).build();
  const [{ operators, tensors, outputs }] = model.programs;
  for (const tensor of tensors) tensor.zeroPoint = -128;
  for (const operator of operators) {
    if ('activation' in operator) operator.activation = [-128, 127];
    if (!('source' in operator) || outputs.includes(operator.output)) continue;
    const { rowLength, values } = model.sources[operator.source] as StoredSource;
    const channelOf = (i: number) => (operator.kind === 'depthwise' ? i % rowLength : Math.floor(i / rowLength));
    for (let i = 0; i < values.length; i++) if (channelOf(i) >= channels - dead) values[i] = 0;
    operator.bias.fill(0, channels - dead);
  }
  return model;
}

const costOf = (model: Model) => {
  const image = pack(model, { tables: 'q31' });
  return { instructions: instructionsOf(model.programs[0]), arenaBytes: new Runtime(image).arenaBytes(), image };
};

describe('removeDeadChannels', () => {
  const sizes = [
    [40, 9],
    [42, 9],
    [23, 2],
  ];

  it.each(sizes)(
    'raises neither instructions nor arena of layers of %d channels, %d high and wide, with 1 to 7 dead',
    (channels, size) => {
      let smaller = 0;
      for (let dead = 1; dead <= 7; dead++) {
        const model = partlyDead(channels, dead, size);
        const removed = removeDeadChannels(model);
        const [before, after] = [model, removed].map(costOf);
        expect(after.instructions).toBeLessThanOrEqual(before.instructions);
        expect(after.arenaBytes).toBeLessThanOrEqual(before.arenaBytes);
        const input = new ModelBuilder(dead, [size, size, 4]).input();
        const [given, expected] = [after, before].map(({ image }) => new Runtime(image).load().run(input));
        expect(given).toEqual(expected);
        smaller += Number(channelsOf(removed) < channelsOf(model));
      }
      expect(smaller).toBeGreaterThan(2);
    },
  );

  it('leaves as many that the rest is a multiple of 4 where rows would be padded, and none where they would not', () => {
    const { programs } = removeDeadChannels(partlyDead(44, 7, 9));
    // the last two are read under 2 x 2 taps and at 4 x 4 positions
    expect(programs[0].tensors.slice(1, -1).map(({ shape }) => shape[2])).toEqual([40, 40, 40, 40, 40, 37, 37]);
  });

  it('changes no output byte of random networks, in the reference and on every variant, and makes them smaller', () => {
    let removed = 0;
    for (let seed = 1; seed <= 80; seed++) {
      const b = network(seed);
      const model = kill(b.build(), seed);
      const left = removeDeadChannels(model);
      removed += channelsOf(model) - channelsOf(left);
      expect(macs(left)).toBeLessThanOrEqual(macs(model));
      const [output] = model.programs[0].outputs;
      for (let i = 0; i < 4; i++) {
        const input = b.input();
        const run = (of: Model) => [...execute(of, of.programs[0], [input], { tables: 'q31' })[output]];
        const expected = run(model);
        expect(run(left), `seed ${seed}`).toEqual(expected);
        for (const variant of VARIANT_NAMES) {
          const runtime = new Runtime(pack(left, { tables: 'q31' }), variant).load();
          expect([...new Int8Array(runtime.run(input).buffer)], `seed ${seed}, ${variant}`).toEqual(expected);
        }
      }
    }
    expect(removed).toBeGreaterThan(900);
  });

  it('changes nothing where nothing is dead', () => {
    const model = network(3).build();
    expect(removeDeadChannels(model)).toEqual(model);
  });

  it('finds bounds that hold', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const b = network(seed);
      const model = kill(b.build(), seed);
      const [program] = model.programs;
      const ranges = valueRanges(model, program);
      const values = execute(model, program, [b.input()], { tables: 'q31' });
      program.tensors.forEach(({ shape: [, , channels] }, t) => {
        const outside = [...values[t]].filter((value, i) => {
          const { low, high } = ranges[t];
          return value < low[i % channels] || value > high[i % channels];
        });
        expect(outside, `seed ${seed}, tensor ${t}`).toEqual([]);
      });
    }
  });

  it('leaves a constant channel in front of padding that is another number, and takes one that is the zero point', () => {
    const rows = [
      [3, 5],
      [0, 0],
    ];
    const second = [[7, 11]];
    const zero = twoLayers(rows, second, 20, 3);
    expect(channelsOf(removeDeadChannels(zero))).toBe(channelsOf(zero) - 1);
    const other = twoLayers(rows, second, 20, 3);
    const [operator] = other.programs[0].operators;
    if ('bias' in operator) {
      operator.bias[1] = 1000;
      operator.effectiveScale.fill(0.01);
    }
    expect(channelsOf(removeDeadChannels(other))).toBe(channelsOf(other));
    const inside = twoLayers(rows, second, 20, 1);
    const [first] = inside.programs[0].operators;
    if ('bias' in first) first.bias[1] = 1000;
    expect(channelsOf(removeDeadChannels(inside))).toBe(channelsOf(inside) - 1);
  });

  it('takes a channel that all readers multiply by 0, and then what only that channel needed', () => {
    const b = new ModelBuilder(5, [1, 3, 4]).pointwise(6).pointwise(5).pointwise(2);
    const model = b.build();
    const [first, second, third] = model.sources as StoredSource[];
    for (const { values } of [first, second, third]) values.fill(9);
    for (let c = 0; c < 2; c++) third.values[c * 5 + 4] = 0; // nobody reads channel 4 of the second layer
    for (let c = 0; c < 4; c++) second.values[c * 6 + 5] = 0; // which alone reads channel 5 of the first
    const { programs, sources } = removeDeadChannels(model);
    expect(programs[0].tensors.map(({ shape }) => shape[2])).toEqual([4, 5, 4, 2]);
    expect(sources.map(({ rows, rowLength }) => [rows, rowLength])).toEqual([
      [5, 4],
      [4, 5],
      [2, 4],
    ]);
  });

  it('keeps one channel of a tensor of which all are dead, and all of inputs, outputs and copies', () => {
    const b = new ModelBuilder(6, [1, 2, 3]).pointwise(4).pointwise(3);
    const middle = b.last;
    b.concatenate([middle, middle], 2).pointwise(2);
    const model = b.build();
    for (const source of model.sources as StoredSource[]) source.values.fill(0);
    expect(removeDeadChannels(model).programs[0].tensors.map(({ shape }) => shape[2])).toEqual([3, 1, 3, 6, 2]);
  });
});
