/** htpw golden: imported models against recorded answers of TensorFlow Lite Micro, on every target. */
import type { Command } from 'commander';
import { boardNames, runnableBoards } from '../boards/board.ts';
import { columns } from '../drawing/columns.ts';
import { goldenFolder, goldenNames, readGolden } from '../measure/golden.ts';
import { type CompareOptions, compareGolden, type GoldenResult, MEASURED } from '../measure/imported.ts';
import { FASTEST, VARIANT_NAMES } from '../runtime/variants.ts';
import { LOSSLESS_OPTION, losslessOf } from './image.ts';
import { orWord, valued, wholeNumber } from './options.ts';
import { CheckFailed, print, UsageError, withProgress } from './verb.ts';

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
          done.push(await compareGolden(readGolden(options.folder, name), options));
        }
        return done;
      });
      print(flags.json, results, () => render(results, options.boards));
      const wrong = results.filter(({ targets }) => targets.some(({ differing }) => differing > 0));
      if (wrong.length > 0) throw new CheckFailed(`bytes differ in ${wrong.map(({ name }) => name).join(', ')}`);
    });
}

interface Options extends CompareOptions {
  folder: string;
  names: string[];
}

function readFlags(argument: string | undefined, { samples, boards, models, lossless }: GoldenFlags): Options {
  const folder = goldenFolder(argument);
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

function render(results: GoldenResult[], boards: readonly string[]): string {
  const inNode = VARIANT_NAMES.map((variant) => `node ${variant}`);
  const differing = (targets: readonly string[]) =>
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
    'output bytes that differ from TensorFlow Lite Micro, and samples compared',
    ...[inNode, boards].filter((targets) => targets.length > 0).flatMap((targets) => [differing(targets), '']),
    `bytes and instructions per inference, ${MEASURED} (Cortex-M7), beside TensorFlow Lite Micro with CMSIS-NN`,
    columns([['model', 'image', ...titles], ...sizes]),
  ].join('\n');
}
