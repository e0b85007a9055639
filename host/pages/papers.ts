/** The tables of docs/papers.md: figures of each paper beside those that bench/ records. */
import { markdownTable } from '../drawing/markdown.ts';
import type { JoinRecord } from '../measure/joined.ts';
import type { PrunedName, PruneRecord } from '../measure/pruned.ts';
import type { RouteRecord } from '../measure/routes.ts';
import { signed, titleOf } from '../measure/routeTables.ts';
import { lost, mean, percent, ratios, times } from './join.ts';
import { PAPER, TITLES, times as timesOf } from './prune.ts';
import type { Records } from './records.ts';

const HEAD = ['figure', 'paper', 'here'];

/** By the marks that they stand between. */
export const paperTables = ({ join, prune, route }: Records): Record<string, string> => ({
  yono: markdownTable(HEAD, yono(join), 2),
  ditmos: markdownTable(HEAD, ditmos(route), 2),
  depth: markdownTable(HEAD, depth(prune), 2),
});

/** Kwon et al., arXiv 2203.03794. */
function yono(record: JoinRecord): string[][] {
  const { float32, int8, saved } = ratios(record);
  const losses = record.networks.map(lost);
  return [
    ['weights, smaller than float32', 'up to 12.37 x', times(float32)],
    ['weights, smaller than INT8', '-', times(int8)],
    [
      'a switch, saved against reading weights from an external memory',
      '93.3 to 94.5 %',
      `${percent(saved)}, an estimate`,
    ],
    ['points of accuracy lost, mean', '-', mean(losses).toFixed(2)],
    ['the same, gains counted as 0', '-', mean(losses.map((loss) => Math.max(0, loss))).toFixed(2)],
    [
      'points lost by a network that the codebooks have not seen',
      '-',
      record.added.map((one) => lost(one).toFixed(1)).join(', '),
    ],
  ];
}

/**
 * Ma et al., arXiv 2403.09035: its largest gain over the best baseline, in points of accuracy, on other data. Trained as
 * there, and in the way that is best here; docs/route.md has all others.
 */
const ditmos = ({ tasks }: RouteRecord): string[][] =>
  tasks.flatMap(({ task, differences }) =>
    differences
      .filter(({ first, second }) => second === 'macs' && ['route', 'mixture'].includes(first))
      .map(({ first, split, difference: { value, low, high } }) => [
        `${task}, ${split}: ${titleOf(first)}, less one network of equal MACs`,
        'up to +13.4 points',
        `${signed(value)} (${signed(low)} to ${signed(high)})`,
      ]),
  );

/** De Leon and Atienza, arXiv 2204.10546. */
const depth = ({ networks }: PruneRecord): string[][] =>
  Object.entries(PAPER).flatMap(([name, { parameters, cut, ratios }]) => {
    const rows = networks[name as PrunedName]?.rows ?? [];
    const [whole, row] = ['whole', cut].map((wanted) => rows.find((one) => one.cut === wanted));
    if (!whole?.instructions || !row?.instructions) return [];
    const title = TITLES[name as PrunedName];
    return [
      [`${title}, parameters of ${cut}`, `${parameters[cut]![0]}`, `${row.size.parameters}`],
      [
        `${title}, ${cut} on a Cortex-M0+`,
        ratios,
        `${timesOf(whole.size.imageBytes, row.size.imageBytes)} smaller, ` +
          `${timesOf(whole.instructions, row.instructions)} fewer instructions`,
      ],
    ];
  });
