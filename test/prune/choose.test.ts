/** The rule by which `auto` takes a cut. */
import { describe, expect, it } from 'vitest';
import { choose, chooseWithin, least } from '../../host/prune/choose.ts';

const whole = { value: 0.9, low: 0.9 - 0.0196, high: 0.9 + 0.0196 }; // a standard error of 0.01

describe('auto', () => {
  it.each<[string, [bytes: number, score: number][], number | undefined]>([
    [
      'takes the smallest of those within one standard error',
      [
        [100, 0.88],
        [200, 0.891],
        [300, 0.95],
      ],
      200,
    ],
    [
      'takes the better of two of one size',
      [
        [200, 0.895],
        [200, 0.9],
      ],
      200,
    ],
    [
      'takes one that is better than the whole only if it is the smallest',
      [
        [150, 0.8901],
        [100, 0.99],
      ],
      100,
    ],
    [
      'takes none where all are worse',
      [
        [100, 0.5],
        [200, 0.889],
      ],
      undefined,
    ],
    ['takes none of none', [], undefined],
  ])('%s', (_, cuts, expected) => {
    const candidates = cuts.map(([imageBytes, validation]) => ({ imageBytes, validation }));
    const chosen = choose(whole, candidates);
    expect(chosen?.imageBytes).toBe(expected);
    if (chosen) expect(chosen.validation).toBe(Math.max(...cuts.filter(([b]) => b === expected).map(([, s]) => s)));
  });

  it('asks for the score of the whole less a standard error, which a 95 % interval spans 3.92 times', () => {
    expect(least(whole)).toBeCloseTo(0.89, 10);
  });
});

describe('auto within a budget', () => {
  const candidates = [
    { imageBytes: 100, validation: 0.895 },
    { imageBytes: 150, validation: 0.91 },
    { imageBytes: 180, validation: 0.91 },
    { imageBytes: 300, validation: 0.95 },
  ];

  it.each([
    ['takes the best that fits', 200, 150],
    ['takes one of just so many bytes', 100, 100],
    ['takes none where none fits', 99, undefined],
  ])('%s', (_, bytes, expected) => {
    expect(chooseWithin(whole, candidates, bytes)?.imageBytes).toBe(expected);
  });

  it('takes none that is worse than the whole by more than a standard error', () => {
    expect(chooseWithin(whole, [{ imageBytes: 10, validation: 0.88 }], 200)).toBeUndefined();
  });
});
