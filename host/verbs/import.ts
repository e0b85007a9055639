/** htpw import: a .tflite or ONNX model, or a checkpoint of one family of networks, to an image. */

import { existsSync } from 'node:fs';
import { extname, join } from 'node:path';
import type { Command } from 'commander';
import type { TableEncoding } from '../arithmetic/channels.ts';
import { columns } from '../drawing/columns.ts';
import { type FloatNetwork, floatTflite } from '../float/network.ts';
import { RANGES, type RangeMethod } from '../float/observe.ts';
import type { Lossless } from '../image/lossless.ts';
import { ImportError } from '../import/error.ts';
import { type ImportOptions, importImage } from '../import/import.ts';
import { isTflite } from '../import/schema.ts';
import { type ImportSummary, type Removal, removal, summaryOf } from '../inspect/imported.ts';
import { Runtime } from '../runtime/node.ts';
import { shortest } from '../runtime/ports.ts';
import { describeFile, ONNX, SAFETENSORS } from '../system/fileKind.ts';
import { type Output, planOutput, readInput, titleOf } from '../system/files.ts';
import { grouped } from '../system/grouped.ts';
import { printable } from '../system/printable.ts';
import { wrongKind } from '../system/wrongKind.ts';
import { importCheckpoint } from '../train/foreignCheckpoint.ts';
import { LOSSLESS_OPTION, losslessOf } from './image.ts';
import { amount, oneOf, valued } from './options.ts';
import { print, UsageError } from './verb.ts';

export function importVerb(program: Command): void {
  program
    .command('import <model>')
    .summary('a .tflite or ONNX model to a flash image')
    .description(
      'Turn a fully quantised INT8 .tflite model into an image that gives the same bytes as the reference kernels of TensorFlow Lite Micro. A float .tflite or ONNX model is quantised first, on typical inputs. Whatever cannot be imported is named, all at once; docs/import.md lists the operators.',
    )
    .requiredOption('-o, --output <image>', 'where the image goes')
    .addOption(
      valued(
        '--tables <encoding>',
        'q31: exact; compact: fewer bytes, but other outputs than the .tflite',
        oneOf(['q31', 'compact']),
        'q31',
      ),
    )
    .option(...LOSSLESS_OPTION)
    .option('--keep-dead', 'keep the channels that no output depends on, for a comparison layer by layer')
    .option(
      '--calibration <inputs>',
      'typical inputs of a float model: .npy, raw float32, or a folder of such files; every fifth is held out',
    )
    .addOption(
      valued(
        '--ranges <method>',
        'ranges of the activations of a float model: min-max, percentile, mse, or what measures best',
        oneOf(['best', ...RANGES]),
        'best',
      ),
    )
    .addOption(
      valued(
        '--budget <bytes>',
        'largest image of a float model, such as 20kB: compress runs behind it, with the float weights as its target',
        amount('flash'),
      ),
    )
    .option('--dense-channels', 'fully connected layers of a float model with a scale per channel: 4 bytes each')
    .option('--arch <json>', 'architecture of a .safetensors checkpoint: the network of a training configuration')
    .option('--json', 'machine-readable result')
    .addHelpText(
      'after',
      '\nExamples:\n  htpw import model.tflite -o build/model.htpw\n  htpw import model.tflite -o build/model.htpw --tables compact\n  htpw import float.tflite --calibration inputs.npy -o build/model.htpw\n  htpw import float.onnx --calibration inputs.npy --budget 20kB -o build/model.htpw\n  htpw import model.safetensors --arch arch.json -o build/model.htpw',
    )
    .action(async (path: string, flags: ImportFlags) => {
      const { tables, keepDead = false } = flags;
      const lossless = losslessOf(flags.lossless);
      const output = planOutput(flags.output, { inputs: [path, flags.arch, flags.calibration] });
      const bytes = readModel(path); // once: it may be a pipe
      if (flags.arch !== undefined || isCheckpoint(path, bytes)) {
        assertNoBudget(path, flags);
        if (lossless || keepDead)
          throw new UsageError(`${path}: --lossless and --keep-dead are for .tflite models; leave them out`);
        return importTrained(path, bytes, flags.arch, output, tables, flags.json);
      }
      if (bytes.length === 0) throw wrongKind(path, bytes, ['a .tflite or ONNX model'])!;
      const network = await floatNetwork(path, bytes);
      if (network !== null) return importReal(path, network, { ...flags, lossless }, output);
      assertNoBudget(path, flags);
      if (flags.calibration !== undefined)
        throw new UsageError(`${path}: is quantised already, so --calibration has nothing to do; leave it out`);
      const imported = importBytes(bytes, path, { tables, lossless, keepDead });
      const whole = keepDead ? null : importBytes(bytes, path, { tables, lossless, keepDead: true });
      const removed = whole && removal(imported, whole);
      const result = { ...summaryOf(path, flags.output, tables, imported), removed };
      output.write(imported.image);
      print(flags.json, result, () => render(result), output);
    });
}

