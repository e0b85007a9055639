import type { Command } from 'commander';
import { Runtime, type VariantName } from '../runtime/runtime.ts';
import { readImage } from './image.ts';
import { print, readBytes, UsageError, writeBytes } from './verb.ts';

const VARIANTS = ['scalar', 'dsp', 'simd'];

export function runVerb(program: Command): void {
  program
    .command('run <image>')
    .summary('run an image in Node')
    .description(
      'Run inputs through an image with the WASM runtime. Raw tensors in, raw tensors out, one after another, as the descriptors of the program say; several inferences follow each other.',
    )
    .requiredOption('--input <file>', 'raw input tensors')
    .requiredOption('--output <file>', 'where the raw output tensors go')
    .option('--variant <name>', VARIANTS.join(', '), 'scalar')
    .option('--program <index>', 'program of the image', '0')
    .option('--json', 'machine-readable result')
    .addHelpText(
      'after',
      '\nExample:\n  htpw run models/ecg-beats.htpw --input window.bin --output scores.bin --variant dsp',
    )
    .action(
      (path: string, options: { input: string; output: string; variant: string; program: string; json?: boolean }) => {
        if (!VARIANTS.includes(options.variant))
          throw new UsageError(`--variant must be one of ${VARIANTS.join(', ')}, got "${options.variant}"`);
        const runtime = new Runtime(readImage(path), options.variant as VariantName);
        const index = Number(options.program);
        if (!Number.isInteger(index) || index < 0 || index >= runtime.programs)
          throw new UsageError(`--program must be below ${runtime.programs}, got "${options.program}"`);
        runtime.load(index);
        const input = readBytes(options.input);
        const step = runtime.inputBytes(index);
        if (input.length === 0 || input.length % step !== 0) {
          throw new UsageError(
            `${options.input}: expected a multiple of ${step} bytes (one inference), got ${input.length}; check shape and type of the input`,
          );
        }
        const outputs: Uint8Array[] = [];
        for (let at = 0; at < input.length; at += step) outputs.push(runtime.run(input.subarray(at, at + step)));
        writeBytes(options.output, Buffer.concat(outputs));
        const result = {
          image: path,
          inferences: outputs.length,
          outputBytes: outputs.length * runtime.outputBytes(index),
          output: options.output,
        };
        print(
          options.json,
          result,
          () => `${result.inferences} inferences, ${result.outputBytes} bytes to ${result.output}`,
        );
      },
    );
}
