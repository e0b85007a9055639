import { basename, extname, join } from 'node:path';
import type { Command } from 'commander';
import { loadBoard } from '../board/board.ts';
import { projectRoot } from '../board/root.ts';
import { verifyBoard } from '../board/verify.ts';
import { withResidency } from '../image/seal.ts';
import type { Residency } from '../model/model.ts';
import { Runtime, type VariantName } from '../runtime/runtime.ts';
import {
  CheckFailed,
  columns,
  positiveInteger,
  print,
  readBytes,
  UsageError,
  withProgress,
  writeBytes,
} from './verb.ts';
import { testWindows } from './windows.ts';

interface VerifyFlags {
  board?: string;
  windows: string;
  data?: string;
  residency?: Exclude<Residency, 'flash'>;
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
    .option('--board <name>', 'board to run on; with --log the one it must be from')
    .option('--windows <count>', 'inputs to compare', '16')
    .option('--data <name>', 'mitbih or synthetic; default: mitbih when it is there')
    .option('--residency <name>', 'boot, lazy or stream in place of what the image asks for')
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
      const count = positiveInteger('--windows', flags.windows);
      // all variants give the same bytes; a board's own is the closest
      const variant = board ? (loadBoard(board).variant as VariantName) : 'scalar';
      const { imagePath, image } = imageOf(path, flags.residency);
      const runtime = new Runtime(image, variant).load();
      runtime.checkWeights();
      const { windows, name } = log
        ? { windows: [], name: `inputs of ${log}` }
        : testWindows(runtime, count, flags.data);
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
      print(flags.json, { ...result, data: name }, () => render(result, name));
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

/** The image, or with another residency a copy of it that lies under build/ for the firmware to embed. */
function imageOf(path: string, residency: VerifyFlags['residency']): { imagePath: string; image: Uint8Array } {
  const original = readBytes(path);
  if (!residency) return { imagePath: path, image: original };
  const image = withResidency(original, residency);
  const imagePath = join(projectRoot(), 'build', `${basename(path, extname(path))}-${residency}.htpw`);
  writeBytes(imagePath, image);
  return { imagePath, image };
}

type Result = Awaited<ReturnType<typeof verifyBoard>>;

function render(result: Result, data: string): string {
  const unit = result.instructionsBoot === undefined ? result.tickUnit : 'instructions (emulated, exact)';
  const rows: (string | number)[][] = [
    ['boot synthesis', result.instructionsBoot ?? result.ticksBoot ?? 0, unit],
    ['per inference', result.instructionsPerInference ?? result.ticksPerInference ?? 0, unit],
  ];
  if (result.stackBytes > 0) rows.push(['stack', result.stackUsed, `of ${result.stackBytes} bytes`]);
  const { windows, mismatchingBytes, mismatchingLayers, firstMismatch } = result;
  const lines = [
    `${result.board}: ${windows} windows, ${mismatchingBytes} mismatching bytes, ${mismatchingLayers} mismatching layers (${data})`,
  ];
  if (firstMismatch) {
    const { window, operator } = firstMismatch;
    lines.push(`first mismatch: window ${window}, ${operator === null ? 'output only' : `operator ${operator}`}`);
  }
  if (!result.weightsChecked) lines.push('generated weights: not checked in this log');
  return [...lines, columns(rows)].join('\n');
}
