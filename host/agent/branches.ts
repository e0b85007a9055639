/** What each branch of a program took on a board, from runs that say which operators did not run. */
import { NOT_RUN } from '../records/branches.ts';
import type { ProgramView } from '../records/view.ts';
import type { RunResult } from './reply.ts';

/** A branch of a route, the operator of that index; ticks are null where no run took it. */
export interface BranchTicks {
  route: number;
  branch: number;
  runs: number;
  mean: number | null;
  most: number | null;
}

/** Runs that took the same branches. */
interface Way {
  ran: boolean[];
  runs: number;
  ticks: number;
  most: number;
}

/** Adds up the ticks of runs by the branches that they took. */
export class BranchTally {
  private readonly ways = new Map<string, Way>();

  add({ layers, ticks }: RunResult): void {
    const ran = layers.map((layer) => layer !== NOT_RUN);
    const key = ran.map(Number).join('');
    const way = this.ways.get(key) ?? { ran, runs: 0, ticks: 0, most: 0 };
    way.runs++;
    way.ticks += ticks;
    way.most = Math.max(way.most, ticks);
    this.ways.set(key, way);
  }

  /** Of all branches of a program; none where it has no routes, or nothing was traced. */
  of(program: ProgramView): BranchTicks[] {
    return branchesIn(program).map(({ route, branch }) => {
      const taken = [...this.ways.values()].filter(({ ran }) => ran.length > 0 && takes(program, ran, route, branch));
      const runs = taken.reduce((sum, way) => sum + way.runs, 0);
      const ticks = taken.reduce((sum, way) => sum + way.ticks, 0);
      const most = Math.max(...taken.map((way) => way.most));
      return { route, branch, runs, mean: runs === 0 ? null : ticks / runs, most: runs === 0 ? null : most };
    });
  }
}

/** Every branch of every route, also those without operators. */
export function branchesIn({ operators, tensors, branches }: ProgramView): { route: number; branch: number }[] {
  const routes = [...new Set(branches.flatMap((place) => place?.route ?? []))];
  return routes.flatMap((route) =>
    Array.from({ length: tensors[operators[route].input].channels }, (_, branch) => ({ route, branch })),
  );
}

/** Whether a run took a branch: its operators ran, or, where it has none, those of no other branch did. */
function takes({ branches }: ProgramView, ran: readonly boolean[], route: number, branch: number): boolean {
  const own = branches.findIndex((place) => place?.route === route && place.branch === branch);
  if (own >= 0) return ran[own];
  return !branches.some((place, o) => place?.route === route && ran[o]);
}
