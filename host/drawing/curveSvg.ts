/** RAM against instructions as a drawing that needs nothing else: one panel per program. */

import type { Curve } from '../residency/curve.ts';
import { type Axis, axisOf, KIB, place, unitOf } from './axis.ts';
import { references } from './curvePlot.ts';
import { escaped, GRID, gridLine, INK, panels, round } from './svg.ts';

const WIDTH = 760;
const HEIGHT = 490;
const LEFT = 84;
const RIGHT = 28;
const TOP = 56;
const BOTTOM = 96;

const LEGEND_AT = [12, 224, 326, 524]; // from LEFT: wide enough for the words of each

const COLORS = { best: '#1f5fa8', S: '#b3541e', L: '#7a3e9d', B: '#2b7a3d' };

/** A whole SVG document. */
export function svg(curves: Curve[], subtitle: string): string {
  return panels(
    WIDTH,
    HEIGHT,
    curves.map((curve) => panel(curve, subtitle)),
  );
}

function panel(curve: Curve, subtitle: string): string {
  const marks = references(curve);
  const instructions = [...curve.best.map(({ steady }) => steady), ...marks.map((mark) => mark.instructions)];
  const unit = unitOf(Math.max(...instructions));
  const x = axisOf(
    [...curve.best, ...marks].map(({ arenaBytes }) => arenaBytes / KIB),
    8,
  );
  const y = axisOf(
    instructions.map((count) => count / unit.factor),
    6,
  );
  const at = (arenaBytes: number, count: number): [number, number] => [
    round(LEFT + (WIDTH - LEFT - RIGHT) * place(x, arenaBytes / KIB)),
    round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * place(y, count / unit.factor)),
  ];
  const points = curve.best.map(({ arenaBytes, steady }) => at(arenaBytes, steady));
  return [
    `<text x="${LEFT}" y="24" font-size="16" font-weight="600">${escaped(curve.name)}: RAM against instructions</text>`,
    `<text x="${LEFT}" y="43" fill="#555">${escaped(subtitle)}</text>`,
    axes(
      x,
      y,
      unit.name,
      (tick) => at(tick * KIB, y.low * unit.factor)[0],
      (tick) => at(x.low * KIB, tick * unit.factor)[1],
    ),
    `<path d="${staircase(points)}" fill="none" stroke="${COLORS.best}" stroke-width="1.5"/>`,
    ...points.map(([px, py]) => `<circle cx="${px}" cy="${py}" r="3.5" fill="${COLORS.best}"/>`),
    ...marks.map(({ sign, arenaBytes, instructions: count }) => shape(sign, ...at(arenaBytes, count))),
    legend(
      curve,
      marks.map(({ sign, meaning }) => [sign, meaning]),
    ),
  ].join('\n');
}

/** RAM that is not enough for the next plan is good for the one before: steps, not slopes. */
function staircase(points: [number, number][]): string {
  return points.map(([px, py], i) => (i === 0 ? `M${px} ${py}` : `H${px}V${py}`)).join('');
}

function axes(x: Axis, y: Axis, unit: string, column: (tick: number) => number, row: (tick: number) => number): string {
  const bottom = HEIGHT - BOTTOM;
  const vertical = x.ticks.map(
    (tick) =>
      `<path d="M${column(tick)} ${TOP}V${bottom + 5}" stroke="${GRID}"/><text x="${column(tick)}" y="${bottom + 20}" text-anchor="middle">${tick}</text>`,
  );
  const horizontal = y.ticks.map((tick) => gridLine(LEFT, WIDTH - RIGHT, row(tick), tick));
  const middle = (TOP + bottom) / 2;
  return [
    ...vertical,
    ...horizontal,
    `<path d="M${LEFT} ${TOP}V${bottom}H${WIDTH - RIGHT}" fill="none" stroke="${INK}" shape-rendering="crispEdges"/>`,
    `<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${bottom + 42}" text-anchor="middle">arena, KiB</text>`,
    `<text transform="translate(24 ${middle}) rotate(-90)" text-anchor="middle">${unit} per inference</text>`,
  ].join('\n');
}

function shape(sign: string, x: number, y: number): string {
  const color = COLORS[sign as 'S' | 'L' | 'B'];
  const style = `fill="#fff" stroke="${color}" stroke-width="2"`;
  if (sign === 'B')
    return `<rect x="${round(x - 6)}" y="${round(y - 6)}" width="12" height="12" ${style} fill-opacity="0"/>`;
  if (sign === 'L') return `<path d="M${x} ${round(y - 7)}l7 12h-14z" ${style}/>`;
  return `<circle cx="${x}" cy="${y}" r="7" ${style} fill-opacity="0"/>`;
}

/** One line below everything, where it hides no point. */
function legend(curve: Curve, marks: [sign: string, meaning: string][]): string {
  const entries = [['best', `best for its RAM, ${curve.best.length} of them`], ...marks];
  const y = HEIGHT - 20;
  return entries
    .map(([sign, meaning], i) => {
      const x = LEFT + LEGEND_AT[i];
      const drawn =
        sign === 'best'
          ? `<path d="M${x - 11} ${y}h22" stroke="${COLORS.best}" stroke-width="1.5"/><circle cx="${x}" cy="${y}" r="3.5" fill="${COLORS.best}"/>`
          : shape(sign, x, y);
      return `${drawn}<text x="${x + 17}" y="${y + 4}">${escaped(meaning)}</text>`;
    })
    .join('\n');
}
