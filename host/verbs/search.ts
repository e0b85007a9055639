/** htpw search: the best network for a task within a budget of bytes, chosen on validation windows alone. */
import { existsSync, mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, dirname, join, relative, resolve } from 'node:path';
import type { Command } from 'commander';
import { dataSetList, dataSetNames } from '../data/registry.ts';
import { columns } from '../drawing/columns.ts';
import { plotCurve } from '../drawing/qualityPlot.ts';
import { cardOf, drawingOf, type Outcome, tableOf } from '../search/account.ts';
import { asFile, type Base, isFor, readBase } from '../search/base.ts';
import { assertSomeFits, type Candidate, drawn, runFor, Sizes } from '../search/candidates.ts';
import { halve, type Judged, rungsOf } from '../search/halving.ts';
import type { Run } from '../sweep/grid.ts';
import { assertSame, type Folders, imagePath } from '../sweep/perform.ts';
import { failurePath, formatted, hasRecord, type RunRecord, readRecord } from '../sweep/record.ts';
import { sweep } from '../sweep/sweep.ts';
import { counted } from '../system/counted.ts';
import { planOutput, readInput, writeWhole } from '../system/files.ts';
import { grouped } from '../system/grouped.ts';
import { buildFolder, projectRoot } from '../system/root.ts';
import { shownPath } from '../system/shownPath.ts';
import { removeAbandoned } from '../system/workFolder.ts';
import { openTask, taskNames } from '../task/task.ts';
import { MOST_EPOCHS, MOST_SEED } from '../train/config.ts';
import type { NetworkConfig } from '../train/networkConfig.ts';
import { type Hands, handsHere, handsOfQueue, WORK } from './hands.ts';
import { amount, commandOf, oneOf, REDIS, valued, wholeNumber } from './options.ts';
import { ProgressBoard } from './progressBoard.ts';
import { CheckFailed, print, UsageError, withProgress } from './verb.ts';

interface SearchFlags {
  task?: string;
  config?: string;
  data?: string;
  budget: number;
  candidates: number;
  epochs?: number;
  seed?: number;
  jobs: number;
  redis?: string;
  folder?: string;
  output?: string;
  json?: boolean;
}

export function searchVerb(program: Command): void {
  program
    .command('search')
    .summary('the best network for a task within a budget of bytes')
    .description(
      'Choose depth, width and what holds the weights of each layer by successive halving: candidates are drawn with a seed, as wide as their packed images fit, trained for few epochs, and the best third of them three times as long, until the last are trained as long as the configuration says. Validation windows alone decide; no window of the test split is read. Each training is a run with a record: stopped or killed, the same command goes on where it was. Writes the image, its configuration, a card and a drawing of what was tried.',
    )
    .option('--task <file>', 'a name in models/tasks or a file; default: that of --config')
    .addOption(valued('--budget <bytes>', 'largest image, as 16kB or 16k', amount('flash')).makeOptionMandatory())
    .option(
      '--config <file>',
      'configuration to vary; default: the one for the task in models/configs, pareto.json and further.json before others',
    )
    .addOption(valued('--data <name>', `${dataSetList()}, in place of the task's`, oneOf(dataSetNames())))
    .addOption(valued('--candidates <count>', 'how many are tried; default 27', wholeNumber(1, 1000), '27'))
    .addOption(
      valued('--epochs <count>', 'of the last rung; default: of the configuration', wholeNumber(1, MOST_EPOCHS)),
    )
    .addOption(
      valued('--seed <number>', 'of draw and trainings; default: of the configuration', wholeNumber(0, MOST_SEED)),
    )
    .addOption(
      valued(
        '--jobs <count>',
        'trainings at the same time; default: one for each core',
        wholeNumber(1, 1024),
        String(availableParallelism()),
      ),
    )
    .addOption(valued('--redis <url>', 'leave the trainings to htpw worker, through a queue on this server', REDIS))
    .option('--folder <folder>', 'where records and images of all that is tried go; default build/search/<task>')
    .option(
      '-o, --output <image>',
      'where the best image goes, and its .json, .md and .svg; default build/<task>-<budget>.htpw',
    )
    .option('--json', 'machine-readable result')
    .addHelpText(
      'after',
      '\nExamples:\n  htpw search --task wisdm --budget 16kB\n  htpw search --task synthetic-motion --budget 6kB --candidates 9 --seed 2\n  htpw search --config mine/wheel.json --budget 8kB -o build/wheel.htpw\n  htpw search --task uci-har --budget 8kB --redis redis://localhost:6379',
    )
    .action(async (flags: SearchFlags) => {
      const base = readBase(configFor(flags), flags.task, flags.seed);
      const { name } = base.configuration.tasks[0]!;
      const data = flags.data ?? base.task.data.set;
      const folder =
        flags.folder ?? join(buildFolder(), 'search', data === base.task.data.set ? name : `${name}-${data}`);
      const folders: Folders = { records: join(folder, 'records'), images: join(folder, 'images') };
      const outputs = plannedFor(flags.output ?? join('build', `${name}-${amountText(flags.budget)}.htpw`), base);
      assertThere(base, flags.data);
      const sizes = new Sizes(base);
      await assertSomeFits(base, flags.budget, sizes);
      const { budget, candidates: count } = flags;
      const candidates = await withProgress('candidates', (report) =>
        drawn(base, { budget, count, seed: base.seed }, sizes, (done) => report(done, count)),
      );
      const rungs = rungsOf(candidates.length, flags.epochs ?? base.configuration.epochs);
      const trainer = new Trainer(base, flags, folders);
      const tried = await trainer.use(() =>
        halve(candidates, rungs, budget, (some, epochs) => trainer.train(some, epochs)),
      );
      const [best] = tried;
      if (!best || best.failed !== null || best.rungs.length < rungs.length)
        throw new CheckFailed(
          `search: none of ${counted(candidates.length, 'candidate')} was trained: ${best?.failed}`,
        );
      const run = trainer.runOf(best.candidate, rungs.at(-1)!.epochs);
      if (!existsSync(imagePath(folders, run.id))) await trainer.use(() => trainer.again(run));
      const outcome: Outcome = { name, budget, rungs, tried };
      const record = readRecord(folders.records, run.id);
      write(outputs, { base, run, record, outcome, folders, flags });
      print(flags.json, resultOf(outcome, record, outputs, folders), () => said(outcome, record, outputs));
    });
}

