/** Which operators of a program never run in one inference, since a ROUTE picks one of several branches. */

/** A branch of a ROUTE: the operator that picks, and the number of the branch. */
export interface Branch {
  route: number;
  branch: number;
}

/** Per operator the branch that it is in; null where it always runs. */
export type Branches = readonly (Branch | null)[];

/**
 * From what each ROUTE says of the operators behind it: how many each of its branches has. Throws for branches that
 * go on behind the last operator, or that have a route of their own.
 */
export function branchesOf(operators: number, routes: ReadonlyMap<number, readonly number[]>): Branches {
  const branches: (Branch | null)[] = new Array(operators).fill(null);
  for (const [route, counts] of routes) {
    if (branches[route] !== null) throw new Error(`operator ${route}: expected no route in a branch of another`);
    const end = counts.reduce((at, count) => at + count, route + 1);
    if (end > operators)
      throw new Error(`operator ${route}: expected branches that end with operator ${operators - 1}, got ${end - 1}`);
    let at = route + 1;
    for (const [branch, count] of counts.entries()) {
      branches.fill({ route, branch }, at, at + count);
      at += count;
    }
  }
  return branches;
}

/** Whether two operators are in different branches of one ROUTE. */
export function areExclusive(branches: Branches, a: number, b: number): boolean {
  const [one, other] = [branches[a], branches[b]];
  return !!one && !!other && one.route === other.route && one.branch !== other.branch;
}

/** In place of what an operator leaves, for one in a branch that was not taken. */
export const NOT_RUN = 'not run';

/** CRC-32 of what an operator leaves in its output; null where nobody can say. */
export type LayerCrc = number | typeof NOT_RUN | null;
