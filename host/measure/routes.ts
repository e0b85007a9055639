/**
 * A selector and its classifiers beside single networks, from the records and images of the sweep of
 * models/sweeps/route.json: macro-F1 of each on the same windows, with paired intervals, and what an inference takes.
 */
import { join } from 'node:path';
import { branchesTaken } from '../agent/shares.ts';
import { loadBoard } from '../boards/board.ts';
import type { Split } from '../data/part.ts';
import { windowAt } from '../data/windows.ts';
import { bootstrap, type Interval } from '../evaluate/bootstrap.ts';
import { confusionPerGroup } from '../evaluate/evaluate.ts';
import { numbered } from '../evaluate/groups.ts';
import { macroF1, predict, weightedSum } from '../evaluate/metrics.ts';
import { scoreWindows } from '../evaluate/scoring.ts';
import { takingBranch } from '../image/branches.ts';
import { sourceMacs } from '../model/weights.ts';
import { ImageView, type ProgramView } from '../records/view.ts';
import { measureCosts } from '../residency/measure.ts';
import { Runtime } from '../runtime/node.ts';
import { FASTEST } from '../runtime/variants.ts';
import { readAnswers, readWindows } from '../sweep/answers.ts';
import { type Run, readGrid } from '../sweep/grid.ts';
import { imagePath } from '../sweep/perform.ts';
import { hasRecord, RESAMPLES, readRecord } from '../sweep/record.ts';
import { UsageError } from '../system/errors.ts';
import { readInput } from '../system/files.ts';
import { projectRoot } from '../system/root.ts';
import { openTask, readTask } from '../task/task.ts';

/** Of one way of answering: a network, or all classifiers of a route together. */
export interface RoutedFigures {
  /** as in the grid, or "soft" or "hard" for the classifiers of "route" together */
  name: string;
  bytes: number;
  arenaBytes: number;
  /** of an inference, by the most expensive branch */
  multiplyAccumulates: number;
  /** of an inference on mps2-an500, by the most expensive branch, and as often as windows of the test split take each */
  instructions: { worst: number; expected: number } | null;
  /** mean over `seeds` */
  macroF1: Partial<Record<Split, Interval>>;
  seeds: number[];
}

export interface RoutedTask {
  task: string;
  /** windows and groups of each split */
  splits: Partial<Record<Split, { windows: number; groups: number; group: string }>>;
  figures: RoutedFigures[];
  /** macro-F1 of the first minus that of the second, over seeds that both have, the same groups drawn for both */
  differences: { first: string; second: string; split: Split; seeds: number[]; difference: Interval }[];
  /** share of the windows of the test split that each branch answers, of the first seed of those that have branches */
  shares: Record<string, number[]>;
}

export interface RouteRecord {
  tasks: RoutedTask[];
}

type Report = (done: number, total: number, note?: string) => void;

const BOARD = 'mps2-an500';
const GRID = join(projectRoot(), 'models', 'sweeps', 'route.json');
const SPLITS: Split[] = ['test', 'later'];

/** Of all series that have been run. Throws UsageError where none has. */
export async function measureRoutes(report: Report): Promise<RouteRecord> {
  const grid = readGrid(GRID);
  const folders = { records: grid.records, images: join(projectRoot(), 'build', 'sweeps', grid.name) };
  const runs = grid.runs.filter(({ id }) => hasRecord(folders.records, id));
  const series = [...new Set(runs.map(({ method }) => method.split('.')[0]!))];
  if (runs.length === 0)
    throw new UsageError(`${GRID}: expected records of its runs, got none; run htpw sweep models/sweeps/route.json`);
  const tasks: RoutedTask[] = [];
  for (const [i, name] of series.entries()) {
    report(i, series.length, name);
    tasks.push(
      await taskOf(
        runs.filter(({ method }) => method.startsWith(`${name}.`)),
        folders,
      ),
    );
  }
  return { tasks };
}

/** Answers of one way of answering, by split and seed. */
type Answers = Map<string, Map<Split, Map<number, Uint8Array>>>;

