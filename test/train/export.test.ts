/** Training is repeatable, and what is exported computes what was trained. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { selectWindows, windowAt } from '../../host/data/windows.ts';
import { pack } from '../../host/image/pack.ts';
import { frontEndOf } from '../../host/task/task.ts';
import { decodeCheckpoint, encodeCheckpoint } from '../../host/train/checkpoint.ts';
import { readConfig, type TrainConfig } from '../../host/train/config.ts';
import { checkpointLogits } from '../../host/train/evaluate.ts';
import type { BasisConfig } from '../../host/train/methods/basis.ts';
import type { SeparableConfig } from '../../host/train/networkConfig.ts';
import type { Trained } from '../../host/train/run.ts';
import { trainModel } from '../../host/train/train.ts';
import { ECG, ecgData, WINDOW } from '../data/ecg.ts';
import { materialize, runInteger } from './integerForward.ts';

/** What an add-on holds in few bytes. */
const FEW_BYTES = 'few bytes';
const FEW = { depthwise: { kind: 'int4' }, dw2: { kind: 'int2' }, dw3: { kind: 'ternary' }, fc: { kind: 'int4' } };

/** A narrow network on synthetic data: seconds, not minutes. */
function small(name: string): TrainConfig {
  const [file, variant] = name.split(', ') as [string, string?];
  const config = readConfig(`models/configs/${file}.json`);
  const network = { ...(config.network as SeparableConfig), widths: [16, 32, 32], strides: [2, 2, 2] };
  network.stem = { ...network.stem, channels: 16 };
  const { pointwise } = network.methods as { pointwise: BasisConfig };
  if (pointwise.kind === 'basis') {
    const smaller = { ...pointwise, rows: 32, columns: 32, rowsPerCode: pointwise.rowsPerCode && 8 };
    network.methods = { ...network.methods, pointwise: smaller };
    // a stem of 14 weights a row, which training pads to 16
    if (variant === FEW_BYTES) network.methods = { pointwise: smaller, stem: smaller, ...FEW };
  }
  return { ...config, data: 'synthetic-easy', network, batch: 32 };
}

const options = { epochs: 2, subset: 256 };
/** Each network is trained once; the library compiles for seconds. */
const trainings = new Map<string, Promise<Trained>>();
function trained(name: string): Promise<Trained> {
  const training = trainings.get(name) ?? trainModel(small(name), options);
  trainings.set(name, training);
  return training;
}

const digest = ({ checkpoint }: Trained): string =>
  createHash('sha256').update(encodeCheckpoint(checkpoint)).digest('hex');

describe('training', () => {
  it('gives the same checkpoint bytes for the same seed, others for another', { timeout: 60_000 }, async () => {
    const config = small('ecg-beats');
    const first = digest(await trained('ecg-beats'));
    expect(digest(await trainModel(config, options))).toBe(first);
    expect(digest(await trainModel(config, { ...options, seed: 2 }))).not.toBe(first);
  });

  it('gives the image bytes that were recorded when its arithmetic last changed', { timeout: 120_000 }, async () => {
    const config = { ...readConfig('models/configs/ecg-beats.json'), data: 'synthetic-easy' };
    const { model } = await trainModel(config, { epochs: 2, subset: 512 });
    expect(createHash('sha256').update(pack(model)).digest('hex')).toBe(
      'be1afae120cc582b6789cef3a8ee5d0be73cbf8f15daf4c0d760e675f2896725',
    );
  });

  it('lowers the loss', { timeout: 60_000 }, async () => {
    const losses: number[] = [];
    await trainModel(small('ecg-beats-int8'), { epochs: 4, subset: 256, onProgress: ({ loss }) => losses.push(loss) });
    expect(losses.at(-1)).toBeLessThan(0.8 * losses[0]!);
  });
});

/** Beats to answer to. */
const TEST = ecgData('synthetic-easy').load('test');

describe('export', () => {
  for (const name of ['ecg-beats', 'ecg-beats-k1', 'ecg-beats-int8', 'ecg-beats-int4', `ecg-beats, ${FEW_BYTES}`]) {
    it(`${name}: the exported integers answer as the float simulation does`, { timeout: 60_000 }, async () => {
      const config = small(name);
      const { checkpoint, model } = await trained(name);
      const set = selectWindows(
        TEST,
        Array.from({ length: 64 }, (_, i) => i * 7),
      );
      const expected = checkpointLogits(checkpoint, config, set);
      const weights = new Map(model.sources.map((_, i) => [i, materialize(model, i)]));
      const { tensors } = model.programs[0]!;
      const step = tensors.at(-1)!.scale;

      const differences: number[] = [];
      for (let i = 0; i < set.labels.length; i++) {
        const integers = new Float32Array(2 * WINDOW);
        frontEndOf(ECG).run(windowAt(set, i), integers);
        runInteger(model, weights, Int8Array.from(integers)).forEach((logit, c) => {
          const saturated = Math.min(Math.max(expected[i * 4 + c]! / step, -128), 127);
          differences.push(Math.abs(logit - saturated));
        });
      }
      // In steps of the logits, which are fine in a net so little trained: a sum near a rounding border can fall either
      // way in
      // float32, and one step of the pooled activations is worth more than one of the logits.
      expect(differences.reduce((sum, value) => sum + value, 0) / differences.length).toBeLessThan(1.5);
      expect(Math.max(...differences)).toBeLessThan(8);
    });
  }

  it('fulfils what the packer relies on', { timeout: 60_000 }, async () => {
    const { model } = await trained('ecg-beats');
    for (const op of model.programs[0]!.operators) {
      if (!('effectiveScale' in op)) continue;
      for (const scale of op.effectiveScale) expect(scale).toBeGreaterThan(0);
      expect(op.residency).toBe(model.sources[op.source]!.kind === 'basis' ? 'boot' : 'flash');
    }
    const generator = model.generators[0]!;
    expect(generator.kind).toBe('basis');
    if (generator.kind === 'basis')
      expect([...new Set(generator.values)].sort((a, b) => a - b)).toEqual([-3, -1, 1, 3]);
    model.sources.forEach((source, i) => {
      if (source.kind === 'basis') expect(Math.max(...materialize(model, i).map(Math.abs))).toBe(127);
    });
  });
});

describe('checkpoint', () => {
  it('survives writing and reading', () => {
    const checkpoint = {
      tensors: new Map([['a.weight', { shape: [2, 2], data: Float32Array.of(1, -2, 3.5, 0) }]]),
      metadata: { config: '{}' },
    };
    expect(decodeCheckpoint(encodeCheckpoint(checkpoint), 'test')).toEqual(checkpoint);
  });

  it('names the file when it is cut short', () => {
    expect(() => decodeCheckpoint(new Uint8Array(4), 'x.safetensors')).toThrow(
      /x\.safetensors: expected a safetensors header/,
    );
  });
});
