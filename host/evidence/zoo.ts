/** The best recorded image of each task within each budget, by validation windows alone. */
import type { Grid, Run } from '../sweep/grid.ts';
import { hasRecord, type RunRecord, readRecord } from '../sweep/record.ts';
import { meanOf } from '../sweep/samples.ts';
import { bestWithin } from './choose.ts';
import { BUDGETS, roleOf } from './record.ts';

/** An image of the zoo. */
export interface Exhibit {
  /** "wisdm-16kB" */
  name: string;
  task: string;
  /** the budgets in which it is the best, smallest first */
  budgets: number[];
  run: Run;
  record: RunRecord;
}

/** Small networks of one task; those that teach are no answer to a budget, they are what it is held against. */
const isExhibited = (run: Run): boolean => run.programs.length === 1 && ['student', 'shallow'].includes(roleOf(run));

/** Task by task; none of a task, or of a budget, of which no run is recorded that fits. */
export function chosenForZoo({ runs, records }: Grid): Exhibit[] {
  const done = runs
    .filter((run) => isExhibited(run) && hasRecord(records, run.id))
    .map((run) => ({ run, record: readRecord(records, run.id) }));
  const tasks = [...new Set(done.map(({ run }) => run.programs[0]!))];
  return tasks.flatMap((task) => {
    const own = done.filter(({ run }) => run.programs[0] === task);
    const found = BUDGETS.flatMap((budget) => {
      const best = bestOf(own, budget);
      return best ? [{ budget, ...best }] : [];
    });
    const each = [...new Set(found.map(({ run }) => run))];
    return each.map((run): Exhibit => {
      const budgets = found.filter((one) => one.run === run).map(({ budget }) => budget);
      const { record } = found.find((one) => one.run === run)!;
      return { name: nameOf(task, budgets[0]!), task, budgets, run, record };
    });
  });
}

const nameOf = (task: string, budget: number): string => `${task}-${budget / 1000}kB`;

/** Names that these tasks could have in the zoo, and do not have now. */
export function namesLeft(exhibits: readonly Exhibit[]): string[] {
  const chosen = exhibits.map(({ name }) => name);
  const tasks = [...new Set(exhibits.map(({ task }) => task))];
  return tasks
    .flatMap((task) => BUDGETS.map((budget) => nameOf(task, budget)))
    .filter((name) => !chosen.includes(name));
}

/** SHA-256 of every recorded image that could have been chosen once. */
export const recordedImages = ({ runs, records }: Grid): Set<string> =>
  new Set(
    runs
      .filter((run) => isExhibited(run) && hasRecord(records, run.id))
      .map(({ id }) => readRecord(records, id).image.sha256),
  );

interface Done {
  run: Run;
  record: RunRecord;
}

const validationOf = ({ record }: Done): number => record.results[0]!.splits.validation!.macroF1.value;

/** Of the method that is best in the mean over all its seeds, the best seed that fits: a lucky seed chooses no method. */
function bestOf(done: readonly Done[], budget: number): Done | undefined {
  const methods = [...new Set(done.map(({ run }) => run.method))].map((method) => {
    const runs = done.filter(({ run }) => run.method === method);
    const bytes = Math.min(...runs.map(({ record }) => record.image.bytes));
    return { bytes, validation: meanOf(runs.map(validationOf)), runs };
  });
  const { runs = [] } = bestWithin(methods, budget) ?? {};
  const fitting = runs.filter(({ record }) => record.image.bytes <= budget);
  return fitting.toSorted((a, b) => validationOf(b) - validationOf(a) || a.run.seed - b.run.seed)[0];
}
