/** The synthetic set tells networks apart, and the easy one does not: short trainings with fixed seeds. */
import { describe, expect, it } from 'vitest';
import { readConfig } from '../../host/train/config.ts';
import type { SeparableConfig } from '../../host/train/networkConfig.ts';
import { trainModel } from '../../host/train/train.ts';

const WIDE = [16, 32, 32];
const NARROW = [4, 8, 8];

/** Macro-F1 on the validation patients of a network with these widths, after some seconds of training. */
async function reached(data: string, widths: number[]): Promise<number> {
  const config = readConfig('models/configs/ecg-beats-int8.json');
  const network = config.network as SeparableConfig;
  const stem = { ...network.stem, channels: widths[0]! };
  const { report } = await trainModel({
    ...config,
    data,
    network: { ...network, stem, widths, strides: widths.map(() => 2 as const) },
    epochs: 3,
    batch: 64,
    learningRate: 0.006,
    windowsPerEpoch: { N: 1600, S: 400, V: 600, F: 300 },
  });
  return report.validation.macroF1;
}

describe('networks after the same short training', { timeout: 300_000 }, () => {
  it('are ranked by width on synthetic data, and do better on easy data', async () => {
    const wide = await reached('synthetic', WIDE);
    expect(wide).toBeGreaterThan((await reached('synthetic', NARROW)) + 0.1);
    expect(wide).toBeLessThan((await reached('synthetic-easy', WIDE)) - 0.1);
  });
});
