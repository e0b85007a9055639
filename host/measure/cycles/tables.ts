/** What `htpw bench --cycles` prints: the estimates beside the counts, and what they take for granted. */
import { loadBoard } from '../../boards/board.ts';
import { columns } from '../../drawing/columns.ts';
import { type CycleRecord, modelOf } from './measure.ts';

/** Tables of all boards, each with the assumptions of its model. */
export const cycleReport = ({ boards }: CycleRecord): string =>
  boards
    .map(({ board, kernels, models }) => {
      const loaded = loadBoard(board);
      const { assumptions } = modelOf(loaded);
      const per = (instructions: number, cycles: number) => [instructions, cycles, (cycles / instructions).toFixed(2)];
      return [
        `${board} (${loaded.core}), cycles estimated from the instructions that ran; no measurement. Assumed:`,
        assumptions.map((assumption) => `  - ${assumption}`).join('\n'),
        columns([
          ['kernel', 'shape', 'instructions', 'cycles', 'cycles/instruction'],
          ...kernels.map(({ kernel, shape, instructions, cycles }) => [kernel, shape, ...per(instructions, cycles)]),
        ]),
        columns([
          ['network', 'weights', 'instructions', 'cycles', 'cycles/instruction'],
          ...models.map(({ model, residency, instructions, cycles }) => [
            model,
            residency,
            ...per(instructions, cycles),
          ]),
        ]),
      ].join('\n\n');
    })
    .join('\n\n\n');
