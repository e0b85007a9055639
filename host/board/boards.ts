/** The tables of boards in README.md and docs/protocol.md, from what is in boards/. */
import { type Board, countedUpTo } from './board.ts';
import { markdownTable } from './markdown.ts';

const number = (value: number) => value.toLocaleString('en-US', { maximumFractionDigits: 3 });

/** "256 KiB" */
function size(bytes: number | undefined): string {
  if (bytes === undefined) return '-';
  return bytes % 2 ** 20 === 0 ? `${number(bytes / 2 ** 20)} MiB` : `${number(bytes / 1024)} KiB`;
}

/** How its firmware is known to work. */
function verified({ runner, verified: hardware }: Board): string {
  if (runner.kind === 'qemu') return 'in QEMU, by `npm test`';
  if (runner.kind === 'native') return 'natively, by `npm test`';
  return hardware ?? '**not yet on hardware**; built by `npm test`';
}

/** With its clock, which says nothing of an emulated one. */
const core = ({ core, clockHz, runner }: Board) =>
  runner.kind === 'serial' && clockHz !== undefined ? `${core}, ${number(clockHz / 1e6)} MHz` : core;

/** What each board is. */
export function boardTable(boards: readonly Board[]): string {
  const rows = boards.map((board) => [
    `\`${board.name}\``,
    core(board),
    board.variant,
    size(board.memory?.flash.bytes),
    size(board.memory?.ram.bytes),
    board.ticks.unit,
    verified(board),
  ]);
  return markdownTable(['board', 'core', 'variant', 'flash', 'RAM', 'counts', 'verified'], rows, 3, 5);
}

/** What each board's counter counts, and how far. */
export function tickTable(boards: readonly Board[]): string {
  const rows = boards.map((board) => {
    const { source, unit, multiply, divide, bits } = board.ticks;
    const most = bits < 53 ? number(countedUpTo(board)) : `2^${bits}`;
    return [`\`${board.name}\``, source, unit, number(divide / multiply), most];
  });
  return markdownTable(['board', 'counter', 'unit', 'ticks for one', 'exact up to'], rows, 3);
}

/** The page with these tables between their marks, where it has them. */
export function withBoards(page: string, boards: readonly Board[]): string {
  const tables = { boards: boardTable(boards), ticks: tickTable(boards) };
  return Object.entries(tables).reduce(
    (text, [mark, table]) =>
      text.replace(new RegExp(`(?<=<!-- ${mark} -->\n)[\\s\\S]*(?=<!-- /${mark} -->)`), `\n${table}\n`),
    page,
  );
}
