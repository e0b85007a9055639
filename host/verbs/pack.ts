import type { Command } from 'commander';
import { packLossless } from '../image/lossless.ts';
import { readCheckpoint } from '../train/checkpoint.ts';
import { readConfig } from '../train/config.ts';
import { exportModel } from '../train/export.ts';
import { LOSSLESS_OPTION, losslessOf } from './image.ts';
import { print, UsageError, writeBytes } from './verb.ts';

interface Flags {
  config: string;
  output: string;
  tables: string;
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
    .option('--tables <encoding>', 'compact or q31', 'compact')
    .option('--strip', 'leave the metadata out')
    .option(...LOSSLESS_OPTION)
    .option('--json', 'machine-readable result')
    .addHelpText(
      'after',
      '\nExample:\n  htpw pack build/ecg-beats.safetensors --config models/configs/ecg-beats.json -o build/ecg-beats.htpw',
    )
    .action(async (path: string, flags: Flags) => {
      if (flags.tables !== 'compact' && flags.tables !== 'q31')
        throw new UsageError(`--tables must be compact or q31, got "${flags.tables}"`);
      const model = await exportModel(readCheckpoint(path), readConfig(flags.config));
      const { tables, strip, lossless } = flags;
      const image = packLossless(model, { tables, strip }, losslessOf(lossless));
      writeBytes(flags.output, image);
      print(
        flags.json,
        { output: flags.output, bytes: image.length },
        () => `${flags.output}: ${image.length.toLocaleString('en-US')} bytes`,
      );
    });
}
