/** Tables of Markdown, laid out to be read as text, too. */

/**
 * Columns as wide as their widest cell; those from the `from`-th on, before the `to`-th, to the right. Ends with a line
 * break.
 */
export function markdownTable(
  headings: readonly string[],
  rows: string[][],
  from: number,
  to = headings.length,
): string {
  const widths = headings.map((heading, i) => Math.max(heading.length, ...rows.map((cells) => cells[i].length)));
  const right = (i: number) => i >= from && i < to;
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => (right(i) ? cell.padStart(widths[i]) : cell.padEnd(widths[i]))).join(' | ')} |`;
  const rule = widths.map((width, i) => (right(i) ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width)));
  return `${[line(headings), line(rule), ...rows.map(line)].join('\n')}\n`;
}
