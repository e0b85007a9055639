import { basename, join } from 'node:path';
import type { Command } from 'commander';
import { tailoring, writeLibrary } from '../board/library.ts';
import { Runtime } from '../runtime/runtime.ts';
import { imageFor } from './image.ts';
import { print, UsageError, writeBytes } from './verb.ts';
import { testWindows } from './windows.ts';

interface Flags {
  output: string;
  tailor?: string;
  residency?: string;
  input?: string;
  json?: boolean;
}

export function clibVerb(program: Command): void {
  program
    .command('clib')
    .summary('the runtime as a C library, for programs that are built without Node')
    .description(
      'Write the runtime as C sources with header, CMakeLists.txt and a Makefile fragment. Tailored to an image, it keeps only what that image needs, and has the image as model.c.',
    )
    .option('-o, --output <folder>', 'where the files go', join('dist', 'c'))
    .option('--tailor <image>', 'only the operators, sources and encodings of this image, and the image itself')
    .option('--residency <name>', 'of the tailored image: boot, lazy or stream in place of what it asks for')
    .option('--input <file>', 'also write an input to try the image with: a synthetic ECG window, or random bytes')
    .option('--json', 'machine-readable result')
    .addHelpText(
      'after',
      '\nExamples:\n  htpw clib -o third_party/htpw\n  htpw clib --tailor models/ecg-beats.htpw -o build/ecg',
    )
    .action(async ({ output, tailor, residency, input, json }: Flags) => {
      if (tailor === undefined && (residency ?? input) !== undefined)
        throw new UsageError('--residency and --input are about an image: name it with --tailor');
      const image = tailor === undefined ? null : imageFor(tailor, null, residency);
      if (image && input) writeBytes(input, testWindows(new Runtime(image.image), 1, 'synthetic').windows[0]);
      const files = await writeLibrary(output, image && tailoring(basename(tailor!), image.image));
      print(json, { folder: output, files }, () => `${output}: ${files.join(', ')}`);
    });
}
