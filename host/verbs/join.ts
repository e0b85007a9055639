/** htpw join: several networks in one image, as they are, or on codebooks that they share. */
import { type Command, Option } from 'commander';
import type { Samples } from '../compress/samples.ts';
import { columns } from '../drawing/columns.ts';
import { assertTakes, taskOfImage } from '../evaluate/scoring.ts';
import { pack } from '../image/pack.ts';
import { type Unpacked, unpack } from '../image/unpack.ts';
import { importImage } from '../import/import.ts';
import { isTflite } from '../import/schema.ts';
import type { BookSize } from '../join/codebooks.ts';
import { HELD_OUT, type Network } from '../join/prepare.ts';
import { joinOnto, joinPrograms, programsOf, renamed, type Shared } from '../join/programs.ts';
import { BudgetError, type Joined, shareCodebooks, takeCodebooks, type Wanted, weightBytes } from '../join/share.ts';
import { metadataAt, nameAt } from '../records/names.ts';
import { ImageView } from '../records/view.ts';
import { moduleOf, Runtime } from '../runtime/node.ts';
import { FASTEST } from '../runtime/variants.ts';
import { counted } from '../system/counted.ts';
import { named } from '../system/errors.ts';
import { planOutput, readInput, titleOf } from '../system/files.ts';
import { grouped } from '../system/grouped.ts';
import { shownPath } from '../system/shownPath.ts';
import { spreadWindows } from '../task/inputs.ts';
import { openTask } from '../task/task.ts';
import { provedImage, readImage } from './image.ts';
import { INPUTS, readInputs } from './inputs.ts';
import { amount, listOf, valued, wholeNumber } from './options.ts';
import { CheckFailed, print, UsageError, withProgress } from './verb.ts';

interface Flags {
  output: string;
  codebook?: boolean;
  onto?: string;
  entries?: number;
  length?: number[];
  calibration?: NamedFile[];
  windows?: number;
  agreement?: number;
  budget?: number;
  json?: boolean;
}

interface NamedFile {
  name: string | null;
  path: string;
}

const [ENTRIES, LENGTHS] = [256, [4, 2]];

export function joinVerb(program: Command): void {
  program
    .command('join <networks...>')
    .summary('several networks in one image, on codebooks that they share')
    .description(
      'Put the programs of images and INT8 .tflite models into one image, which a device switches between by loading another program. Nothing is compressed, and what is alike is there once. With --codebook the inner layers of all of them become entries of codebooks that are learned from all; with --onto networks come to an image that has such codebooks, which stay as they are. FILE or NAME=FILE, for a program of another name.',
    )
    .requiredOption('-o, --output <image>', 'where the image goes')
    .option('--codebook', 'learn codebooks for all networks: a pair of each length')
    .addOption(new Option('--onto <image>', 'add to this image, on the codebooks that it has').conflicts('codebook'))
    .addOption(valued('--entries <count>', `entries of a codebook; default: ${ENTRIES}`, wholeNumber(2, 256)))
    .addOption(
      valued(
        '--length <list>',
        `weights in an entry, of each pair of codebooks; default: ${LENGTHS}`,
        listOf(wholeNumber(1, 64)),
      ),
    )
    .addOption(
      new Option('--calibration <name=file>', `inputs of a network, once for each: ${INPUTS}`).argParser(
        (text: string, before: NamedFile[] | undefined) => [...(before ?? []), namedFile(text)],
      ),
    )
    .addOption(
      valued(
        '--windows <count>',
        'calibrate networks without a file on so many training windows of the tasks that their metadata name',
        wholeNumber(1, 1_000_000),
      ),
    )
    .addOption(
      valued(
        '--agreement <share>',
        'of every fifth calibration input, held out of the others, whose class must stay, as 0.99: more bytes until then',
        {
          expected: 'a share above 0 and up to 1',
          read: (text) => (/^(0?\.\d+|1(\.0*)?)$/.test(text) && Number(text) > 0 ? Number(text) : undefined),
        },
      ),
    )
    .addOption(
      valued('--budget <bytes>', 'largest image, as 64k or 64kB: layers get more bytes up to it', amount('flash')),
    )
    .option('--json', 'machine-readable result')
    .addHelpText(
      'after',
      '\nExamples:\n  htpw join ecg.htpw motion.htpw words=kws.tflite -o build/all.htpw\n  htpw join ecg.htpw words=kws.tflite -o build/all.htpw --codebook --calibration words=mfcc.bin --budget 40kB\n  htpw join apnea.htpw motion.htpw -o build/all.htpw --codebook --windows 400 --budget 30kB\n  htpw join digits.htpw --onto build/all.htpw -o build/more.htpw --calibration digits=clips.bin --agreement 0.99',
    )
    .action(async (words: string[], flags: Flags) => {
      check(flags);
      const files = words.map(namedFile);
      const calibration = flags.calibration ?? [];
      const output = planOutput(flags.output, {
        inputs: [...[...files, ...calibration].map(({ path }) => path), flags.onto],
      });
      const networks = files.map(readNetwork);
      const base = flags.onto === undefined ? null : readBase(flags.onto);
      const name = titleOf(flags.output);
      const together = (parts: readonly Unpacked[]) =>
        base ? joinOnto(base.unpacked, parts) : joinPrograms(parts, name);
      const { parts, joined } = await changed(networks, base, together, flags);
      const all = together(parts);
      const image = provedImage(output.name, packed(all));
      output.write(image);
      const result = resultOf(output.name, image, all, joined);
      print(flags.json, result, () => render(result, joined, flags.agreement !== undefined), output);
    });
}

