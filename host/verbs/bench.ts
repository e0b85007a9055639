/** htpw bench: instructions of kernels and networks on emulated cores, and the worst cases of the runtime. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { excess, type Figures } from '../bench/figures.ts';
import { countingBoards, measureAll, measureOnPort, recordedBoards } from '../bench/measure.ts';
import { timeVariants } from '../bench/node.ts';
import { boardTables, cycleTable, nodeTable } from '../bench/tables.ts';
import { run } from '../board/process.ts';
import { projectRoot } from '../board/root.ts';
import { measureReliability } from '../reliability/measure.ts';
import { withReliability } from '../reliability/page.ts';
import { Runtime } from '../runtime/node.ts';
import { planOutput, readInput, writeWhole } from '../system/files.ts';
import { parseJson } from '../system/json.ts';
import { testWindows } from '../task/inputs.ts';
import { CheckFailed, print, UsageError } from './verb.ts';

interface Flags {
  board?: string;
  port?: string;
  check?: boolean;
  node?: boolean;
  reliability?: boolean;
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
    .option('--port <device>', 'serial port of a real --board: what each kernel takes there, in cycles; writes nothing')
    .option('--check', 'write nothing; fail where a count exceeds the committed one by over 1 %, or the code has grown')
    .addOption(
      new Option('--node', 'time the WebAssembly variants on the ECG model in Node instead').conflicts([
        'board',
        'check',
        'port',
      ]),
    )
    .addOption(
      new Option(
        '--reliability',
        'the worst programs and images known, and flipped bits; writes bench/reliability.json and docs/reliability.md',
      ).conflicts(['board', 'check', 'node', 'port']),
    )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  htpw bench --board mps2-an500\n  htpw bench --check\n  htpw bench --node\n  htpw bench --reliability\n  htpw bench --board nucleo-f767zi --port /dev/ttyACM0',
    )
    .action((flags: Flags) => {
      if (flags.node) return benchNode(flags);
      if (flags.reliability) return benchReliability(flags);
      return flags.port === undefined ? benchBoards(flags) : benchPort(flags, flags.port);
    });
}

async function benchBoards({ board, check, json }: Flags): Promise<void> {
  if (board !== undefined && !countingBoards().includes(board))
    throw new UsageError(`--board must be one of ${countingBoards().join(', ')}, got "${board}"`);
  const boards = board === undefined ? recordedBoards() : [board];
  const path = (name: string) => join(projectRoot(), 'bench', `${name}.json`);
  if (!check) for (const name of boards) planOutput(path(name));
  const measured = await measureAll(boards);
  print(json, measured, () => measured.map(boardTables).join('\n\n\n'));
  if (check) {
    const exceeded = measured.flatMap((now) => excess(now, recordOf(path(now.board))));
    if (exceeded.length > 0) throw new CheckFailed(`more than committed in bench/:\n  ${exceeded.join('\n  ')}`);
    return;
  }
  const commit = (await run('git', ['rev-parse', '--short', 'HEAD'], { cwd: projectRoot() })).trim();
  for (const { board, ...figures } of measured)
    writeWhole(path(board), `${JSON.stringify({ board, commit, ...figures }, null, 2)}\n`);
}

/** What bench/ says of a board. */
const recordOf = (path: string) => parseJson(path, readInput(path)) as Figures;

async function benchPort({ board, check, json }: Flags, port: string): Promise<void> {
  if (board === undefined || check)
    throw new UsageError('bench: --port needs --board <name>, and has nothing to --check; htpw bench --help');
  const kernels = await measureOnPort(board, port);
  print(json, { board, kernels }, () => cycleTable(board, kernels));
}

async function benchReliability({ json }: Flags): Promise<void> {
  const page = planOutput(join(projectRoot(), 'docs', 'reliability.md'));
  const record = planOutput(join(projectRoot(), 'bench', 'reliability.json'));
  const measured = await measureReliability();
  const written = withReliability(readFileSync(page.name, 'utf8'), measured);
  record.write(`${JSON.stringify(measured, null, 2)}\n`);
  page.write(written);
  print(json, measured, () => written.slice(written.indexOf('<!-- limits -->')));
}

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
