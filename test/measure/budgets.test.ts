/** What bench/ records holds: no kernel and no network needs over 1 % more, and the code has not grown. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { measureAll, measureOnPort, recordedBoards } from '../../host/measure/benchmarks.ts';
import { excess, type Figures } from '../../host/measure/figures.ts';
import { canRun } from '../boards/runnable.ts';

const NAMES = recordedBoards();
const recorded = (board: string): Figures => JSON.parse(readFileSync(`bench/${board}.json`, 'utf8'));

describe.skipIf(!NAMES.every(canRun))('the budgets in bench/', () => {
  let measured: Figures[];
  beforeAll(async () => {
    measured = await measureAll(NAMES);
  }, 600_000);

  it.each(NAMES)('are kept on %s', (board) => {
    const now = measured.find((figures) => figures.board === board)!;
    expect(excess(now, recorded(board))).toEqual([]);
  });

  it('are what a kernel takes also in the conversation that a real board is asked in', {
    timeout: 120_000,
  }, async () => {
    const kernels = await measureOnPort('mps2-an500', 'none: the emulator has no port');
    const counted = measured.find(({ board }) => board === 'mps2-an500')!.kernels;
    expect(counted.length - kernels.length).toBe(4); // those of N x 1 want a firmware of their own
    expect(kernels).toEqual(counted.slice(0, kernels.length));
  });

  it('leave the code on a Cortex-M7 at most 12 kB for the ECG network and 27.5 kB for every operator', () => {
    const { text } = measured.find(({ board }) => board === 'mps2-an500')!;
    expect(text.tailoredEcg).toBeLessThanOrEqual(12_000);
    expect(text.allOperators).toBeLessThanOrEqual(27_500);
  });
});
