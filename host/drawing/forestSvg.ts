/**
 * Differences with their intervals, a line each, on one axis with 0 on it: what is on the right gains, what is on the
 * left loses, what 0 is in may be either. For pages, light or dark as the reader's screen.
 */
import { axisOf, place } from './axis.ts';
import { escaped, round } from './svg.ts';

export interface Difference {
  label: string;
  /** what a pointer on it shows */
  said: string;
  value: number;
  low: number;
  high: number;
  /** whether its interval excludes 0 */
  isSure: boolean;
}

export interface Forest {
  title: string;
  /** the same in words, for who cannot see it */
  description: string;
  /** of what the differences are */
  x: string;
  groups: readonly { title: string; rows: readonly Difference[] }[];
}

const WIDTH = 760;
/** Of labels at least, and of a letter at most, in pixels. */
const LEAST_LEFT = 130;
const LETTER = 7;
const RIGHT = 24;
const TOP = 60;
const ROW = 20;
const HEADING = 28;
const BELOW = 66;

type Verdict = 'beats' | 'ties' | 'loses';
const verdictOf = ({ isSure, value }: Difference): Verdict => (!isSure ? 'ties' : value > 0 ? 'beats' : 'loses');

/** On light and on dark paper. */
const COLORS: Record<Verdict, readonly [light: string, dark: string]> = {
  beats: ['#1a7f37', '#56d364'],
  ties: ['#59636e', '#9198a1'],
  loses: ['#cf222e', '#ff7b72'],
};

/** Not told apart by colour alone. */
const MARKS: Record<Verdict, (x: number, y: number) => string> = {
  beats: (x, y) => `<path d="M${round(x)} ${round(y - 6)}l5.5 10h-11z"/>`,
  ties: (x, y) => `<circle cx="${round(x)}" cy="${round(y)}" r="4" class="open"/>`,
  loses: (x, y) => `<path d="M${round(x)} ${round(y + 6)}l5.5 -10h-11z"/>`,
};

/** A whole SVG document; groups without rows are left out. */
export function forestSvg({ title, description, x, groups }: Forest): string {
  const shown = groups.filter(({ rows }) => rows.length > 0);
  const rows = shown.flatMap((group) => group.rows);
  const axis = axisOf([0, ...rows.flatMap(({ value, low, high }) => [value, low, high])], 8);
  const left = Math.max(LEAST_LEFT, LETTER * Math.max(0, ...rows.map(({ label }) => label.length)) + 24);
  const column = (value: number): number => round(left + (WIDTH - left - RIGHT) * place(axis, value));
  const bottom = TOP + HEADING * shown.length + ROW * rows.length;
  const height = bottom + BELOW;
  const css = (shade: 0 | 1): string =>
    Object.entries(COLORS)
      .map(([name, color]) => `.${name}{fill:${color[shade]};stroke:${color[shade]}}`)
      .join('');
  let y = TOP;
  const drawn = shown.map((group) => {
    y += HEADING;
    const heading = `<text x="14" y="${y - 8}" font-weight="600">${escaped(group.title)}</text>`;
    const lines = group.rows.map((row) => {
      y += ROW;
      return rowAt(left, y - ROW / 2, row, column);
    });
    return [heading, ...lines].join('\n');
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" font-family="system-ui, sans-serif" font-size="13">
<title>${escaped(title)}</title>
<desc>${escaped(description)}</desc>
<style>text{fill:#1f2328}.quiet{fill:#59636e}.paper{fill:#fff}.grid{stroke:#d8dee4}.frame{stroke:#59636e}${css(0)}.interval{stroke-width:2}.open{fill:none;stroke-width:2}@media(prefers-color-scheme:dark){text{fill:#f0f6fc}.quiet{fill:#9198a1}.paper{fill:#0d1117}.grid{stroke:#30363d}.frame{stroke:#9198a1}${css(1)}.open{fill:none}}</style>
<rect class="paper" width="100%" height="100%"/>
<text x="14" y="28" font-size="16" font-weight="600">${escaped(title)}</text>
${axis.ticks.map((tick) => tickAt(column(tick), bottom, tick)).join('\n')}
<path class="frame" stroke-dasharray="6 4" d="M${column(0)} ${TOP}V${bottom + 4}"/>
<text class="quiet" x="${(left + WIDTH - RIGHT) / 2}" y="${bottom + 38}" text-anchor="middle">${escaped(x)}</text>
${keys(left, bottom + 57)}
${drawn.join('\n')}
</svg>
`;
}

const tickAt = (x: number, bottom: number, tick: number): string =>
  `<path class="grid" d="M${x} ${TOP}V${bottom + 4}"/>${[TOP - 4, bottom + 20].map((y) => `<text class="quiet" x="${x}" y="${y}" text-anchor="middle">${tick}</text>`).join('')}`;

const keys = (left: number, y: number): string =>
  (Object.keys(MARKS) as Verdict[])
    .map((verdict, i) => {
      const x = left + 20 + 90 * i;
      return `<g class="${verdict}">${MARKS[verdict](x, y - 4)}</g><text x="${x + 12}" y="${y}">${verdict}</text>`;
    })
    .join('');

function rowAt(left: number, y: number, row: Difference, column: (value: number) => number): string {
  const { label, said, value, low, high } = row;
  const verdict = verdictOf(row);
  const line = `<path class="interval" d="M${column(low)} ${y}H${column(high)}"/>`;
  const mark = MARKS[verdict](column(value), y);
  return `<text x="${left - 10}" y="${y + 4}" text-anchor="end">${escaped(label)}</text><g class="${verdict}"><title>${escaped(said)}</title>${line}${mark}</g>`;
}
