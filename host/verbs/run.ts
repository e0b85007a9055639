/** htpw run: raw inputs through an image in Node. */
import type { Command } from 'commander';
import { ImageView } from '../records/view.ts';
import { Runtime } from '../runtime/node.ts';
import { PORTABLE, VARIANT_NAMES, type VariantName } from '../runtime/variants.ts';
import { counted } from '../system/counted.ts';
import { planOutput } from '../system/files.ts';
import { PROGRAM_OPTION, programIndex, readImage } from './image.ts';
import { readInputs } from './inputs.ts';
import { oneOf, valued } from './options.ts';
import { print } from './verb.ts';

interface RunFlags {
  input: string;
  output: string;
  variant: VariantName;
  program: string;
  json?: boolean;
}

export function runVerb(program: Command): void {
  program
    .command('run <image>')
    .summary('run an image in Node')
    .description(
      'Run inputs through an image with the WASM runtime. Raw tensors in, raw tensors out, one after another, as the ports of the program say; several inferences follow each other.',
    )
    .requiredOption('--input <file>', 'raw input tensors')
    .requiredOption('--output <file>', 'where the raw output tensors go')
    .addOption(valued('--variant <name>', VARIANT_NAMES.join(', '), oneOf(VARIANT_NAMES), PORTABLE))
    .option(...PROGRAM_OPTION)
    .option('--json', 'machine-readable result')
    .addHelpText(
      'after',
      '\nExamples:\n  htpw run models/ecg-beats.htpw --input window.bin --output scores.bin --variant dsp\n  htpw run build/all.htpw --program motion --input window.bin --output scores.bin',
    )
    .action((path: string, options: RunFlags) => {
      const output = planOutput(options.output, { inputs: [path, options.input] });
      const image = readImage(path);
      const runtime = new Runtime(image, options.variant);
      const index = programIndex(new ImageView(image), options.program);
      runtime.load(index);
      const outputs = readInputs(options.input, runtime.inputBytes(index)).map((input) => runtime.run(input));
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
        () => `${counted(result.inferences, 'inference')}, ${counted(result.outputBytes, 'byte')} to ${result.output}`,
        output,
      );
    });
}