/** Given, or in models/configs. Throws UsageError where neither task nor configuration says what is wanted. */
function configFor({ task, config }: SearchFlags): string {
  if (config !== undefined) return config;
  if (task === undefined)
    throw new UsageError('search: expected --task or --config, got neither; as --task wisdm --budget 16kB');
  const folder = relative('', join(projectRoot(), 'models', 'configs'));
  const found = ['pareto', 'further', basename(task, '.json')]
    .map((name) => join(folder, `${name}.json`))
    .find((path) => existsSync(path) && isFor(path, task));
  if (found !== undefined) return found;
  const tasks = taskNames().includes(task) ? '' : `, or the task, one of ${taskNames().join(', ')}`;
  throw new UsageError(
    `--task: expected one that a configuration in models/configs is for, got "${task}"; give the configuration with --config${tasks}`,
  );
}

/** The same as for a training: recordings that are missing are said before anything is tried. */
function assertThere({ task }: Base, data: string | undefined): void {
  const { set, folder, load } = openTask(task, { data });
  if (!set.isThere(folder)) load('validation');
}

interface Outputs {
  image: ReturnType<typeof planOutput>;
  config: ReturnType<typeof planOutput>;
  card: ReturnType<typeof planOutput>;
  drawing: ReturnType<typeof planOutput>;
}

/** Four files of one name. */
function plannedFor(name: string, { path }: Base): Outputs {
  const image = planOutput(name, { inputs: [path] });
  if (image.isStdout) throw new UsageError('-o: expected a file, beside which the others go, got standard output');
  const beside = (extension: string) => `${name.replace(/\.htpw$/, '')}.${extension}`;
  const [config, card, drawing] = ['json', 'md', 'svg'].map((one) => planOutput(beside(one), { inputs: [path] }));
  return { image, config: config!, card: card!, drawing: drawing! };
}

/** "16kB", "16KiB", "16500B" */
function amountText(bytes: number): string {
  if (bytes % 1000 === 0) return `${bytes / 1000}kB`;
  return bytes % 1024 === 0 ? `${bytes / 1024}KiB` : `${bytes}B`;
}

/** Trains candidates as runs of a sweep, of which those that are recorded are not trained again. */
class Trainer {
  private hands: Hands | null = null;

  constructor(
    private readonly base: Base,
    private readonly flags: SearchFlags,
    private readonly folders: Folders,
  ) {}

  /** Who trains is there while `work` is done. */
  async use<T>(work: () => Promise<T>): Promise<T> {
    const { redis, jobs } = this.flags;
    mkdirSync(this.folders.records, { recursive: true });
    if (redis === undefined) removeAbandoned(WORK);
    this.hands =
      redis === undefined
        ? handsHere(jobs, this.base, this.folders)
        : await handsOfQueue(redis, this.base, this.folders);
    try {
      return await work();
    } finally {
      await this.hands.close();
    }
  }

  runOf(candidate: Candidate, epochs: number): Run {
    return { ...runFor(this.base, candidate, epochs), data: this.flags.data ?? null };
  }

