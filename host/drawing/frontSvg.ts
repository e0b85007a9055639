/**
 * What bytes buy: quality against packed bytes on a logarithmic axis, a line and a mark for each way of holding weights,
 * one panel below another; for pages, light or dark as the reader's screen.
 */
import { axisOf, place } from './axis.ts';
import { escaped, round } from './svg.ts';

export interface FrontPoint {
  /** what a pointer on it shows */
  said: string;
  bytes: number;
  value: number;
  low: number;
  high: number;
}

/** Points of one kind, from few bytes to many. */
export interface FrontSeries {
  name: string;
  points: readonly FrontPoint[];
}

export interface FrontPanel {
  title: string;
  /** of what bytes; default: the packed image */
  x?: string;
  /** of what quality is measured */
  y: string;
  /** in the same order in all panels */
  series: readonly FrontSeries[];
  /** a value to compare with, and what it is */
  line?: { value: number; meaning: string } | null;
}

export interface FrontChart {
  title: string;
  /** the same in words, for who cannot see it */
  description: string;
  panels: readonly FrontPanel[];
  /** whether points of a series are joined by a line; default true */
  joined?: boolean;
}

const WIDTH = 760;
const LEFT = 66;
const RIGHT = 18;
const TOP = 52; // of the first panel
const PANEL = 330;
const HEADING = 30;
const BELOW = 46; // of a panel: ticks and what they are
const LEGEND = 22; // of a line

/** In kB; those that lie in between are drawn. */
const TICKS = [2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048];
const KB = 1000;

/** On light and on dark paper, and the mark's form. */
const STYLES: [light: string, dark: string, mark: keyof typeof MARKS][] = [
  ['#57606a', '#9198a1', 'square'],
  ['#0550ae', '#79c0ff', 'circle'],
  ['#1b7c83', '#56d4dd', 'square'],
  ['#1a7f37', '#56d364', 'up'],
  ['#7d8590', '#c9d1d9', 'cross'],
  ['#8250df', '#d2a8ff', 'diamond'],
  ['#9a6700', '#e3b341', 'down'],
  ['#953800', '#ffa657', 'circle'],
  ['#cf222e', '#ff7b72', 'diamond'],
  ['#bf3989', '#ff9bce', 'up'],
];

const MARKS = {
  circle: (x: number, y: number) => `<circle cx="${x}" cy="${y}" r="4.5"/>`,
  square: (x: number, y: number) => `<path d="M${round(x - 4)} ${round(y - 4)}h8v8h-8z"/>`,
  up: (x: number, y: number) => `<path d="M${x} ${round(y - 5)}l5 9h-10z"/>`,
  down: (x: number, y: number) => `<path d="M${x} ${round(y + 5)}l5 -9h-10z"/>`,
  diamond: (x: number, y: number) => `<path d="M${x} ${round(y - 6)}l6 6l-6 6l-6 -6z"/>`,
  cross: (x: number, y: number) => `<path d="M${round(x - 4)} ${round(y - 4)}l8 8m0 -8l-8 8" stroke-width="2.5"/>`,
};

