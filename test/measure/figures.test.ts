/** What counts as a regression. */
import { describe, expect, it } from 'vitest';
import { excess, type Figures } from '../../host/measure/figures.ts';

const RECORDED: Figures = {
  board: 'a-board',
  kernels: [
    {
      kernel: 'add',
      variant: 'dsp',
      weights: 'int8',
      shape: '2x2x1',
      macs: 4,
      instructions: 1000,
      perMac: 250,
    },
  ],
  models: [
    {
      model: 'net',
      residency: 'lazy',
      open: 1000,
      boot: 2000,
      firstInference: 3000,
      perInference: 4000,
      arenaBytes: 5000,
    },
  ],
  text: { tailoredEcg: 10_000, allOperators: 20_000 },
};

/** A copy in which what a path names has another value. */
function changed(path: string, value: number): Figures {
  const copy = structuredClone(RECORDED);
  const keys = path.split('.');
  const last = keys.pop()!;
  const place = keys.reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], copy);
  (place as Record<string, number>)[last] = value;
  return copy;
}

describe('excess', () => {
  it('of the recorded figures is empty', () => {
    expect(excess(RECORDED, RECORDED)).toEqual([]);
  });

  it.each([
    ['kernels.0.instructions', 1010, 1011, 'add 2x2x1: 1011, recorded 1000'],
    ['models.0.open', 1010, 1011, 'net lazy open: 1011, recorded 1000'],
    ['models.0.boot', 2020, 2021, 'net lazy boot: 2021, recorded 2000'],
    ['models.0.firstInference', 3030, 3031, 'net lazy firstInference: 3031, recorded 3000'],
    ['models.0.perInference', 4040, 4041, 'net lazy perInference: 4041, recorded 4000'],
    ['models.0.arenaBytes', 5050, 5051, 'net lazy arenaBytes: 5051, recorded 5000'],
    ['text.tailoredEcg', 10_000, 10_001, 'text tailoredEcg: 10001, recorded 10000'],
    ['text.allOperators', 20_000, 20_001, 'text allOperators: 20001, recorded 20000'],
  ])('names %s at the first count over the limit, and not at %d', (path, within, over, line) => {
    expect(excess(changed(path, within), RECORDED)).toEqual([]);
    expect(excess(changed(path, over), RECORDED)).toEqual([`a-board ${line}`]);
    expect(excess(changed(path, 1), RECORDED)).toEqual([]);
  });

  it('names what only one side has, because nothing holds it', () => {
    const without: Figures = { ...RECORDED, kernels: [] };
    expect(excess(RECORDED, without)).toEqual(['a-board add 2x2x1: 1000, not recorded; run htpw bench']);
    expect(excess(without, RECORDED)).toEqual(['a-board add 2x2x1: recorded, no longer measured; run htpw bench']);
  });
});
