/** The choice of sources under a budget is the best one, not a good one. */
import { describe, expect, it } from 'vitest';
import { allocate, type Choice } from '../../host/compress/allocate.ts';
import { random } from '../zoo.ts';

const sum = (chosen: Choice[], key: keyof Choice) => chosen.reduce((total, choice) => total + choice[key], 0);

/** Every combination. */
function combinations(layers: readonly Choice[][]): Choice[][] {
  return layers.reduce<Choice[][]>(
    (all, options) => all.flatMap((chosen) => options.map((option) => [...chosen, option])),
    [[]],
  );
}

describe('allocate', () => {
  it('finds what trying every combination finds, at every budget', () => {
    const next = random(3);
    for (let round = 0; round < 40; round++) {
      const layers = Array.from({ length: 1 + (round % 5) }, () =>
        Array.from({ length: 1 + Math.floor(next() * 4) }, () => ({
          bytes: Math.floor(next() * 30),
          error: Math.floor(next() * 20) / 8, // whole eighths: sums are exact in any order
        })),
      );
      const all = combinations(layers);
      for (let budget = 0; budget < 150; budget += 7) {
        const fitting = all.filter((chosen) => sum(chosen, 'bytes') <= budget);
        const found = allocate(layers, budget)?.map((option, l) => layers[l][option]) ?? null;
        if (fitting.length === 0) {
          expect(found).toBeNull();
          continue;
        }
        expect(sum(found!, 'bytes')).toBeLessThanOrEqual(budget);
        expect(sum(found!, 'error')).toBe(Math.min(...fitting.map((chosen) => sum(chosen, 'error'))));
      }
    }
  });

  it('takes the first of equal options', () => {
    expect(
      allocate(
        [
          [
            { bytes: 2, error: 1 },
            { bytes: 2, error: 1 },
          ],
        ],
        9,
      ),
    ).toEqual([0]);
  });
});
