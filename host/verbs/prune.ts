/** htpw prune: a network cut off behind a block, with a small auxiliary network in place of all that stood there. */
import { extname } from 'node:path';
import type { Command } from 'commander';
import { loadBoard } from '../boards/board.ts';
import { parseLabels, parseSamples } from '../compress/samples.ts';
import { dataSetList, dataSetNames } from '../data/registry.ts';
import { scatterSvg } from '../drawing/scatterSvg.ts';
import { assertTakes, taskOfImage } from '../evaluate/scoring.ts';
import { ImportError } from '../import/error.ts';
import { isTflite } from '../import/schema.ts';
import { instructionsOf } from '../measure/instructions.ts';
import { type Auxiliary, auxiliaryNamed, DEFAULT_AUXILIARY } from '../prune/auxiliary.ts';
import { least } from '../prune/choose.ts';
import { type Cut, cutsOf } from '../prune/cuts.ts';
import { classesOf } from '../prune/graft.ts';
import { type Material, MOST_WINDOWS, materialOf, materialOfInputs } from '../prune/material.ts';
import { checkpointNetwork, imageNetwork, importedNetwork, type Network } from '../prune/network.ts';
import { chosenOf, type Outcome, type PruneOptions, prune, type Row, sizesOf } from '../prune/prune.ts';
import { renderScores, renderSizes, scatterOf } from '../prune/report.ts';
import type { Pruned } from '../prune/sweep.ts';
import { metadataAt } from '../records/names.ts';
import { ImageView } from '../records/view.ts';
import { Runtime } from '../runtime/node.ts';
import { named } from '../system/errors.ts';
import { describeFile, SAFETENSORS } from '../system/fileKind.ts';
import { planOutput, readInput, titleOf } from '../system/files.ts';
import { grouped } from '../system/grouped.ts';
import { shownPath } from '../system/shownPath.ts';
import { textOf } from '../system/wrongKind.ts';
import { openTask } from '../task/task.ts';
import { classNamesOf, decodeCheckpoint } from '../train/checkpoint.ts';
import { MOST_EPOCHS, MOST_SEED, readConfig } from '../train/config.ts';
import { specOf } from '../train/network.ts';
import { assertFits } from '../train/tensors.ts';
import { provedImage } from './image.ts';
import { INPUTS, type InputFlags, metadataOf, readInputs, withInputOptions } from './inputs.ts';
import { amount, commandOf, LEAD_OPTION, oneOf, TASK_OPTION, valued, wholeNumber } from './options.ts';
import { CheckFailed, print, UsageError, withProgress } from './verb.ts';

interface PruneFlags extends InputFlags {
  at?: string;
  table?: boolean;
  aux: Auxiliary;
  output?: string;
  config?: string;
  task?: string;
  data?: string;
  lead?: string;
  calibration?: string;
  samples?: string;
  labels?: string;
  budget?: number;
  epochs?: number;
  seed: number;
  board?: string;
  plot?: string;
  keepDead?: boolean;
  trunkBiases?: boolean;
  json?: boolean;
}

