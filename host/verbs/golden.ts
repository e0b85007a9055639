/** htpw golden: imported models against recorded answers of TensorFlow Lite Micro, on every target. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { verifyBoard } from '../agent/verify.ts';
import { boardNames, runnableBoards } from '../boards/board.ts';
import { BARE, measureFirmware } from '../build/firmware.ts';
import { placeUnderBuild } from '../build/placedImage.ts';
import { columns } from '../drawing/columns.ts';
import type { Lossless } from '../image/lossless.ts';
import { importImage } from '../import/import.ts';
import { type GoldenSet, goldenNames, readGolden } from '../measure/golden.ts';
import { PEERS, type PeerNetwork } from '../measure/peers.ts';
import { Runtime } from '../runtime/node.ts';
import { FASTEST, VARIANT_NAMES, type VariantName } from '../runtime/variants.ts';
import { LOSSLESS_OPTION, losslessOf } from './image.ts';
import { orWord, valued, wholeNumber } from './options.ts';
import { CheckFailed, print, UsageError, withProgress } from './verb.ts';

/** Its firmware and instructions stand beside those of TensorFlow Lite Micro. */
const MEASURED = 'mps2-an500';

/** What stands beside a set: TensorFlow Lite Micro with CMSIS-NN on the same network. */
const PEER_OF: Record<string, PeerNetwork> = {
  kws_ref_model: PEERS.kws,
  pretrainedResnet_quant: PEERS.ic,
  vww_96_int8: PEERS.vww,
  vww_96_int8_cifar: PEERS.vww,
  ad01_int8: PEERS.ad,
  tflm_person_detect: PEERS.personDetection,
};

interface GoldenFlags {
  samples: number | 'all';
  boards: string;
  models?: string;
  lossless?: string | true;
  json?: boolean;
}

export function goldenVerb(program: Command): void {
  program
    .command('golden [folder]')
    .summary('imported models against recorded answers of TensorFlow Lite Micro, on every target')
    .description(
      'Import every model of a folder of recorded answers and count the output bytes that differ, in every variant in Node and on boards, native or emulated; beside it bytes and instructions of both. Exits with 1 when a byte differs. Default folder: golden in HTPW_DATA.',
    )
    .addOption(
      valued(
        '--samples <count>',
        `samples per model on every target but ${FASTEST} in Node, which takes all; or "all"`,
        orWord('all', wholeNumber(1, 1_000_000)),
        '4',
      ),
    )
    .option(
      '--boards <names>',
      'separated by commas; "none" leaves them out',
      runnableBoards()
        .map(({ name }) => name)
        .join(','),
    )
    .option('--models <names>', 'sets of the folder, separated by commas; default: all')
    .option(...LOSSLESS_OPTION)
    .option('--json', 'machine-readable result')
    .addHelpText(
      'after',
      '\nExamples:\n  htpw golden\n  htpw golden ../data/golden --models kws_ref_model --boards host,mps2-an500 --samples all',
    )
    .action(async (folder: string | undefined, flags: GoldenFlags) => {
      const options = readFlags(folder, flags);
      const results = await withProgress('golden', async (report) => {
        const done: GoldenResult[] = [];
        for (const name of options.names) {
          report(done.length, options.names.length, name);
          done.push(await compare(readGolden(options.folder, name), options));
        }
        return done;
      });
      print(flags.json, results, () => render(results, options.boards));
      const wrong = results.filter(({ targets }) => targets.some(({ differing }) => differing > 0));
      if (wrong.length > 0) throw new CheckFailed(`bytes differ in ${wrong.map(({ name }) => name).join(', ')}`);
    });
}

interface Options {
  folder: string;
  names: string[];
  boards: string[];
  /** at most so many on every target but one */
  samples: number;
  lossless: Lossless;
}

