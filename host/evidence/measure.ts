/** Figures of the committed records of sweeps: points, intervals, and who beats whom at as many bytes. */
import { SPLITS, type Split } from '../data/part.ts';
import { intervalOf, type Resampled } from '../evaluate/bootstrap.ts';
import { compare } from '../sweep/compare.ts';
import { configOf, type Grid, type Run } from '../sweep/grid.ts';
import { hasRecord, type RunRecord, readRecord, type SplitResult } from '../sweep/record.ts';
import {
  type Confused,
  commonWindows,
  differenceSample,
  meanOf,
  meanSample,
  ratioSample,
  Samples,
} from '../sweep/samples.ts';
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

/** A run that was performed, and what knows its answers. */
interface Done {
  run: Run;
  record: RunRecord;
  samples: Samples;
}

/** Runs of one method and task. */
interface OfTask {
  runs: Done[];
  task: string;
}

/** A point, and what it is made of. */
interface Judged extends Point, OfTask {}

export interface Grids {
  /** single tasks, and shared bases */
  pareto: Grid;
  /** pairs of it on more seeds: methods "TASK.VARIANT" */
  decisive: Grid;
  /** one basis for four tasks */
  fourTasks: Grid;
}

export function measureEvidence({ pareto, decisive, fourTasks }: Grids): EvidenceRecord {
  const done = doneOf(pareto);
  const again = doneOf(decisive);
  const tasks = [...new Set(pareto.runs.filter(isSingle).flatMap(({ programs }) => programs))];
  const judged = new Map(tasks.map((task) => [task, pointsOf(task, pareto, done)]));
  const shared = methodsOf(done.filter(({ run }) => !isSingle(run)));
  return {
    pareto: {
      ...progressOf(pareto),
      tasks: tasks.map((task) => evidenceOf(task, judged.get(task)!, again)),
      shared: shared.map((runs) => sharedOf(runs, pareto, judged)),
      confusions: tasks.flatMap((task) => confusionsOfBest(judged.get(task)!)),
    },
    decisive: progressOf(decisive),
    fourTasks: {
      ...progressOf(fourTasks),
      pairs: PAIRS.map((methods) => pairOf(fourTasks, methods)),
      bytes: bytesOfMethods(fourTasks),
      confusions: confusionsOf(SHARED, doneOf(fourTasks)),
    },
  };
}

function doneOf({ runs, records }: Grid): Done[] {
  const samples = new Samples(records);
  const recorded = runs.filter(({ id }) => hasRecord(records, id));
  return recorded.map((run) => ({ run, record: readRecord(records, run.id), samples }));
}

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

function pointsOf(task: string, grid: Grid, done: readonly Done[]): Judged[] {
  const own = done.filter(({ run }) => isSingle(run) && run.programs[0] === task);
  return methodsOf(own).map((runs): Judged => {
    const [{ run, record }] = runs as [Done];
    const [series, variant = series] = run.method.split('.') as [string, string?];
    const [program] = record.image.programs as [RunRecord['image']['programs'][number]];
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
      splits: Object.fromEntries(splits.map((split) => [split, intervalOf(sampleOf({ runs, task }, split))])),
      runs,
      task,
    };
  });
}

/** Macro-F1, mean over the runs. */
const sampleOf = ({ runs, task }: OfTask, split: Split): Resampled =>
  meanSample(runs.map(({ record, samples }) => samples.macroF1(record, task, split)));

/** On which it is judged: neither that which was trained on nor that which chooses. */
const judgedSplits = (record: RunRecord, task: string): Split[] =>
  SPLITS.filter((split) => split !== 'train' && split !== 'validation' && splitsOf(record, task)[split]);

const splitsOf = ({ results }: RunRecord, task: string): Partial<Record<Split, SplitResult>> =>
  results.find(({ program }) => program === task)!.splits;

function familyOf({ configuration }: Run): Family {
  const network = configuration.tasks[0]!.network ?? configuration.network;
  const methods = network?.methods as Record<string, { kind: string }> | undefined;
  const kind = methods?.pointwise?.kind ?? 'int8';
  if (!(kind in FAMILIES)) throw new Error(`expected one of ${Object.keys(FAMILIES).join(', ')}, got "${kind}"`);
  return kind as Family;
}

function evidenceOf(task: string, judged: readonly Judged[], again: readonly Done[]): TaskEvidence {
  const students = judged.filter(({ role }) => role === 'student');
  const yardstick = judged.find(({ role }) => role === 'yardstick');
  const small = [students, judged.filter(({ role }) => role === 'shallow')];
  return {
    task,
    facts: judged.length > 0 ? factsOf(judged[0]!) : [],
    points: judged.map(({ runs: _, task: __, ...point }) => point),
    choices: BUDGETS.flatMap((budget) => choicesWithin(budget, students)),
    matches: matchesOf(students, again),
    kept: yardstick ? small.flatMap((some) => keptOf(some, yardstick)) : [],
  };
}

function factsOf({ runs, task }: OfTask): SplitFacts[] {
  const { record, samples } = runs[0]!;
  return judgedSplits(record, task).map((split) => {
    const { windows, groups } = samples.windows(record.results[0]!.splits[split]!.windows);
    return { split, windows: windows.labels.length, groups: groups.names.length, group: windows.group };
  });
}