export function pruneVerb(program: Command): void {
  const command = program
    .command('prune <network>')
    .summary('a network cut off behind a block, with a small auxiliary network in place of the rest')
    .description(
      'Cut an INT8 .tflite model, an image or a checkpoint behind its first convolution or one of its blocks, and put an auxiliary network there that learns what the whole network answers. Weights of a .tflite or an image stay as they are; the trunk of a checkpoint learns on. auto takes the smallest image whose macro-F1 on validation windows is within one standard error of the whole network.',
    )
    .option('--at <cut>', 'auto, or a cut as --table names it: conv1, block1, block2 ...')
    .option('--table', 'what each cut takes, without training: parameters, MACs, bytes, with --board instructions')
    .addOption(
      valued(
        '--aux <network>',
        'dscnn32-16, with any channels of its blocks, or dense: a mean over positions and a dense layer',
        { expected: 'dense, or dscnn and channels of blocks such as dscnn32-16', read: auxiliaryNamed },
        DEFAULT_AUXILIARY,
      ),
    )
    .option('-o, --output <image>', 'where the image goes')
    .option('--config <file>', 'of a checkpoint: the configuration that it was trained with')
    .option(...TASK_OPTION)
    .addOption(valued('--data <name>', `${dataSetList()}; default: that of the task`, oneOf(dataSetNames())))
    .option(...LEAD_OPTION)
    .option('--calibration <path>', `in place of a task, inputs of the network: ${INPUTS}`)
    .option('--samples <from:to>', 'which of them to learn from and to choose by; the others judge (default: all)')
    .option('--labels <csv>', 'class of each input in the last column; without, the whole network alone teaches')
    .addOption(
      valued(
        '--budget <bytes>',
        'with --at auto: the best cut whose image is at most this large, as 12k or 12kB, in place of the smallest',
        amount('flash'),
      ),
    )
    .addOption(
      valued(
        '--epochs <count>',
        'default: 20, for a checkpoint half of its configuration',
        wholeNumber(1, MOST_EPOCHS),
      ),
    )
    .addOption(valued('--seed <number>', 'of the training', wholeNumber(0, MOST_SEED), '1'))
    .option('--board <name>', 'count instructions on this emulated board')
    .option('--plot <svg>', 'draw the cuts: score, or MACs, against bytes of the image')
    .option('--keep-dead', 'of a .tflite: keep the channels that no output depends on')
    .option(
      '--trunk-biases',
      'count a bias beside the normalisation of each convolution of the trunk, as Keras has it',
    );
  withInputOptions(command)
    .option('--json', 'machine-readable result')
    .addHelpText(
      'after',
      '\nExamples:\n  htpw prune vww_96_int8.tflite --table --board mps2-an385-m0\n  htpw prune kws.tflite --at block2 --calibration inputs.bin --samples 0:350 --labels labels.csv -o build/kws-block2.htpw\n  htpw prune build/motion.safetensors --config models/configs/synthetic-motion.json --at auto -o build/motion-cut.htpw',
    )
    .action(async (path: string, flags: PruneFlags) => {
      check(flags);
      const inputs = [path, flags.config, flags.calibration, flags.labels];
      const output = flags.output === undefined ? undefined : planOutput(flags.output, { inputs });
      const plot = flags.plot === undefined ? undefined : planOutput(flags.plot, { inputs, besides: [output] });
      if (flags.board !== undefined) loadBoard(flags.board);
      const network = await readNetwork(path, flags);
      const outcome = await withProgress('prune', (report) => measured(path, network, flags, report));
      const { rows, pruned } = outcome;
      const chosen =
        flags.at === undefined ? undefined : flags.at === 'auto' ? chosenOf(outcome, flags.budget) : pruned[0];
      if (chosen) output?.write(chosen.image);
      plot?.write(scatterSvg(scatterOf(titleOf(path), flags.aux.name, rows, chosen?.cut.block ?? null)));
      const result = {
        network: path,
        auxiliary: flags.aux.name,
        trunk: network.trained ? 'learns on' : 'as it was',
        board: flags.board ?? null,
        agreement: isAgreement(flags),
        chosen: chosen?.cut.block ?? null,
        output: chosen ? flags.output : undefined,
        rows,
      };
      print(flags.json, result, () => render(path, flags, rows, chosen), output, plot);
      if (flags.at === 'auto' && !chosen) throw noneChosen(path, rows, flags.budget);
    });
}

/** Without --at what every cut takes, else what the asked ones are worth, too. */
function measured(
  path: string,
  network: Network,
  flags: PruneFlags,
  report: (done: number, total: number, note?: string) => void,
): Promise<Outcome> {
  const { aux: auxiliary, trunkBiases = false, seed, epochs, board } = flags;
  const cuts = cutsNamed(path, network, flags.at);
  const options: PruneOptions = {
    auxiliary,
    trunkBiases,
    seed,
    epochs,
    instructions: async (image) => (board === undefined ? null : instructionsOf(board, titleOf(path), image)),
    onProgress: (block, done, total) => report(done, total, block),
  };
  if (flags.at === undefined) return sizesOf(network, options);
  return prune(network, cuts, materialFor(path, network, flags), options);
}

/** Whether labels are the answers of the whole network. */
const isAgreement = ({ calibration, labels }: PruneFlags): boolean => calibration !== undefined && labels === undefined;

function render(path: string, flags: PruneFlags, rows: readonly Row[], chosen: Pruned | undefined): string {
  return [
    `${path}, auxiliary network ${flags.aux.name}${flags.board ? `, instructions of ${flags.board}` : ''}`,
    renderSizes(rows),
    ...(rows[0]!.scores ? [renderScores(rows, isAgreement(flags))] : []),
    ...(chosen ? [verdict(flags, chosen)] : []),
  ].join('\n\n');
}

const noneChosen = (path: string, [whole]: readonly Row[], budget?: number): CheckFailed =>
  new CheckFailed(
    `${path}: no cut${budget === undefined ? '' : ` of at most ${grouped(budget)} bytes`} reaches a validation macro-F1 of ${least(whole!.scores!.validation.macroF1).toFixed(3)}; ` +
      'name one with --at, or train longer with --epochs',
  );

function check({ at, table, output, calibration, samples, labels, task, data, config, budget }: PruneFlags): void {
  if ((at === undefined) === (table === undefined))
    throw new UsageError('prune: expected --at <cut> or --table, got neither or both; htpw prune --help');
  if (table && (output ?? calibration ?? task ?? data) !== undefined)
    throw new UsageError('prune: --table trains nothing and writes no image; leave out -o and data, or give --at');
  if (budget !== undefined && at !== 'auto')
    throw new UsageError('prune: --budget is for --at auto, which chooses a cut by it; leave it out');
  if (calibration === undefined && (samples ?? labels) !== undefined)
    throw new UsageError('prune: --samples and --labels need --calibration <file>');
  if (calibration !== undefined && (task ?? data ?? config) !== undefined)
    throw new UsageError('prune: --calibration is in place of a task; leave out --task, --data and --config');
  if (calibration !== undefined && labels === undefined && at === 'auto')
    throw new UsageError(
      'prune: --at auto needs --labels: the whole network agrees with itself, without any error; or name a cut',
    );
}

