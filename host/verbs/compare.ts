/** htpw compare: two methods of a sweep, from their records. */
import type { Command } from 'commander';
import { SPLITS, type Split } from '../data/part.ts';
import { columns } from '../drawing/columns.ts';
import type { Interval } from '../evaluate/bootstrap.ts';
import { type Comparison, type Comparisons, compare } from '../sweep/compare.ts';
import { counted } from '../system/counted.ts';
import { grouped } from '../system/grouped.ts';
import { oneOf, valued } from './options.ts';
import { print } from './verb.ts';

export function compareVerb(program: Command): void {
  program
    .command('compare <records> <first> <second>')
    .summary('two methods of a sweep: what one gains over the other')
    .description(
      'From the records of htpw sweep: macro-F1 of two methods (a series and its variant, as in the names of runs) as the mean over seeds, and their difference, whose 95 % interval resamples groups: patients, subjects, speakers, the same for both.',
    )
    .addOption(
      valued('--split <name>', 'later or test; default: both', oneOf(SPLITS.filter((split) => split !== 'train'))),
    )
    .option('--json', 'machine-readable result')
    .addHelpText(
      'after',
      '\nExamples:\n  htpw compare build/sweeps/synthetic/records together.learned alone.int4\n  htpw compare bench/sweeps/four-tasks together.learned alone.int4 --split later --json',
    )
    .action((folder: string, first: string, second: string, { split, json }: { split?: Split; json?: boolean }) => {
      const result = compare(folder, [first, second], split);
      print(json, result, () => render(result));
    });
}

function render({ methods, rows, bytes }: Comparisons): string {
  const [first, second] = bytes;
  const table = columns([
    ['', 'split', methods[0], methods[1], 'difference', '95 % interval', 'seeds', 'groups', 'bytes', ''],
    ...rows.map(rowOf),
  ]);
  return (
    `macro-F1, mean over seeds\n${table}\n` +
    `all images: ${grouped(first)} and ${grouped(second)} bytes, ${(first / second).toFixed(2)} x`
  );
}

function rowOf({ program, split, first, second, difference, seeds, groups, group, bytes }: Comparison): string[] {
  return [
    program,
    split,
    first.value.toFixed(3),
    second.value.toFixed(3),
    signed(difference.value),
    groups > 1 ? intervalOf(difference) : `none, of one ${group}`,
    seeds.join(' '),
    counted(groups, group),
    grouped(Math.round(bytes[0])),
    grouped(Math.round(bytes[1])),
  ];
}

const signed = (value: number): string => `${value >= 0 ? '+' : ''}${value.toFixed(3)}`;
const intervalOf = ({ low, high }: Interval): string => `${signed(low)} to ${signed(high)}`;
