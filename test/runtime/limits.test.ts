/** What is exact up to the last value that `open` lets through, and refused behind it. */
import { describe, expect, it } from 'vitest';
import { FEATURE_LARGE_PROGRAM, FEATURE_MANY_CHANNELS } from '../../assembly/features.ts';
import * as F from '../../assembly/format.ts';
import {
  FEW_OPERATORS,
  MAX_ACCUMULATION,
  MAX_BIAS,
  MAX_OPERATORS,
  MAX_SOFTMAX_CHANNELS,
  MAX_TENSOR_VALUES,
} from '../../assembly/limits.ts';
import { featuresOf } from '../../host/build/requirements.ts';
import { pack } from '../../host/image/pack.ts';
import { signed, withResidency } from '../../host/image/seal.ts';
import type { Model } from '../../host/model/model.ts';
import { ImageView } from '../../host/records/view.ts';
import { Runtime } from '../../host/runtime/node.ts';
import { StatusError, statusName } from '../../host/runtime/status.ts';
import { VARIANT_NAMES } from '../../host/runtime/variants.ts';
import { routed } from '../routes.ts';
import { ModelBuilder, random } from '../zoo.ts';

/** One fully connected layer of two channels, of weights and biases at an end each, whose factor is 2^-23. */
function dense(depth: number): Model {
  const b = new ModelBuilder(1, [1, 1, depth]);
  b.fullyConnected(2);
  const [layer] = b.operators;
  const [source] = b.sources;
  if (layer.kind !== 'fullyConnected' || source.kind !== 'stored') throw new Error('expected a stored layer');
  for (const tensor of b.tensors) tensor.zeroPoint = 0;
  source.values.fill(-128, 0, depth).fill(127, depth);
  layer.bias.set([MAX_BIAS, -MAX_BIAS]);
  layer.effectiveScale.fill(2 ** -23);
  layer.activation = [-128, 127];
  return b.build();
}

function refusal(image: Uint8Array): string {
  try {
    new Runtime(image);
    return 'OK';
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    return statusName(error.status);
  }
}

describe('an accumulator', () => {
  it.each(VARIANT_NAMES)('holds the largest sum and the largest bias at once (%s)', (variant) => {
    const runtime = new Runtime(pack(dense(MAX_ACCUMULATION), { tables: 'q31' }), variant).load();
    const output = new Int8Array(runtime.run(new Uint8Array(MAX_ACCUMULATION).fill(-128 & 0xff)).buffer);
    const sums = [MAX_BIAS + MAX_ACCUMULATION * 128 * 128, -MAX_BIAS - MAX_ACCUMULATION * 127 * 128];
    expect(Math.abs(sums[0])).toBeLessThan(2 ** 30);
    // to nearest; neither is a tie
    expect(Array.from(output)).toEqual(sums.map((sum) => Math.min(127, Math.round(sum / 2 ** 23))));
  });

  it('is refused one product more', () => {
    expect(refusal(pack(dense(MAX_ACCUMULATION + 1), { tables: 'q31' }))).toBe('BAD_DEPTH');
  });
});

