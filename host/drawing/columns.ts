/** Tables for the terminal. */
import { grouped } from '../system/grouped.ts';

/**
 * Columns aligned: those with a number in them, formatted or not, also with % or MiB, to the right, text to the left.
 */
export function columns(rows: (string | number)[][]): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => format(row[i]).length)));
  const numeric = widths.map((_, i) => rows.some((row) => isNumeric(row[i])));
  const cell = (value: string | number, i: number) =>
    numeric[i] ? format(value).padStart(widths[i]) : format(value).padEnd(widths[i]);
  return rows.map((row) => row.map(cell).join('  ').trimEnd()).join('\n');
}

const isNumeric = (value: string | number): boolean =>
  typeof value === 'number' || /^-?\d[\d,]*(\.\d+)?( (%|[KM]iB))?$/.test(value);

function format(value: string | number): string {
  return typeof value === 'number' ? grouped(value) : value;
}