async function taskOf(runs: readonly Run[], folders: { records: string; images: string }): Promise<RoutedTask> {
  const { records } = folders;
  const answers: Answers = new Map();
  const add = (name: string, split: Split, seed: number, some: Uint8Array): void => {
    const bySplit = answers.get(name) ?? new Map<Split, Map<number, Uint8Array>>();
    answers.set(name, bySplit.set(split, (bySplit.get(split) ?? new Map()).set(seed, some)));
  };
  const figures: RoutedFigures[] = [];
  const [first] = runs as [Run];
  const { task: taskName, data, splits } = readRecord(records, first.id).results[0]!;
  const shares: RoutedTask['shares'] = {};
  for (const run of runs) {
    const variant = run.method.split('.')[1]!;
    const all = readAnswers(records, run.id);
    const record = readRecord(records, run.id);
    for (const split of SPLITS) {
      const result = record.results[0]!.splits[split];
      if (result) add(variant, split, run.seed, all.subarray(result.answersAt, result.answersAt + result.n));
    }
    const image = readInput(imagePath(folders, run.id));
    const view = new ImageView(image);
    const branches = branchesOf(view.programs[0]!);
    const isFirst = run.seed === first.seed;
    const taken = branches > 0 ? picked(image, taskName, data, 'test') : [];
    if (variant === 'route') {
      for (const split of SPLITS.filter((one) => splits[one])) {
        const { soft, hard } = ensembles(image, branches, taskName, data, split);
        add('soft', split, run.seed, soft);
        add('hard', split, run.seed, hard);
      }
    }
    if (!isFirst) continue;
    if (branches > 0) shares[variant] = taken;
    figures.push({
      name: variant,
      bytes: image.length,
      arenaBytes: record.image.programs[0]!.arenaBytes,
      multiplyAccumulates: macsOf(view, 'worst'),
      instructions: await instructionsOf(imagePath(folders, run.id), view, taken),
      macroF1: {},
      seeds: [],
    });
    if (variant === 'route')
      for (const name of ['soft', 'hard'])
        figures.push({
          name,
          bytes: image.length,
          arenaBytes: record.image.programs[0]!.arenaBytes,
          multiplyAccumulates: macsOf(view, 'all'),
          instructions: null,
          macroF1: {},
          seeds: [],
        });
  }
  const differences: RoutedTask['differences'] = [];
  const said: RoutedTask['splits'] = {};
  for (const split of SPLITS) {
    if (!splits[split]) continue;
    const windows = readWindows(records, splits[split].windows);
    const groups = numbered(windows.groups);
    said[split] = { windows: windows.labels.length, groups: groups.names.length, group: windows.group };
    const matrices = new Map(
      [...answers].map(([name, bySplit]) => [
        name,
        new Map(
          [...bySplit.get(split)!].map(([seed, some]) => [
            seed,
            confusionPerGroup(groups, windows.labels, some, windows.classes.length),
          ]),
        ),
      ]),
    );
    const seedsOf = (name: string): number[] => [...matrices.get(name)!.keys()];
    const meanOf = (name: string, times: Float64Array, seeds: readonly number[]): number =>
      seeds.reduce((sum, seed) => sum + macroF1(weightedSum(matrices.get(name)!.get(seed)!, times)), 0) / seeds.length;
    const interval = (metric: (times: Float64Array) => number): Interval =>
      bootstrap(groups.names.length, metric, { resamples: RESAMPLES });
    for (const one of figures) {
      one.seeds = seedsOf(one.name);
      one.macroF1[split] = interval((times) => meanOf(one.name, times, one.seeds));
    }
    const routes = [...answers.keys()].filter((name) => ROUTED.includes(name));
    for (const one of routes)
      for (const other of [...answers.keys()].filter((name) => isHeldAgainst(one, name))) {
        const seeds = seedsOf(one).filter((seed) => matrices.get(other)!.has(seed));
        const difference = (times: Float64Array) => meanOf(one, times, seeds) - meanOf(other, times, seeds);
        if (seeds.length > 0)
          differences.push({ first: one, second: other, split, seeds, difference: interval(difference) });
      }
  }
  return {
    task: taskName,
    splits: said,
    figures,
    differences,
    shares,
  };
}

