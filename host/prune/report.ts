/** What is said of cuts: tables for people, and the points of a drawing. */

import { columns } from '../drawing/columns.ts';
import type { Scatter } from '../drawing/scatterSvg.ts';
import type { Interval } from '../evaluate/bootstrap.ts';
import { least } from './choose.ts';
import type { Row } from './prune.ts';
import type { Score } from './sweep.ts';

const times = (whole: number, part: number): string => `${(whole / part).toFixed(2)}x`;
const left = (whole: number, part: number): string => `${((100 * part) / whole - 100).toFixed(1)} %`;

/** What each takes, beside the whole network, which comes first. */
export function renderSizes(rows: readonly Row[]): string {
  const [whole] = rows as [Row];
  const counted = whole.instructions !== null;
  const line = ({ cut, size, instructions }: Row): (string | number)[] => {
    const is = cut !== whole.cut;
    return [
      cut,
      size.parameters,
      is ? left(whole.size.parameters, size.parameters) : '',
      size.macs,
      is ? left(whole.size.macs, size.macs) : '',
      size.imageBytes,
      is ? times(whole.size.imageBytes, size.imageBytes) : '',
      size.arenaBytes,
      ...(counted ? [instructions!, is ? times(whole.instructions!, instructions!) : ''] : []),
    ];
  };
  const head = ['cut', 'parameters', '', 'MACs', '', 'image', 'smaller', 'arena'];
  return columns([[...head, ...(counted ? ['instructions', 'fewer'] : [])], ...rows.map(line)]);
}

const points = (value: number): string => value.toFixed(3);
export const withInterval = ({ value, low, high }: Interval): string =>
  `${points(value)} (${points(low)} to ${points(high)})`;

/** What each is worth; `agreement`: labels are the answers of the whole network. */
export function renderScores(rows: readonly Row[], agreement: boolean): string {
  const [whole] = rows as [Row];
  const splits = Object.keys(whole.scores!.judged);
  const judged = (score: Score): string[] => [
    withInterval(score.macroF1),
    score.difference ? withInterval(score.difference) : '',
  ];
  const line = ({ cut, scores }: Row): string[] => [
    cut,
    withInterval(scores!.validation.macroF1),
    ...splits.flatMap((split) => judged(scores!.judged[split]!)),
  ];
  const head = ['cut', 'validation', ...splits.flatMap((split) => [split, 'less the whole'])];
  const what = agreement
    ? 'macro-F1 with the answers of the whole network for labels: agreement, no accuracy'
    : `macro-F1 and 95 % intervals; on validation at least ${points(least(whole.scores!.validation.macroF1))} is asked for`;
  return `${what}\n${columns([head, ...rows.map(line)])}`;
}

/** Scores on validation windows against bytes, or where nothing was learned MACs. */
export function scatterOf(name: string, auxiliary: string, rows: readonly Row[], chosen: string | null): Scatter {
  const [whole] = rows as [Row];
  const mark = (cut: string) => (cut === whole.cut ? 'whole' : cut === chosen ? 'chosen' : 'plain');
  const isScored = whole.scores !== null;
  return {
    title: `${name}: cuts with auxiliary network ${auxiliary}`,
    subtitle: isScored ? 'macro-F1 on validation windows, 95 % intervals' : 'nothing trained: what each takes',
    x: 'image, kB',
    y: isScored ? 'macro-F1' : 'million MACs',
    points: rows.map(({ cut, size, scores }) => {
      const score = scores?.validation.macroF1;
      const [x, y] = [size.imageBytes / 1000, score ? score.value : size.macs / 1e6];
      return { name: cut, x, y, mark: mark(cut), ...(score && { interval: { low: score.low, high: score.high } }) };
    }),
    ...(isScored && {
      border: { y: least(whole.scores!.validation.macroF1), meaning: 'one standard error below the whole' },
    }),
  };
}
