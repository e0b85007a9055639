/** Timing of the WebAssembly variants. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { median, timeVariants } from '../../host/measure/node.ts';
import { Runtime } from '../../host/runtime/node.ts';
import { testWindows } from '../../host/task/inputs.ts';
import { schemaFaults } from '../cli/schemaFaults.ts';

const WARM_UP = 20; // rounds, until V8 has optimised both modules

describe('median', () => {
  it.each([
    [[3], 3],
    [[5, 1, 3], 3],
    [[100, 9, 10], 10],
    [[4, 1, 3, 2], 3],
  ])('of %j is %d, sorted as numbers', (values, expected) => {
    expect(median(values)).toBe(expected);
  });
});

describe('timeVariants', () => {
  const image = new Uint8Array(readFileSync('models/ecg-beats.htpw'));
  const { windows } = testWindows(new Runtime(image), 2, 'synthetic-easy');

  it('gives windows per second, speed relative to scalar, and no differing output', () => {
    // rounds of four variants, 2 ms, 8 ms, 4 ms and 1 ms long, but for one, the 17th of 24, of which 12 warm up
    const durations = [2, 8, 4, 1];
    let [reading, time] = [0, 0];
    const now = () => {
      if (reading % 2 === 1) time += reading === 33 ? 1000 : durations[(reading >> 1) % 4];
      reading++;
      return time;
    };
    const figures = timeVariants(image, windows, 3, now);
    expect(schemaFaults('bench', figures)).toEqual([]); // as htpw bench --node prints them
    expect(figures).toEqual([
      { variant: 'scalar', windowsPerSecond: 1000, ofScalar: 1, differing: 0 },
      { variant: 'dsp', windowsPerSecond: 250, ofScalar: 0.25, differing: 0 },
      { variant: 'mve', windowsPerSecond: 500, ofScalar: 0.5, differing: 0 },
      { variant: 'simd', windowsPerSecond: 2000, ofScalar: 2, differing: 0 },
    ]);
  });
});

describe('the ECG model', () => {
  const image = new Uint8Array(readFileSync('models/ecg-beats.htpw'));
  const { windows } = testWindows(new Runtime(image), 4, 'synthetic-easy');

  // What else the computer does only adds time, so the shortest of many short rounds, in turn, is the variant's own.
  it('runs at least 3 times as fast with simd as with scalar, to the same bytes', { retry: 4 }, () => {
    const runs = (['scalar', 'simd'] as const).map((variant) => ({
      runtime: new Runtime(image, variant).load(),
      shortest: Infinity,
    }));
    const [scalar, simd] = runs;
    for (const window of windows) expect(simd.runtime.run(window)).toEqual(scalar.runtime.run(window));
    for (let round = -WARM_UP; round < 40; round++) {
      for (const run of runs) {
        const start = performance.now();
        for (const window of windows) run.runtime.run(window);
        if (round >= 0) run.shortest = Math.min(run.shortest, performance.now() - start);
      }
    }
    expect(scalar.shortest / simd.shortest).toBeGreaterThanOrEqual(3);
  });
});
