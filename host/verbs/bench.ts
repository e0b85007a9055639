/** htpw bench: instructions of kernels and networks on emulated cores, and the worst cases of the runtime. */
import { existsSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { countingBoards, measureAll, measureOnPort, recordedBoards } from '../measure/benchmarks.ts';
import { measureCycles } from '../measure/cycles/measure.ts';
import { cycleReport } from '../measure/cycles/tables.ts';
import { measureDeployments } from '../measure/deployments.ts';
import { excess } from '../measure/figures.ts';
import { measureFloat } from '../measure/float.ts';
import { goldenFolder } from '../measure/golden.ts';
import { measureImported } from '../measure/imported.ts';
import { measureJoined } from '../measure/joined.ts';
import { timeVariants } from '../measure/node.ts';
import { measurePlain } from '../measure/plain.ts';
import { measurePruned, PRUNED_NAMES, type PrunedName, type PruneRecord } from '../measure/pruned.ts';
import { currentCommit, readRecord, recordPath, writeRecord } from '../measure/records.ts';
import { measureRoutes } from '../measure/routes.ts';
import { measureSlices } from '../measure/slices.ts';
import { boardTables, cycleTable, nodeTable, type TrainingRecord, trainingTable } from '../measure/tables.ts';
import { exampleCommands } from '../pages/sections.ts';
import { measureReliability } from '../reliability/measure.ts';
import { Runtime } from '../runtime/node.ts';
import { planOutput } from '../system/files.ts';
import { projectRoot } from '../system/root.ts';
import { testWindows } from '../task/inputs.ts';
import { readConfigs, type TrainingSpeed, trainingSpeed } from '../train/index.ts';
import { CheckFailed, print, UsageError, withProgress } from './verb.ts';

interface Flags {
  board?: string;
  port?: string;
  check?: boolean;
  node?: boolean;
  reliability?: boolean;
  deploy?: boolean;
  imported?: boolean;
  float?: boolean;
  train?: boolean;
  prune?: PrunedName[] | true;
  join?: boolean;
  route?: boolean;
  slice?: boolean;
  plain?: boolean;
  cycles?: boolean;
  json?: boolean;
}

const NODE_MODEL = join('models', 'ecg-beats.htpw');
const NODE_WINDOWS = 16;
const NODE_ROUNDS = 31;

export function benchVerb(program: Command): void {
  program
    .command('bench')
    .summary('instructions of kernels and whole networks on every emulated core, beside CMSIS-NN and TFLM')
    .description(
      'Run a table of operator shapes, the ECG network and the four networks of MLPerf Tiny on the emulated cores and count instructions. A kernel counts as what one more run of it adds to an inference, dispatch, table and requantisation included; a network as a whole inference. Writes bench/<board>.json.',
    )
    .option('--board <name>', `one of ${countingBoards().join(', ')}; default: those that bench/ has figures of`)
    .option('--port <device>', 'serial port of a real --board: cycles of each kernel there; writes nothing')
    .option('--check', 'write nothing; fail where a count exceeds the committed one by over 1 %, or the code has grown')
    .addOption(instead('--node', 'time the WebAssembly variants on the ECG model in Node instead'))
    .addOption(
      instead(
        '--reliability',
        'the most expensive programs and images, and flipped bits instead; writes bench/reliability.json',
      ),
    )
    .addOption(
      instead('--deploy', 'every committed image on every board instead, some minutes; writes bench/deploy.json'),
    )
    .addOption(
      instead('--imported', 'the trained networks of MLPerf Tiny in HTPW_DATA instead; writes bench/imported.json'),
    )
    .addOption(
      instead(
        '--float',
        'float networks of MLPerf Tiny in HTPW_DATA, quantised here, instead; writes bench/float.json',
      ),
    )
    .addOption(
      instead('--train', 'windows a second of training here, by processor time, instead; writes bench/train.json'),
    )
    .addOption(
      instead(
        '--prune [networks]',
        `depth pruning instead, some minutes and HTPW_DATA: all, or some of ${PRUNED_NAMES.join(', ')}; writes bench/prune.json`,
      ).argParser(prunedNames),
    )
    .addOption(instead('--join', 'networks on codebooks that they share instead, of HTPW_DATA; writes bench/join.json'))
    .addOption(
      instead(
        '--route',
        'selectors and their classifiers beside single networks, from the sweep of models/sweeps/route.json, instead; writes bench/route.json',
      ),
    )
    .addOption(
      instead('--slice', 'what strips save of the arena of a route, on three cores, instead; writes bench/slices.json'),
    )
    .addOption(
      instead('--plain', 'what -O2 without the flags of the build files loses instead; writes bench/plain.json'),
    )
    .addOption(
      instead(
        '--cycles',
        'what models of Cortex-M4 and Cortex-M7 estimate for kernels and networks instead; writes bench/cycles.json',
      ),
    )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  htpw bench --board mps2-an500\n  htpw bench --check\n  htpw bench --node\n  htpw bench --reliability\n  htpw bench --deploy\n  htpw bench --imported\n  htpw bench --float\n  htpw bench --train\n  htpw bench --join\n  htpw bench --route\n  htpw bench --slice\n  htpw bench --plain\n  htpw bench --cycles\n  htpw bench --prune\n  htpw bench --prune kws,uci-har\n  htpw bench --board nucleo-f767zi --port /dev/ttyACM0',
    )
    .action((flags: Flags) => {
      if (flags.node) return benchNode(flags);
      if (flags.reliability) return benchRecord('reliability', measureReliability, flags);
      if (flags.deploy) return benchRecord('deploy', deployments, flags);
      if (flags.imported) return benchRecord('imported', (report) => measureImported(goldenFolder(), report), flags);
      if (flags.float) return benchRecord('float', async (report) => measureFloat(report), flags);
      if (flags.train) return benchTraining(flags);
      if (flags.prune) return benchRecord('prune', pruned(flags.prune), flags);
      if (flags.join) return benchRecord('join', measureJoined, flags);
      if (flags.plain) return benchRecord('plain', measurePlain, flags);
      if (flags.cycles) return benchCycles(flags);
      if (flags.slice) return benchRecord('slices', measureSlices, flags);
      if (flags.route) return benchRecord('route', measureRoutes, flags);
      return flags.port === undefined ? benchBoards(flags) : benchPort(flags, flags.port);
    });
}

