/** bench/join.json: of the committed networks, at the paper's ratio, and cheaper to switch than to read. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { unpack } from '../../host/image/unpack.ts';
import type { JoinRecord } from '../../host/measure/joined.ts';
import { ImageView } from '../../host/records/view.ts';

const record: JoinRecord = JSON.parse(readFileSync('bench/join.json', 'utf8'));
const { networks, added, bytes, timed } = record;
const sum = (values: number[]): number => values.reduce((a, b) => a + b, 0);

const IMAGES: Record<string, string> = {
  'ecg-beats': 'models/controls/ecg-beats-int8.htpw',
  apnea: 'models/join/apnea-int8.htpw',
  wisdm: 'models/join/wisdm-int8.htpw',
  'spoken-digits': 'models/join/spoken-digits-int8.htpw',
  'uci-har': 'models/join/uci-har-int8.htpw',
};

describe('bench/join.json', () => {
  it('is of at least six networks of four modalities, and one that the codebooks had not seen', () => {
    expect(networks.length).toBeGreaterThanOrEqual(6);
    expect(new Set(networks.map(({ modality }) => modality)).size).toBeGreaterThanOrEqual(4);
    expect(added.length).toBeGreaterThanOrEqual(1);
  });

  it.each(Object.entries(IMAGES))('is of the %s that is committed', (name, path) => {
    const { sources, programs } = unpack(new ImageView(new Uint8Array(readFileSync(path)))).model;
    const figure = [...networks, ...added].find((one) => one.name === name)!;
    expect(figure.weights).toBe(sum(sources.map(({ rows, rowLength }) => rows * rowLength)));
    expect(figure.biases).toBe(sum(programs[0]!.operators.map((one) => ('bias' in one ? one.bias.length : 0))));
  });

  it('has weights at least 12.37 times smaller than in float32, codebooks included', () => {
    expect(sum(networks.map(({ weightBytes }) => weightBytes)) + bytes.codebooks).toBe(bytes.weights);
    expect((4 * sum(networks.map(({ weights }) => weights))) / bytes.weights).toBeGreaterThanOrEqual(12.37);
  });

  it.each([...networks, ...added].map((one) => [one.name, one] as const))(
    'switches to %s in at most 5 %% of the time that reading its INT8 weights takes',
    (_, { switchInstructions, weights }) => {
      const made = switchInstructions / timed.instructionsPerCycle / timed.clockHz;
      expect(made).toBeLessThanOrEqual((0.05 * weights) / timed.bytesPerSecond);
    },
  );
});