function readFlags(argument: string | undefined, { samples, boards, models, lossless }: GoldenFlags): Options {
  const data = process.env.HTPW_DATA;
  const folder = argument ?? (data === undefined ? undefined : join(data, 'golden'));
  const got = folder === undefined ? 'none' : `${folder}, which is none`;
  if (folder === undefined || !statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw new UsageError(`golden: expected a folder of recorded answers, got ${got}; name one or set HTPW_DATA`);
  const known = goldenNames(folder);
  if (known.length === 0)
    throw new UsageError(
      `${folder}: expected folders with a golden.json in each, got none; docs/import.md says of what`,
    );
  return {
    folder,
    names: models === undefined ? known : chosen('--models', models, known),
    boards: boards === 'none' ? [] : chosen('--boards', boards, boardNames()),
    samples: samples === 'all' ? Number.POSITIVE_INFINITY : samples,
    lossless: losslessOf(lossless),
  };
}

function chosen(flag: string, list: string, known: readonly string[]): string[] {
  const names = list.split(',');
  const wrong = names.find((name) => !known.includes(name));
  if (wrong !== undefined) throw new UsageError(`${flag}: expected some of ${known.join(', ')}, got "${wrong}"`);
  return names;
}

interface Target {
  target: string;
  samples: number;
  /** output bytes */
  differing: number;
}

interface GoldenResult {
  name: string;
  targets: Target[];
  imageBytes: number;
  arenaBytes: number;
  /** of the measured board's firmware without the agent; null where that board was not asked for, as in instructions */
  flashBytes: number | null;
  instructions: number | null;
  peer: { flashBytes: number; arenaBytes?: number; instructions?: number } | null;
}

async function compare(set: GoldenSet, { boards, samples, lossless }: Options): Promise<GoldenResult> {
  const { name, model, expected } = set;
  const { image } = importImage(model, name, { lossless });
  const some = Math.min(samples, set.samples.length);
  const result: GoldenResult = {
    name,
    targets: VARIANT_NAMES.map((variant) =>
      inNode(set, image, variant, variant === FASTEST ? set.samples.length : some),
    ),
    imageBytes: image.length,
    arenaBytes: new Runtime(image).arenaBytes(),
    flashBytes: null,
    instructions: null,
    peer: peerOf(name),
  };
  const imagePath = placeUnderBuild(name, image);
  const runtime = new Runtime(image).load();
  for (const board of boards) {
    let next = 0;
    const { mismatchingBytes, instructionsPerInference } = await verifyBoard({
      imagePath,
      image,
      board,
      windows: set.samples.slice(0, some),
      reference: (input) => ({ layers: runtime.traceCrcs(input).layers, output: expected[next++] }),
    });
    result.targets.push({ target: board, samples: some, differing: mismatchingBytes });
    if (board !== MEASURED) continue;
    result.flashBytes = (await measureFirmware(board, imagePath, { main: BARE })).flashBytes;
    result.instructions = Math.round(instructionsPerInference ?? 0);
  }
  return result;
}

function inNode({ samples, expected }: GoldenSet, image: Uint8Array, variant: VariantName, count: number): Target {
  const runtime = new Runtime(image, variant).load();
  let differing = 0;
  for (let i = 0; i < count; i++)
    runtime.run(samples[i]).forEach((byte, at) => {
      if (byte !== expected[i][at]) differing++;
    });
  return { target: `node ${variant}`, samples: count, differing };
}

function peerOf(name: string): GoldenResult['peer'] {
  if (!(name in PEER_OF)) return null;
  const { flashBytes, cores } = PEER_OF[name];
  return { flashBytes, arenaBytes: cores.M7?.arenaBytes, instructions: cores.M7?.inference };
}

function render(results: GoldenResult[], boards: string[]): string {
  const inNode = VARIANT_NAMES.map((variant) => `node ${variant}`);
  const differing = (targets: string[]) =>
    columns([
      ['model', ...targets],
      ...results.map(({ name, targets: own }) => [
        name,
        ...own
          .filter(({ target }) => targets.includes(target))
          .map(({ differing: bytes, samples }) => `${bytes} of ${samples}`),
      ]),
    ]);
  const beside = (ours: number | null, theirs: number | undefined) => [
    ours ?? '',
    theirs ?? '',
    ours !== null && theirs ? (ours / theirs).toFixed(2) : '',
  ];
  const sizes = results.map(({ name, imageBytes, arenaBytes, flashBytes, instructions, peer }) => [
    name,
    imageBytes,
    ...beside(flashBytes, peer?.flashBytes),
    ...beside(arenaBytes, peer?.arenaBytes),
    ...beside(instructions, peer?.instructions),
  ]);
  const titles = ['flash', 'arena', 'instructions'].flatMap((title) => [title, 'TFLM', 'ratio']);
  return [
    'output bytes that differ from TensorFlow Lite Micro, of so many samples',
    ...[inNode, boards].filter((targets) => targets.length > 0).flatMap((targets) => [differing(targets), '']),
    `bytes and instructions per inference, ${MEASURED} (Cortex-M7), beside TensorFlow Lite Micro with CMSIS-NN`,
    columns([['model', 'image', ...titles], ...sizes]),
  ].join('\n');
}
