/**
 * A confusion matrix: a row for each label, a column for each answer, the darker the larger the share of the row. For
 * pages, light or dark as the reader's screen.
 */
import { escaped, round } from './svg.ts';

export interface Matrix {
  title: string;
  /** the same in words, for who cannot see it */
  description: string;
  classes: readonly string[];
  /** [label][answer], windows */
  counts: readonly (readonly number[])[];
}

const HEADING = 56; // title, and what is across
const BOTTOM = 16;
const LEAST_WIDTH = 420;
/** Of a letter, at most, in pixels. */
const LETTER = 7;
/** Shares from which on words stand on colour rather than on paper. */
const [HALF, MOST] = [0.5, 0.75];

/** Where the square begins: right of the names of labels, below those of answers, which lean. */
interface Corner {
  left: number;
  top: number;
}

/** Pixels of a cell: large enough for a number where there are few. */
const cellOf = (classes: number): number => (classes <= 8 ? 46 : classes <= 12 ? 36 : 28);

/** A whole SVG document. */
export function matrixSvg({ title, description, classes, counts }: Matrix): string {
  const cell = cellOf(classes.length);
  const side = cell * classes.length;
  const longest = LETTER * Math.max(...classes.map(({ length }) => length));
  const corner = { left: longest + 24, top: HEADING + Math.ceil(longest * Math.SQRT1_2) + 12 };
  const leaning = Math.ceil(longest * Math.SQRT1_2);
  const needed = Math.max(LEAST_WIDTH, LETTER * title.length + 40, corner.left + side + leaning);
  const [width, height] = [needed, corner.top + side + BOTTOM];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" font-family="system-ui, sans-serif" font-size="12">
<title>${escaped(title)}</title>
<desc>${escaped(description)}</desc>
<style>text{fill:#1f2328}.quiet{fill:#59636e}.paper{fill:#fff}.cell{fill:#0550ae}.frame{stroke:#59636e}.over{fill:#fff}@media(prefers-color-scheme:dark){text{fill:#f0f6fc}.quiet{fill:#9198a1}.paper{fill:#0d1117}.cell{fill:#79c0ff}.frame{stroke:#9198a1}.half,.over{fill:#0d1117}}</style>
<rect class="paper" width="100%" height="100%"/>
<text x="10" y="24" font-size="15" font-weight="600">${escaped(title)}</text>
<text class="quiet" x="10" y="44">labels down, answers across, percent of a row</text>
${classes.map((name, i) => nameAt(name, i, cell, corner)).join('\n')}
${counts.map((row, i) => rowAt(row, i, classes, cell, corner)).join('\n')}
<path class="frame" fill="none" d="M${corner.left} ${corner.top}h${side}v${side}h-${side}z"/>
</svg>
`;
}

function nameAt(name: string, i: number, cell: number, { left, top }: Corner): string {
  const middle = (i + 0.5) * cell;
  return (
    `<text x="${left - 8}" y="${round(top + middle + 4)}" text-anchor="end">${escaped(name)}</text>` +
    `<text transform="translate(${round(left + middle)} ${top - 8}) rotate(-45)">${escaped(name)}</text>`
  );
}

function rowAt(
  row: readonly number[],
  i: number,
  classes: readonly string[],
  cell: number,
  { left, top }: Corner,
): string {
  const all = row.reduce((sum, count) => sum + count, 0);
  return row
    .map((count, j) => {
      if (count === 0) return '';
      const share = count / all;
      const [x, y] = [left + j * cell, top + i * cell];
      const said = `${classes[i]} answered as ${classes[j]}: ${count} of ${all}`;
      const on = share >= MOST ? ' class="over"' : share >= HALF ? ' class="half"' : '';
      const words = `<text${on} x="${x + cell / 2}" y="${round(y + cell / 2 + 4)}" text-anchor="middle">${Math.round(100 * share)}</text>`;
      return `<g><title>${escaped(said)}</title><rect class="cell" x="${x}" y="${y}" width="${cell}" height="${cell}" fill-opacity="${round(10 * share) / 10}"/>${words}</g>`;
    })
    .join('');
}
