/** htpw sweep: the trainings of a grid, one after another or several at a time, each with a record. */
import { existsSync, mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { type Grid, needsOf, type Run, readGrid } from '../sweep/grid.ts';
import { assertSame, type Folders, imagePath, perform } from '../sweep/perform.ts';
import type { ProgressMessage } from '../sweep/queue.ts';
import { claimPath, failurePath, formatted, hasRecord, readRecord } from '../sweep/record.ts';
import { type Job, sweep } from '../sweep/sweep.ts';
import { isChild, runVerb, toParent } from '../system/child.ts';
import { counted } from '../system/counted.ts';
import { isRegularFile, writeWhole } from '../system/files.ts';
import { assertFolder } from '../system/folder.ts';
import { claim } from '../system/once.ts';
import { buildFolder } from '../system/root.ts';
import { shownPath } from '../system/shownPath.ts';
import { type Hands, handsOfQueue } from './hands.ts';
import { REDIS, valued, wholeNumber } from './options.ts';
import { ProgressBoard } from './progressBoard.ts';
import { CheckFailed, print, UsageError, withProgress } from './verb.ts';

interface SweepFlags {
  jobs: number;
  records?: string;
  images?: string;
  only?: string;
  run?: string;
  list?: boolean;
  redis?: string;
  json?: boolean;
}

export function sweepVerb(program: Command): void {
  program
    .command('sweep <grid>')
    .summary('many trainings from a grid, each with a record')
    .description(
      'Train every run of a grid that has no record yet, several at a time; judge its packed image in the integer runtime, and keep a record of it: configuration, figures with intervals, bytes, SHA-256. Stopped or killed, the same command goes on where it was. A run that fails does not stop the others; exits with 1 when some failed.',
    )
    .addOption(
      valued('--jobs <count>', 'runs at the same time; default: one for each core', wholeNumber(1, 1024), cores()),
    )
    .option('--records <folder>', 'where records go; default: the folder that the grid names')
    .option('--images <folder>', 'where images go; default build/sweeps/<name of the grid>')
    .option('--only <text>', 'only runs whose name has this in it, and those whose basis they take')
    .option('--run <name>', 'this run alone, in this process')
    .addOption(valued('--redis <url>', 'leave the runs to htpw worker, through a queue on this server', REDIS))
    .option('--list', 'say which runs there are, and train none')
    .option('--json', 'machine-readable result')
    .addHelpText(
      'after',
      '\nExamples:\n  htpw sweep models/sweeps/synthetic.json --jobs 2\n  htpw sweep models/sweeps/four-tasks.json --list\n  htpw sweep models/sweeps/four-tasks.json --only wisdm --records build/records\n  htpw sweep models/sweeps/pareto.json --redis redis://localhost:6379',
    )
    .action(async (path: string, flags: SweepFlags) => {
      const grid = readGrid(path);
      if (!isRegularFile(path))
        throw new UsageError(`${shownPath(path)}: expected a file, which each training reads again, got a stream`);
      const folders: Folders = {
        records: flags.records ?? grid.records,
        images: flags.images ?? join(buildFolder(), 'sweeps', grid.name),
      };
      if (!flags.list) for (const folder of Object.values(folders)) assertFolder(folder); // before any training
      for (const run of grid.runs) assertSame(run, folders);
      if (flags.run !== undefined) return performOne(grid, runNamed(grid, flags.run), folders);
      const chosen = choose(grid, flags.only);
      if (flags.list) return list(chosen, folders, flags.json);
      await performAll(grid, chosen, folders, flags);
    });
}

const cores = (): string => String(availableParallelism());

function runNamed(grid: Grid, name: string): Run {
  const run = grid.runs.find(({ id }) => id === name);
  if (!run)
    throw new UsageError(`--run must be a run of ${shownPath(grid.path)}, got "${name}"; --list shows which there are`);
  return run;
}

async function performOne(grid: Grid, run: Run, folders: Folders): Promise<void> {
  if (!isChild()) return withProgress(run.id, (show) => perform(grid, run, folders, show));
  const tell = toParent();
  await perform(grid, run, folders, (done, total, note) => tell({ done, total, note }));
}

/** Runs whose names have `text` in them, and what these need. */
function choose({ runs, path }: Grid, text = ''): Run[] {
  const chosen = new Set(runs.filter(({ id }) => id.includes(text)).map(({ id }) => id));
  if (chosen.size === 0)
    throw new UsageError(`--only: expected a part of the name of a run in ${shownPath(path)}, got "${text}"`);
  for (const run of runs.toReversed()) if (chosen.has(run.id)) for (const need of needsOf(run)) chosen.add(need);
  return runs.filter(({ id }) => chosen.has(id));
}

const stateOf = ({ id }: Run, { records }: Folders): string =>
  hasRecord(records, id) ? 'recorded' : existsSync(failurePath(records, id)) ? 'failed' : 'to do';

function list(runs: readonly Run[], folders: Folders, json: boolean | undefined): void {
  const all = runs.map((run) => ({ run: run.id, state: stateOf(run, folders), basis: run.basis }));
  print(json, all, () =>
    all.map(({ run, state, basis }) => `${run}: ${state}${basis === null ? '' : `, on ${basis}`}`).join('\n'),
  );
}

/** What is missing: records, and images that runs without a record need. */
function jobsOf(runs: readonly Run[], folders: Folders): Job[] {
  const missing = new Set(runs.filter(({ id }) => !hasRecord(folders.records, id)).map(({ id }) => id));
  for (const run of runs.toReversed())
    if (missing.has(run.id))
      for (const need of needsOf(run)) if (!existsSync(imagePath(folders, need))) missing.add(need);
  return runs
    .filter(({ id }) => missing.has(id))
    .map((run) => ({ id: run.id, needs: needsOf(run).filter((need) => missing.has(need)) }));
}

async function performAll(grid: Grid, runs: readonly Run[], folders: Folders, flags: SweepFlags): Promise<void> {
  const jobs = jobsOf(runs, folders);
  mkdirSync(folders.records, { recursive: true });
  const hands = await handsFor(grid, folders, flags);
  const board = new ProgressBoard(jobs.length, runs.length - jobs.length);
  const needed = new Set(jobs.flatMap(({ needs }) => needs));
  const isMissing = (id: string): boolean =>
    !hasRecord(folders.records, id) || (needed.has(id) && !existsSync(imagePath(folders, id)));
  const elsewhere = new Set<string>();
  const failed = await sweep(jobs, {
    workers: hands.workers,
    perform: async ({ id }) => {
      if (!isMissing(id)) elsewhere.add(id);
      else await hands.perform(runNamed(grid, id), (message) => board.progress(id, message));
    },
    // a queue hands a run to one worker by itself
    ...(flags.redis === undefined && { claim: ({ id }) => claim(claimPath(folders.records, id)) }),
    onStart: ({ id }) => board.start(id),
    onEnd: ({ id }, error) => {
      if (error) writeWhole(failurePath(folders.records, id), `${formatted({ run: id, error: error.message })}\n`);
      board.end(id, error ? `failed: ${error.message}` : elsewhere.has(id) ? 'by another sweep' : reached(folders, id));
    },
    onWait: () => board.say('another sweep is at what is left; waiting for it'),
  }).finally(() => hands.close());
  board.stop();
  const done = runs.filter(({ id }) => hasRecord(folders.records, id)).map(({ id }) => id);
  const result = {
    grid: grid.name,
    records: folders.records,
    images: folders.images,
    done,
    failed: Object.fromEntries(Array.from(failed, ([id, { message }]) => [id, message])),
  };
  print(flags.json, result, () => `${grid.name}: ${counted(done.length, 'record')} in ${shownPath(folders.records)}`);
  if (failed.size > 0)
    throw new CheckFailed(
      `${counted(failed.size, 'run')} of ${runs.length} failed:\n${Array.from(failed, ([id, { message }]) => `  ${id}: ${message}`).join('\n')}`,
    );
}

/** Children, which read the grid again. */
const handsFor = async (grid: Grid, folders: Folders, { redis, jobs }: SweepFlags): Promise<Hands> =>
  redis !== undefined
    ? handsOfQueue(redis, grid, folders)
    : {
        workers: jobs,
        perform: ({ id }, onProgress) => {
          const words = ['sweep', grid.path, '--run', id, '--records', folders.records, '--images', folders.images];
          return runVerb(words, (message) => onProgress(message as ProgressMessage));
        },
        close: async () => {},
      };

/** "12,345 bytes, 812 s; later ecg-beats .790, wisdm .600; test ..." */
function reached({ records }: Folders, run: string): string {
  const { image, training, results } = readRecord(records, run);
  const splits = (['later', 'test'] as const).flatMap((split) => {
    const figures = results.flatMap(({ program, splits }) =>
      splits[split] ? [`${program} ${splits[split].macroF1.value.toFixed(3)}`] : [],
    );
    return figures.length > 0 ? [`${split} ${figures.join(', ')}`] : [];
  });
  return [`${image.bytes} bytes, ${training.seconds} s`, ...splits].join('; ');
}
