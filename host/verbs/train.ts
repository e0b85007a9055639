/** htpw train: from a configuration to a packed image. */
import { createHash } from 'node:crypto';
import type { Command } from 'commander';
import { DATASET_LIST, openDataset } from '../data/dataset.ts';
import { describeAccount } from '../data/part.ts';
import { pack } from '../image/pack.ts';
import { writeCheckpoint } from '../train/checkpoint.ts';
import { readConfig } from '../train/config.ts';
import { trainModel } from '../train/train.ts';
import { LEAD_OPTION } from './eval.ts';
import { positiveInteger, print, withProgress, writeBytes } from './verb.ts';

interface TrainFlags {
  config: string;
  data?: string;
  lead?: string;
  output?: string;
  checkpoint?: string;
  epochs?: string;
  subset?: string;
  seed?: string;
  json?: boolean;
}

export function trainVerb(program: Command): void {
  program
    .command('train')
    .summary('train a network and pack it')
    .description(
      'Quantisation-aware training from a configuration, batch-norm folded, exported to integers and packed. The same configuration and seed give the same image on the same version of Node.',
    )
    .requiredOption('--config <file>', 'configuration, see models/configs')
    .option('--data <name>', `${DATASET_LIST}, in place of the configuration`)
    .option(...LEAD_OPTION)
    .option('-o, --output <image>', 'where the image goes; default build/<name>.htpw')
    .option('--checkpoint <file>', 'also keep the float parameters, .safetensors')
    .option('--epochs <count>', 'in place of the configuration')
    .option('--subset <count>', 'train on so many beats only, for a quick look')
    .option('--seed <number>', 'in place of the configuration')
    .option('--json', 'machine-readable result')
    .addHelpText(
      'after',
      '\nExamples:\n  htpw train --data mitbih --config models/configs/ecg-beats.json -o models/ecg-beats.htpw\n  htpw train --data synthetic --config models/configs/ecg-beats.json --epochs 1 --subset 256',
    )
    .action(async (flags: TrainFlags) => {
      const config = readConfig(flags.config);
      const dataset = openDataset(flags.data ?? config.dataset, { lead: flags.lead }).name;
      const { checkpoint, model, report } = await withProgress(config.name, (show) =>
        trainModel(
          { ...config, dataset },
          {
            lead: flags.lead,
            epochs: flags.epochs === undefined ? undefined : positiveInteger('--epochs', flags.epochs),
            subset: flags.subset === undefined ? undefined : positiveInteger('--subset', flags.subset),
            seed: flags.seed === undefined ? undefined : Number(flags.seed),
            onProgress: (p) => show(p.step, p.steps, `epoch ${p.epoch} loss ${p.loss.toFixed(3)}`),
          },
        ),
      );
      const image = pack(model);
      const output = flags.output ?? `build/${config.name}.htpw`;
      writeBytes(output, image);
      if (flags.checkpoint) writeCheckpoint(flags.checkpoint, checkpoint);
      const sha256 = createHash('sha256').update(image).digest('hex');
      const result = { ...report, output, bytes: image.length, sha256 };
      print(flags.json, result, () =>
        [
          `${output}: ${image.length.toLocaleString('en-US')} bytes, SHA-256 ${sha256}`,
          `trained ${report.seconds.toFixed(0)} s; float simulation of the integer network: validation macro-F1 ${report.validation.macroF1.toFixed(3)}, later beats ${report.later.macroF1.toFixed(3)}`,
          ...Object.values(report.accounts).map(describeAccount),
          `next: htpw eval ${output} --data ${dataset}`,
        ].join('\n'),
      );
    });
}
