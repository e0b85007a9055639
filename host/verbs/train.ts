/** htpw train: from a configuration to a packed image. */
import type { Command } from 'commander';
import { describeAccounts } from '../data/part.ts';
import { dataSetList, dataSetNames } from '../data/registry.ts';
import { sparkline } from '../drawing/sparkline.ts';
import { trainingSvg } from '../drawing/trainingSvg.ts';
import { packAddOn, packBehind } from '../image/addOn.ts';
import { pack } from '../image/pack.ts';
import { unpack } from '../image/unpack.ts';
import type { Generator, Model } from '../model/model.ts';
import { ImageView } from '../records/view.ts';
import { Runtime } from '../runtime/node.ts';
import { named } from '../system/errors.ts';
import { type Output, planOutput } from '../system/files.ts';
import { grouped } from '../system/grouped.ts';
import { sha256Hex } from '../system/sha256Hex.ts';
import { shownPath } from '../system/shownPath.ts';
import { openTask } from '../task/task.ts';
import { encodeCheckpoint } from '../train/checkpoint.ts';
import {
  type JointConfig,
  MOST_EPOCHS,
  MOST_SEED,
  readConfigs,
  type TrainConfig,
  taskArgumentOf,
} from '../train/config.ts';
import {
  type JointReport,
  type NetworkReport,
  type Progress,
  trainTogether,
  untrainedTogether,
} from '../train/index.ts';
import { readImage } from './image.ts';
import { commandOf, LEAD_OPTION, oneOf, valued, wholeNumber } from './options.ts';
import { planState, type StateFlags } from './trainState.ts';
import { print, UsageError, withProgress } from './verb.ts';

interface TrainFlags extends StateFlags {
  config: string;
  data?: string;
  lead?: string;
  output?: string;
  basis?: string;
  addOn?: string;
  checkpoint?: string;
  curves?: string;
  epochs?: number;
  subset?: number;
  seed?: number;
  json?: boolean;
}

/** The image whose basis new programs are trained on. */
interface Base {
  path: string;
  view: ImageView;
  generators: Generator[];
}

function baseOf(path: string | undefined): Base | null {
  if (path === undefined) return null;
  const view = new ImageView(readImage(path));
  return named(shownPath(path), () => ({ path, view, generators: unpack(view).model.generators }));
}

/** Alone, or behind the programs of the base. */
const whole = (model: Model, base: Base | null, tables: TrainConfig['tables']): Uint8Array =>
  base ? packBehind(base.view, model, tables) : pack(model, { tables });

/** They agree in it. */
const tablesOf = ({ programs: [config] }: JointConfig): TrainConfig['tables'] => config?.tables;

/** What no image can hold is refused before it is trained: the network is packed and opened with random weights. */
async function assertPacks(config: JointConfig, base: Base | null, path: string): Promise<void> {
  const where = shownPath(path);
  const model = await untrainedTogether(config, base?.generators).catch((error) => {
    throw error instanceof UsageError ? new UsageError(`${where}: ${error.message}`) : error;
  });
  named(`${where}: ${base ? `program for ${shownPath(base.path)}` : 'network'}: cannot be packed`, () => {
    new Runtime(whole(model, base, tablesOf(config)));
  });
}

/** The array library throws RangeError when its memory is full. */
function tooLarge(path: string): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof RangeError)) throw error;
    throw new UsageError(
      `${shownPath(path)}: cannot be trained here (${error.message}); take a smaller batch or network`,
    );
  };
}

/** "validation macro-F1 0.812, later windows 0.790" */
const reached = ({ validation, later }: NetworkReport): string =>
  `validation macro-F1 ${validation.macroF1.toFixed(3)}${later ? `, later windows ${later.macroF1.toFixed(3)}` : ''}`;

/** More than any data set has. */
const MOST_WINDOWS = 100_000_000;

