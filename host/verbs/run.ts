/** htpw run: inputs through an image in Node, and what it answers. */
import type { Command } from 'commander';
import { columns } from '../drawing/columns.ts';
import { type Ranked, ranked } from '../evaluate/judged.ts';
import { ImageView } from '../records/view.ts';
import { Runtime } from '../runtime/node.ts';
import type { Port } from '../runtime/ports.ts';
import { PORTABLE, VARIANT_NAMES, type VariantName } from '../runtime/variants.ts';
import { counted } from '../system/counted.ts';
import { planOutput } from '../system/files.ts';
import { shownPath } from '../system/shownPath.ts';
import { heading } from './color.ts';
import { PROGRAM_OPTION, programIndex, readImage } from './image.ts';
import { INPUTS, type InputFlags, metadataOf, readInputs, withInputOptions } from './inputs.ts';
import { oneOf, valued } from './options.ts';
import { print, UsageError } from './verb.ts';

interface RunFlags extends InputFlags {
  input: string;
  output?: string;
  variant: VariantName;
  program: string;
  json?: boolean;
}

/** Classes that are shown of each input. */
const TOP = 3;
/** Inputs whose answers are shown to people; --json has all. */
const SHOWN = 50;

export function runVerb(program: Command): void {
  const command = program
    .command('run <image>')
    .summary('run an image in Node, and see what it answers')
    .description(
      'Run inputs through an image with the WASM runtime and show the classes with the highest scores. Real values become integers by the scale of the input; raw tensors and arrays of its own type are taken as they are. --output keeps the raw output tensors, one inference after another.',
    )
    .requiredOption('--input <path>', INPUTS)
    .option('--output <file>', 'where the raw output tensors go')
    .addOption(valued('--variant <name>', VARIANT_NAMES.join(', '), oneOf(VARIANT_NAMES), PORTABLE))
    .option(...PROGRAM_OPTION);
  withInputOptions(command)
    .option('--json', 'machine-readable result')
    .addHelpText(
      'after',
      '\nExamples:\n  htpw run kws.htpw --input yes.npy\n  htpw run resnet.htpw --input pictures --resize\n  htpw run models/ecg-beats.htpw --input window.bin --output scores.bin --variant dsp\n  htpw run build/all.htpw --program motion --input log.csv',
    )
    .action((path: string, flags: RunFlags) => {
      const output = flags.output === undefined ? undefined : planOutput(flags.output, { inputs: [path, flags.input] });
      const image = readImage(path);
      const view = new ImageView(image);
      const index = programIndex(view, flags.program);
      const runtime = new Runtime(image, flags.variant).load(index);
      if (!output && !isRow(runtime.outputs))
        throw new UsageError(
          `${shownPath(path)}: expected a program that answers with a row of scores, got outputs of ` +
            `${runtime.outputs.map(({ shape }) => shape.join(' x ')).join(' and ')}; keep them with --output`,
        );
      const { inputs, names } = readInputs(flags.input, runtime.inputs, flags, metadataOf(view, index));
      const outputs = inputs.map((input) => runtime.run(input));
      output?.write(Buffer.concat(outputs));
      const answers = isRow(runtime.outputs)
        ? outputs.map((bytes, i) => ({ input: names[i]!, top: ranked(bytes, TOP, runtime, view, index) }))
        : null;
      const result = {
        image: path,
        inferences: outputs.length,
        outputBytes: outputs.length * runtime.outputBytes(index),
        output: flags.output ?? null,
        answers,
      };
      print(flags.json, result, () => render(result), output);
    });
}

/** One row of scores, or an index. */
const isRow = ([{ shape }, another]: readonly Port[]): boolean => !another && shape[0] * shape[1] === 1;

interface Result {
  inferences: number;
  outputBytes: number;
  output: string | null;
  answers: { input: string; top: Ranked[] }[] | null;
}

function render({ inferences, outputBytes, output, answers }: Result): string {
  const kept = output === null ? '' : `, ${counted(outputBytes, 'byte')} to ${output}`;
  const rows = (answers ?? [])
    .slice(0, SHOWN)
    .map(({ input, top }) => [
      input,
      ...Array.from({ length: Math.max(...answers!.map((answer) => answer.top.length)) }, (_, i) => shown(top[i])),
    ]);
  const more = (answers?.length ?? 0) - rows.length;
  return [
    heading(`${counted(inferences, 'inference')}${kept}`),
    ...(rows.length > 0 ? [columns(rows)] : []),
    ...(more > 0 ? [`... and ${more} more: --json has all`] : []),
  ].join('\n');
}

const shown = (answer: Ranked | undefined): string => {
  if (!answer) return '';
  const { index, label, score } = answer;
  return `${label ?? `class ${index}`}${score === null ? '' : ` ${score.toFixed(3)}`}`;
};