interface ImportFlags {
  output: string;
  tables: TableEncoding;
  keepDead?: boolean;
  lossless?: string | true;
  arch?: string;
  calibration?: string;
  budget?: number;
  ranges: RangeMethod | 'best';
  denseChannels?: boolean;
  json?: boolean;
}

function assertNoBudget(path: string, { budget }: ImportFlags): void {
  if (budget !== undefined)
    throw new UsageError(`${path}: --budget is for float models; import it, then htpw compress the image`);
}

/** The bytes of a model; of a folder that is one, which cannot be imported, those of what tells its kind. */
function readModel(path: string): Uint8Array {
  const saved = join(path, 'saved_model.pb');
  return readInput(existsSync(saved) ? saved : path);
}

const isOnnx = (path: string, bytes: Uint8Array): boolean =>
  extname(path) === '.onnx' || describeFile(bytes).kind === ONNX.kind;

const isCheckpoint = (path: string, bytes: Uint8Array): boolean =>
  extname(path) === '.safetensors' || describeFile(bytes).kind === SAFETENSORS.kind;

/** The network of a float file; null for one in INT8. */
async function floatNetwork(path: string, bytes: Uint8Array): Promise<FloatNetwork | null> {
  try {
    if (isTflite(bytes)) return floatTflite(bytes);
    if (!isOnnx(path, bytes)) return null;
    const { floatOnnx } = await import('../onnx/onnx.ts'); // loads the library of protocol buffers
    return await floatOnnx(bytes);
  } catch (error) {
    if (error instanceof ImportError) throw new UsageError(`${path}: ${error.message}`);
    throw error;
  }
}

/** A network in real numbers: quantised, imported, and what that cost. */
async function importReal(
  path: string,
  network: FloatNetwork,
  flags: Omit<ImportFlags, 'lossless'> & { lossless?: Lossless },
  output: Output,
): Promise<void> {
  const { floatSummary, importFloat, importGiven, renderFloat } = await import('./importFloat.ts');
  if (network.isQuantized && flags.calibration === undefined) {
    if (flags.budget !== undefined) throw new UsageError(`${path}: --budget needs --calibration <inputs>, got none`);
    const imported = importGiven(path, network, flags);
    const result = { ...summaryOf(path, flags.output, flags.tables, imported), exact: null, removed: null };
    output.write(imported.image);
    print(flags.json, result, () => `${render(result)}\nscales as the file has them`, output);
    return;
  }
  const imported = await importFloat(path, network, flags);
  const result = { ...summaryOf(path, flags.output, flags.tables, imported), exact: null, removed: null };
  output.write(imported.image);
  print(
    flags.json,
    { ...result, ...floatSummary(imported) },
    () => [render(result), ...renderFloat(imported)].join('\n'),
    output,
  );
}