export function trainVerb(program: Command): void {
  program
    .command('train')
    .summary('train a network and pack it')
    .description(
      'Quantisation-aware training from a configuration, batch-norm folded, exported to integers and packed; a configuration that lists several tasks gives one image with a program for each. The same configuration and seed give the same image on the same version of Node.',
    )
    .requiredOption('--config <file>', 'configuration, see models/configs')
    .addOption(valued('--data <name>', `${dataSetList()}, in place of the task's`, oneOf(dataSetNames())))
    .option(...LEAD_OPTION)
    .option('-o, --output <image>', 'where the image goes; default build/<name>.htpw')
    .option(
      '--basis <image>',
      'make the layers that share something from the basis of this image, which stays as it is',
    )
    .option('--add-on <file>', 'with --basis: where the new programs alone go, for htpw add; then -o is not needed')
    .option('--checkpoint <file>', 'also keep the float parameters, .safetensors')
    .option('--curves <file>', 'also draw loss and validation over the epochs, .svg')
    .option('--resume', 'go on where a training that was ended left its state')
    .option('--restart', 'begin again although there is such a state')
    .option('--state <file>', 'where the state is while it trains; default beside the image, .training.safetensors')
    .option('--keep-state', 'do not delete it at the end')
    .addOption(valued('--epochs <count>', 'in place of the configuration', wholeNumber(1, MOST_EPOCHS)))
    .addOption(
      valued('--subset <count>', 'train on so many windows only, for a quick look', wholeNumber(1, MOST_WINDOWS)),
    )
    .addOption(valued('--seed <number>', 'in place of the configuration', wholeNumber(0, MOST_SEED)))
    .option('--json', 'machine-readable result')
    .addHelpText(
      'after',
      '\nExamples:\n  htpw train --data mitbih --config models/configs/ecg-beats.json -o models/ecg-beats.htpw\n  htpw train --data synthetic --config models/configs/ecg-beats.json --epochs 1 --subset 256\n  htpw train --config mine.json --basis build/installed.htpw --add-on build/mine.htpa\n  htpw train --config mine.json -o build/mine.htpw --resume --curves build/mine.svg',
    )
    .action(async (flags: TrainFlags) => {
      const config = readConfigs(flags.config);
      assertFlags(flags, config);
      const inputs = [flags.config, flags.basis];
      const addOn = flags.addOn === undefined ? undefined : planOutput(flags.addOn, { inputs });
      const isWhole = flags.output !== undefined || addOn === undefined;
      const output = isWhole
        ? planOutput(flags.output ?? `build/${config.name}.htpw`, { inputs, besides: [addOn] })
        : undefined;
      const parameters =
        flags.checkpoint === undefined ? undefined : planOutput(flags.checkpoint, { inputs, besides: [output, addOn] });
      const besides = [output, addOn, parameters];
      const curves = flags.curves === undefined ? undefined : planOutput(flags.curves, { inputs, besides });
      const state = planState(flags, (output ?? addOn)!.name, { inputs, besides: [...besides, curves] });
      const programs = config.programs.map((program) => {
        const { set } = openTask(program.task, { data: flags.data, lead: flags.lead });
        return { ...program, data: set.name };
      });
      const base = baseOf(flags.basis);
      await assertPacks(config, base, flags.config);
      const { checkpoint, model, report } = await withProgress(config.name, (show, say) =>
        trainTogether(
          { ...config, programs },
          {
            lead: flags.lead,
            epochs: flags.epochs,
            subset: flags.subset,
            seed: flags.seed,
            basis: base?.generators,
            state: state.options,
            onProgress: (p) => {
              if (p.validation) say(lookOf(p, process.stderr.isTTY ? SPARK_COLUMNS : 0));
              show(p.step, p.steps, `epoch ${p.epoch} loss ${p.loss.toFixed(3)}`);
            },
          },
        ).catch(tooLarge(flags.config)),
      );
      const image = whole(model, base, tablesOf(config));
      output?.write(image);
      const added = addOn && packAddOn(model, base!.generators.length, tablesOf(config));
      if (added) addOn.write(added);
      parameters?.write(encodeCheckpoint(checkpoint));
      const names = programs.map(({ name }) => name);
      curves?.write(trainingSvg(config.name, names, report.history, report.kept));
      state.discard();
      const files = [
        ...(output ? [written(output, image)] : []),
        ...(added ? [{ ...written(addOn, added), base: base!.path }] : []),
      ];
      print(
        flags.json,
        { ...resultOf(report), ...files[0], ...(files[1] && { addOn: files[1] }) },
        () =>
          [
            ...files.map(({ output, bytes, sha256 }) => `${output}: ${grouped(bytes)} bytes, SHA-256 ${sha256}`),
            ...reachedBy(report),
            ...report.programs.map(({ accounts }) => describeAccounts(Object.values(accounts))),
            `next: ${nextStep(files[0]!.output, isWhole, base, programs, flags.config)}`,
          ].join('\n'),
        output,
        addOn,
        parameters,
        curves,
      );
    });
}

