/** Pieces of a page: text, tables, pictures, all of what comes from files made harmless. */
import { grouped } from '../system/grouped.ts';
import { printable } from '../system/printable.ts';

/** Text as it can stand between tags and in an attribute. */
export const text = (value: string): string =>
  printable(value).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** A cell: numbers to the right and with separators; `{ html }` as it is. */
export type Cell = string | number | { html: string; isNumber?: boolean };

const isNumber = (cell: Cell): boolean =>
  typeof cell === 'object' ? cell.isNumber === true : typeof cell === 'number';

const contentOf = (cell: Cell): string =>
  typeof cell === 'object' ? cell.html : typeof cell === 'number' ? grouped(cell) : text(cell);

/** What may be wider than a phone: it scrolls by itself, and can be reached with a keyboard. */
export const wide = (label: string, content: string): string =>
  `<div class="wide" role="region" tabindex="0" aria-label="${text(label)}">\n${content}\n</div>`;

/** A table with a heading for each column; the first cell of a row names it. */
export function table(label: string, head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const numeric = head.map((_, i) => rows.some((row) => row[i] !== undefined && isNumber(row[i]!)));
  const attribute = (i: number): string => (numeric[i] ? ' class="number"' : '');
  const cells = (row: readonly Cell[]): string =>
    row
      .map((cell, i) =>
        i === 0 ? `<th scope="row">${contentOf(cell)}</th>` : `<td${attribute(i)}>${contentOf(cell)}</td>`,
      )
      .join('');
  return wide(
    label,
    `<table>\n<thead><tr>${head.map((name, i) => `<th scope="col"${attribute(i)}>${text(name)}</th>`).join('')}</tr></thead>\n<tbody>\n${rows.map((row) => `<tr>${cells(row)}</tr>`).join('\n')}\n</tbody>\n</table>`,
  );
}

/** Figures with their names, in boxes. */
export const figures = (all: readonly [name: string, value: string, unit?: string][]): string =>
  `<dl>${all
    .map(
      ([name, value, unit]) =>
        `<div><dt>${text(name)}</dt><dd>${text(value)}${unit ? ` <small>${text(unit)}</small>` : ''}</dd></div>`,
    )
    .join('')}</dl>`;
