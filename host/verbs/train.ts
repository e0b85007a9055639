import { createHash } from 'node:crypto';
import type { Command } from 'commander';
import { pack } from '../image/pack.ts';
import { writeCheckpoint } from '../train/checkpoint.ts';
import { readConfig } from '../train/config.ts';
import { trainModel } from '../train/train.ts';
import { positiveInteger, print, UsageError, withProgress, writeBytes } from './verb.ts';

interface TrainFlags {
  config: string;
  data?: string;
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
    .option('--data <name>', 'mitbih or synthetic, in place of the configuration')
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
      if (flags.data !== undefined && flags.data !== 'mitbih' && flags.data !== 'synthetic')
        throw new UsageError(`--data must be mitbih or synthetic, got "${flags.data}"`);
      const { checkpoint, model, report } = await withProgress(config.name, (show) =>
        trainModel(
          { ...config, dataset: (flags.data as typeof config.dataset | undefined) ?? config.dataset },
          {
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
          `next: htpw eval ${output}`,
        ].join('\n'),
      );
    });
}
