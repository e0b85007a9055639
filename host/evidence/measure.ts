/** Figures of the committed records of sweeps: points, intervals, and who beats whom at as many bytes. */
import { SPLITS, type Split } from '../data/part.ts';
import { intervalOf, type Resampled } from '../evaluate/bootstrap.ts';
import { compare } from '../sweep/compare.ts';
import { configOf, type Grid, type Run } from '../sweep/grid.ts';
import { hasRecord, type RunRecord, readRecord } from '../sweep/record.ts';
import { type Confused, differenceSample, meanOf, meanSample, ratioSample, Samples } from '../sweep/samples.ts';
import { makingMacs } from '../train/making.ts';
import { bestTogether, bestWithin } from './choose.ts';
import {
  BUDGETS,
  type Choice,
  type Confusion,
  type EvidenceRecord,
  FAMILIES,
  type Family,
  GENERATED,
  type Kept,
  type Match,
  type MethodBytes,
  type MethodPair,
  type Paired,
  type Point,
  type Progress,
  roleOf,
  type SharedEvidence,
  type SplitFacts,
  type TaskEvidence,
} from './record.ts';

/** A run that was performed. */
interface Done {
  run: Run;
  record: RunRecord;
}

/** A point, and what it is made of. */
interface Judged extends Point {
  runs: Done[];
  task: string;
}

/** Of a grid of single tasks and shared bases, and of one basis for four tasks. */
export function measureEvidence(pareto: Grid, fourTasks: Grid): EvidenceRecord {
  const samples = new Samples(pareto.records);
  const done = doneOf(pareto);
  const tasks = [...new Set(pareto.runs.filter(isSingle).flatMap(({ programs }) => programs))];
  const judged = new Map(tasks.map((task) => [task, pointsOf(task, pareto, done, samples)]));
  const shared = methodsOf(done.filter(({ run }) => !isSingle(run)));
  return {
    pareto: {
      ...progressOf(pareto),
      tasks: tasks.map((task) => evidenceOf(task, judged.get(task)!, samples)),
      shared: shared.map((runs) => sharedOf(runs, pareto, judged, samples)),
      confusions: tasks.flatMap((task) => confusionsOfBest(judged.get(task)!, samples)),
    },
    fourTasks: {
      ...progressOf(fourTasks),
      pairs: PAIRS.map((methods) => pairOf(fourTasks, methods)),
      bytes: bytesOfMethods(fourTasks),
      confusions: confusionsOf(SHARED, doneOf(fourTasks), new Samples(fourTasks.records)),
    },
  };
}

const doneOf = ({ runs, records }: Grid): Done[] =>
  runs.filter(({ id }) => hasRecord(records, id)).map((run) => ({ run, record: readRecord(records, run.id) }));

const isSingle = ({ programs }: Run): boolean => programs.length === 1;

const progressOf = ({ name, runs, records }: Grid): Progress => ({
  grid: name,
  runs: runs.length,
  missing: runs.filter(({ id }) => !hasRecord(records, id)).length,
});

/** Runs of one method together, in the order of the grid. */
function methodsOf(done: readonly Done[]): Done[][] {
  const methods = [...new Set(done.map(({ run }) => run.method))];
  return methods.map((method) => done.filter(({ run }) => run.method === method));
}

function pointsOf(task: string, grid: Grid, done: readonly Done[], samples: Samples): Judged[] {
  const own = done.filter(({ run }) => isSingle(run) && run.programs[0] === task);
  return methodsOf(own).map((runs): Judged => {
    const [{ run, record }] = runs as [Done];
    const [series, variant = series] = run.method.split('.') as [string, string?];
    const [program] = record.image.programs as [RunRecord['image']['programs'][number]];
    const resultsOf = (split: Split): Resampled =>
      meanSample(runs.map(({ record }) => samples.macroF1(record, task, split)));
    const splits = judgedSplits(record, task);
    return {
      variant,
      family: familyOf(run),
      role: roleOf(run),
      seeds: runs.map(({ run }) => run.seed),
      bytes: Math.round(meanOf(runs.map(({ record }) => record.image.bytes))),
      categories: record.image.categories,
      multiplyAccumulates: program.multiplyAccumulates,
      makingMacs: makingMacs(configOf(run, grid.path))[0]!,
      arenaBytes: program.arenaBytes,
      validation: meanOf(runs.map(({ record }) => record.results[0]!.splits.validation!.macroF1.value)),
      splits: Object.fromEntries(splits.map((split) => [split, intervalOf(resultsOf(split))])),
      runs,
      task,
    };
  });
}

/** On which it is judged: neither that which was trained on nor that which chooses. */
const judgedSplits = ({ results }: RunRecord, task: string): Split[] => {
  const { splits } = results.find(({ program }) => program === task)!;
  return SPLITS.filter((split) => split !== 'train' && split !== 'validation' && splits[split]);
};

