/** htpw eval: the accuracy of any image, on a split of a data set or on inputs that somebody brings. */
import type { Command } from 'commander';
import { SPLITS } from '../data/part.ts';
import { dataSetList } from '../data/registry.ts';
import { evaluate } from '../evaluate/evaluate.ts';
import { comparisonLines, renderTable } from '../evaluate/table.ts';
import { programName } from '../records/names.ts';
import { FASTEST, VARIANT_NAMES, type VariantName } from '../runtime/variants.ts';
import { heading } from './color.ts';
import { PROGRAM_OPTION } from './image.ts';
import { INPUTS, withInputOptions } from './inputs.ts';
import { comparedWith, DATA, type JudgeFlags, judged, type Subject, subjectOf } from './judged.ts';
import { LEAD_OPTION, oneOf, TASK_OPTION, valued } from './options.ts';
import { print } from './verb.ts';

interface EvalFlags extends JudgeFlags {
  compare?: string;
  variant: VariantName;
  program: string;
  json?: boolean;
}

export function evalVerb(program: Command): void {
  const command = program
    .command('eval <image>')
    .summary('accuracy of the packed image')
    .description(
      'Run labelled inputs through the integer runtime: macro-F1, balanced accuracy, AUC, confusion matrix, and what a task asks for beside (for ECG beats: N, S, V alone, and V against the rest with t* chosen on validation); 95 % intervals resample groups: patients, subjects, speakers, files. --compare judges a second image on the same inputs, and says by how much it is better.',
    )
    .option(...PROGRAM_OPTION)
    .option(...TASK_OPTION)
    .addOption(
      valued(
        '--data <name or path>',
        `${dataSetList()}; default: that of the task. Or labelled inputs, a folder a class: ${INPUTS}`,
        DATA,
      ),
    )
    .option('--labels <file>', 'of inputs by path: CSV or .npy, in their order or by the names of their files')
    .option('--compare <image>', 'a second image on the same data')
    .addOption(valued('--split <name>', SPLITS.join(', '), oneOf(SPLITS), 'test'))
    .option(...LEAD_OPTION)
    .addOption(
      valued('--variant <name>', `${VARIANT_NAMES.join(', ')}: same bytes, other speed`, oneOf(VARIANT_NAMES), FASTEST),
    );
  withInputOptions(command)
    .option('--json', 'machine-readable result')
    .addHelpText(
      'after',
      '\nExamples:\n  htpw eval models/ecg-beats.htpw --data mitbih --split test --json\n  htpw eval build/mine.htpw --task my-task.json\n  htpw eval kws.htpw --data features.npz --compare kws-10k.htpw\n  htpw eval resnet.htpw --data pictures --resize\n  htpw eval kws.htpw --data mfcc.bin --labels labels.csv',
    )
    .action(async (path: string, flags: EvalFlags) => {
      const subject = subjectOf(path, flags.program, flags.variant);
      const other = flags.compare === undefined ? null : subjectOf(flags.compare, flags.program, flags.variant);
      const by = await judged(subject, flags);
      const result = evaluate(by.scored);
      const comparison = other && (await comparedWith(other, by));
      const { data, trainedOn, account, validationAccount } = by;
      const about = { image: path, program: programName(subject.view, subject.program) };
      const against = comparison && { image: flags.compare!, ...comparison };
      print(flags.json, { ...about, data, trainedOn, account, validationAccount, ...result, comparison: against }, () =>
        [
          heading(`${nameOf(subject)}, ${[data, ...(by.split ? [by.split] : [])].join(' ')}`),
          renderTable(result, by.notes),
          ...(comparison ? [comparisonLines(path, flags.compare!, comparison)] : []),
        ].join('\n'),
      );
    });
}

const nameOf = ({ path, view, program }: Subject): string =>
  view.programs.length > 1 ? `${path} ${programName(view, program)}` : path;