  async train(candidates: readonly Candidate[], epochs: number): Promise<Map<Candidate, Judged | Error>> {
    const runs = new Map(candidates.map((one) => [one, this.runOf(one, epochs)]));
    for (const run of runs.values()) assertSame(run, this.folders);
    const missing = [...runs.values()].filter(({ id }) => !hasRecord(this.folders.records, id));
    const board = new ProgressBoard(missing.length, runs.size - missing.length);
    const failed = await sweep(
      missing.map((run) => ({ id: run.id, needs: [], run })),
      {
        workers: this.hands!.workers,
        perform: ({ id, run }) => this.hands!.perform(run, (message) => board.progress(id, message)),
        onStart: ({ id }) => board.start(id),
        onEnd: ({ id }, error) => board.end(id, error ? this.fails(id, error) : this.reached(id)),
      },
    );
    board.stop();
    return new Map(Array.from(runs, ([one, { id }]) => [one, failed.get(id) ?? this.judged(id)]));
  }

  /** The image of a run that is recorded and whose image is not there any more. */
  again = (run: Run): Promise<void> => this.hands!.perform(run, () => {});

  private judged(id: string): Judged {
    const { image, configuration, results } = readRecord(this.folders.records, id);
    const { value, low, high } = results[0]!.splits.validation!.macroF1;
    const { bytes, sha256 } = image;
    return { epochs: configuration.epochs, validation: value, low, high, bytes, sha256 };
  }

  private reached(id: string): string {
    const { bytes, validation } = this.judged(id);
    return `${grouped(bytes)} bytes, validation ${validation.toFixed(3)}`;
  }

  private fails(id: string, { message }: Error): string {
    writeWhole(failurePath(this.folders.records, id), `${formatted({ run: id, error: message })}\n`);
    return `failed: ${message}`;
  }
}

interface Found {
  base: Base;
  run: Run;
  record: RunRecord;
  outcome: Outcome;
  folders: Folders;
  flags: SearchFlags;
}

function write(outputs: Outputs, { base, run, record, outcome, folders, flags }: Found): void {
  const here = dirname(outputs.config.name);
  const moved = (path: string): string => relative(resolve(here), resolve(dirname(base.path), path));
  const data = flags.data === undefined ? [] : ['--data', flags.data];
  const [image, config] = [outputs.image.name, outputs.config.name];
  outputs.image.write(readInput(imagePath(folders, run.id)));
  outputs.config.write(`${formatted(asFile(run.configuration, moved))}\n`);
  outputs.drawing.write(drawingOf(outcome));
  outputs.card.write(
    cardOf(outcome, {
      task: base.task,
      network: run.configuration.tasks[0]!.network as unknown as NetworkConfig,
      record,
      commands: [searched(flags, base), commandOf('htpw', 'train', '--config', config, ...data, '-o', image)],
      next: commandOf('htpw', 'card', image, '--config', config, ...data),
      drawing: basename(outputs.drawing.name),
    }),
  );
}

/** The command line of the search, with all that decides. */
function searched({ task, config, data, budget, candidates, epochs, output }: SearchFlags, { seed }: Base): string {
  const options = { task, config, data, budget: `${budget}`, candidates: `${candidates}`, epochs, seed, output };
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return commandOf('htpw', 'search', ...given.flatMap(([name, value]) => [`--${name}`, `${value}`]));
}

const namesOf = ({ image, config, card, drawing }: Outputs) => ({
  output: image.name,
  config: config.name,
  card: card.name,
  drawing: drawing.name,
});

function resultOf(
  { name, budget, rungs, tried }: Outcome,
  { image }: RunRecord,
  outputs: Outputs,
  { records }: Folders,
) {
  return {
    task: name,
    budget,
    ...namesOf(outputs),
    bytes: image.bytes,
    sha256: image.sha256,
    chosen: tried[0]!.candidate.name,
    validation: tried[0]!.rungs.at(-1)!.validation,
    records,
    rungs,
    tried: tried.map(({ candidate: { configuration: _, ...candidate }, rungs: judged, failed }) => ({
      ...candidate,
      rungs: judged,
      failed,
    })),
  };
}

function said(outcome: Outcome, { image }: RunRecord, outputs: Outputs): string {
  const { name, budget, rungs, tried } = outcome;
  const points = tried
    .filter(({ rungs: judged }) => judged.length === rungs.length)
    .map(({ rungs: judged }) => ({ bytes: judged.at(-1)!.bytes, quality: judged.at(-1)!.validation }));
  const { output, config, card, drawing } = namesOf(outputs);
  return [
    `${name} within ${grouped(budget)} bytes: ${counted(tried.length, 'candidate')}, macro-F1 on validation windows`,
    columns(tableOf(outcome)),
    '',
    plotCurve(points, `macro-F1 on validation windows after ${counted(rungs.at(-1)!.epochs, 'epoch')}, against bytes`),
    '',
    `${shownPath(output)}: ${grouped(image.bytes)} bytes, SHA-256 ${image.sha256}`,
    ...[config, card, drawing].map((path) => `${shownPath(path)}: written`),
    `next, on windows that nothing was chosen by: ${commandOf('htpw', 'card', output, '--config', config)}`,
  ].join('\n');
}
