/** What is exact up to the last value that `open` lets through, and refused behind it. */
import { describe, expect, it } from 'vitest';
import { FEATURE_MANY_CHANNELS } from '../../assembly/features.ts';
import { MAX_ACCUMULATION, MAX_BIAS, MAX_SOFTMAX_CHANNELS } from '../../assembly/limits.ts';
import { featuresOf } from '../../host/build/requirements.ts';
import { pack } from '../../host/image/pack.ts';
import type { Model } from '../../host/model/model.ts';
import { ImageView } from '../../host/records/view.ts';
import { Runtime } from '../../host/runtime/node.ts';
import { StatusError, statusName } from '../../host/runtime/status.ts';
import { VARIANT_NAMES } from '../../host/runtime/variants.ts';
import { ModelBuilder } from '../zoo.ts';

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