function familyOf({ configuration }: Run): Family {
  const network = configuration.tasks[0]!.network ?? configuration.network;
  const methods = network?.methods as Record<string, { kind: string }> | undefined;
  const kind = methods?.pointwise?.kind ?? 'int8';
  if (!(kind in FAMILIES)) throw new Error(`expected one of ${Object.keys(FAMILIES).join(', ')}, got "${kind}"`);
  return kind as Family;
}

function evidenceOf(task: string, judged: readonly Judged[], samples: Samples): TaskEvidence {
  const students = judged.filter(({ role }) => role === 'student');
  const yardstick = judged.find(({ role }) => role === 'yardstick');
  const small = [students, judged.filter(({ role }) => role === 'shallow')];
  return {
    task,
    facts: judged.length > 0 ? factsOf(judged[0]!, samples) : [],
    points: judged.map(({ runs: _, task: __, ...point }) => point),
    choices: BUDGETS.flatMap((budget) => choicesWithin(budget, students, samples)),
    matches: matchesOf(students, samples),
    kept: yardstick ? small.flatMap((some) => keptOf(some, yardstick, samples)) : [],
  };
}

function factsOf({ runs, task }: Judged, samples: Samples): SplitFacts[] {
  const { record } = runs[0]!;
  return judgedSplits(record, task).map((split) => {
    const { windows, groups } = samples.windows(record.results[0]!.splits[split]!.windows);
    return { split, windows: windows.labels.length, groups: groups.names.length, group: windows.group };
  });
}

const isControl = ({ family }: Point): boolean => !GENERATED.includes(family);

/** The best of each family that fits, less the best control that fits. */
function choicesWithin(budget: number, students: readonly Judged[], samples: Samples): Choice[] {
  const control = bestWithin(students.filter(isControl), budget);
  return (Object.keys(FAMILIES) as Family[]).flatMap((family): Choice[] => {
    const best = bestWithin(
      students.filter((one) => one.family === family),
      budget,
    );
    if (!best) return [];
    const { variant, bytes } = best;
    const isOther = control !== undefined && control !== best;
    const differences = isOther ? pairedOf(best, control, samples, differenceSample) : [];
    return [{ budget, family, variant, bytes, control: isOther ? control.variant : null, differences }];
  });
}

/** Each network with generated weights, from the smallest on, less the best control of as many bytes or fewer. */
const matchesOf = (students: readonly Judged[], samples: Samples): Match[] =>
  students
    .filter((one) => !isControl(one))
    .toSorted((a, b) => a.bytes - b.bytes)
    .flatMap((one): Match[] => {
      const control = bestWithin(students.filter(isControl), one.bytes);
      const differences = control ? pairedOf(one, control, samples, differenceSample) : [];
      return control && differences.length > 0 ? [{ variant: one.variant, control: control.variant, differences }] : [];
    });

/** What the best within 16 and 32 kB keep; once where it is the same. */
function keptOf(small: readonly Judged[], yardstick: Judged, samples: Samples): Kept[] {
  const best = [16_000, 32_000].map((most) => ({ most, one: bestWithin(small, most) }));
  return best.flatMap(({ most, one }, i): Kept[] => {
    if (!one || one === best[i - 1]?.one) return [];
    const { variant, bytes } = one;
    return [{ most, variant, bytes, ratios: pairedOf(one, yardstick, samples, ratioSample) }];
  });
}

/** Of two on every split, over the seeds that both have. */
function pairedOf(
  first: { runs: readonly Done[]; task: string },
  second: { runs: readonly Done[] },
  samples: Samples,
  combine: (first: Resampled, second: Resampled) => Resampled,
): Paired[] {
  const seeds = first.runs
    .map(({ run }) => run.seed)
    .filter((seed) => second.runs.some(({ run }) => run.seed === seed));
  if (seeds.length === 0) return [];
  return judgedSplits(first.runs[0]!.record, first.task).map((split): Paired => {
    const [a, b] = [first, second].map(({ runs }) =>
      meanSample(
        runs
          .filter(({ run }) => seeds.includes(run.seed))
          .map(({ record }) => samples.macroF1(record, first.task, split)),
      ),
    ) as [Resampled, Resampled];
    return { split, seeds, interval: intervalOf(combine(a, b)) };
  });
}

/** Beside the controls of each task alone that take no more bytes together and are the best on validation windows. */
function sharedOf(
  runs: Done[],
  grid: Grid,
  judged: ReadonlyMap<string, readonly Judged[]>,
  samples: Samples,
): SharedEvidence {
  const [{ run }] = runs as [Done];
  const bytes = Math.round(meanOf(runs.map(({ record }) => record.image.bytes)));
  const students = run.programs.map((task) =>
    judged.get(task)!.filter((one) => one.role === 'student' && isControl(one)),
  );
  const controls = bestTogether(students, bytes) ?? [];
  return {
    method: run.method,
    family: familyOf(run),
    tasks: run.programs,
    seeds: runs.map(({ run }) => run.seed),
    bytes,
    makingMacs: makingMacs(configOf(run, grid.path)).reduce((sum, macs) => sum + macs, 0),
    controls: Object.fromEntries(controls.map(({ task, variant }) => [task, variant])),
    controlBytes: controls.reduce((sum, control) => sum + control.bytes, 0),
    differences: controls.flatMap((control) =>
      pairedOf({ runs, task: control.task }, control, samples, differenceSample).map((paired) => ({
        task: control.task,
        ...paired,
      })),
    ),
  };
}

