/** htpw train: from a configuration to a packed image. */
import { createHash } from 'node:crypto';
import type { Command } from 'commander';
import { describeAccounts } from '../data/part.ts';
import { dataSetList, dataSetNames } from '../data/registry.ts';
import { pack } from '../image/pack.ts';
import { Runtime } from '../runtime/node.ts';
import { named } from '../system/errors.ts';
import { planOutput } from '../system/files.ts';
import { shownPath } from '../system/shownPath.ts';
import { openTask } from '../task/task.ts';
import { encodeCheckpoint } from '../train/checkpoint.ts';
import { MOST_EPOCHS, MOST_SEED, readConfig, type TrainConfig, taskArgumentOf } from '../train/config.ts';
import { type TrainReport, trainModel, untrainedModel } from '../train/index.ts';
import { commandOf, LEAD_OPTION, oneOf, valued, wholeNumber } from './options.ts';
import { print, UsageError, withProgress } from './verb.ts';

interface TrainFlags {
  config: string;
  data?: string;
  lead?: string;
  output?: string;
  checkpoint?: string;
  epochs?: number;
  subset?: number;
  seed?: number;
  json?: boolean;
}

/** What no image can hold is refused before it is trained: the network is packed and opened with random weights. */
async function assertPacks(config: TrainConfig, path: string): Promise<void> {
  const model = await untrainedModel(config);
  named(`${shownPath(path)}: network: cannot be packed`, () => new Runtime(pack(model)));
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
const reached = ({ validation, later }: TrainReport): string =>
  `validation macro-F1 ${validation.macroF1.toFixed(3)}${later ? `, later windows ${later.macroF1.toFixed(3)}` : ''}`;

/** More than any data set has. */
const MOST_WINDOWS = 100_000_000;

export function trainVerb(program: Command): void {
  program
    .command('train')
    .summary('train a network and pack it')
    .description(
      'Quantisation-aware training from a configuration, batch-norm folded, exported to integers and packed. The same configuration and seed give the same image on the same version of Node.',
    )
    .requiredOption('--config <file>', 'configuration, see models/configs')
    .addOption(valued('--data <name>', `${dataSetList()}, in place of the task's`, oneOf(dataSetNames())))
    .option(...LEAD_OPTION)
    .option('-o, --output <image>', 'where the image goes; default build/<name>.htpw')
    .option('--checkpoint <file>', 'also keep the float parameters, .safetensors')
    .addOption(valued('--epochs <count>', 'in place of the configuration', wholeNumber(1, MOST_EPOCHS)))
    .addOption(
      valued('--subset <count>', 'train on so many windows only, for a quick look', wholeNumber(1, MOST_WINDOWS)),
    )
    .addOption(valued('--seed <number>', 'in place of the configuration', wholeNumber(0, MOST_SEED)))
    .option('--json', 'machine-readable result')
    .addHelpText(
      'after',
      '\nExamples:\n  htpw train --data mitbih --config models/configs/ecg-beats.json -o models/ecg-beats.htpw\n  htpw train --data synthetic --config models/configs/ecg-beats.json --epochs 1 --subset 256',
    )
    .action(async (flags: TrainFlags) => {
      const config = readConfig(flags.config);
      const inputs = [flags.config];
      const output = planOutput(flags.output ?? `build/${config.name}.htpw`, { inputs });
      const parameters =
        flags.checkpoint === undefined ? undefined : planOutput(flags.checkpoint, { inputs, besides: [output] });
      const { name: data } = openTask(config.task, { data: flags.data, lead: flags.lead }).set;
      await assertPacks(config, flags.config);
      const { checkpoint, model, report } = await withProgress(config.name, (show) =>
        trainModel(
          { ...config, data },
          {
            lead: flags.lead,
            epochs: flags.epochs,
            subset: flags.subset,
            seed: flags.seed,
            onProgress: (p) => show(p.step, p.steps, `epoch ${p.epoch} loss ${p.loss.toFixed(3)}`),
          },
        ).catch(tooLarge(flags.config)),
      );
      const image = pack(model);
      output.write(image);
      parameters?.write(encodeCheckpoint(checkpoint));
      const sha256 = createHash('sha256').update(image).digest('hex');
      const others = data === config.task.data.set ? [] : ['--data', data];
      const next = `next: ${commandOf('htpw', 'eval', output.name, '--task', taskArgumentOf(flags.config), ...others)}`;
      const result = { ...report, output: output.name, bytes: image.length, sha256 };
      print(
        flags.json,
        result,
        () =>
          [
            `${output.name}: ${image.length.toLocaleString('en-US')} bytes, SHA-256 ${sha256}`,
            `trained ${report.seconds.toFixed(0)} s; float simulation of the integer network: ${reached(report)}`,
            describeAccounts(Object.values(report.accounts)),
            next,
          ].join('\n'),
        output,
        parameters,
      );
    });
}
