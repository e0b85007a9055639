/** What bench/float.json claims of networks that were quantised here. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { FloatRecord } from '../../host/measure/float.ts';

const { networks }: FloatRecord = JSON.parse(readFileSync('bench/float.json', 'utf8'));

it.each(networks.map((figure) => [figure.network, figure] as const))(
  '%s quantised here is no larger and no worse than as published, and float is not better beyond doubt',
  (_, { bytes, publishedBytes, measure, againstFloat, againstPublished }) => {
    expect(bytes).toBeLessThanOrEqual(publishedBytes);
    if (measure === 'accuracy') {
      expect(againstPublished.high).toBeGreaterThanOrEqual(0);
      expect(againstFloat.high).toBeGreaterThanOrEqual(0);
    } else {
      expect(againstPublished.low).toBeLessThanOrEqual(0);
      expect(Math.abs(againstFloat.value)).toBeLessThan(0.01);
    }
  },
);
