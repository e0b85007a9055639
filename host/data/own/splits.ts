/** Which group is in which split: drawn so that every class has its share in each, or as the task says. */
import { Random } from '../../system/random.ts';
import { fault } from '../formats/fault.ts';
import { type OwnOptions, SPLIT_NAMES, type SplitName } from './options.ts';

/** Windows of each class, by group. */
export type Counts = Map<string, number[]>;

/** Draws that are compared; all come from the seed. */
const DRAWS = 32;

/**
 * A split for every group; groups that `splits` does not name have none. `where` begins an error, as a path does.
 * Throws UsageError for a class that a split would be without.
 */
export function splitGroups(
  counts: Counts,
  classes: readonly string[],
  options: Pick<OwnOptions, 'shares' | 'splits' | 'seed'>,
  where: string,
): Map<string, SplitName> {
  const drawn = options.splits ? stated(counts, options.splits, where) : drawnByShares(counts, classes, options);
  for (const [index, name] of classes.entries()) {
    const holders = [...counts].filter(([, some]) => some[index]! > 0).map(([group]) => group);
    const without = SPLIT_NAMES.find((split) => !holders.some((group) => drawn.get(group) === split));
    if (without === undefined) continue;
    const what = `class "${name}" has no window in ${without}`;
    if (options.splits) throw fault(where, `${what}: move one of its groups there in "splits" (${listed(holders)})`);
    throw fault(
      where,
      `${what}: expected 3 groups or more that have windows of it, one a split, got ${holders.length} ` +
        `(${listed(holders)}); record more, cut files into several, or state "splits"`,
    );
  }
  return drawn;
}

/** The first few of some names. */
const listed = (names: readonly string[]): string =>
  names.length > 5 ? `${names.slice(0, 5).join(', ')} and ${names.length - 5} more` : names.join(', ');

function stated(counts: Counts, splits: Record<SplitName, string[]>, where: string): Map<string, SplitName> {
  const drawn = new Map<string, SplitName>();
  for (const split of SPLIT_NAMES) {
    for (const group of splits[split]) {
      if (!counts.has(group))
        throw fault(
          where,
          `splits.${split}: expected groups of this folder, got "${group}"; they are ${listed([...counts.keys()])}`,
        );
      drawn.set(group, split);
    }
  }
  return drawn;
}

/** The best of some draws: every class in every split if that can be, then nearest to the shares. */
function drawnByShares(
  counts: Counts,
  classes: readonly string[],
  { shares, seed }: Pick<OwnOptions, 'shares' | 'seed'>,
): Map<string, SplitName> {
  const wanted = { train: 1 - shares.validation - shares.test, ...shares };
  const totals = classes.map((_, c) => [...counts.values()].reduce((sum, some) => sum + some[c]!, 0));
  let best: { drawn: Map<string, SplitName>; cost: number } | null = null;
  for (let draw = 0; draw < DRAWS; draw++) {
    const drawn = greedy(counts, totals, wanted, new Random(seed, draw));
    const cost = costOf(sumsOf(counts, drawn, classes.length), totals, wanted);
    if (!best || cost < best.cost) best = { drawn, cost };
  }
  return best!.drawn;
}

/**
 * Groups from the largest to the smallest, equal ones in random order, each to where it brings all classes nearest to
 * their shares: what stratified splits by group commonly do.
 */
function greedy(
  counts: Counts,
  totals: readonly number[],
  wanted: Record<SplitName, number>,
  random: Random,
): Map<string, SplitName> {
  const groups = [...counts.keys()];
  const sizeOf = (group: string): number => counts.get(group)!.reduce((sum, count) => sum + count, 0);
  const order = Array.from(random.shuffle(Uint32Array.from(groups.keys())), (i) => groups[i]!);
  order.sort((a, b) => sizeOf(b) - sizeOf(a));
  const drawn = new Map<string, SplitName>();
  const sums = sumsOf(counts, drawn, totals.length);
  for (const group of order) {
    const costs = SPLIT_NAMES.map((split) => {
      const added = { ...sums, [split]: sums[split].map((sum, c) => sum + counts.get(group)![c]!) };
      return costOf(added, totals, wanted);
    });
    const split = SPLIT_NAMES[costs.indexOf(Math.min(...costs))]!;
    drawn.set(group, split);
    sums[split] = sums[split].map((sum, c) => sum + counts.get(group)![c]!);
  }
  return drawn;
}

type Sums = Record<SplitName, number[]>;

function sumsOf(counts: Counts, drawn: ReadonlyMap<string, SplitName>, classes: number): Sums {
  const sums: Sums = { train: [], validation: [], test: [] };
  for (const split of SPLIT_NAMES) {
    const groups = [...counts.keys()].filter((group) => drawn.get(group) === split);
    sums[split] = Array.from({ length: classes }, (_, c) =>
      groups.reduce((sum, group) => sum + counts.get(group)![c]!, 0),
    );
  }
  return sums;
}

/** Squared distance from the shares, relative to each, so that a class that a split is without costs most. */
function costOf(sums: Sums, totals: readonly number[], wanted: Record<SplitName, number>): number {
  let cost = 0;
  for (const split of SPLIT_NAMES)
    for (const [c, total] of totals.entries())
      if (total > 0) cost += (sums[split][c]! / (total * wanted[split]) - 1) ** 2;
  return cost;
}
