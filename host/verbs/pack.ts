/** htpw pack: a float checkpoint to an image. */

import type { Command } from 'commander';
import type { TableEncoding } from '../arithmetic/channels.ts';
import { packLossless } from '../image/lossless.ts';
import { planOutput } from '../system/files.ts';
import { grouped } from '../system/grouped.ts';
import { shownPath } from '../system/shownPath.ts';
import { classNamesOf, readCheckpoint } from '../train/checkpoint.ts';
import { readConfigs, type TrainConfig } from '../train/config.ts';
import { exportModel, exportTogether } from '../train/index.ts';
import { specOf, specsOf } from '../train/network.ts';
import { isRouted, networksOf, specsOfRoute } from '../train/routed/training.ts';
import { assertFits } from '../train/tensors.ts';
import { LOSSLESS_OPTION, losslessOf } from './image.ts';
import { oneOf, valued } from './options.ts';
import { print } from './verb.ts';

interface Flags {
  config: string;
  output: string;
  tables?: TableEncoding;
  strip?: boolean;
  lossless?: string | true;
  json?: boolean;
}

export function packVerb(program: Command): void {
  program
    .command('pack <checkpoint>')
    .summary('float checkpoint to flash image')
    .description('Export a trained checkpoint (.safetensors) to integers and pack it.')
    .requiredOption('--config <file>', 'configuration that it was trained with')
    .requiredOption('-o, --output <image>', 'where the image goes')
    .addOption(
      valued(
        '--tables <encoding>',
        'compact, short or q31, in place of the configuration',
        oneOf(['compact', 'short', 'q31']),
      ),
    )
    .option('--strip', 'leave the metadata out')
    .option(...LOSSLESS_OPTION)
    .option('--json', 'machine-readable result')
    .addHelpText(
      'after',
      '\nExample:\n  htpw pack build/ecg-beats.safetensors --config models/configs/ecg-beats.json -o build/ecg-beats.htpw',
    )
    .action(async (path: string, flags: Flags) => {
      const lossless = losslessOf(flags.lossless);
      const output = planOutput(flags.output, { inputs: [path, flags.config] });
      const config = readConfigs(flags.config);
      const checkpoint = readCheckpoint(path);
      const [only, ...others] = config.programs as [TrainConfig, ...TrainConfig[]];
      const specs = isRouted(only)
        ? networksOf(specsOfRoute(only))
        : others.length > 0
          ? specsOf(config.programs)
          : [specOf(only, classNamesOf(checkpoint).length)];
      assertFits(checkpoint, specs, shownPath(path));
      const model = await (others.length > 0 ? exportTogether(checkpoint, config) : exportModel(checkpoint, only));
      const { tables = only.tables, strip } = flags;
      const image = packLossless(model, { tables, strip }, lossless);
      output.write(image);
      print(
        flags.json,
        { output: flags.output, bytes: image.length },
        () => `${flags.output}: ${grouped(image.length)} bytes`,
        output,
      );
    });
}
