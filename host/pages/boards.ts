/** The tables of boards in README.md and docs/protocol.md, from what is in boards/. */

import { type Board, countedUpTo } from '../boards/board.ts';
import { columns } from '../drawing/columns.ts';
import { markdownTable } from '../drawing/markdown.ts';
import { grouped } from '../system/grouped.ts';

/** "256 KiB" */
function size(bytes: number | undefined): string {
  if (bytes === undefined) return '-';
  return bytes % 2 ** 20 === 0 ? `${grouped(bytes / 2 ** 20)} MiB` : `${grouped(bytes / 1024)} KiB`;
}

/** How its firmware is known to work. */
function verified({ runner, verified: hardware }: Board): string {
  if (runner.kind === 'qemu') return 'in QEMU, by `npm test`';
  if (runner.kind === 'native') return 'natively, by `npm test`';
  return hardware ?? '**not yet on hardware**; built by `npm test`';
}

/** With its clock, which says nothing of an emulated one. */
const core = ({ core, clockHz, runner }: Board) =>
  runner.kind === 'serial' && clockHz !== undefined ? `${core}, ${grouped(clockHz / 1e6)} MHz` : core;

const BOARD_TITLES = ['board', 'core', 'variant', 'flash', 'RAM', 'counts', 'verified'];
const boardRows = (boards: readonly Board[]): string[][] =>
  boards.map((board) => [
    `\`${board.name}\``,
    core(board),
    board.variant,
    size(board.memory?.flash.bytes),
    size(board.memory?.ram.bytes),
    board.ticks.unit,
    verified(board),
  ]);

/** What each board is. */
export const boardTable = (boards: readonly Board[]): string => markdownTable(BOARD_TITLES, boardRows(boards), 3, 5);

const TICK_TITLES = ['board', 'counter', 'unit', 'ticks for one', 'exact up to'];
const tickRows = (boards: readonly Board[]): string[][] =>
  boards.map((board) => {
    const { source, unit, multiply, divide, bits } = board.ticks;
    const most = bits < 53 ? grouped(countedUpTo(board)) : `2^${bits}`;
    return [`\`${board.name}\``, source, unit, grouped(divide / multiply), most];
  });

/** What each board's counter counts, and how far. */
export const tickTable = (boards: readonly Board[]): string => markdownTable(TICK_TITLES, tickRows(boards), 3);

/** Both tables for a terminal, without Markdown. */
export function boardsText(boards: readonly Board[]): string {
  const plain = (row: string[]) => row.map((cell) => cell.replaceAll(/[`*]/g, ''));
  const tables = [
    [BOARD_TITLES, ...boardRows(boards)],
    [TICK_TITLES, ...tickRows(boards)],
  ];
  return tables.map((rows) => columns(rows.map(plain))).join('\n\n');
}