/** Characters of a curve in a line of 80. */
const SPARK_COLUMNS = 20;

/** "epoch 5: loss 0.412, validation macro-F1 0.731", with their curves behind them where there is room. */
function lookOf({ epoch, loss, history }: Progress, columns: number): string {
  const looks = history.flatMap(({ validation }) => (validation ? [validation] : []));
  const spark = (values: readonly number[]): string => (columns > 0 ? ` ${sparkline(values, columns)}` : '');
  const losses = spark(history.map((record) => record.loss));
  const scores = looks.at(-1)!.map((value) => (value === null ? '-' : value.toFixed(3)));
  const means = spark(looks.map((look) => look.reduce<number>((sum, value) => sum + (value ?? 0), 0) / look.length));
  return `epoch ${epoch}: loss ${loss.toFixed(3)}${losses}, validation macro-F1 ${scores.join(', ')}${means}`;
}

/** Options that go together, or not. */
function assertFlags({ basis, addOn, data }: TrainFlags, { programs }: JointConfig): void {
  if (addOn !== undefined && basis === undefined)
    throw new UsageError('train: --add-on needs the image that it is for, got none; give it with --basis');
  if (data !== undefined && programs.length > 1)
    throw new UsageError(
      `train: --data is for a configuration of one task, got one of ${programs.length}; leave it out`,
    );
}

function written({ name }: Output, bytes: Uint8Array): { output: string; bytes: number; sha256: string } {
  return { output: name, bytes: bytes.length, sha256: sha256Hex(bytes) };
}

/** A single network speaks for the training; several stand in a list. */
function resultOf({ programs, ...rest }: JointReport): object {
  const [first, ...others] = programs;
  return others.length > 0 ? { ...rest, programs } : { ...first, ...rest };
}

function reachedBy({ seconds, programs }: JointReport): string[] {
  const head = `trained ${seconds.toFixed(0)} s; float simulation of the integer network`;
  if (programs.length === 1) return [`${head}: ${reached(programs[0]!)}`];
  return [`${head}s:`, ...programs.map((program) => `  ${program.name}: ${reached(program)}`)];
}

function nextStep(output: string, isWhole: boolean, base: Base | null, programs: readonly TrainConfig[], path: string) {
  if (!isWhole) return commandOf('htpw', 'add', shownPath(base!.path), output, '-o', 'all.htpw');
  const [{ name, data, task }] = programs as [TrainConfig];
  const program = base || programs.length > 1 ? ['--program', name] : [];
  const taskArgument = programs.length > 1 ? [] : ['--task', taskArgumentOf(path)];
  return commandOf(
    'htpw',
    'eval',
    output,
    ...program,
    ...taskArgument,
    ...(data === task.data.set ? [] : ['--data', data]),
  );
}
