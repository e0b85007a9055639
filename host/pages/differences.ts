/** Figures with intervals and differences in words, and what is said where nothing is recorded. */
import type { Interval } from '../evaluate/bootstrap.ts';
import type { Paired } from '../evidence/record.ts';
import { decimals, signed } from './document.ts';

/** "0.741 (0.702 to 0.778)" */
export const within = ({ value, low, high }: Interval): string =>
  `${decimals(value)} (${decimals(low)} to ${decimals(high)})`;
export const differing = ({ value, low, high }: Interval): string =>
  `${signed(value)} (${signed(low)} to ${signed(high)})`;

/** Whether an interval is made of several groups and has 0 on one side of it. */
export const isSure = ({ low, high }: Interval, groups: number): boolean => groups > 1 && (low > 0 || high < 0);

/** Bold where 0 is outside; of one group there is no interval. */
export function differenceIn({ interval }: Pick<Paired, 'interval'>, groups: number): string {
  if (groups < 2) return `${signed(interval.value)}, one group`;
  return isSure(interval, groups) ? `**${differing(interval)}**` : differing(interval);
}

export const VERDICTS = ['beats', 'ties', 'loses'] as const;
export type Verdict = (typeof VERDICTS)[number];

export const verdictOf = (interval: Interval, groups: number): Verdict =>
  !isSure(interval, groups) ? 'ties' : interval.value > 0 ? 'beats' : 'loses';

/** What to type for records of runs whose names have `only` in them. */
export const recording = (grid: string, only?: string): string =>
  `\`npx htpw sweep models/sweeps/${grid}.json${only === undefined ? '' : ` --only ${only}`}\``;

export const notRecorded = (grid: string, only?: string): string =>
  `Not recorded: ${recording(grid, only)}, then \`npm run results\`.`;
