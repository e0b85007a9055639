/** RAM against instructions as text, 80 columns wide. */

import type { Curve } from '../residency/curve.ts';
import { grouped } from '../system/grouped.ts';
import { axisOf, KIB, place, unitOf } from './axis.ts';
import { blankGrid, labelledRows, widthOf } from './textGrid.ts';

const COLUMNS = 66;
const ROWS = 18;

export interface Mark {
  sign: string;
  meaning: string;
  arenaBytes: number;
  instructions: number;
}

/** The plans that are shown beside the best ones; lazy with the inference in which it makes its weights. */
export function references({ boot, lazy, stream }: Curve): Mark[] {
  return [
    { sign: 'S', meaning: 'all stream', arenaBytes: stream.arenaBytes, instructions: stream.steady },
    { sign: 'L', meaning: 'all lazy, first inference', arenaBytes: lazy.arenaBytes, instructions: lazy.first },
    { sign: 'B', meaning: 'all at boot', arenaBytes: boot.arenaBytes, instructions: boot.steady },
  ];
}

/** Lines of at most 80 characters. */
export function plot(curve: Curve): string {
  const marks = references(curve);
  const best = curve.best.map(({ arenaBytes, steady }) => ({ sign: '*', arenaBytes, instructions: steady }));
  const all = [...best, ...marks]; // marks over stars
  const unit = unitOf(Math.max(...all.map(({ instructions }) => instructions)));
  const x = axisOf(
    all.map(({ arenaBytes }) => arenaBytes / KIB),
    8,
  );
  const y = axisOf(
    all.map(({ instructions }) => instructions / unit.factor),
    6,
  );
  const grid = blankGrid(COLUMNS + 1, ROWS + 1);
  for (const { sign, arenaBytes, instructions } of all) {
    const row = ROWS - Math.round(ROWS * place(y, instructions / unit.factor));
    grid[row][Math.round(COLUMNS * place(x, arenaBytes / KIB))] = sign;
  }
  const labels = new Map(y.ticks.map((tick) => [ROWS - Math.round(ROWS * place(y, tick)), String(tick)]));
  const width = widthOf(labels);
  return [
    `${unit.name} per inference`,
    ...labelledRows(grid, labels, width),
    ...bottom(x.ticks, (tick) => Math.round(COLUMNS * place(x, tick)), width + 2),
    ...legend(curve, marks),
  ].join('\n');
}

/** The x axis with its labels under its ticks and its title. */
function bottom(ticks: number[], column: (tick: number) => number, indent: number): string[] {
  const axis = new Array<string>(COLUMNS + 1).fill('-');
  const labels = new Array<string>(indent + COLUMNS + 4).fill(' ');
  for (const tick of ticks) {
    axis[column(tick)] = '+';
    const label = String(tick);
    const from = indent + column(tick) - Math.floor(label.length / 2);
    [...label].forEach((character, i) => {
      labels[from + i] = character;
    });
  }
  const title = 'arena, KiB';
  return [
    `${' '.repeat(indent - 1)}+${axis.join('')}`,
    labels.join('').trimEnd(),
    `${' '.repeat(indent + COLUMNS - title.length)}${title}`,
  ];
}

function legend(curve: Curve, marks: Mark[]): string[] {
  return [
    `*  best for its RAM, ${curve.best.length} of them`,
    ...marks.map(({ sign, meaning, arenaBytes, instructions }) => {
      const values = `${grouped(arenaBytes).padStart(9)} B  ${grouped(instructions).padStart(13)} instructions`;
      return `${sign}  ${meaning.padEnd(26)}${values}`;
    }),
  ];
}
