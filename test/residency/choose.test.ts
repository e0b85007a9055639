/** The optimiser against trying everything. */
import { describe, expect, it } from 'vitest';
import { bestChoices, type Choice, type Option } from '../../host/residency/choose.ts';
import { random } from '../zoo.ts';

/** Small values, so that ties in RAM, in cost and in both are common. */
function instance(seed: number): Option[][] {
  const next = random(seed);
  const below = (count: number) => Math.floor(next() * count);
  return Array.from({ length: 1 + below(5) }, () =>
    Array.from({ length: 1 + below(4) }, () => ({
      cacheUnits: below(6),
      scratchEnd: 5 + below(5),
      steady: below(4),
      boot: below(4),
    })),
  );
}

function everyChoice(fixed: number, layers: Option[][]): Choice[] {
  const all = layers.reduce<number[][]>(
    (known, options) => known.flatMap((chosen) => options.map((_, i) => [...chosen, i])),
    [[]],
  );
  return all.map((chosen) => total(fixed, layers, chosen));
}

function total(fixed: number, layers: Option[][], chosen: number[]): Choice {
  const options = chosen.map((i, l) => layers[l][i]);
  const sum = (of: (option: Option) => number) => options.reduce((acc, option) => acc + of(option), 0);
  const end = Math.max(fixed, ...options.map(({ scratchEnd }) => scratchEnd));
  return {
    units: end + sum((o) => o.cacheUnits),
    steady: sum((o) => o.steady),
    boot: sum((o) => o.boot),
    chosen,
  };
}

const costs = ({ units, steady, boot }: Choice) => [units, steady, boot];
const cheaper = (a: Choice, b: Choice) => a.steady < b.steady || (a.steady === b.steady && a.boot < b.boot);

describe('the optimiser', () => {
  it('gives for every budget what trying everything gives, ties included, on 500 random instances', () => {
    for (let seed = 0; seed < 500; seed++) {
      const layers = instance(seed);
      const found = bestChoices(7, layers);
      const all = everyChoice(7, layers);
      for (let budget = 0; budget < 50; budget++) {
        const fitting = all.filter(({ units }) => units <= budget);
        const expected = fitting.reduce<Choice | null>(
          (best, c) => (best === null || cheaper(c, best) ? c : best),
          null,
        );
        const got = found.findLast(({ units }) => units <= budget);
        expect([seed, budget, got && [got.steady, got.boot]]).toEqual([
          seed,
          budget,
          expected ? [expected.steady, expected.boot] : undefined,
        ]);
      }
    }
  });

  it('names the residencies that its figures are of, and no two plans of which one is beaten', () => {
    for (let seed = 0; seed < 500; seed++) {
      const layers = instance(seed);
      const found = bestChoices(7, layers);
      for (const choice of found) expect(costs(choice)).toEqual(costs(total(7, layers, choice.chosen)));
      for (let i = 1; i < found.length; i++) {
        expect(found[i].units).toBeGreaterThan(found[i - 1].units);
        expect(cheaper(found[i], found[i - 1])).toBe(true);
      }
    }
  });

  it('takes larger scratch where a cache would cost more, and the other way round', () => {
    const layer = (cacheUnits: number, scratchEnd: number, steady: number) => ({
      cacheUnits,
      scratchEnd,
      steady,
      boot: 0,
    });
    // scratch is shared: one layer that streams pays for it, the second streams for nothing
    const layers = [
      [layer(10, 0, 1), layer(0, 8, 2)],
      [layer(10, 0, 1), layer(0, 8, 2)],
    ];
    expect(bestChoices(0, layers).map(costs)).toEqual([
      [8, 4, 0],
      [18, 3, 0],
      [20, 2, 0],
    ]);
  });

  it('has one plan for a program without weights, and none where a layer cannot be held at all', () => {
    expect(bestChoices(3, [])).toEqual([{ units: 3, steady: 0, boot: 0, chosen: [] }]);
    expect(bestChoices(3, [[], [{ cacheUnits: 0, scratchEnd: 1, steady: 1, boot: 1 }]])).toEqual([]);
  });

  it('is done with sixty layers of different sizes within seconds', () => {
    const next = random(1);
    const layers = Array.from({ length: 60 }, () => [
      { cacheUnits: 1 + Math.floor(next() * 60), scratchEnd: 120, steady: 100, boot: 50 },
      { cacheUnits: 0, scratchEnd: 120 + Math.floor(next() * 10), steady: 100 + Math.floor(next() * 1000), boot: 0 },
    ]);
    expect(bestChoices(100, layers).length).toBeGreaterThan(100);
  });
});
