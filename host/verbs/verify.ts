/** htpw verify: a board against the WASM, layer by layer. */

import type { Command } from 'commander';
import { anyInput } from '../agent/session.ts';
import { type BranchShare, branchesTaken, expectation, withEveryBranch, withShares } from '../agent/shares.ts';
import { type SwitchResult, verifySwitches } from '../agent/switch.ts';
import { type BranchCounts, verifyBoard } from '../agent/verify.ts';
import { loadBoard } from '../boards/board.ts';
import { imageFor, placeUnderBuild } from '../build/placedImage.ts';
import { describeAccounts } from '../data/part.ts';
import { dataSetList, dataSetNames, openDataset } from '../data/registry.ts';
import { columns } from '../drawing/columns.ts';
import { takingBranch } from '../image/branches.ts';
import { keptBy } from '../operators/registry.ts';
import { metadataAt, programName } from '../records/names.ts';
import { ImageError, ImageView } from '../records/view.ts';
import { Runtime } from '../runtime/node.ts';
import { PORTABLE, type VariantName } from '../runtime/variants.ts';
import { counted } from '../system/counted.ts';
import { planOutput } from '../system/files.ts';
import { bytesOf, type Inputs, spread, taskTaken, testWindows } from '../task/inputs.ts';
import { PROGRAM_OPTION, programIndex, RESIDENCY_OPTION } from './image.ts';
import { INPUTS, type InputFlags, metadataOf, readInputs, withInputOptions } from './inputs.ts';
import { LEAD_OPTION, oneOf, valued, wholeNumber } from './options.ts';
import { CheckFailed, print, UsageError, withProgress } from './verb.ts';

interface VerifyFlags extends InputFlags {
  board?: string;
  windows: number;
  program: string;
  data?: string;
  lead?: string;
  input?: string;
  residency?: string;
  port?: string;
  record?: string;
  log?: string;
  switch?: number;
  seed: number;
  json?: boolean;
}

