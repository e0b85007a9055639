/** htpw eval: the accuracy of a packed image on a split of a data set. */
import type { Command } from 'commander';
import { describeAccounts, SPLITS, type Split } from '../data/part.ts';
import { dataSetList, dataSetNames } from '../data/registry.ts';
import type { WindowSet } from '../data/windows.ts';
import { evaluate } from '../evaluate/evaluate.ts';
import { assertTakes, scoreWindows, taskOfImage, trainedOn, unlike } from '../evaluate/scoring.ts';
import { renderTable } from '../evaluate/table.ts';
import { metadataAt, programName } from '../records/names.ts';
import { ImageView } from '../records/view.ts';
import { Runtime } from '../runtime/node.ts';
import { FASTEST, VARIANT_NAMES, type VariantName } from '../runtime/variants.ts';
import { named } from '../system/errors.ts';
import { shownPath } from '../system/shownPath.ts';
import { openTask } from '../task/task.ts';
import { PROGRAM_OPTION, programIndex, readImage } from './image.ts';
import { LEAD_OPTION, oneOf, TASK_OPTION, valued } from './options.ts';
import { print, withProgress } from './verb.ts';

interface EvalFlags {
  task?: string;
  data?: string;
  split: Split;
  lead?: string;
  variant: VariantName;
  program: string;
  json?: boolean;
}

export function evalVerb(program: Command): void {
  program
    .command('eval <image>')
    .summary('accuracy of the packed image')
    .description(
      'Run a whole split through the integer runtime: macro-F1, balanced accuracy, AUC, confusion matrix, and what the task asks for beside (for ECG beats: N, S, V alone, and V against the rest with t* chosen on validation); 95 % intervals resample groups: patients, subjects, speakers.',
    )
    .option(...PROGRAM_OPTION)
    .option(...TASK_OPTION)
    .addOption(valued('--data <name>', `${dataSetList()}; default: that of the task`, oneOf(dataSetNames())))
    .addOption(valued('--split <name>', SPLITS.join(', '), oneOf(SPLITS), 'test'))
    .option(...LEAD_OPTION)
    .addOption(
      valued('--variant <name>', `${VARIANT_NAMES.join(', ')}: same bytes, other speed`, oneOf(VARIANT_NAMES), FASTEST),
    )
    .option('--json', 'machine-readable result')
    .addHelpText(
      'after',
      '\nExamples:\n  htpw eval models/ecg-beats.htpw --data mitbih --split test --json\n  htpw eval build/mine.htpw --task my-task.json\n  htpw eval build/all.htpw --program motion',
    )
    .action(async (path: string, flags: EvalFlags) => {
      const { split } = flags;
      const image = readImage(path);
      const view = new ImageView(image);
      const index = programIndex(view, flags.program);
      const metadata = metadataAt(
        named(shownPath(path), () => view.metadata()),
        index,
      );
      const runtime = new Runtime(image, flags.variant).load(index);
      const task = taskOfImage(path, runtime, metadata, flags.task);
      const { set: dataset, load } = openTask(task, { data: flags.data, lead: flags.lead });
      assertTakes(path, task, runtime, metadata);
      const set = load(split);
      const chooses = split !== 'validation' && dataset.splits.includes('validation');
      const validation = chooses ? load('validation') : undefined;
      const score = (part: WindowSet, label: Split) =>
        withProgress(label, (report) => scoreWindows(runtime, part, report));
      const result = evaluate({
        ...(await score(set, split)),
        classNames: set.classNames,
        validation: validation && (await score(validation, 'validation')),
        metrics: task.metrics,
        task: task.name,
        split,
        unit: dataset.unit,
        group: dataset.group,
      });
      const trained = trainedOn(metadata);
      const accounts = { account: set.account, validationAccount: validation?.account ?? null };
      print(
        flags.json,
        {
          image: path,
          program: programName(view, index),
          data: dataset.name,
          trainedOn: trained,
          ...accounts,
          ...result,
        },
        () => {
          const accounts = [set, validation].flatMap((part) => part?.account ?? []);
          const notes = [...unlike(trained, dataset.name), describeAccounts(accounts)];
          return `${view.programs.length > 1 ? `${path} ${programName(view, index)}` : path}, ${dataset.name} ${split}\n${renderTable(result, notes)}`;
        },
      );
    });
}