/** A whole SVG document; panels without points are left out. */
export function frontSvg({ title, description, panels, joined = true }: FrontChart): string {
  const shown = panels.filter(({ series }) => series.some(({ points }) => points.length > 0));
  const names = panels[0]?.series.map(({ name }) => name) ?? [];
  const used = names.map((_, i) => i).filter((i) => shown.some(({ series }) => series[i]!.points.length > 0));
  const across = logAxis(shown.flatMap(({ series }) => series.flatMap(({ points }) => points.map((p) => p.bytes))));
  const pitch = Math.max(KEY, 26 + LETTER * Math.max(0, ...used.map((i) => names[i]!.length)));
  const perLine = Math.floor((WIDTH - LEFT - 8) / pitch);
  const height = TOP + PANEL * shown.length + LEGEND * Math.ceil(used.length / perLine) + 14;
  const keyAt = (i: number): Place => ({
    x: LEFT + 8 + (i % perLine) * pitch,
    y: TOP + PANEL * shown.length + 16 + LEGEND * Math.floor(i / perLine),
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" font-family="system-ui, sans-serif" font-size="13">
<title>${escaped(title)}</title>
<desc>${escaped(description)}</desc>
<style>${styles()}</style>
<rect class="paper" width="100%" height="100%"/>
<text x="${LEFT}" y="28" font-size="16" font-weight="600">${escaped(title)}</text>
${shown.map((panel, i) => panelAt(TOP + PANEL * i, panel, across, joined)).join('\n')}
${used.map((series, i) => key(series, names[series]!, keyAt(i))).join('\n')}
</svg>
`;
}

/** Of a key at least, and of a letter at most, in pixels. */
const KEY = 136;
const LETTER = 7;

interface Place {
  x: number;
  y: number;
}

function key(series: number, name: string, { x, y }: Place): string {
  const [, , mark] = STYLES[series]!;
  return `<g class="s${series}">${MARKS[mark](x, y)}</g><text x="${x + 14}" y="${y + 4}">${escaped(name)}</text>`;
}

const styles = (): string =>
  [
    'text{fill:#1f2328}.quiet{fill:#59636e}.paper{fill:#fff}.grid{stroke:#d8dee4}.frame{stroke:#59636e}',
    STYLES.map(([light], i) => `.s${i}{fill:${light};stroke:${light}}`).join(''),
    '.line{fill:none;stroke-width:1.2;opacity:.55}.bar{opacity:.3}',
    '@media(prefers-color-scheme:dark){',
    'text{fill:#f0f6fc}.quiet{fill:#9198a1}.paper{fill:#0d1117}.grid{stroke:#30363d}.frame{stroke:#9198a1}',
    STYLES.map(([, dark], i) => `.s${i}{fill:${dark};stroke:${dark}}`).join(''),
    '}',
  ].join('');

interface LogAxis {
  ticks: number[];
  /** of bytes, 0 to 1 */
  at(bytes: number): number;
}

/** From the tick below the smallest to the one above the largest. */
function logAxis(bytes: readonly number[]): LogAxis {
  const [least, most] = [Math.min(...bytes) / KB, Math.max(...bytes) / KB];
  const low = TICKS.findLast((tick) => tick <= least) ?? TICKS[0]!;
  const high = TICKS.find((tick) => tick >= most) ?? TICKS.at(-1)!;
  const at = (value: number): number => Math.log(value / KB / low) / Math.log(high / low || 2);
  return { ticks: TICKS.filter((tick) => tick >= low && tick <= high), at };
}

function panelAt(
  top: number,
  { title, x = 'packed image, kB', y, series, line }: FrontPanel,
  across: LogAxis,
  joined: boolean,
): string {
  const values = series.flatMap(({ points }) => points.flatMap((point) => [point.value, point.low, point.high]));
  const up = axisOf([...values, ...(line ? [line.value] : [])], 6);
  const [first, last] = [top + HEADING, top + PANEL - BELOW];
  const column = (bytes: number): number => round(LEFT + (WIDTH - LEFT - RIGHT) * across.at(bytes));
  const row = (value: number): number => round(last - (last - first) * place(up, value));
  return [
    `<text x="${LEFT}" y="${top + 18}" font-weight="600">${escaped(title)}</text>`,
    ...up.ticks.map(
      (tick) =>
        `<path class="grid" d="M${LEFT} ${row(tick)}H${WIDTH - RIGHT}"/><text class="quiet" x="${LEFT - 8}" y="${row(tick) + 4}" text-anchor="end">${tick}</text>`,
    ),
    ...across.ticks.map(
      (tick) =>
        `<path class="grid" d="M${column(tick * KB)} ${first}V${last}"/><text class="quiet" x="${column(tick * KB)}" y="${last + 18}" text-anchor="middle">${tick}</text>`,
    ),
    `<path class="frame" fill="none" d="M${LEFT} ${first}V${last}H${WIDTH - RIGHT}"/>`,
    `<text class="quiet" x="${(LEFT + WIDTH - RIGHT) / 2}" y="${last + 36}" text-anchor="middle">${escaped(x)}</text>`,
    `<text class="quiet" transform="translate(18 ${(first + last) / 2}) rotate(-90)" text-anchor="middle">${escaped(y)}</text>`,
    ...(line ? [lineAt(row(line.value), line.meaning, first)] : []),
    ...series.flatMap(({ points }, i) => (points.length > 0 ? [drawn(i, points, joined, column, row)] : [])),
  ].join('\n');
}

/** The words below the line where there is no room above it. */
const lineAt = (y: number, meaning: string, first: number): string =>
  `<path class="frame" stroke-dasharray="6 4" d="M${LEFT} ${y}H${WIDTH - RIGHT}"/>` +
  `<text class="quiet" x="${LEFT + 8}" y="${y - 6 < first + 10 ? y + 16 : y - 6}">${escaped(meaning)}</text>`;

function drawn(
  series: number,
  points: readonly FrontPoint[],
  joined: boolean,
  column: (bytes: number) => number,
  row: (value: number) => number,
): string {
  const [, , mark] = STYLES[series]!;
  const path = points.map(({ bytes, value }) => `${column(bytes)} ${row(value)}`).join('L');
  const marks = points.map(({ said, bytes, value, low, high }) => {
    const x = column(bytes);
    return `<g><title>${escaped(said)}</title><path class="bar" d="M${x} ${row(low)}V${row(high)}"/>${MARKS[mark](x, row(value))}</g>`;
  });
  const line = joined ? `<path class="line" d="M${path}"/>\n` : '';
  return `<g class="s${series}">${line}${marks.join('\n')}\n</g>`;
}