async function readNetwork(path: string, { config, keepDead }: PruneFlags): Promise<Network> {
  const bytes = readInput(path);
  const isCheckpoint = extname(path) === '.safetensors' || describeFile(bytes).kind === SAFETENSORS.kind;
  if (isCheckpoint !== (config !== undefined))
    throw new UsageError(
      `${shownPath(path)}: expected ${isCheckpoint ? '--config <file> with a checkpoint, got none' : 'no --config: it is no checkpoint'}`,
    );
  if (keepDead && !isTflite(bytes)) throw new UsageError('prune: --keep-dead is for .tflite models; leave it out');
  if (config !== undefined) {
    const read = readConfig(config);
    const checkpoint = decodeCheckpoint(bytes, shownPath(path));
    assertFits(checkpoint, [specOf(read, classNamesOf(checkpoint).length)], shownPath(path));
    return checkpointNetwork(checkpoint, read);
  }
  if (isTflite(bytes))
    return named(shownPath(path), () => importedNetwork(bytes, titleOf(path), keepDead), ImportError);
  const image = provedImage(path, bytes);
  return named(shownPath(path), () => imageNetwork(image));
}

/** The cut that is asked for, or all of them. */
function cutsNamed(path: string, { model }: Network, at: string | undefined): Cut[] {
  const all = named(shownPath(path), () => cutsOf(model));
  if (all.length === 0)
    throw new UsageError(
      `${shownPath(path)}: expected blocks of convolutions to cut behind, at least two, got none; it cannot be pruned so`,
    );
  const cuts = at === undefined || at === 'auto' ? all : all.filter(({ block }) => block === at);
  if (cuts.length > 0) return cuts;
  throw new UsageError(`--at must be auto or one of ${all.map(({ block }) => block).join(', ')}, got "${at}"`);
}

/** What is learned from and judged by: raw inputs, or windows of a task. */
function materialFor(path: string, network: Network, flags: PruneFlags): Material {
  const { trained, image, model } = network;
  const runtime = new Runtime(image).load();
  if (runtime.outputBytes() !== classesOf(model))
    throw new UsageError(
      `${shownPath(path)}: expected a network that answers with a score for each class, got one that answers ` +
        `${runtime.outputBytes()} bytes; prune it without its argmax`,
    );
  if (flags.calibration !== undefined) {
    const { inputs } = readInputs(flags.calibration, runtime.inputs, flags, metadataOf(new ImageView(image), 0));
    const classes = classesOf(model);
    const text =
      flags.labels === undefined ? null : textOf(flags.labels, readInput(flags.labels), 'a CSV with the classes');
    const labels =
      text === null ? null : named(shownPath(flags.labels!), () => parseLabels(text, inputs.length, classes));
    const names = model.metadata.labels ?? Array.from({ length: classes }, (_, c) => `class ${c}`);
    return named('--samples', () => {
      const range = flags.samples === undefined ? undefined : parseSamples(flags.samples, inputs.length);
      return materialOfInputs(inputs, runtime.inputs[0]!, labels, names, range ?? [0, inputs.length]);
    });
  }
  const metadata = metadataAt(new ImageView(image).metadata(), 0);
  if (!trained && typeof metadata.task !== 'string' && flags.task === undefined)
    throw new UsageError(
      `${shownPath(path)}: expected something to learn from, got none; give --calibration <file> or --task <name>`,
    );
  const task =
    trained && flags.task === undefined ? trained.config.task : taskOfImage(path, runtime, metadata, flags.task);
  assertTakes(path, task, runtime, metadata);
  const data = openTask(task, { data: flags.data, lead: flags.lead });
  return materialOf(data, trained ? Number.POSITIVE_INFINITY : MOST_WINDOWS, flags.seed);
}

function verdict(flags: PruneFlags, { cut, image }: Pruned): string {
  const best = flags.budget === undefined ? 'smallest' : `best of at most ${grouped(flags.budget)} bytes`;
  const how = flags.at === 'auto' ? `${best} within one standard error on validation windows` : 'as asked';
  const line = `cut at ${cut.block}, ${how}: ${grouped(image.length)} bytes`;
  if (flags.output === undefined) return `${line}; -o writes it`;
  const next = commandOf('htpw', 'verify', flags.output, '--board', flags.board ?? 'mps2-an385-m0');
  return `${line} to ${flags.output}\nnext: ${next}`;
}