describe('softmax', () => {
  const of = (channels: number) => {
    const b = new ModelBuilder(1, [1, 1, channels]);
    b.tensors[0].scale = 1 / 16;
    b.softmax();
    return pack(b.build());
  };

  it.each(VARIANT_NAMES)('of equals is their share rounded, however many there are (%s)', (variant) => {
    for (const channels of [2, 255, 256, 257, 511, 512, 513, 1000, 2047, 2048, MAX_SOFTMAX_CHANNELS]) {
      const output = new Int8Array(new Runtime(of(channels), variant).load().run(new Uint8Array(channels)).buffer);
      // 512 have half a step each, less what the exponential of 0 is below 1
      const share = channels === 512 ? 0 : Math.round(256 / channels);
      expect([channels, ...new Set(output)]).toEqual([channels, share - 128]);
    }
  });

  it.each(VARIANT_NAMES)('of one channel above thousands gives it what is left (%s)', (variant) => {
    const input = new Int8Array(MAX_SOFTMAX_CHANNELS).fill(-128);
    input[4000] = 0;
    const output = new Int8Array(
      new Runtime(of(input.length), variant).load().run(new Uint8Array(input.buffer)).buffer,
    );
    const share = Math.exp(8) / (Math.exp(8) + input.length - 1);
    expect([output[4000], output[0]]).toEqual([Math.round(256 * share) - 128, -128]);
  });

  it('of more channels than it has room for is refused', () => {
    expect(refusal(of(MAX_SOFTMAX_CHANNELS + 1))).toBe('BAD_SHAPE');
  });

  it.each([
    [511, 0n],
    [512, 1n],
  ])('of %i channels has the feature of many as %i', (channels, bit) => {
    expect((featuresOf(new ImageView(of(channels))) >> BigInt(FEATURE_MANY_CHANNELS)) & 1n).toBe(bit);
  });
});

/** The image with 16 bits of one place changed, and its CRC and digest made to fit. */
function with16(image: Uint8Array, at: number, value: number): Uint8Array {
  const changed = image.slice();
  new DataView(changed.buffer).setUint16(at, value, true);
  return signed(changed);
}

const isLarge = (image: Uint8Array) => (featuresOf(new ImageView(image)) >> BigInt(FEATURE_LARGE_PROGRAM)) & 1n;

describe('a program of many operators', () => {
  /** So many tables, one behind the other, of which each adds 1 and wraps, and a layer of generated weights at the end. */
  const chain = (count: number, dense = false) => {
    const b = new ModelBuilder(1, [1, 1, 4]);
    const table = Int8Array.from({ length: 256 }, (_, i) => i - 127);
    for (let i = 0; i < count - Number(dense); i++) {
      const [input, output] = [b.newest, b.tensor('next', [1, 1, 4])];
      b.operators.push({ kind: 'lookup', name: 'next', input, output, table });
    }
    if (dense) b.fullyConnected(4);
    return b.build();
  };

  it.each(VARIANT_NAMES)('runs all of them (%s)', (variant) => {
    const output = new Runtime(pack(chain(MAX_OPERATORS)), variant).load().run(Uint8Array.of(0, 1, 2, 255));
    expect([...output]).toEqual([0, 1, 2, 255].map((value) => (value + MAX_OPERATORS) % 256));
  });

  it('is refused with one more', () => {
    expect(refusal(pack(chain(MAX_OPERATORS + 1)))).toBe('BAD_PROGRAM');
  });

  it.each([
    [FEW_OPERATORS, 0n],
    [FEW_OPERATORS + 1, 1n],
  ])('of %i has the feature of large programs as %i', (count, bit) => {
    expect(isLarge(pack(chain(count)))).toBe(bit);
  });

  it('caches no weights behind those that have a bit', () => {
    const last = (count: number) => pack(chain(count, true));
    expect(refusal(withResidency(last(FEW_OPERATORS), 'boot'))).toBe('OK');
    const image = last(FEW_OPERATORS + 1);
    const { at } = new ImageView(image).programs[0].operators[FEW_OPERATORS];
    const cached = image.slice();
    cached[at + F.OPERATOR_RESIDENCY_AT] = F.RESIDENCY_BOOT;
    expect(refusal(signed(cached))).toBe('BAD_RESIDENCY');
  });

  it('has no ROUTE', () => {
    const model = routed(1, 3);
    const [program] = model.programs;
    const end = program.outputs[0];
    const table = Int8Array.from({ length: 256 }, (_, i) => i - 128);
    const same = { kind: 'lookup', name: 'same', input: end, output: end, table } as const;
    const longer = (count: number) => {
      const more = new Array(count - program.operators.length).fill(same);
      return pack({ ...model, programs: [{ ...program, operators: [...program.operators, ...more] }] });
    };
    expect([refusal(longer(FEW_OPERATORS)), refusal(longer(FEW_OPERATORS + 1))]).toEqual(['OK', 'BAD_ROUTE']);
  });
});

