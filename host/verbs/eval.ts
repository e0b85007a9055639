/** htpw eval: the accuracy of a packed image on a split of a data set. */
import type { Command } from 'commander';
import type { BeatSet } from '../data/beats.ts';
import { DATASET_LIST, DATASET_NAMES, type DatasetName, openDataset } from '../data/dataset.ts';
import { describeAccounts, SPLITS, type Split } from '../data/part.ts';
import { assertTakesBeats, scoreBeats, trainedOn, unlike } from '../evaluate/beats.ts';
import { evaluate } from '../evaluate/evaluate.ts';
import { renderTable } from '../evaluate/table.ts';
import { ImageView } from '../records/view.ts';
import { Runtime } from '../runtime/node.ts';
import { FASTEST, VARIANT_NAMES, type VariantName } from '../runtime/variants.ts';
import { named } from '../system/errors.ts';
import { shownPath } from '../system/shownPath.ts';
import { readImage } from './image.ts';
import { LEAD_OPTION, oneOf, valued } from './options.ts';
import { print, withProgress } from './verb.ts';

interface EvalFlags {
  data: DatasetName;
  split: Split;
  lead?: string;
  variant: VariantName;
  json?: boolean;
}

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
    .addOption(
      valued('--variant <name>', `${VARIANT_NAMES.join(', ')}: same bytes, other speed`, oneOf(VARIANT_NAMES), FASTEST),
    )
    .option('--json', 'machine-readable result')
    .addHelpText(
      'after',
      '\nExamples:\n  htpw eval models/ecg-beats.htpw --data mitbih --split test --json\n  htpw eval build/mine.htpw --data synthetic',
    )
    .action(async (path: string, flags: EvalFlags) => {
      const { split } = flags;
      const dataset = openDataset(flags.data, { lead: flags.lead });
      const image = readImage(path);
      const metadata = named(shownPath(path), () => new ImageView(image).metadata());
      const runtime = new Runtime(image, flags.variant).load();
      assertTakesBeats(path, runtime, metadata);
      const set = dataset.load(split);
      const validation = split === 'validation' ? undefined : dataset.load('validation');
      const score = (part: BeatSet, label: Split) => withProgress(label, (report) => scoreBeats(runtime, part, report));
      const result = evaluate({
        ...(await score(set, split)),
        classNames: set.classNames,
        validation: validation && (await score(validation, 'validation')),
        task: String(metadata.task ?? ''),
        split,
      });
      const trained = trainedOn(metadata);
      const accounts = { account: set.account, validationAccount: validation?.account ?? null };
      print(flags.json, { image: path, data: dataset.name, trainedOn: trained, ...accounts, ...result }, () => {
        const accounts = [set, validation].flatMap((part) => part?.account ?? []);
        const notes = [...unlike(trained, dataset.name), describeAccounts(accounts)];
        return `${path}, ${dataset.name} ${split}\n${renderTable(result, notes)}`;
      });
    });
}
