/** htpw eval: the accuracy of a packed image on a split of a data set. */
import type { Command } from 'commander';
import { BEAT_POSITION, type BeatSet, CLASS_NAMES, SAMPLE_RATE } from '../data/beats.ts';
import { DATASET_LIST, DATASET_NAMES, openDataset } from '../data/dataset.ts';
import { describeAccount, SPLITS, type Split, splitNamed } from '../data/part.ts';
import { evaluate, type Scored } from '../evaluate/evaluate.ts';
import { scoreBeats } from '../evaluate/score.ts';
import { renderTable } from '../evaluate/table.ts';
import { ImageView } from '../image/view.ts';
import { Runtime, type VariantName } from '../runtime/node.ts';
import { readImage } from './image.ts';
import { oneOf, valued } from './options.ts';
import { print, UsageError, withProgress } from './verb.ts';

const VARIANTS: VariantName[] = ['scalar', 'dsp', 'simd'];

interface EvalFlags {
  data: string;
  split: string;
  lead?: string;
  variant: string;
  json?: boolean;
}

/** What --lead means, for every verb that has it. */
export const LEAD_OPTION = [
  '--lead <name>',
  'lead of the recordings, by its name or number in the header; default: MLII, else the first',
] as const;

export function evalVerb(program: Command): void {
  program
    .command('eval <image>')
    .summary('accuracy of the packed image')
    .description(
      'Run a whole split through the integer runtime: macro-F1 (all classes, N/S/V, V against the rest with t* chosen on validation), balanced accuracy, AUC, confusion matrix; 95 % intervals resample patients.',
    )
    .addOption(valued('--data <name>', DATASET_LIST, oneOf(DATASET_NAMES), 'mitbih'))
    .addOption(valued('--split <name>', SPLITS.join(', '), oneOf(SPLITS), 'test'))
    .option(...LEAD_OPTION)
    .addOption(valued('--variant <name>', 'scalar, dsp or simd: same bytes, other speed', oneOf(VARIANTS), 'simd'))
    .option('--json', 'machine-readable result')
    .addHelpText(
      'after',
      '\nExamples:\n  htpw eval models/ecg-beats.htpw --data mitbih --split test --json\n  htpw eval build/mine.htpw --data synthetic',
    )
    .action(async (path: string, flags: EvalFlags) => {
      const split = splitNamed(flags.split);
      const dataset = openDataset(flags.data, { lead: flags.lead });
      const image = readImage(path);
      const metadata = new ImageView(image).metadata();
      const runtime = new Runtime(image, flags.variant as VariantName).load();
      assertSameTask(path, metadata);
      const set = dataset.load(split);
      const validation = split === 'validation' ? undefined : dataset.load('validation');
      const answers = await scored(runtime, set, split);
      const result = evaluate({
        ...answers,
        classNames: set.classNames,
        validation: validation && (await scored(runtime, validation, 'validation')),
        task: String(metadata.task ?? ''),
        split,
      });
      const trainedOn = typeof metadata.dataset === 'string' ? metadata.dataset : null;
      const accounts = { account: set.account, validationAccount: validation?.account ?? null };
      print(flags.json, { image: path, data: dataset.name, trainedOn, ...accounts, ...result }, () => {
        const described = [set, validation].flatMap((part) => (part ? [describeAccount(part.account)] : []));
        const notes = [...unlike(trainedOn, dataset.name), ...described];
        return `${path}, ${dataset.name} ${split}\n${renderTable(result, notes)}`;
      });
    });
}

/**
 * Throws for an image whose metadata say that it answers other classes, or in another order, or that it takes other
 * windows: its figures would be of something else. What the metadata do not say is not checked.
 */
export function assertSameTask(path: string, metadata: Record<string, unknown>): void {
  const wrong = [
    { what: 'labels', expected: CLASS_NAMES.join(', '), got: metadata.labels },
    { what: 'sampleRate', expected: String(SAMPLE_RATE), got: metadata.sampleRate },
    { what: 'beatPosition', expected: String(BEAT_POSITION), got: metadata.beatPosition },
  ].find(({ expected, got }) => got !== undefined && (Array.isArray(got) ? got.join(', ') : String(got)) !== expected);
  if (wrong)
    throw new UsageError(
      `${path}: ${wrong.what} in its metadata: expected ${wrong.expected}, as in the data, got ${String(wrong.got)}; ` +
        'htpw train makes images for these data',
    );
}

/** Why figures are low on data of another kind than an image was trained on. */
export function unlike(trainedOn: string | null, data: string): string[] {
  if (trainedOn === null || trainedOn === data) return [];
  return [
    `note: this network was trained on ${trainedOn} and is judged on ${data}, hearts unlike those that it learned from: ` +
      `low figures are expected and say little about it; --data ${trainedOn} judges it on its own kind`,
  ];
}

/** scoreBeats() with a bar. */
export const scored = (runtime: Runtime, set: BeatSet, label: Split): Promise<Scored> =>
  withProgress(label, (report) => scoreBeats(runtime, set, report));