describe('an arena above a mebibyte', () => {
  /** A tensor of that size, its upper half added to its lower half, value for value. */
  const large = (rows: number) => {
    const b = new ModelBuilder(1, [1, 1, 64]);
    const spread = b.tensor('spread', [rows, 64, 64]);
    const fold = b.tensor('pool', [1, 1, 64]);
    const repeat = { count: [1, 1, rows * 64], inputStep: [0, 0, 0], outputStep: [0, 0, 64], run: 64 };
    const copy = { kind: 'copy', name: 'spread', input: 0, output: spread, ...repeat, inputOffset: 0, outputOffset: 0 };
    b.operators.push({ ...copy, fill: false } as never);
    const window = { kernel: [rows, 64], stride: [1, 1], pad: [0, 0], activation: [-128, 127] };
    b.operators.push({ kind: 'averagePool', name: 'pool', input: spread, output: fold, ...window } as never);
    for (const tensor of b.tensors) Object.assign(tensor, { scale: 1, zeroPoint: 0 });
    return b.build();
  };
  const rows = (values: number) => values / 64 / 64;

  it.each(VARIANT_NAMES)('holds the largest tensor, whose mean is exact (%s)', (variant) => {
    const image = pack(large(rows(MAX_TENSOR_VALUES) - 4));
    const runtime = new Runtime(image, variant).load();
    expect(runtime.arenaBytes()).toBeGreaterThan(MAX_TENSOR_VALUES - 2 ** 15);
    const next = random(3);
    const input = Uint8Array.from({ length: 64 }, (_, i) => (i === 0 ? 128 : i === 1 ? 127 : 256 * next()));
    expect([...runtime.run(input)]).toEqual([...input]);
  });

  it.each([
    [2 ** 19, 1],
    [2 ** 20, 2],
    [2 ** 21, 4],
    [2 ** 22, 8],
  ])('for %i values is planned in units of %i', (values, grain) => {
    const image = pack(large(rows(values)));
    const [program] = new ImageView(image).programs;
    expect([program.grain, isLarge(image)]).toEqual([grain, grain === 1 ? 0n : 1n]);
    expect([refusal(image), program.arenaBytes % (grain * F.ARENA_UNIT)]).toEqual(['OK', 0]);
  });

  it('is refused beyond the largest unit, and where a tensor would leave it', () => {
    const image = pack(large(rows(2 ** 20)));
    const [{ at, planAt }] = new ImageView(image).programs;
    const field = new DataView(image.buffer).getUint16(at + F.PROGRAM_OPERATORS_AT, true);
    const units = (bits: number) => (field & 0xfff) | (bits << F.PROGRAM_UNIT_BITS);
    const refusals = [4, 15].map((bits) => refusal(with16(image, at + F.PROGRAM_OPERATORS_AT, units(bits))));
    expect(refusals).toEqual(['BAD_PROGRAM', 'BAD_PROGRAM']);
    expect(refusal(with16(image, at + F.PROGRAM_OPERATORS_AT, units(0)))).toBe('BAD_PLAN');
    expect(refusal(with16(image, planAt + 2, 0xffff))).toBe('BAD_PLAN');
    expect(refusal(with16(image, planAt + 2, 3))).toBe('BAD_PLAN'); // 96 of 128 bytes of the header
  });

  it('is refused for a tensor of one row more', () => {
    const image = pack(large(rows(2 ** 20)));
    const tensor = new ImageView(image).programs[0].tensors[1];
    expect(refusal(with16(image, tensor.at + F.TENSOR_HEIGHT_AT, rows(MAX_TENSOR_VALUES) + 1))).toBe('BAD_TENSOR');
  });
});
