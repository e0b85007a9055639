/** How often each branch of a program is taken, counted in Node: what a board's counts of single branches are weighted with. */
import type { ProgramView } from '../records/view.ts';
import { branchesIn } from './branches.ts';
import type { BranchCounts } from './verify.ts';

/** What runs inferences operator by operator, as Runtime does. */
interface Tracer {
  trace(input: Uint8Array, onOperator: (operator: number, output: Uint8Array) => void): Uint8Array;
}

/** Of the windows, the branches that each takes: by route, in the order of their operators. */
export function branchesTaken(
  runtime: Tracer,
  program: ProgramView,
  windows: readonly Uint8Array[],
): Map<number, number[]> {
  const taken = new Map<number, number[]>();
  for (const { route } of branchesIn(program)) taken.set(route, []);
  for (const window of windows) runtime.trace(window, (operator, output) => taken.get(operator)?.push(output[0]));
  return taken;
}

/** Places of windows, those of `first` and for each branch that these miss one more that takes it, where there is any. */
export function withEveryBranch(first: readonly number[], taken: ReadonlyMap<number, readonly number[]>): number[] {
  const chosen = new Set(first);
  for (const branches of taken.values()) {
    const seen = new Set([...chosen].map((window) => branches[window]));
    for (const [window, branch] of branches.entries()) {
      if (seen.has(branch)) continue;
      seen.add(branch);
      chosen.add(window);
    }
  }
  return [...chosen].sort((a, b) => a - b);
}

/** A branch of a route, with the share of the windows that take it. */
export interface BranchShare extends BranchCounts {
  share: number;
}

/** What a board counted of each branch, with the share of the windows that take it. */
export function withShares(
  counts: readonly BranchCounts[],
  taken: ReadonlyMap<number, readonly number[]>,
): BranchShare[] {
  return counts.map((count) => {
    const branches = taken.get(count.route) ?? [];
    return { ...count, share: branches.filter((branch) => branch === count.branch).length / branches.length };
  });
}

/**
 * What an inference takes on average over the windows: the means of the branches of the first route, each as often as it is
 * taken. Null where the board has not run a branch that some window takes.
 */
export function expectation(branches: readonly BranchShare[]): number | null {
  const first = branches.filter(({ route, share }) => route === branches[0]?.route && share > 0);
  if (first.length === 0 || first.some(({ mean }) => mean === null)) return null;
  return Math.round(first.reduce((sum, { share, mean }) => sum + share * mean!, 0));
}