export function verifyVerb(program: Command): void {
  const command = program
    .command('verify <image>')
    .summary('a board against the WASM, layer by layer, bit for bit')
    .description(
      'Run windows on a board (emulated, native, or real with --port), or take its answers from a log, and compare the output and the CRC of every layer with the WASM in Node. Exits with 1 when they differ.',
    )
    .option('--board <name>', 'board to run on, a name or the path of its folder; with --log the one it must be from')
    .addOption(
      valued(
        '--windows <count>',
        'inputs to compare, spread evenly over all',
        wholeNumber(1, 1_000_000),
        '16',
      ).conflicts('log'),
    )
    .addOption(
      valued(
        '--data <name>',
        `${dataSetList()}; default: that of the image's task when it is there, else its stand-in`,
        oneOf(dataSetNames()),
      ),
    )
    .option(...LEAD_OPTION)
    .option('--input <path>', `inputs of your own in place of a data set: ${INPUTS}`)
    .option(...PROGRAM_OPTION)
    .option(...RESIDENCY_OPTION)
    .option('--port <device>', 'serial port of a real board')
    .option('--record <file>', 'keep the conversation with the board, to be verified again with --log')
    .option('--log <file>', 'verify a recorded conversation, without any board or compiler: the inputs are those in it')
    .addOption(
      valued(
        '--switch <count>',
        'in place of one program: load and run all in turn, so often, in random order, in one arena',
        wholeNumber(1, 1_000_000),
      ).conflicts(['program', 'log', 'record', 'input', 'data', 'lead', 'residency']),
    )
    .addOption(valued('--seed <number>', 'of the order of --switch', wholeNumber(0, 2 ** 32 - 1), '1'));
  withInputOptions(command)
    .option('--json', 'machine-readable result')
    .addHelpText(
      'after',
      '\nExamples:\n  htpw verify models/ecg-beats.htpw --board mps2-an500 --windows 64\n  htpw verify models/ecg-beats.htpw --board nucleo-f767zi --port /dev/ttyACM0 --record run.log\n  htpw verify models/ecg-beats.htpw --log run.log\n  htpw verify build/all.htpw --program motion --board mps2-an500\n  htpw verify build/all.htpw --switch 1000 --board mps2-an500',
    )
    .action(async (path: string, flags: VerifyFlags) => {
      const { board, log } = flags;
      assertFlags(flags);
      if (flags.record !== undefined) planOutput(flags.record, { inputs: [path, flags.input] });
      // all variants give the same bytes; a board's own is the closest
      const loaded = board ? loadBoard(board) : null;
      if (flags.port !== undefined && loaded?.runner.kind !== 'serial')
        throw new UsageError(`verify: --port is for a board of hardware, and ${loaded?.name} is none; leave it out`);
      const variant = (loaded?.variant ?? PORTABLE) as VariantName;
      const { imagePath, image, residency } = imageFor(path, log ? null : loaded, flags.residency);
      const view = new ImageView(image);
      if (flags.switch !== undefined) return switchPrograms(flags.switch, { imagePath, image, view, variant, flags });
      const index = programIndex(view, flags.program);
      const runtime = new Runtime(image, variant).load(index);
      runtime.checkWeights();
      const metadata = metadataOf(view, index);
      const inputs = inputsFor(runtime, taskNamed(view, index), flags, metadata);
      const { name, account } = inputs;
      const routed = log === undefined && view.programs[index].branches.some((place) => place !== null);
      const many = routed
        ? inputsFor(runtime, taskNamed(view, index), { ...flags, windows: Math.max(SHARED, flags.windows) }, metadata)
            .windows
        : [];
      const taken = routed ? branchesTaken(runtime, view.programs[index], many) : null;
      const windows =
        taken === null
          ? inputs.windows
          : withEveryBranch(spread(many.length, flags.windows), taken).map((i) => many[i]);
      const result = await withProgress(board ?? log!, (report) =>
        verifyBoard({
          imagePath,
          image,
          program: index,
          board,
          windows,
          reference: referenceOf(runtime, view, index),
          restart: () => runtime.reset(),
          port: flags.port,
          record: flags.record,
          log,
          onProgress: report,
        }),
      );
      const program = programName(view, index);
      const never = result.branches.filter(({ most }) => most === null);
      const counts =
        taken === null || flags.port !== undefined ? [] : await forced(never, result.board, path, image, index);
      const branches =
        taken === null
          ? []
          : withShares([...result.branches.filter(({ most }) => most !== null), ...counts], taken).sort(
              (a, b) => a.route - b.route || a.branch - b.branch,
            );
      const expected = expectation(branches);
      print(flags.json, { ...result, branches, expected, program, data: name, account, residency }, () =>
        [
          render(result, view.programs.length > 1 ? `program ${program}; ${name}` : name, residency),
          ...(taken === null ? [] : branchLines(branches, expected, [...taken.values()][0].length)),
          ...(account ? [`inputs from ${describeAccounts([account])}`] : []),
        ].join('\n'),
      );
      if (result.mismatchingBytes + result.mismatchingLayers > 0)
        throw new CheckFailed(`${result.board} differs from the WASM`);
    });
}

/**
 * What the loaded program answers in Node, in the same order. A board that is asked for checksums runs the input twice,
 * which only a program that keeps a state can tell.
 */
function referenceOf(runtime: Runtime, view: ImageView, program: number) {
  const keeps = view.programs[program].operators.some((operator) => keptBy(operator) !== null);
  return (input: Uint8Array, traced: boolean) => {
    if (keeps && traced) runtime.run(input);
    return runtime.traceCrcs(input);
  };
}

interface Switched {
  imagePath: string;
  image: Uint8Array;
  view: ImageView;
  variant: VariantName;
  flags: VerifyFlags;
}