/** An option that measures something else than kernels on boards, and nothing besides. */
function instead(flags: string, description: string): Option {
  const all = [
    'board',
    'check',
    'port',
    'node',
    'reliability',
    'deploy',
    'imported',
    'float',
    'train',
    'prune',
    'join',
    'route',
    'slice',
    'plain',
    'cycles',
  ];
  return new Option(flags, description).conflicts(all.filter((name) => !flags.startsWith(`--${name}`)));
}

async function benchBoards({ board, check, json }: Flags): Promise<void> {
  if (board !== undefined && !countingBoards().includes(board))
    throw new UsageError(`--board must be one of ${countingBoards().join(', ')}, got "${board}"`);
  const boards = board === undefined ? recordedBoards() : [board];
  if (!check) for (const name of boards) planOutput(recordPath(name));
  const measured = await measureAll(boards);
  print(json, measured, () => measured.map(boardTables).join('\n\n\n'));
  if (check) {
    const exceeded = measured.flatMap((now) => excess(now, readRecord(now.board)));
    if (exceeded.length > 0) throw new CheckFailed(`more than committed in bench/:\n  ${exceeded.join('\n  ')}`);
    return;
  }
  const commit = await currentCommit();
  for (const { board, ...figures } of measured) writeRecord(board, { board, commit, ...figures });
}

async function benchPort({ board, check, json }: Flags, port: string): Promise<void> {
  if (board === undefined || check)
    throw new UsageError('bench: --port needs --board <name>, and has nothing to --check; htpw bench --help');
  const kernels = await measureOnPort(board, port);
  print(json, { board, kernels }, () => cycleTable(board, kernels));
}

type Report = (done: number, total: number, note?: string) => void;

/** Measures, writes the record, and says which pages are made of it. */
async function benchRecord(name: string, measure: (report: Report) => Promise<object>, { json }: Flags): Promise<void> {
  planOutput(recordPath(name));
  const measured = await withProgress('bench', measure);
  writeRecord(name, measured);
  print(json, measured, () => `bench/${name}.json: written; htpw pages renews the pages that it is shown on`);
}

async function benchCycles({ json }: Flags): Promise<void> {
  planOutput(recordPath('cycles'));
  const record = await withProgress('bench', measureCycles);
  writeRecord('cycles', record);
  print(json, record, () => cycleReport(record));
}

/** The images on the boards, and the examples of the page on residency. */
const deployments = (report: Report) =>
  measureDeployments(exampleCommands(readFileSync(join(projectRoot(), 'docs', 'residency.md'), 'utf8')), report);

/** Of one network, and of four that share a basis. */
const TRAINED = ['ecg-beats', 'four-tasks'];

async function benchTraining({ json }: Flags): Promise<void> {
  planOutput(recordPath('train'));
  const networks = await withProgress('bench', async (report) => {
    const measured: TrainingSpeed[] = [];
    for (const name of TRAINED) {
      report(measured.length, TRAINED.length, name);
      measured.push(await trainingSpeed(readConfigs(join(projectRoot(), 'models', 'configs', `${name}.json`))));
    }
    return measured;
  });
  const commit = await currentCommit();
  const record: TrainingRecord = { commit, processor: cpus()[0]!.model, node: process.version, networks };
  writeRecord('train', record);
  print(json, record, () => `${record.processor}, Node ${record.node}\n\n${trainingTable(networks)}`);
}

/** "kws,vww" */
function prunedNames(text: string): PrunedName[] {
  const names = text.split(',').map((name) => PRUNED_NAMES.find((known) => known === name));
  if (names.every((name) => name !== undefined)) return names;
  throw new UsageError(`--prune must be some of ${PRUNED_NAMES.join(', ')} with commas between them, got "${text}"`);
}

/** Some networks of the record, and what it has of the others; without names all. */
const pruned = (names: PrunedName[] | true) => (report: Report) => {
  const before = () => (existsSync(recordPath('prune')) ? readRecord<PruneRecord>('prune') : null);
  return measurePruned(names === true ? PRUNED_NAMES : names, before, report);
};

async function benchNode({ json }: Flags): Promise<void> {
  const image = new Uint8Array(readFileSync(join(projectRoot(), NODE_MODEL)));
  const { windows } = testWindows(new Runtime(image), NODE_WINDOWS, 'synthetic-easy');
  const figures = timeVariants(image, windows, NODE_ROUNDS);
  const title = `${NODE_MODEL}, Node ${process.version}, median of ${NODE_ROUNDS} rounds of ${NODE_WINDOWS} windows`;
  print(json, figures, () => `${title}\n\n${nodeTable(figures)}`);
  const wrong = figures.filter(({ differing }) => differing > 0);
  if (wrong.length > 0)
    throw new CheckFailed(
      wrong
        .map(({ variant, differing }) => `${variant}: ${differing} of ${windows.length} outputs differ from scalar`)
        .join('\n'),
    );
}
