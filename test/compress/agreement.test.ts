/** How far answers are from each other, as class probabilities. */
import { describe, expect, it } from 'vitest';
import { divergence, logitUnit } from '../../host/compress/agreement.ts';
import { ModelBuilder } from '../zoo.ts';

const outputs = (...values: number[]) => ({ size: 2, values: Int8Array.from(values) });

describe('the divergence of class probabilities', () => {
  it('is that of Kullback and Leibler in nats, mean over the samples', () => {
    const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
    // logits 2 and 0 are changed to 1 and 0; the second sample stays
    const [p, q] = [sigmoid(2), sigmoid(1)];
    const expected = (p * Math.log(p / q) + (1 - p) * Math.log((1 - p) / (1 - q))) / 2;
    expect(divergence(outputs(20, 0, 5, 9), outputs(10, 0, 5, 9), 0.1)).toBeCloseTo(expected, 12);
  });

  it('is none where all logits of a sample move together, which changes no probability', () => {
    expect(divergence(outputs(20, 0), outputs(50, 30), 0.1)).toBeCloseTo(0, 12);
  });

  it('is less of answers that are sure than of those that are hardly told apart, for the same change', () => {
    const moved = (a: number) => divergence(outputs(a, 0), outputs(a - 5, 0), 0.2);
    expect(moved(60)).toBeLessThan(0.01 * moved(2));
  });

  it('takes a step of the logits for what softmax makes of it', () => {
    const b = new ModelBuilder(1, [1, 1, 4]);
    b.fullyConnected(3);
    const bare = b.build();
    const { scale } = bare.programs[0]!.tensors.at(-1)!;
    expect(logitUnit(bare)).toBe(scale);
    b.softmax();
    const model = b.build();
    const softmax = model.programs[0]!.operators.at(-1)!;
    if (softmax.kind === 'softmax') softmax.beta = 0.5;
    expect(logitUnit(model)).toBe(scale / 2);
  });
});