/** All programs of an image in turn, each on windows of its own. Throws CheckFailed where an answer differs. */
async function switchPrograms(switches: number, { imagePath, image, view, variant, flags }: Switched): Promise<void> {
  const { board, port, seed, windows: count } = flags;
  const names = view.programs.map((_, index) => programName(view, index));
  if (names.length < 2)
    throw new UsageError('verify: --switch: expected an image of several programs, got one of one; leave it out');
  const runtime = new Runtime(image, variant);
  const inputs = names.map((_, index) =>
    testWindows(runtime.load(index), count, undefined, { task: taskNamed(view, index) }),
  );
  const result = await withProgress(board!, (onProgress) =>
    verifySwitches({
      imagePath,
      image,
      board: board!,
      switches,
      seed,
      windows: inputs.map(({ windows }) => windows),
      reference: (program, input) => referenceOf(runtime.load(program), view, program)(input, true),
      port,
      onProgress,
    }),
  );
  const programs = names.map((name, i) => ({ name, loads: result.loads[i]!, data: inputs[i]!.name }));
  const { loads: _, ...said } = result;
  print(flags.json, { ...said, programs }, () => renderSwitches(said, programs));
  if (result.mismatchingBytes + result.mismatchingLayers > 0)
    throw new CheckFailed(`${result.board} differs from the WASM`);
}

function renderSwitches(
  { board, switches, seed, mismatchingBytes, mismatchingLayers, firstMismatch }: Omit<SwitchResult, 'loads'>,
  programs: readonly { name: string; loads: number; data: string }[],
): string {
  const lines = [
    `${board}: ${counted(switches, 'switch', 'switches')} of seed ${seed}, ` +
      `${counted(mismatchingBytes, 'mismatching byte')}, ${counted(mismatchingLayers, 'mismatching layer')}`,
  ];
  if (firstMismatch) {
    const { window, operator, program } = firstMismatch;
    const where = operator === null ? 'output only' : `operator ${operator}`;
    lines.push(`first mismatch: switch ${window}, to ${programs[program]!.name}, ${where}`);
  }
  const rows = programs.map(({ name, loads, data }) => [name, loads, 'loads', data]);
  return [...lines, columns(rows)].join('\n');
}

/** The task that metadata name for a program; null where they name none, or cannot be read. */
function taskNamed(view: ImageView, index: number): string | null {
  try {
    const { task } = metadataAt(view.metadata(), index);
    return typeof task === 'string' ? task : null;
  } catch (error) {
    if (error instanceof ImageError) return null;
    throw error;
  }
}

/** A board or a log; and what only a board can do not with a log. */
function assertFlags({ board, port, record, log, data, lead, input, residency }: VerifyFlags): void {
  if (!board && !log)
    throw new UsageError('verify: expected --board <name> or --log <file>, got neither; htpw verify --help');
  const extra = Object.entries({ port, record, data, lead, input, residency }).find(([, value]) => value !== undefined);
  if (log && extra)
    throw new UsageError(`verify: --${extra[0]} needs a board, got --log ${log}; leave one of them out`);
  if (input !== undefined && (data !== undefined || lead !== undefined))
    throw new UsageError('verify: --input is in place of a data set; leave out --data and --lead, or --input');
  if (data !== undefined) openDataset(data, { lead });
}

/** Windows of a data set, the user's own inputs, or random ones. A data set for an image that takes none is refused. */
function inputsFor(
  runtime: Runtime,
  named: string | null,
  flags: VerifyFlags,
  metadata: Record<string, unknown>,
): Inputs {
  const { data, lead, input, log, windows: count } = flags;
  if (log !== undefined) return { windows: [], name: `inputs of ${log}`, account: null };
  if (input !== undefined) return ownInputs(runtime, count, input, flags, metadata);
  const option = data !== undefined ? `--data ${data}` : lead !== undefined ? `--lead ${lead}` : null;
  if (option !== null && !taskTaken(runtime, named))
    throw new UsageError(
      `verify: ${option}: expected an image that takes windows of a task, got one that takes ${bytesOf(runtime.inputs)} ` +
        'bytes of another kind; leave it out for random bytes, or give --input <file>',
    );
  return testWindows(runtime, count, data, { lead, task: named });
}

