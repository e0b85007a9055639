/** Choosing by validation windows, against trying everything. */
import { describe, expect, it } from 'vitest';
import { bestTogether, bestWithin, type Candidate, front } from '../../host/evidence/choose.ts';
import { Random } from '../../host/system/random.ts';

const random = new Random(1, 0);
const some = (count: number): Candidate[] =>
  Array.from({ length: count }, () => ({ bytes: 1 + random.below(50), validation: random.below(20) / 20 }));

/** All ways of taking one of each list. */
const ways = (lists: Candidate[][]): Candidate[][] =>
  lists.reduce<Candidate[][]>((all, list) => all.flatMap((taken) => list.map((one) => [...taken, one])), [[]]);
const bytesOf = (taken: readonly Candidate[]): number => taken.reduce((sum, { bytes }) => sum + bytes, 0);
const validationOf = (taken: readonly Candidate[]): number => taken.reduce((sum, one) => sum + one.validation, 0);

describe('what is chosen', () => {
  it('within a budget is the best that fits, of equals the smaller, and nothing where nothing fits', () => {
    const all = [
      { bytes: 9, validation: 0.5 },
      { bytes: 5, validation: 0.5 },
      { bytes: 20, validation: 0.9 },
    ];
    expect(bestWithin(all, 10)).toBe(all[1]);
    expect(bestWithin(all, 20)).toBe(all[2]);
    expect(bestWithin(all, 4)).toBeUndefined();
  });

  it.each([30, 60, 100])('of several tasks together within %d bytes is as good as the best of all ways', (budget) => {
    for (let i = 0; i < 20; i++) {
      const lists = [some(6), some(6), some(6)];
      const fitting = ways(lists).filter((taken) => bytesOf(taken) <= budget);
      const chosen = bestTogether(lists, budget);
      if (fitting.length === 0) expect(chosen).toBeNull();
      else {
        expect(bytesOf(chosen!)).toBeLessThanOrEqual(budget);
        expect(validationOf(chosen!)).toBeCloseTo(Math.max(...fitting.map(validationOf)), 12);
      }
    }
  });

  it('as a front leaves out what something as small beats', () => {
    const all = some(40);
    const kept = front(all);
    for (const one of all)
      expect(kept.some(({ bytes, validation }) => bytes <= one.bytes && validation >= one.validation)).toBe(true);
    expect(kept.map(({ validation }) => validation)).toEqual(kept.map(({ validation }) => validation).toSorted());
  });
});
