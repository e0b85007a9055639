/** Named points of one quality against another as a drawing that needs nothing else, with intervals and a border. */
import { type Axis, axisOf, place } from './axis.ts';
import { escaped, GRID, gridLine, INK, panels, round } from './svg.ts';

const WIDTH = 760;
const HEIGHT = 470;
const LEFT = 84;
const RIGHT = 60;
const TOP = 60;
const BOTTOM = 64;

const COLORS = { plain: '#1f5fa8', whole: '#222', chosen: '#b3541e' };

export interface ScatterPoint {
  name: string;
  x: number;
  y: number;
  /** of y */
  interval?: { low: number; high: number };
  mark: keyof typeof COLORS;
}

export interface Scatter {
  title: string;
  subtitle: string;
  x: string;
  y: string;
  points: readonly ScatterPoint[];
  /** a value of y below which something is not enough, and what it is */
  border?: { y: number; meaning: string };
}

/** A whole SVG document. */
export function scatterSvg({ title, subtitle, x, y, points, border }: Scatter): string {
  const across = axisOf([0, ...points.map((point) => point.x)], 8);
  const up = axisOf(
    [...points.flatMap(({ y, interval }) => [y, ...Object.values(interval ?? {})]), ...(border ? [border.y] : [])],
    6,
  );
  const column = (value: number): number => round(LEFT + (WIDTH - LEFT - RIGHT) * place(across, value));
  const row = (value: number): number => round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * place(up, value));
  return panels(WIDTH, HEIGHT, [
    [
      `<text x="${LEFT}" y="24" font-size="16" font-weight="600">${escaped(title)}</text>`,
      `<text x="${LEFT}" y="43" fill="#555">${escaped(subtitle)}</text>`,
      axes(across, up, x, y, column, row),
      ...(border ? [borderLine(row(border.y), border.meaning)] : []),
      ...points.map((point) => drawn(point, column(point.x), row(point.y), row)),
    ].join('\n'),
  ]);
}

function axes(
  across: Axis,
  up: Axis,
  x: string,
  y: string,
  column: (value: number) => number,
  row: (value: number) => number,
): string {
  const bottom = HEIGHT - BOTTOM;
  return [
    ...across.ticks.map(
      (tick) =>
        `<path d="M${column(tick)} ${TOP}V${bottom + 5}" stroke="${GRID}"/><text x="${column(tick)}" y="${bottom + 20}" text-anchor="middle">${tick}</text>`,
    ),
    ...up.ticks.map((tick) => gridLine(LEFT, WIDTH - RIGHT, row(tick), tick)),
    `<path d="M${LEFT} ${TOP}V${bottom}H${WIDTH - RIGHT}" fill="none" stroke="${INK}" shape-rendering="crispEdges"/>`,
    `<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${bottom + 42}" text-anchor="middle">${escaped(x)}</text>`,
    `<text transform="translate(24 ${(TOP + bottom) / 2}) rotate(-90)" text-anchor="middle">${escaped(y)}</text>`,
  ].join('\n');
}

const borderLine = (y: number, meaning: string): string =>
  `<path d="M${LEFT} ${y}H${WIDTH - RIGHT}" stroke="${COLORS.chosen}" stroke-dasharray="5 4"/>` +
  `<text x="${WIDTH - RIGHT}" y="${y - 6}" text-anchor="end" fill="${COLORS.chosen}">${escaped(meaning)}</text>`;

function drawn({ name, interval, mark }: ScatterPoint, x: number, y: number, row: (value: number) => number): string {
  const color = COLORS[mark];
  const bar = interval ? `<path d="M${x} ${row(interval.low)}V${row(interval.high)}" stroke="${color}"/>` : '';
  return `${bar}<circle cx="${x}" cy="${y}" r="4.5" fill="${color}"/><text x="${x + 8}" y="${y + 4}">${escaped(name)}</text>`;
}
