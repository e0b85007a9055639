/** Tables of routes in strips, from bench/slices.json. */
import { loadBoard } from '../boards/board.ts';
import { markdownTable } from '../drawing/markdown.ts';
import { grouped } from '../system/grouped.ts';
import type { SlicedTask, SliceRecord } from './slices.ts';

export const sliceTables = ({ boards, tasks }: SliceRecord): string =>
  tasks.map((one) => tableOf(one, boards)).join('\n');

function tableOf({ task, withoutAggregation, routes }: SlicedTask, boards: readonly string[]): string {
  const [whole] = routes;
  const more = (value: number, of: number): string => `${(100 * (value / of - 1)).toFixed(1)} %`;
  const rows = routes.map(({ strips, arenaBytes, operators, bytes, instructions, mismatches }) => [
    strips === null ? 'as it was' : `${strips}`,
    grouped(arenaBytes),
    more(arenaBytes, withoutAggregation),
    grouped(operators),
    grouped(bytes),
    ...boards.map(
      (board) => `${grouped(instructions[board]!)} (${more(instructions[board]!, whole!.instructions[board]!)})`,
    ),
    grouped(mismatches),
  ]);
  const cores = boards.map((board) => loadBoard(board).core);
  const headings = ['strips', 'arena', 'against none', 'operators', 'bytes', ...cores, 'mismatches'];
  const nothing = routes.length === 1 ? ', and strips save nothing' : '';
  const title = `${task}, which takes ${grouped(withoutAggregation)} bytes without aggregation${nothing}:`;
  return `${title}\n\n${markdownTable(headings, rows, 1)}`;
}
