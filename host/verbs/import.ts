import { basename, extname } from 'node:path';
import type { Command } from 'commander';
import { bytesByCategory, regionsOf } from '../image/regions.ts';
import { ImageView } from '../image/view.ts';
import { importCheckpoint } from '../import/checkpoint.ts';
import { ImportError } from '../import/error.ts';
import { type Imported, importImage } from '../import/import.ts';
import type { Port } from '../import/live.ts';
import { Runtime } from '../runtime/runtime.ts';
import { columns, print, readBytes, UsageError, writeBytes } from './verb.ts';

export function importVerb(program: Command): void {
  program
    .command('import <model>')
    .summary('INT8 .tflite to flash image')
    .description(
      'Turn a fully quantised INT8 .tflite model into an image that gives the same bytes as the reference kernels of TensorFlow Lite Micro. What cannot be imported is named, all of it at once; docs/import.md has what can.',
    )
    .requiredOption('-o, --output <image>', 'where the image goes')
    .option('--tables <encoding>', 'q31: exact; compact: fewer bytes, but other outputs than the .tflite', 'q31')
    .option('--arch <json>', 'architecture of a .safetensors checkpoint: the network of a training configuration')
    .option('--json', 'machine-readable result')
    .addHelpText(
      'after',
      '\nExamples:\n  htpw import model.tflite -o build/model.htpw\n  htpw import model.tflite -o build/model.htpw --tables compact\n  htpw import model.safetensors --arch arch.json -o build/model.htpw',
    )
    .action(async (path: string, flags: { output: string; tables: string; arch?: string; json?: boolean }) => {
      if (flags.tables !== 'compact' && flags.tables !== 'q31')
        throw new UsageError(`--tables must be q31 or compact, got "${flags.tables}"`);
      if (flags.arch !== undefined || extname(path) === '.safetensors')
        return importTrained(path, flags.arch, flags.output, flags.tables, flags.json);
      const imported = importFile(path, flags.tables);
      writeBytes(flags.output, imported.image);
      const result = summary(path, flags.output, flags.tables, imported);
      print(flags.json, result, () => render(result));
    });
}

function importFile(path: string, tables: 'q31' | 'compact') {
  try {
    return importImage(readBytes(path), basename(path, extname(path)), tables);
  } catch (error) {
    if (error instanceof ImportError) throw new UsageError(`${path}: ${error.message}`);
    throw error;
  }
}

/** A checkpoint of a network that was trained elsewhere. */
async function importTrained(
  model: string,
  arch: string | undefined,
  output: string,
  tables: 'q31' | 'compact',
  json?: boolean,
) {
  if (arch === undefined) throw new UsageError(`${model}: a .safetensors checkpoint needs --arch <json>, got none`);
  const { image, model: made } = await importCheckpoint(readBytes(model), model, arch, tables).catch((error) => {
    throw error instanceof ImportError ? new UsageError(`${model}: ${error.message}`) : error;
  });
  const arenaBytes = new Runtime(image).arenaBytes(); // proves it
  writeBytes(output, image);
  const operators = made.programs[0].operators.map(({ name, kind }) => ({ name, kind }));
  print(json, { model, output, bytes: image.length, tables, arenaBytes, operators, labels: made.metadata.labels }, () =>
    [
      `${output}: ${image.length.toLocaleString('en-US')} bytes, arena ${arenaBytes.toLocaleString('en-US')} bytes`,
      `classes ${made.metadata.labels?.join(', ')}`,
      columns(operators.map(({ name, kind }) => [`  ${name}`, kind])),
    ].join('\n'),
  );
}

function summary(
  model: string,
  output: string,
  tables: string,
  { image, model: { programs }, origins, folded, inputs, outputs }: Imported & { image: Uint8Array },
) {
  const runtime = new Runtime(image); // proves it
  const [{ operators, tensors }] = programs;
  const ports = (list: Port[], indices: number[]) =>
    list.map(({ type }, i) => {
      const { name, shape, scale, zeroPoint } = tensors[indices[i]];
      return { name, shape, scale, zeroPoint, fileType: type };
    });
  return {
    model,
    output,
    bytes: image.length,
    tables,
    exact: tables === 'q31',
    arenaBytes: runtime.arenaBytes(),
    categories: bytesByCategory(regionsOf(new ImageView(image))),
    inputs: ports(inputs, programs[0].inputs),
    outputs: ports(outputs, programs[0].outputs),
    operators: operators.map(({ kind, output: tensor }, i) => ({
      kind,
      output: tensors[tensor].shape,
      ...origins[i],
    })),
    folded,
  };
}

function render(result: ReturnType<typeof summary>): string {
  const number = (value: number) => value.toLocaleString('en-US');
  const port = ({ shape, scale, zeroPoint, fileType }: (typeof result.inputs)[number]) =>
    `${shape.join('x')} i8, real = ${scale} * (q - ${zeroPoint})${fileType === 'INT8' ? '' : `; ${fileType} in the .tflite, the conversion is the caller's`}`;
  const bytes = Object.entries(result.categories).filter(([, size]) => size > 0);
  return [
    `${result.output}: ${number(result.bytes)} bytes, arena ${number(result.arenaBytes)} bytes`,
    result.exact
      ? 'tables q31: the same bytes as TensorFlow Lite Micro'
      : 'tables compact: NOT exact, outputs differ from those of TensorFlow Lite Micro; measure the accuracy again',
    ...result.inputs.map((input) => `input   ${port(input)}`),
    ...result.outputs.map((output) => `output  ${port(output)}`),
    columns(result.operators.map(({ index, opcode, kind, output }) => [`  ${index}`, opcode, kind, output.join('x')])),
    ...(result.folded.length > 0
      ? [`left out: ${result.folded.map(({ index, opcode }) => `${index} ${opcode}`).join(', ')}`]
      : []),
    columns([...bytes, ['sum', result.bytes]]),
  ].join('\n');
}
