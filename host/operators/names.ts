/** What operators of a program are called in plots and tables. */
import type { ProgramView } from '../records/view.ts';
import { kindOf } from './registry.ts';

/** Names of all operators: PW1, PW2 ... for pointwise ones in order, and so for the others. */
export function operatorNames({ operators }: ProgramView): string[] {
  const counts: Record<string, number> = {};
  return operators.map((operator) => {
    const prefix = kindOf(operator).short;
    counts[prefix] = (counts[prefix] ?? 0) + 1;
    return `${prefix}${counts[prefix]}`;
  });
}
