/** What each operator of an image costs under each residency: measured on an emulated board, not modelled. */

import type { Agent } from '../agent/protocol.ts';
import type { Profile } from '../agent/reply.ts';
import { anyInput, onBoard } from '../agent/session.ts';
import { type Board, counted } from '../boards/board.ts';
import type { ImageView } from '../records/view.ts';

/** Instructions of one program as an image has its layers resident. */
export interface ProgramCosts {
  /** of load, all in all */
  boot: number;
  /** of an inference after the first, all in all and not traced */
  steady: number;
  /** of the first inference, which makes lazy weights */
  first: number;
  /** per operator */
  operators: { boot: number; steady: number; first: number }[];
}

/**
 * Builds the firmware of `imagePath`, runs it on an emulated board and counts; `stackUsed` in bytes, of a load and an
 * inference, without what profiling takes. `features`: what the runtime keeps, if not just what the image needs. Throws
 * when the image does not fit the emulated board.
 */
export async function measureCosts(
  imagePath: string,
  view: ImageView,
  board: Board,
  features?: bigint,
): Promise<{ programs: ProgramCosts[]; stackUsed: number }> {
  const count = async (agent: Agent) => {
    const indices = [...view.programs.keys()];
    for (const program of indices) await loadAndRun(agent, program);
    const { stackUsed } = await agent.info();
    const programs: ProgramCosts[] = [];
    for (const program of indices) {
      const load = await loadAndRun(agent, program);
      programs.push(costs(board, load, await agent.profile()));
    }
    return { programs, stackUsed };
  };
  return onBoard(board, imagePath, count, { features });
}

/** Ticks of the load. */
async function loadAndRun(agent: Agent, program: number): Promise<number> {
  const { ticks } = await agent.load(program);
  const { inputBytes } = await agent.info();
  await agent.run(anyInput(inputBytes));
  return ticks;
}

function costs(board: Board, load: number, { prepare, first, next, ticks }: Profile): ProgramCosts {
  const made = first.reduce((sum, count, o) => sum + count - next[o], 0);
  return {
    boot: counted(board, load),
    steady: counted(board, ticks),
    first: counted(board, ticks + made),
    operators: prepare.map((count, o) => ({
      boot: counted(board, count),
      steady: counted(board, next[o]),
      first: counted(board, first[o]),
    })),
  };
}
