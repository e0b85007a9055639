/** htpw new: a task and a training configuration from a folder of recordings, with the reasons in comments. */
import { existsSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import type { Command } from 'commander';
import { lookAt } from '../data/own/look.ts';
import { type Proposal, propose, type Summary } from '../data/own/propose.ts';
import { columns } from '../drawing/columns.ts';
import { planOutput } from '../system/files.ts';
import { assertFolder } from '../system/folder.ts';
import { shownPath } from '../system/shownPath.ts';
import { print, UsageError } from './verb.ts';

interface NewFlags {
  from: string;
  output: string;
  force?: boolean;
  json?: boolean;
}

export function newVerb(program: Command): void {
  program
    .command('new <name>')
    .summary('task and training configuration from a folder of your recordings')
    .description(
      'Look at a folder of recordings (one subfolder a class with WAV or CSV files, CSV files with a column of labels, or NumPy arrays x, y and groups), and write NAME.task.json and NAME.train.json, with a reason for each choice in comments.',
    )
    .requiredOption('--from <folder>', 'the folder with the recordings')
    .option('-o, --output <folder>', 'where both files go', '.')
    .option('--force', 'replace files that are there')
    .option('--json', 'machine-readable result')
    .addHelpText(
      'after',
      '\nExamples:\n  htpw new digits --from recordings/digits\n  htpw new gestures --from logs -o tasks --force',
    )
    .action((name: string, { from, output, force, json }: NewFlags) => {
      if (!/^\w[\w-]{0,59}$/.test(name))
        throw new UsageError(`name: expected letters, digits, - and _, 60 at most, got "${name}"; choose another`);
      assertFolder(output);
      const paths = { task: join(output, `${name}.task.json`), training: join(output, `${name}.train.json`) };
      if (!force) for (const path of Object.values(paths)) refuseThere(path);
      const outputs = { task: planOutput(paths.task), training: planOutput(paths.training) };
      const proposal = propose(name, lookAt(from), pathFrom(output, from));
      outputs.task.write(proposal.task);
      outputs.training.write(proposal.training);
      print(json, { ...paths, ...proposal.summary }, () => summaryText(proposal, paths));
    });
}

/** The folder of the recordings as the task names it: from its file on, so that both can be moved together. */
const pathFrom = (output: string, from: string): string =>
  relative(resolve(output), resolve(from)).split(sep).join('/') || '.';

function refuseThere(path: string): void {
  if (existsSync(path))
    throw new UsageError(`${shownPath(path)}: is there already; choose another name, or replace it with --force`);
}

function summaryText({ summary }: Proposal, paths: { task: string; training: string }): string {
  const { classes } = summary;
  const isTimed = classes.every(({ seconds }) => seconds !== null);
  const total = (of: (one: Summary['classes'][number]) => number): number =>
    classes.reduce((sum, one) => sum + of(one), 0);
  const rows = classes.map(({ name, files, groups, seconds, windows, splits }) => [
    name,
    files,
    groups,
    ...(isTimed ? [seconds!.toFixed(1)] : []),
    windows,
    splits.train,
    splits.validation,
    splits.test,
  ]);
  const sum = [
    'all',
    '',
    '',
    ...(isTimed ? [total(({ seconds }) => seconds!).toFixed(1)] : []),
    total(({ windows }) => windows),
    total(({ splits }) => splits.train),
    total(({ splits }) => splits.validation),
    total(({ splits }) => splits.test),
  ];
  const head = ['class', 'files', 'groups', ...(isTimed ? ['seconds'] : []), 'windows', 'train', 'validation', 'test'];
  const { rate, window, hop, channels } = summary;
  const timing = rate === null ? '' : ` (${(window / rate).toFixed(2)} s at ${rate} Hz), one every ${hop}`;
  return [
    columns([head, ...rows, sum]),
    `window: ${window} positions${timing}; channels: ${channels.join(', ')}`,
    `${shownPath(paths.task)}: the task; read it, it says why`,
    `${shownPath(paths.training)}: how it is trained`,
    `next: htpw train --config ${shownPath(paths.training)}`,
  ].join('\n');
}
