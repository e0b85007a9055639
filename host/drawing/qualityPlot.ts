/** Bytes of images against a quality between 0 and 1 as text, 80 columns wide. */

import { blankGrid, labelledRows } from './textGrid.ts';

const COLUMNS = 60;
const ROWS = 14;
const LABEL = 7; // characters: "100.0 %"

export interface Point {
  bytes: number;
  quality: number;
}

/** One star per point, the best at the top; kB = 1000 bytes. */
export function plotCurve(points: readonly Point[], title: string): string {
  const most = Math.max(...points.map(({ bytes }) => bytes));
  const qualities = points.map(({ quality }) => quality);
  const floor = Math.max(0, Math.floor(20 * (Math.min(...qualities) - 1e-9)) / 20);
  const top = Math.min(1, Math.ceil(20 * (Math.max(...qualities) + 1e-9)) / 20);
  const width = Math.ceil(most / 10_000) * 10_000;
  const grid = blankGrid(COLUMNS + 1, ROWS + 1);
  for (const { bytes, quality } of points)
    grid[Math.round(((top - quality) / (top - floor)) * ROWS)][Math.round((bytes / width) * COLUMNS)] = '*';
  const label = (row: number) => `${(100 * (top - (row / ROWS) * (top - floor))).toFixed(1)} %`;
  const labels = new Map([0, ROWS / 2, ROWS].map((row) => [row, label(row)]));
  const end = `${width / 1000} kB`;
  return [
    title,
    ...labelledRows(grid, labels, LABEL),
    `${' '.repeat(LABEL + 1)}+${'-'.repeat(COLUMNS)}+`,
    `${' '.repeat(LABEL + 1)}0${' '.repeat(COLUMNS - end.length)}${end}`,
  ].join('\n');
}