const isControl = ({ family }: Point): boolean => !GENERATED.includes(family);

/** The best of each family that fits, less the best control that fits. */
function choicesWithin(budget: number, students: readonly Judged[]): Choice[] {
  const control = bestWithin(students.filter(isControl), budget);
  return (Object.keys(FAMILIES) as Family[]).flatMap((family): Choice[] => {
    const best = bestWithin(
      students.filter((one) => one.family === family),
      budget,
    );
    if (!best) return [];
    const { variant, bytes } = best;
    const isOther = control !== undefined && control !== best;
    const differences = isOther ? pairedOf(best, control, differenceSample) : [];
    return [{ budget, family, variant, bytes, control: isOther ? control.variant : null, differences }];
  });
}

/** Each network with generated weights, from the smallest on, less the best control of as many bytes or fewer. */
const matchesOf = (students: readonly Judged[], again: readonly Done[]): Match[] =>
  students
    .filter((one) => !isControl(one))
    .toSorted((a, b) => a.bytes - b.bytes)
    .flatMap((one): Match[] => {
      const control = bestWithin(students.filter(isControl), one.bytes);
      const differences = control ? pairedOf(one, control, differenceSample) : [];
      if (!control || differences.length === 0) return [];
      const match = { variant: one.variant, control: control.variant, differences };
      return [{ ...match, again: againOf(one, control, again) }];
    });

/** The same two on the seeds of another grid, alone and with those before. */
function againOf(one: Judged, control: Judged, done: readonly Done[]): Match['again'] {
  const [first, second] = [one, control].map(({ task, variant }) => ({
    task,
    runs: done.filter(({ run }) => run.method === `${task}.${variant}`),
  })) as [OfTask, OfTask];
  const all = (before: Judged, fresh: OfTask): OfTask => ({ ...fresh, runs: [...before.runs, ...fresh.runs] });
  const together = pairedOf(all(one, first), all(control, second), differenceSample);
  return pairedOf(first, second, differenceSample).map((fresh) => ({
    fresh,
    all: together.find(({ split }) => split === fresh.split)!,
  }));
}

/** What the best within 16 and 32 kB keep; once where it is the same. */
function keptOf(small: readonly Judged[], yardstick: Judged): Kept[] {
  const best = [16_000, 32_000].map((most) => ({ most, one: bestWithin(small, most) }));
  return best.flatMap(({ most, one }, i): Kept[] => {
    if (!one || one === best[i - 1]?.one) return [];
    const { variant, bytes } = one;
    return [{ most, variant, bytes, ratios: pairedOf(one, yardstick, ratioSample) }];
  });
}

/** Of two on every split, over the seeds that both have. */
function pairedOf(
  first: OfTask,
  second: Pick<OfTask, 'runs'>,
  combine: (first: Resampled, second: Resampled) => Resampled,
): Paired[] {
  const { task } = first;
  const seedsOf = ({ runs }: Pick<OfTask, 'runs'>): number[] => runs.map(({ run }) => run.seed);
  const seeds = seedsOf(first).filter((seed) => seedsOf(second).includes(seed));
  if (seeds.length === 0) return [];
  const sides = [first, second].map(({ runs }) => runs.filter(({ run }) => seeds.includes(run.seed)));
  return judgedSplits(first.runs[0]!.record, task).map((split): Paired => {
    commonWindows(
      sides.flat().map(({ record }) => splitsOf(record, task)[split]!),
      `${task} ${split}`,
    );
    const [a, b] = sides.map((runs) => sampleOf({ task, runs }, split)) as [Resampled, Resampled];
    return { split, seeds, of: [a.value, b.value], interval: intervalOf(combine(a, b)) };
  });
}

/** Beside the controls of each task alone that take no more bytes together and are the best on validation windows. */
function sharedOf(runs: Done[], grid: Grid, judged: ReadonlyMap<string, readonly Judged[]>): SharedEvidence {
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
      pairedOf({ runs, task: control.task }, control, differenceSample).map((paired) => ({
        task: control.task,
        ...paired,
      })),
    ),
  };
}

/** Within which the image is chosen whose answers are shown. */
const SHOWN_WITHIN = 16_000;

/** Of the best network within 16 kB, by validation windows. */
function confusionsOfBest(judged: readonly Judged[]): Confusion[] {
  const best = bestWithin(
    judged.filter(({ role }) => role === 'student'),
    SHOWN_WITHIN,
  );
  return best ? confusionsOf(best.variant, best.runs, best.task) : [];
}

/** Of the runs of a method, or of those that are given, on the test split of every program, or of `only`. */
function confusionsOf(method: string, done: readonly Done[], only?: string): Confusion[] {
  const runs = only === undefined ? done.filter(({ run }) => run.method === method) : done;
  const programs = only === undefined ? (runs[0]?.run.programs ?? []) : [only];
  return programs.flatMap((task): Confusion[] => {
    const [split] = judgedSplits(runs[0]!.record, task).toSorted((a, b) => Number(b === 'test') - Number(a === 'test'));
    if (split === undefined) return [];
    const all = runs.map(({ record, samples }) => samples.confusion(record, task, split));
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
