import type { Command } from 'commander';
import { type BeatSet, WINDOW } from '../data/beats.ts';
import { DATASET_NAMES, type DatasetName, loadDataset, type Split } from '../data/dataset.ts';
import { evaluate, type Scored } from '../evaluate/evaluate.ts';
import { renderTable } from '../evaluate/table.ts';
import { ImageView } from '../image/view.ts';
import { Runtime, type VariantName } from '../runtime/runtime.ts';
import { readImage } from './image.ts';
import { oneOf, valued } from './options.ts';
import { print, UsageError, withProgress } from './verb.ts';

const SPLITS: Split[] = ['train', 'later', 'validation', 'test'];
const VARIANTS: VariantName[] = ['scalar', 'dsp', 'simd'];

export function evalVerb(program: Command): void {
  program
    .command('eval <image>')
    .summary('accuracy of the packed image')
    .description(
      'Run a whole split through the integer runtime: macro-F1 (all classes, N/S/V, V against the rest with t* chosen on validation), balanced accuracy, AUC, confusion matrix; 95 % intervals resample patients.',
    )
    .addOption(valued('--data <name>', DATASET_NAMES.join(' or '), oneOf(DATASET_NAMES), 'mitbih'))
    .addOption(valued('--split <name>', SPLITS.join(', '), oneOf(SPLITS), 'test'))
    .addOption(valued('--variant <name>', 'scalar, dsp or simd: same bytes, other speed', oneOf(VARIANTS), 'simd'))
    .option('--json', 'machine-readable result')
    .addHelpText('after', '\nExample:\n  htpw eval models/ecg-beats.htpw --data mitbih --split test --json')
    .action(async (path: string, flags: { data: string; split: string; variant: string; json?: boolean }) => {
      const image = readImage(path);
      const metadata = new ImageView(image).metadata();
      const runtime = new Runtime(image, flags.variant as VariantName).load();
      const load = (split: Split) => loadDataset(flags.data as DatasetName, split);
      const set = load(flags.split as Split);
      const scored = await scoreBeats(runtime, set, flags.split);
      const validation =
        flags.split === 'validation' ? undefined : await scoreBeats(runtime, load('validation'), 'validation');
      const result = evaluate({
        ...scored,
        classNames: set.classNames,
        validation,
        task: String(metadata.task ?? ''),
        split: flags.split,
      });
      print(
        flags.json,
        { image: path, data: flags.data, ...result },
        () => `${path}, ${flags.data} ${flags.split}\n${renderTable(result)}`,
      );
    });
}

/** Class probabilities of every beat from the integer logits. */
export async function scoreBeats(runtime: Runtime, set: BeatSet, label: string): Promise<Scored> {
  const n = set.labels.length;
  const classes = set.classNames.length;
  if (runtime.inputBytes() !== 2 * WINDOW || runtime.outputBytes() !== classes) {
    throw new UsageError(
      `image takes ${runtime.inputBytes()} bytes and gives ${runtime.outputBytes()}; the task needs ${2 * WINDOW} and ${classes}`,
    );
  }
  const scores = new Float64Array(n * classes);
  const raw = new Uint8Array(set.samples.buffer, set.samples.byteOffset, set.samples.byteLength);
  await withProgress(label, (report) => {
    for (let i = 0; i < n; i++) {
      const logits = new Int8Array(runtime.run(raw.subarray(2 * WINDOW * i, 2 * WINDOW * (i + 1))).buffer);
      scores.set(probabilities(logits, runtime.outputScale()), i * classes);
      if (i % 500 === 0) report(i, n);
    }
  });
  return { labels: set.labels, records: set.records, scores };
}

function probabilities(logits: Int8Array, scale: number): number[] {
  const largest = Math.max(...logits);
  const exponentials = Array.from(logits, (q) => Math.exp(scale * (q - largest)));
  const sum = exponentials.reduce((a, b) => a + b, 0);
  return exponentials.map((e) => e / sum);
}
