import type { Command } from 'commander';
import { Runtime, type VariantName } from '../runtime/node.ts';
import { planOutput, readInput } from '../system/files.ts';
import { assertRaw } from '../system/wrongKind.ts';
import { readImage } from './image.ts';
import { oneOf, valued, wholeNumber } from './options.ts';
import { print, UsageError } from './verb.ts';

const VARIANTS: VariantName[] = ['scalar', 'dsp', 'simd'];

interface RunFlags {
  input: string;
  output: string;
  variant: VariantName;
  program: number;
  json?: boolean;
}

export function runVerb(program: Command): void {
  program
    .command('run <image>')
    .summary('run an image in Node')
    .description(
      'Run inputs through an image with the WASM runtime. Raw tensors in, raw tensors out, one after another, as the descriptors of the program say; several inferences follow each other.',
    )
    .requiredOption('--input <file>', 'raw input tensors')
    .requiredOption('--output <file>', 'where the raw output tensors go')
    .addOption(valued('--variant <name>', VARIANTS.join(', '), oneOf(VARIANTS), 'scalar'))
    .addOption(valued('--program <index>', 'program of the image', wholeNumber(0, 65535), '0'))
    .option('--json', 'machine-readable result')
    .addHelpText(
      'after',
      '\nExample:\n  htpw run models/ecg-beats.htpw --input window.bin --output scores.bin --variant dsp',
    )
    .action((path: string, options: RunFlags) => {
      const output = planOutput(options.output, { inputs: [path, options.input] });
      const runtime = new Runtime(readImage(path), options.variant);
      const index = options.program;
      if (index >= runtime.programs)
        throw new UsageError(`--program must be below ${runtime.programs}, got "${index}"`);
      runtime.load(index);
      const input = readInput(options.input);
      assertRaw(options.input, input);
      const step = runtime.inputBytes(index);
      if (input.length === 0 || input.length % step !== 0) {
        throw new UsageError(
          `${options.input}: expected a multiple of ${step} bytes (one inference), got ${input.length}; check shape and type of the input`,
        );
      }
      const outputs: Uint8Array[] = [];
      for (let at = 0; at < input.length; at += step) outputs.push(runtime.run(input.subarray(at, at + step)));
      output.write(Buffer.concat(outputs));
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
        output,
      );
    });
}
