/** The tables of docs/reliability.md, from what bench/reliability.json records. */

import { loadBoard } from '../boards/board.ts';
import { markdownTable } from '../drawing/markdown.ts';
import type { FlipFigure } from '../reliability/flips.ts';
import type { Reliability, WorstFigures } from '../reliability/measure.ts';
import { grouped } from '../system/grouped.ts';

/** Instructions of the longer call, load or invoke, for a unit of work; of the worst program. */
export const perUnit = ({ programs }: WorstFigures): number =>
  Math.max(...programs.map(({ units, load, invoke }) => Math.max(load, invoke) / units));

/** Instructions of `open` for a byte; of the worst image. */
export const perByte = ({ images }: WorstFigures): number => Math.max(...images.map(({ bytes, open }) => open / bytes));

/** One row for each program or image, a column of quotients for each core. */
function quotientTable<T>(
  worst: readonly WorstFigures[],
  heading: [string, string],
  rowsOf: (figures: WorstFigures) => readonly T[],
  name: (row: T) => string,
  size: (row: T) => number,
  quotient: (row: T) => number,
): string {
  const cores = worst.map(({ board }) => loadBoard(board).core);
  const rows = rowsOf(worst[0]).map((first, i) => [
    name(first),
    grouped(size(first)),
    ...worst.map((figures) => quotient(rowsOf(figures)[i]).toFixed(1)),
  ]);
  return markdownTable([...heading, ...cores], rows, 1);
}

function flipTable({ parts }: Reliability['flips']): string {
  const share = (count: number | null, flips: number) =>
    count === null ? 'not run' : `${((100 * count) / flips).toFixed(1)} %`;
  const row = ({ part, flips, check, checkWeights, answers }: FlipFigure) => [
    part,
    grouped(flips),
    share(check, flips),
    share(checkWeights, flips),
    share(answers, flips),
  ];
  return markdownTable(['bit of', 'flips', 'htpw_check', 'htpw_check_weights', 'changes an answer'], parts.map(row), 1);
}

/** By the marks that they stand between. */
export function reliabilityTables({ worst, flips }: Reliability): Record<string, string> {
  const limits = worst.map((figures) => [
    loadBoard(figures.board).core,
    perByte(figures).toFixed(1),
    perUnit(figures).toFixed(1),
  ]);
  return {
    limits: markdownTable(['core', 'open, a byte of the image', 'load or invoke, a unit of work'], limits, 1),
    images: quotientTable(
      worst,
      ['image of', 'bytes'],
      ({ images }) => images,
      ({ image }) => image,
      ({ bytes }) => bytes,
      ({ open, bytes }) => open / bytes,
    ),
    programs: quotientTable(
      worst,
      ['program', 'units'],
      ({ programs }) => programs,
      ({ program }) => program,
      ({ units }) => units,
      ({ load, invoke, units }) => Math.max(load, invoke) / units,
    ),
    flips: flipTable(flips),
  };
}
