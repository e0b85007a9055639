/** What verifying says of answers that differ from the reference, without a board. */
import { describe, expect, it } from 'vitest';
import { type Reference, Tally } from '../../host/agent/compare.ts';

const EXPECTED: Reference = { output: Uint8Array.of(1, 2, 3), layers: [10, null, 30] };
const answer = (output: number[], layers: number[]) => ({ output: Uint8Array.from(output), layers, ticks: 7 });
const RIGHT = answer([1, 2, 3], [10, 99, 30]);

function tallied(...answers: (typeof RIGHT)[]): Tally {
  const tally = new Tally();
  for (const got of answers) tally.add(got, EXPECTED);
  return tally;
}

describe('the tally of answers', () => {
  it('has no mismatch where all agree but a layer that is not compared, and adds up ticks', () => {
    const { windows, mismatchingBytes, mismatchingLayers, firstMismatch, ticks } = tallied(RIGHT, RIGHT);
    expect([windows, mismatchingBytes, mismatchingLayers, firstMismatch, ticks]).toEqual([2, 0, 0, null, 14]);
  });

  it('names the first window that differs, and in it the first operator', () => {
    const tally = tallied(RIGHT, answer([1, 2, 3], [10, 99, 31]), answer([0, 2, 3], [11, 99, 31]));
    expect(tally.firstMismatch).toEqual({ window: 1, operator: 2 });
    expect([tally.mismatchingBytes, tally.mismatchingLayers]).toEqual([1, 3]);
  });

  it('names no operator where every layer agrees and the output alone does not', () => {
    expect(tallied(answer([1, 2, 4], [10, 99, 30])).firstMismatch).toEqual({ window: 0, operator: null });
  });

  it('counts what is missing and what is too much as differing', () => {
    const tally = tallied(answer([1, 2], [10, 99, 30]), answer([1, 2, 3, 4, 5], [10, 99, 30, 40]));
    expect([tally.mismatchingBytes, tally.mismatchingLayers]).toEqual([3, 1]);
  });
});