/** Windows that the shares of branches are counted over, in Node. */
const SHARED = 1000;

/** Counts of branches that no window takes, of images that always do; as they are where there is no such image. */
async function forced(
  never: readonly BranchCounts[],
  board: string,
  path: string,
  whole: Uint8Array,
  program: number,
): Promise<BranchCounts[]> {
  const counts: BranchCounts[] = [];
  for (const count of never) {
    const image = takingOrNull(whole, program, count.branch);
    if (image === null) {
      counts.push(count);
      continue;
    }
    const runtime = new Runtime(image).load(program);
    const windows = [anyInput(bytesOf(runtime.inputs))];
    const reference = referenceOf(runtime, new ImageView(image), program);
    const imagePath = placeUnderBuild(`${path}-branch-${count.branch}`, image);
    const { branches } = await verifyBoard({ imagePath, image, program, board, windows, reference });
    const found = branches.find(({ route, branch }) => route === count.route && branch === count.branch);
    counts.push({ ...count, most: found?.most ?? null });
  }
  return counts;
}

function takingOrNull(image: Uint8Array, program: number, branch: number): Uint8Array | null {
  try {
    return takingBranch(image, program, branch);
  } catch (error) {
    if (error instanceof ImageError) return null;
    throw error;
  }
}

/** What each branch takes, as a share of so many windows and in counts of the board. */
function branchLines(branches: readonly BranchShare[], expected: number | null, windows: number): string[] {
  const rows = branches
    .toSorted((a, b) => a.route - b.route || a.branch - b.branch)
    .map(({ route, branch, share, mean, most }) => [
      `  operator ${route}, branch ${branch}`,
      `${(100 * share).toFixed(1)} %`,
      mean ?? '-',
      most ?? '-',
    ]);
  const most = branches.map((branch) => branch.most);
  const worst = most.includes(null) ? 'unknown' : Math.max(...most.map(Number));
  return [
    `branches: share of ${counted(windows, 'window')} in Node, mean and most of an inference (0 %: of an image that takes it)`,
    columns(rows),
    columns([
      ['  expected', expected ?? 'unknown'],
      ['  worst', worst],
    ]),
  ];
}

function ownInputs(
  runtime: Runtime,
  count: number,
  input: string,
  flags: VerifyFlags,
  metadata: Record<string, unknown>,
): Inputs {
  const { inputs: all } = readInputs(input, runtime.inputs, flags, metadata);
  const windows = spread(all.length, count).map((i) => all[i]!);
  return { windows, name: `${windows.length} of the ${all.length} inputs of ${input}`, account: null };
}

type Result = Awaited<ReturnType<typeof verifyBoard>>;

function render(result: Result, data: string, residency: string | null): string {
  const unit = result.instructionsBoot === undefined ? result.tickUnit : 'instructions (emulated, exact)';
  const rows: (string | number)[][] = [
    ['boot synthesis', result.instructionsBoot ?? result.ticksBoot ?? 0, unit],
    ['per inference', result.instructionsPerInference ?? result.ticksPerInference ?? 0, unit],
  ];
  if (result.stackBytes > 0) rows.push(['stack', result.stackUsed, `of ${counted(result.stackBytes, 'byte')}`]);
  const { windows, mismatchingBytes, mismatchingLayers, firstMismatch } = result;
  const lines = [
    `${result.board}: ${counted(windows, 'window')}, ${counted(mismatchingBytes, 'mismatching byte')}, ` +
      `${counted(mismatchingLayers, 'mismatching layer')} (${data}${residency ? `; residency ${residency}` : ''})`,
  ];
  if (firstMismatch) {
    const { window, operator } = firstMismatch;
    lines.push(`first mismatch: window ${window}, ${operator === null ? 'output only' : `operator ${operator}`}`);
  }
  if (!result.weightsChecked) lines.push('generated weights: not checked in this log');
  return [...lines, columns(rows)].join('\n');
}
