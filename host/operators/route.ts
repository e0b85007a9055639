/** ROUTE: the largest of N scores picks one of N branches, and the operators of the others do not run. */
import { ROUTE } from '../../assembly/format.ts';
import type { OperatorBase } from '../model/model.ts';
import { argmax } from './argmax.ts';
import type { PlainKind } from './operator.ts';
import { anything } from './ranges.ts';

/**
 * Picks a branch: a stretch of the operators that follow. Branch 0 begins behind the route, each other one behind the one
 * before it; what follows the last runs whatever was picked. No branch has a route of its own, and a tensor that is read
 * behind the branches is written by each of them, or before.
 *
 *   input   [1, 1, N]  i8  a score for each branch, N from 2 to 128
 *   output  [1, 1, 1]  i8  the branch that was picked: the largest score, the first of equals
 */
export interface Route extends OperatorBase {
  kind: 'route';
  /** how many operators each branch has; one may be empty */
  branches: number[];
}

declare module '../model/model.ts' {
  interface OperatorKinds {
    route: Route;
  }
}

export const routeOperator: PlainKind<Route> = {
  code: ROUTE,
  short: 'route',
  about: {
    does: 'picks one of N [branches](format.md#branches), stretches of the operators behind it; the others do not run',
    reads: '[1, 1, N], N from 2 to 128',
    writes: '[1, 1, 1], the branch: index of the first largest',
  },
  parameters: { words: 1, are: 'operators of the first branch', behind: 'i32[N - 1] those of the others' },
  encode({ branches, input }, tensors) {
    const scores = tensors[input].shape[2];
    if (branches.length !== scores || !branches.every((count) => Number.isInteger(count) && count >= 0))
      throw new Error(
        `expected the number of operators of each of ${scores} branches, one for each score, got ${branches.join(' ')}`,
      );
    return branches;
  },
  decode: ({ view, tensors, parameter }) => ({
    branches: Array.from({ length: tensors[view.input].shape[2] }, (_, i) => parameter(i)),
  }),
  run: ({ input }, { tensors, values }) => argmax(values(input), tensors[input].shape[2]),
  ranges: () => anything(1),
  channelwise: false,
  size: 'counted',
  overwrites: ({ input }) => [input], // all scores are read before the index is written
};