function check({ codebook, onto, entries, length, calibration, windows, agreement, budget }: Flags): void {
  const learned = { entries, length };
  const compressed = { ...learned, calibration, windows, agreement, budget };
  const given = (options: object) => Object.entries(options).find(([, value]) => value !== undefined)?.[0];
  if (!codebook && onto === undefined && given(compressed))
    throw new UsageError(`join: --${given(compressed)} needs --codebook or --onto <image>; htpw join --help`);
  if (onto !== undefined && given(learned))
    throw new UsageError(
      `join: --${given(learned)} is for codebooks that are learned, and --onto has its own; leave it out`,
    );
  if (agreement !== undefined && (calibration ?? windows) === undefined)
    throw new UsageError(
      'join: --agreement is that on calibration inputs; give --calibration <name=file> or --windows <count>',
    );
}

/** "words=kws.tflite", or a path alone. */
function namedFile(text: string): NamedFile {
  const [, name, path] = /^([\w][\w .+-]{0,99})=(.+)$/.exec(text) ?? [];
  return name === undefined ? { name: null, path: text } : { name, path: path! };
}

/** An image, or a .tflite model as `htpw import` makes one of it. */
function readNetwork({ name, path }: NamedFile): Unpacked {
  const bytes = readInput(path);
  const isModel = isTflite(bytes);
  const unpacked: Unpacked = isModel
    ? {
        model: named(shownPath(path), () => importImage(bytes, name ?? titleOf(path))).model,
        tables: () => 'q31',
        lossless: () => false,
      }
    : unpackImage(path, bytes);
  if (name === null) return unpacked;
  return named(shownPath(path), () => renamed(unpacked, name));
}

function unpackImage(path: string, bytes: Uint8Array): Unpacked {
  const image = provedImage(path, bytes);
  return named(shownPath(path), () => unpack(new ImageView(image)));
}

interface Base {
  path: string;
  unpacked: Unpacked;
}

/** The image that networks come to. Throws UsageError for one without codebooks. */
function readBase(path: string): Base {
  const image = readImage(path);
  const unpacked = named(shownPath(path), () => unpack(new ImageView(image)));
  if (!unpacked.model.generators.some(({ kind }) => kind === 'codebook'))
    throw new UsageError(
      `${shownPath(path)}: expected an image with codebooks, got none; make one with htpw join --codebook`,
    );
  return { path, unpacked };
}

type Together = (parts: readonly Unpacked[]) => Unpacked & { shared: Shared };

/** The networks as they go into the image, and what has become of those that were compressed. */
async function changed(
  networks: readonly Unpacked[],
  base: Base | null,
  together: Together,
  flags: Flags,
): Promise<{ parts: readonly Unpacked[]; joined: Joined[] }> {
  together(networks); // names that clash are found before any work
  if (!flags.codebook && base === null) return { parts: networks, joined: [] };
  const programs = withSamples(networks.flatMap(programsOf), flags);
  const wanted: Wanted = { budget: flags.budget, agreement: flags.agreement };
  const size = (parts: readonly Unpacked[]) => packed(together(parts));
  const sizes = (flags.length ?? LENGTHS).map((length): BookSize => ({ entries: flags.entries ?? ENTRIES, length }));
  const joined = await withProgress('join', (report) => {
    try {
      return base === null
        ? shareCodebooks(programs, sizes, wanted, size, report)
        : takeCodebooks(programs, base.unpacked.model.generators, wanted, size, report);
    } catch (error) {
      if (error instanceof BudgetError) throw new CheckFailed(error.message);
      throw error;
    }
  });
  return { parts: joined.map(({ unpacked }) => unpacked), joined };
}

const packed = ({ model, tables, lossless }: Unpacked): Uint8Array => pack(model, { tables, lossless });

