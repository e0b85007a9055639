import type { Command } from 'commander';
import { loadBoard } from '../board/board.ts';
import { verifyBoard } from '../board/verify.ts';
import { DATASET_NAMES } from '../data/dataset.ts';
import { Runtime, type VariantName } from '../runtime/runtime.ts';
import { planOutput } from '../system/files.ts';
import { imageFor, RESIDENCY_OPTION } from './image.ts';
import { oneOf, valued, wholeNumber } from './options.ts';
import { CheckFailed, columns, print, UsageError, withProgress } from './verb.ts';
import { testWindows } from './windows.ts';

interface VerifyFlags {
  board?: string;
  windows: number;
  data?: string;
  residency?: string;
  port?: string;
  record?: string;
  log?: string;
  json?: boolean;
}

export function verifyVerb(program: Command): void {
  program
    .command('verify <image>')
    .summary('a board against the WASM, layer by layer, bit for bit')
    .description(
      'Run windows on a board (emulated, native, or real with --port), or take what one answered from a log, and compare the output and the CRC of every layer with the WASM in Node. Exits with 1 when they differ.',
    )
    .option('--board <name>', 'board to run on, a name or the path of its folder; with --log the one it must be from')
    .addOption(valued('--windows <count>', 'inputs to compare', wholeNumber(1, 1_000_000), '16'))
    .addOption(valued('--data <name>', 'mitbih or synthetic; default: mitbih when it is there', oneOf(DATASET_NAMES)))
    .option(...RESIDENCY_OPTION)
    .option('--port <device>', 'serial port of a real board')
    .option('--record <file>', 'keep the conversation with the board, to be verified again with --log')
    .option('--log <file>', 'verify a recorded conversation, without any board or compiler: the inputs are those in it')
    .option('--json', 'machine-readable result')
    .addHelpText(
      'after',
      '\nExamples:\n  htpw verify models/ecg-beats.htpw --board mps2-an500 --windows 64\n  htpw verify models/ecg-beats.htpw --board nucleo-f767zi --port /dev/ttyACM0 --record run.log\n  htpw verify models/ecg-beats.htpw --log run.log',
    )
    .action(async (path: string, flags: VerifyFlags) => {
      const { board, log } = flags;
      assertFlags(flags);
      if (flags.record !== undefined) planOutput(flags.record, { inputs: [path] });
      // all variants give the same bytes; a board's own is the closest
      const loaded = board ? loadBoard(board) : null;
      const variant = (loaded?.variant ?? 'scalar') as VariantName;
      const { imagePath, image, residency } = imageFor(path, log ? null : loaded, flags.residency);
      const runtime = new Runtime(image, variant).load();
      runtime.checkWeights();
      const { windows, name } = log
        ? { windows: [], name: `inputs of ${log}` }
        : testWindows(runtime, flags.windows, flags.data);
      const result = await withProgress(board ?? log!, (report) =>
        verifyBoard({
          imagePath,
          image,
          board,
          windows,
          reference: (input) => runtime.traceCrcs(input),
          port: flags.port,
          record: flags.record,
          log,
          onProgress: report,
        }),
      );
      print(flags.json, { ...result, data: name, residency }, () => render(result, name, residency));
      if (result.mismatchingBytes + result.mismatchingLayers > 0)
        throw new CheckFailed(`${result.board} differs from the WASM`);
    });
}

/** A board or a log; and what only a board can do not with a log. */
function assertFlags({ board, port, record, log, data, residency }: VerifyFlags): void {
  if (!board && !log)
    throw new UsageError('verify: expected --board <name> or --log <file>, got neither; htpw verify --help');
  const extra = Object.entries({ port, record, data, residency }).find(([, value]) => value !== undefined);
  if (log && extra)
    throw new UsageError(`verify: --${extra[0]} needs a board, got --log ${log}; leave one of them out`);
}

type Result = Awaited<ReturnType<typeof verifyBoard>>;

function render(result: Result, data: string, residency: string | null): string {
  const unit = result.instructionsBoot === undefined ? result.tickUnit : 'instructions (emulated, exact)';
  const rows: (string | number)[][] = [
    ['boot synthesis', result.instructionsBoot ?? result.ticksBoot ?? 0, unit],
    ['per inference', result.instructionsPerInference ?? result.ticksPerInference ?? 0, unit],
  ];
  if (result.stackBytes > 0) rows.push(['stack', result.stackUsed, `of ${result.stackBytes} bytes`]);
  const { windows, mismatchingBytes, mismatchingLayers, firstMismatch } = result;
  const lines = [
    `${result.board}: ${windows} windows, ${mismatchingBytes} mismatching bytes, ${mismatchingLayers} mismatching layers (${data}${residency ? `; residency ${residency}` : ''})`,
  ];
  if (firstMismatch) {
    const { window, operator } = firstMismatch;
    lines.push(`first mismatch: window ${window}, ${operator === null ? 'output only' : `operator ${operator}`}`);
  }
  if (!result.weightsChecked) lines.push('generated weights: not checked in this log');
  return [...lines, columns(rows)].join('\n');
}
