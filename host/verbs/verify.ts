import type { Command } from 'commander';
import { loadBoard } from '../board/board.ts';
import { verifyBoard } from '../board/verify.ts';
import { withResidency } from '../image/seal.ts';
import type { Residency } from '../model/model.ts';
import { Runtime, type VariantName } from '../runtime/runtime.ts';
import { CheckFailed, columns, positiveInteger, print, readBytes, withProgress } from './verb.ts';
import { testWindows } from './windows.ts';

interface VerifyFlags {
  board: string;
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
      'Run windows on a board (emulated, native, or real with --port) and compare the output and the CRC of every layer with the WASM in Node.',
    )
    .requiredOption('--board <name>', 'board to run on')
    .option('--windows <count>', 'inputs to compare', '16')
    .option('--data <name>', 'mitbih or synthetic; default: mitbih when it is there')
    .option('--residency <name>', 'boot, lazy or stream in place of what the image asks for')
    .option('--port <device>', 'serial port of a real board')
    .option('--log <file>', 'keep the conversation with the board')
    .option('--json', 'machine-readable result')
    .addHelpText(
      'after',
      '\nExamples:\n  htpw verify models/ecg-beats.htpw --board mps2-an500 --windows 64\n  htpw verify models/ecg-beats.htpw --board nucleo-f767zi --port /dev/ttyACM0 --record run.log',
    )
    .action(async (path: string, flags: VerifyFlags) => {
      const count = positiveInteger('--windows', flags.windows);
      const board = loadBoard(flags.board);
      const original = readBytes(path);
      const image = flags.residency ? withResidency(original, flags.residency) : original;
      const runtime = new Runtime(image, board.variant as VariantName).load();
      runtime.checkWeights();
      const { windows, name } = testWindows(runtime, count, flags.data);
      const result = await withProgress(flags.board, (report) =>
        verifyBoard({
          imagePath: path,
          image,
          board: flags.board,
          windows,
          reference: (input) => runtime.traceCrcs(input),
          port: flags.port,
          log: flags.log,
          onProgress: (done) => report(done, windows.length),
        }),
      );
      print(flags.json, { ...result, data: name }, () => render(result, name));
      if (result.mismatchingBytes + result.mismatchingLayers > 0)
        throw new CheckFailed(`${flags.board} differs from the WASM`);
    });
}

type Result = Awaited<ReturnType<typeof verifyBoard>>;

function render(result: Result, data: string): string {
  const unit = result.instructionsBoot === undefined ? result.tickUnit : 'instructions (emulated, exact)';
  return [
    `${result.board}: ${result.windows} windows, ${result.mismatchingBytes} mismatching bytes, ${result.mismatchingLayers} mismatching layers (${data})`,
    columns([
      ['boot synthesis', result.instructionsBoot ?? result.ticksBoot ?? 0, unit],
      ['per inference', result.instructionsPerInference ?? result.ticksPerInference ?? 0, unit],
      ['stack', result.stackUsed, `of ${result.stackBytes} bytes`],
    ]),
  ].join('\n');
}