/** Each program with its calibration inputs. Throws UsageError for inputs of a network that there is not. */
function withSamples(programs: readonly Unpacked[], { calibration = [], windows, agreement }: Flags): Network[] {
  const names = programs.map(({ model }) => nameAt(model.metadata, 0));
  const inputsOf = (file: NamedFile): string => {
    const name = file.name ?? (names.length === 1 ? names[0]! : null);
    if (name !== null && names.includes(name)) return name;
    throw new UsageError(
      `--calibration must be NAME=FILE with a name of ${names.join(', ')}, got "${file.name ?? file.path}"`,
    );
  };
  const files = new Map(calibration.map((file) => [inputsOf(file), file.path]));
  if (files.size < calibration.length)
    throw new UsageError('--calibration: expected one for each network, got two for the same; keep one');
  return programs.map((unpacked, i): Network => {
    const path = files.get(names[i]!);
    const samples = samplesOf(names[i]!, unpacked, path, windows);
    if (agreement !== undefined && samples && samples.inputs.length < HELD_OUT)
      throw new UsageError(
        `${names[i]}: --agreement holds one calibration input of ${HELD_OUT} out: expected at least ${HELD_OUT}, got ` +
          `${samples.inputs.length}; give more`,
      );
    return { name: names[i]!, unpacked, samples };
  });
}

/** Of a file, else so many training windows of the network's task; null without either. */
function samplesOf(name: string, unpacked: Unpacked, path: string | undefined, windows?: number): Samples | null {
  if (path === undefined && windows === undefined) return null;
  const runtime = new Runtime(packed(unpacked)).load();
  const inputs =
    path === undefined ? trainingWindows(name, unpacked, runtime, windows!) : readInputs(path, runtime.inputs).inputs;
  return { inputs, wasm: moduleOf(FASTEST) };
}

function trainingWindows(name: string, { model }: Unpacked, runtime: Runtime, count: number): Uint8Array[] {
  const metadata = metadataAt(model.metadata, 0);
  if (typeof metadata.task !== 'string')
    throw new UsageError(
      `${name}: expected a task in its metadata to take windows from, got none; give --calibration ${name}=<file>`,
    );
  const task = taskOfImage(name, runtime, metadata);
  assertTakes(name, task, runtime, metadata);
  return spreadWindows(openTask(task).load('train'), count).inputs;
}

interface Result {
  output: string;
  bytes: number;
  programs: string[];
  shared: Shared;
  /** of the compressed ones */
  networks: {
    name: string;
    weights: number;
    bytes: number;
    layers: Record<string, number>;
    agreement: number | null;
  }[];
  /** weights of the compressed ones, and what they take with the codebooks; null where nothing was compressed */
  weights: { count: number; bytes: number; toFloat32: number; toInt8: number } | null;
}

function resultOf(output: string, image: Uint8Array, all: Unpacked & { shared: Shared }, joined: Joined[]): Result {
  const networks = joined.map(({ name, prepared, chosen, agreement }) => ({
    name,
    weights: prepared.layers.reduce((sum, { weights }) => sum + weights.length, 0),
    bytes: chosen.reduce((sum, { bytes }) => sum + bytes, 0),
    layers: countsOf(chosen.map(({ replacement }) => replacement.name)),
    agreement,
  }));
  const count = networks.reduce((sum, { weights }) => sum + weights, 0);
  const bytes = weightBytes(joined.map(({ chosen }) => chosen));
  const programs = all.model.programs.map((_, p) => nameAt(all.model.metadata, p));
  const weights = count > 0 ? { count, bytes, toFloat32: (4 * count) / bytes, toInt8: count / bytes } : null;
  return { output, bytes: image.length, programs, shared: all.shared, networks, weights };
}

function countsOf(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

const percent = (share: number | null): string => (share === null ? 'not known' : `${(100 * share).toFixed(1)} %`);

function render(
  { output, bytes, programs, shared, networks, weights }: Result,
  joined: readonly Joined[],
  holdOut: boolean,
): string {
  const head =
    `${output}: ${grouped(bytes)} bytes, programs ${programs.join(', ')}; ` +
    `${counted(shared.sources, 'source')} and ${counted(shared.generators, 'generator')} there once for several`;
  if (weights === null) return head;
  const kinds = [...new Set(networks.flatMap(({ layers }) => Object.keys(layers)))].sort();
  const table = columns([
    ['network', 'weights', 'bytes', ...kinds, 'agreement'],
    ...networks.map(({ name, weights: count, bytes: own, layers, agreement }) => [
      name,
      count,
      own,
      ...kinds.map((kind) => layers[kind] ?? 0),
      percent(agreement),
    ]),
  ]);
  const judging = holdOut ? 'calibration inputs that were held out' : 'its calibration inputs';
  const unseen = joined.some(({ agreement }) => agreement === null)
    ? '\nnot known: without calibration inputs errors are those of the weights alone; give --calibration or --windows'
    : '';
  return (
    `${head}\n\n${table}\nlayers by what holds their weights; agreement with the original on ${judging}${unseen}\n\n` +
    `weights ${grouped(weights.count)} in ${grouped(weights.bytes)} bytes with the codebooks: ` +
    `${weights.toFloat32.toFixed(2)} x smaller than float32, ${weights.toInt8.toFixed(2)} x than INT8`
  );
}