/** Single networks, and of "route" its own classifiers together. */
const isHeldAgainst = (routed: string, other: string): boolean =>
  !ROUTED.includes(other) && (routed === 'route' || !['soft', 'hard'].includes(other));

/** Variants of the grid that have a route. */
const ROUTED = ['route', 'mixture', 'long', 'plain', 'basis'];

const branchesOf = ({ branches }: ProgramView): number =>
  branches.reduce((most, place) => Math.max(most, (place?.branch ?? -1) + 1), 0);

/** Of all operators, or of those that always run and the most expensive branch. */
function macsOf(view: ImageView, of: 'worst' | 'all'): number {
  const program = view.programs[0]!;
  const counts = program.operators.map(({ source, output }) => {
    const weights = view.sources[source];
    return weights ? sourceMacs(program.tensors[output]!, weights) : 0;
  });
  const sum = (chosen: (branch: number) => boolean): number =>
    counts.reduce((total, count, o) => total + (chosen(program.branches[o]?.branch ?? -1) ? count : 0), 0);
  if (of === 'all') return sum(() => true);
  const each = Array.from({ length: branchesOf(program) }, (_, i) => sum((branch) => branch === i));
  return sum((branch) => branch < 0) + Math.max(0, ...each);
}

const loaded = (task: string, data: string, split: Split) => openTask(readTask(task), { data }).load(split);

/** Share of the windows of a split that each branch answers. */
function picked(image: Uint8Array, task: string, data: string, split: Split): number[] {
  const [program] = new ImageView(image).programs as [ProgramView];
  const part = loaded(task, data, split);
  const windows = Array.from(part.labels, (_, i) => new Uint8Array(windowAt(part, i).slice().buffer));
  const [taken] = branchesTaken(new Runtime(image, FASTEST).load(0), program, windows).values();
  const counts = new Array<number>(branchesOf(program)).fill(0);
  for (const branch of taken!) counts[branch]!++;
  return counts.map((count) => count / windows.length);
}

/** What all classifiers of a route answer together: the largest mean probability, and the most votes. */
function ensembles(
  image: Uint8Array,
  branches: number,
  task: string,
  data: string,
  split: Split,
): { soft: Uint8Array; hard: Uint8Array } {
  const part = loaded(task, data, split);
  const classes = part.classNames.length;
  const every = [...part.classNames.keys()];
  const windows = part.labels.length;
  const [means, votes] = [new Float64Array(windows * classes), new Float64Array(windows * classes)];
  for (let branch = 0; branch < branches; branch++) {
    const { scores } = scoreWindows(new Runtime(takingBranch(image, 0, branch), FASTEST).load(0), part);
    scores.forEach((score, i) => {
      means[i]! += score / branches;
    });
    Uint8Array.from(predict(scores, classes, every)).forEach((answer, i) => {
      votes[i * classes + answer]!++;
    });
  }
  // of as many votes the larger mean counts
  const tied = votes.map((count, i) => count + means[i]! / 2);
  return {
    soft: Uint8Array.from(predict(means, classes, every)),
    hard: Uint8Array.from(predict(tied, classes, every)),
  };
}

async function instructionsOf(
  path: string,
  view: ImageView,
  shares: readonly number[],
): Promise<RoutedFigures['instructions']> {
  const { programs } = await measureCosts(path, view, loadBoard(BOARD));
  const { steady, branches } = programs[0]!;
  if (branches.length === 0) return { worst: steady, expected: steady };
  return {
    worst: Math.max(...branches.map((one) => one.steady)),
    expected: Math.round(branches.reduce((sum, one) => sum + one.steady * shares[one.branch]!, 0)),
  };
}
