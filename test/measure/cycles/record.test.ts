/** bench/cycles.json: it is of the code that is counted, and a core that runs today gives the same. */
import { describe, expect, it } from 'vitest';
import { loadBoard } from '../../../host/boards/board.ts';
import { type CycleRecord, ESTIMATED_BOARDS, estimateKernels } from '../../../host/measure/cycles/measure.ts';
import { CMSIS_CYCLES } from '../../../host/measure/cycles/peers.ts';
import type { Figures } from '../../../host/measure/figures.ts';
import { KERNELS, shapeName } from '../../../host/measure/kernels.ts';
import { readRecord } from '../../../host/measure/records.ts';
import { canRun } from '../../boards/runnable.ts';

const { boards } = readRecord<CycleRecord>('cycles');
const TOLERANCE = 0.01;
/** Of kernels packed apart from the others: their random weights are others, and so are some branches. */
const APART = 0.02;
const near = (now: number, recorded: number, tolerance = TOLERANCE) =>
  expect(Math.abs(now / recorded - 1)).toBeLessThanOrEqual(tolerance);

/** Small ones of three kinds of loop. */
const TRACED = KERNELS.filter((kernel) => ['40x32x64', '24x24x32, 3x3 s2', '128 to 8'].includes(shapeName(kernel)));

describe('the record of estimated cycles', () => {
  it('has every board with a model, and every kernel and network that is counted on it', () => {
    expect(boards.map(({ board }) => board)).toEqual([...ESTIMATED_BOARDS]);
    for (const { board, kernels, models } of boards) {
      const counted = readRecord<Figures>(board);
      expect(kernels.map(({ kernel, shape }) => `${kernel} ${shape}`)).toEqual(
        counted.kernels.map(({ kernel, shape }) => `${kernel} ${shape}`),
      );
      expect(models.length).toBe(counted.models.filter(({ residency }) => residency !== 'lazy').length);
    }
  });

  it.each(boards)('of $board traced the instructions that bench counts, within 1 %', ({ board, kernels, models }) => {
    const counted = readRecord<Figures>(board);
    kernels.forEach(({ instructions }, i) => {
      near(instructions, counted.kernels[i]!.instructions);
    });
    for (const { model, residency, instructions } of models)
      near(
        instructions,
        counted.models.find((one) => one.model === model && one.residency === residency)!.perInference,
      );
  });

  it('has CMSIS-NN beside every kernel, by its name', () => {
    expect(Object.keys(CMSIS_CYCLES)).toEqual(KERNELS.map((kernel) => `${kernel.kind} ${shapeName(kernel)}`));
  });

  it.skipIf(!ESTIMATED_BOARDS.every(canRun)).each(ESTIMATED_BOARDS)(
    'is what a trace on %s gives now',
    { timeout: 240_000 },
    async (name) => {
      const recorded = boards.find(({ board }) => board === name)!;
      const now = await estimateKernels(loadBoard(name), TRACED);
      expect(now).toHaveLength(3);
      for (const { kernel, shape, cycles } of now)
        near(cycles, recorded.kernels.find((one) => one.kernel === kernel && one.shape === shape)!.cycles, APART);
    },
  );
});