function importBytes(
  bytes: Uint8Array,
  path: string,
  options: ImportOptions & { tables: TableEncoding; lossless?: Lossless },
) {
  try {
    return importImage(bytes, titleOf(path), options);
  } catch (error) {
    if (error instanceof ImportError) throw new UsageError(`${path}: ${error.message}`);
    throw error;
  }
}

/** A checkpoint of a network that was trained elsewhere. */
async function importTrained(
  model: string,
  bytes: Uint8Array,
  arch: string | undefined,
  planned: Output,
  tables: TableEncoding,
  json?: boolean,
) {
  if (arch === undefined) throw new UsageError(`${model}: a .safetensors checkpoint needs --arch <json>, got none`);
  const { image, model: made } = await importCheckpoint(bytes, model, arch, tables).catch((error) => {
    throw error instanceof ImportError ? new UsageError(`${model}: ${error.message}`) : error;
  });
  const arenaBytes = new Runtime(image).arenaBytes(); // proves it
  planned.write(image);
  const output = planned.name;
  const operators = made.programs[0].operators.map(({ name, kind }) => ({ name, kind }));
  const result = { model, output, bytes: image.length, tables, arenaBytes, operators, labels: made.metadata.labels };
  print(
    json,
    result,
    () =>
      [
        `${output}: ${grouped(image.length)} bytes, arena ${grouped(arenaBytes)} bytes`,
        `classes ${printable(made.metadata.labels?.join(', ') ?? 'without names')}`,
        columns(operators.map(({ name, kind }) => [`  ${name}`, kind])),
      ].join('\n'),
    planned,
  );
}

/** exact: null for a network that was quantised here, where there is nothing to be equal to */
function render(result: Omit<ImportSummary, 'exact'> & { exact: boolean | null; removed: Removal | null }): string {
  const port = ({ shape, scale, zeroPoint, fileType }: (typeof result.inputs)[number]) =>
    `${shape.join('x')} int8, real = ${shortest(scale)} * (q ${zeroPoint < 0 ? '+' : '-'} ${Math.abs(zeroPoint)})${fileType === 'INT8' ? '' : `; ${fileType} in the file, the conversion is the caller's`}`;
  const bytes = Object.entries(result.categories).filter(([, size]) => size > 0);
  return [
    `${result.output}: ${grouped(result.bytes)} bytes, arena ${grouped(result.arenaBytes)} bytes`,
    ...(result.exact === null ? [] : [exactness(result.exact)]),
    ...result.inputs.map((input) => `input   ${port(input)}`),
    ...result.outputs.map((output) => `output  ${port(output)}`),
    columns(result.operators.map(({ index, opcode, kind, output }) => [`  ${index}`, opcode, kind, output.join('x')])),
    ...(result.folded.length > 0
      ? [`left out: ${result.folded.map(({ index, opcode }) => `${index} ${opcode}`).join(', ')}`]
      : []),
    columns([...bytes, ['sum', result.bytes]]),
    ...(result.removed ? renderRemoval(result.removed) : []),
  ].join('\n');
}

const exactness = (exact: boolean): string =>
  exact
    ? 'tables q31: the same bytes as TensorFlow Lite Micro'
    : 'tables compact: NOT exact, outputs differ from those of TensorFlow Lite Micro; measure the accuracy again';

/** Empty where there was nothing to remove. */
function renderRemoval(removed: Removal): string[] {
  if (removed.channels.from === removed.channels.to) return [];
  const rows = Object.entries(removed).map(([what, { from, to }]) => [
    `  ${NAMES[what as keyof typeof removed]}`,
    from,
    to,
    `${(100 * (to / from - 1)).toFixed(0)} %`,
  ]);
  return ['channels that no output depends on are left out (--keep-dead leaves them in):', columns(rows)];
}

const NAMES = {
  channels: 'channels',
  weights: 'weights',
  macs: 'MACs',
  imageBytes: 'image bytes',
  arenaBytes: 'arena bytes',
} as const;
