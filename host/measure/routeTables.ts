/** Tables of a selector and its classifiers beside single networks, from bench/route.json. */
import { markdownTable } from '../drawing/markdown.ts';
import type { Interval } from '../evaluate/bootstrap.ts';
import { grouped } from '../system/grouped.ts';
import type { RoutedTask, RouteRecord } from './routes.ts';

const TITLES: Record<string, string> = {
  route: 'selector and 6 classifiers',
  long: 'the same, trained longer',
  mixture: 'the same, as a mixture of experts',
  plain: 'the same without aggregation',
  basis: 'classifiers on one basis',
  macs: 'one network, equal MACs',
  bytes: 'one network, equal bytes',
  strong: 'the strong network',
  soft: 'all 6 classifiers, mean',
  hard: 'all 6 classifiers, votes',
};
export const titleOf = (name: string): string => TITLES[name] ?? name;

const decimals = (value: number): string => value.toFixed(3);
const within = ({ value, low, high }: Interval): string => `${decimals(value)} (${decimals(low)} to ${decimals(high)})`;
export const signed = (value: number): string => `${value < 0 ? '' : '+'}${decimals(value)}`;

/** What each takes and reaches, and the differences. */
export const routeTables = ({ tasks }: RouteRecord): string => tasks.map(tablesOf).join('\n');

function tablesOf({ task, splits, figures, differences, shares }: RoutedTask): string {
  const names = Object.keys(splits) as (keyof typeof splits)[];
  const said = names.map((name) => {
    const { windows, groups, group } = splits[name]!;
    return `${name}: ${grouped(windows)} windows, ${groups} of ${group}`;
  });
  const reached = figures.map(({ name, bytes, arenaBytes, multiplyAccumulates, instructions, macroF1, seeds }) => [
    titleOf(name),
    `${seeds.length}`,
    grouped(bytes),
    grouped(arenaBytes),
    grouped(Math.round(multiplyAccumulates / 1000)),
    instructions ? grouped(instructions.worst) : '-',
    instructions ? grouped(instructions.expected) : '-',
    ...names.map((split) => within(macroF1[split]!)),
  ]);
  const headings = [
    'what',
    'seeds',
    'bytes',
    'arena',
    'kMAC',
    'worst',
    'expected',
    ...names.map((name) => `macro-F1 ${name}`),
  ];
  const compared = differences.map(({ first, second, split, seeds, difference: { value, low, high } }) => [
    `${titleOf(first)} - ${titleOf(second)}`,
    split,
    `${seeds.length}`,
    signed(value),
    `${signed(low)} to ${signed(high)}`,
  ]);
  const taken = Object.entries(shares).map(([name, each]) => [
    titleOf(name),
    each.map((share) => `${Math.round(100 * share)} %`).join(', '),
  ]);
  return `### ${task}

${said.join('; ')}.

${markdownTable(headings, reached, 1)}
${markdownTable(['difference of macro-F1', 'split', 'seeds', 'mean', '95 %'], compared, 2)}
${markdownTable(['branches taken by', 'shares of the test windows'], taken, 2)}`;
}