/** Within which the image is chosen whose answers are shown. */
const SHOWN_WITHIN = 16_000;

/** Of the best network within 16 kB, by validation windows. */
function confusionsOfBest(judged: readonly Judged[], samples: Samples): Confusion[] {
  const best = bestWithin(
    judged.filter(({ role }) => role === 'student'),
    SHOWN_WITHIN,
  );
  return best ? confusionsOf(best.variant, best.runs, samples, best.task) : [];
}

/** Of the runs of a method, or of those that are given, on the test split of every program, or of `only`. */
function confusionsOf(method: string, done: readonly Done[], samples: Samples, only?: string): Confusion[] {
  const runs = only === undefined ? done.filter(({ run }) => run.method === method) : done;
  const programs = only === undefined ? (runs[0]?.run.programs ?? []) : [only];
  return programs.flatMap((task): Confusion[] => {
    const [split] = judgedSplits(runs[0]!.record, task).toSorted((a, b) => Number(b === 'test') - Number(a === 'test'));
    if (split === undefined) return [];
    const all = runs.map(({ record }) => samples.confusion(record, task, split));
    const [{ classes }] = all as [Confused];
    const counts = classes.map((_, i) => classes.map((_, j) => all.reduce((sum, one) => sum + one.counts[i]![j]!, 0)));
    return [{ task, method, split, seeds: runs.map(({ run }) => run.seed), classes, counts }];
  });
}

/** One basis for all of its tasks, with teachers. */
const SHARED = 'taught.learned';

/** Ways of holding four tasks whose bytes are shown. */
const HELD = ['single.int4', 'single.narrow', SHARED, 'taught.random'];

/** Of those that are there for all tasks of the grid, of the first seed that is. */
function bytesOfMethods(grid: Grid): MethodBytes[] {
  const done = doneOf(grid);
  const tasks = new Set(grid.runs.flatMap(({ programs }) => programs)).size;
  return HELD.flatMap((method): MethodBytes[] => {
    const own = done.filter(({ run }) => run.method === method);
    const seed = own.map((one) => one.run.seed).find((seed) => programsOf(own, seed).length === tasks);
    if (seed === undefined) return [];
    const images = own.filter(({ run }) => run.seed === seed).map(({ record }) => record.image);
    const categories: Record<string, number> = {};
    for (const image of images)
      for (const [name, bytes] of Object.entries(image.categories)) categories[name] = (categories[name] ?? 0) + bytes;
    const bytes = images.reduce((sum, image) => sum + image.bytes, 0);
    return [{ method, seed, images: images.length, bytes, categories }];
  });
}

const programsOf = (done: readonly Done[], seed: number): string[] =>
  done.filter(({ run }) => run.seed === seed).flatMap(({ run }) => run.programs);

/** Of the sweep of four tasks: what is asked. */
const PAIRS: [string, string][] = [
  ['taught.learned', 'single.int4'],
  ['taught.learned', 'alone.int4'],
  ['taught.learned', 'taught.random'],
  ['taught.learned', 'single.narrow'],
  ['together.learned', 'alone.int4'],
  ['together.learned', 'together.random'],
  ['fourth.learned', 'fourth.random'],
  ['fourth.learned', 'single.int4'],
  ['fourth.learned', 'single.narrow'],
  ['hard.finest', 'hard.finest-random'],
  ['hard.int2', 'hard.int2-random'],
  ['hard.finest', 'single.int4'],
  ['hard.int2', 'single.int4'],
  ['hard.rank', 'single.int4'],
  ['small-wisdm.codes', 'fourth.learned'],
  ['small-wisdm.depthwise', 'fourth.learned'],
  ['small-digits.codes', 'fourth.learned'],
  ['small-digits.depthwise', 'fourth.learned'],
];

function pairOf(grid: Grid, methods: [string, string]): MethodPair {
  if (!canCompare(grid, methods)) return { methods, rows: [], bytes: null };
  const { rows, bytes } = compare(grid.records, methods);
  return { methods, rows, bytes };
}

/** Whether there is a task and a seed that both have been run with. */
function canCompare({ runs, records }: Grid, [first, second]: [string, string]): boolean {
  const recorded = runs.filter(({ id }) => hasRecord(records, id));
  const isLike = (one: Run) => (other: Run) =>
    other.method === second && other.seed === one.seed && other.programs.some((name) => one.programs.includes(name));
  return recorded.some((run) => run.method === first && recorded.some(isLike(run)));
}
