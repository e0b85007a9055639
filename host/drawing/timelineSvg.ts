/** The arena over the operators as a drawing that needs nothing else: one panel per program. */

import type { Holder, HolderKind, Timeline } from '../layout/timeline.ts';
import { grouped } from '../system/grouped.ts';
import { axisOf, KIB, place } from './axis.ts';
import { holdersOf, peakLines } from './peak.ts';
import { escaped, gridLine, INK, panels, round } from './svg.ts';

const LEFT = 64;
const RIGHT = 24;
const TOP = 92;
const BOTTOM = 92;
const PLOT_HEIGHT = 320;
const HEIGHT = TOP + PLOT_HEIGHT + BOTTOM;
const MIN_WIDTH = 760;
const COLUMN = 40; // of an operator, at least
const NARROW = 14; // where there are many operators
const MANY = 40;
const LINE = 110; // characters of a sentence that a line has room for
const CHARACTER = 6.2; // widths of letters of the labels' size, measured on digits and capitals
const LABEL = 12; // height of a label

const COLORS: Record<HolderKind, [fill: string, stroke: string]> = {
  header: ['#444', '#444'],
  tensor: ['#a9c8e8', '#1f5fa8'],
  scratch: ['#f3cfa5', '#b3541e'],
  weights: ['#bfdcc3', '#2b7a3d'],
};
const PEAK = '#c0182b';

interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** A whole SVG document. */
export function timelineSvg(timelines: Timeline[]): string {
  const width = Math.max(MIN_WIDTH, ...timelines.map(({ operators }) => LEFT + RIGHT + widthOf(operators.length)));
  return panels(
    width,
    HEIGHT,
    timelines.map((timeline) => panel(timeline, width)),
  );
}

const widthOf = (operators: number) => operators * (operators > MANY ? NARROW : COLUMN);

function panel(timeline: Timeline, width: number): string {
  const { name, operators, holders, peak, arenaBytes } = timeline;
  const y = axisOf([0, arenaBytes / KIB], 8);
  const bottom = TOP + PLOT_HEIGHT;
  const step = (width - LEFT - RIGHT) / operators.length;
  const row = (bytes: number) => round(bottom - PLOT_HEIGHT * place(y, bytes / KIB));
  const column = (operator: number) => round(LEFT + step * Math.min(Math.max(operator, 0), operators.length));
  const boxOf = ({ at, bytes, first, last }: Holder): Box => {
    // what is only given or only handed on has the edge
    const [x, right] = [column(first), Math.max(column(last + 1), column(first) + 1)];
    return { x, y: row(at + bytes), width: round(right - x), height: round(row(at) - row(at + bytes)) };
  };
  const drawn = holders.map((holder) => ({ holder, box: boxOf(holder) }));
  const arena = row(arenaBytes);
  return [
    `<text x="${LEFT}" y="24" font-size="16" font-weight="600">${escaped(name)}: who holds the arena</text>`,
    ...sentences(timeline).map((line, i) => `<text x="${LEFT}" y="${43 + 16 * i}" fill="#555">${escaped(line)}</text>`),
    ...y.ticks.map((tick) => gridLine(LEFT, width - RIGHT, row(tick * KIB), tick)),
    `<rect x="${column(peak.operator)}" y="${TOP}" width="${round(step)}" height="${PLOT_HEIGHT}" fill="${PEAK}" fill-opacity="0.1"/>`,
    ...drawn.map(({ holder, box }) => rectangle(holder, box)),
    ...labels(drawn),
    `<path d="M${LEFT} ${arena}H${width - RIGHT}" stroke="${PEAK}" stroke-dasharray="5 3"/>`,
    `<path d="M${LEFT} ${TOP}V${bottom}H${width - RIGHT}" fill="none" stroke="${INK}" shape-rendering="crispEdges"/>`,
    ...operators.map((operator, o) => {
      const at = `translate(${round(column(o) + step / 2 + 4)} ${bottom + 10}) rotate(-60)`;
      const style = o === peak.operator ? ` fill="${PEAK}" font-weight="600"` : '';
      return `<text transform="${at}" text-anchor="end" font-size="11"${style}>${escaped(operator)}</text>`;
    }),
    `<text transform="translate(20 ${(TOP + bottom) / 2}) rotate(-90)" text-anchor="middle">arena, KiB</text>`,
    legend(timeline, HEIGHT - 14),
  ].join('\n');
}

/** The lines on the peak, as far as the heading has room; the whole of them is what the pointer shows. */
function sentences(timeline: Timeline): string[] {
  const [peak, proof] = peakLines(timeline);
  const at = peak.indexOf(':') + 1;
  return [`${peak.slice(0, at - 1)}; ${proof}`, shortened(holdersOf(timeline))];
}

function shortened(line: string): string {
  return line.length <= LINE ? line : `${line.slice(0, line.lastIndexOf(',', LINE))} ...`;
}

function rectangle({ kind, name, bytes }: Holder, { x, y, width, height }: Box): string {
  const [fill, stroke] = COLORS[kind];
  const words = `${kind === 'tensor' || kind === 'header' ? '' : `${kind} of `}${name}, ${grouped(bytes)} bytes`;
  return `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${fill}" fill-opacity="0.8" stroke="${stroke}" stroke-width="0.8"><title>${escaped(words)}</title></rect>`;
}

/** Names where they fit into their rectangle and over no other name; the others are what the pointer shows. */
function labels(drawn: { holder: Holder; box: Box }[]): string[] {
  const taken: Box[] = [];
  return drawn.flatMap(({ holder, box }) => {
    const width = CHARACTER * holder.name.length;
    if (holder.kind === 'header' || box.width < width + 4 || box.height < LABEL) return [];
    const middle = box.y + (box.height - LABEL) / 2;
    // in the middle, else at an end, else at the top or bottom
    const places = [0.5, 0, 1].flatMap((share) =>
      [middle, box.y, box.y + box.height - LABEL].map((y) => ({
        x: box.x + 2 + share * (box.width - width - 4),
        y,
        width,
        height: LABEL,
      })),
    );
    const apart = places.filter((own) => !taken.some((other) => overlap(own, other)));
    const free = apart.find((own) => !drawn.some((other) => crosses(own, other.box))) ?? apart[0];
    if (!free) return [];
    taken.push(free);
    return [`<text x="${round(free.x)}" y="${round(free.y + 10)}" font-size="11">${escaped(holder.name)}</text>`];
  });
}

function overlap(a: Box, b: Box): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

/** Where tensors share memory, the edge of one would go through the name of the other. */
function crosses(label: Box, box: Box): boolean {
  return overlap(label, box) && (label.x < box.x || label.x + label.width > box.x + box.width);
}

function legend({ peak }: Timeline, y: number): string {
  const kinds: [HolderKind, string][] = [
    ['tensor', 'tensors'],
    ['scratch', 'scratch'],
    ...(peak.weights > 0 ? [['weights', 'weights kept'] as [HolderKind, string]] : []),
  ];
  const entries = kinds.map(([kind, words], i) => {
    const x = LEFT + 130 * i;
    const [fill, stroke] = COLORS[kind];
    return `<rect x="${x}" y="${y - 10}" width="12" height="12" fill="${fill}" stroke="${stroke}"/><text x="${x + 18}" y="${y}">${words}</text>`;
  });
  const x = LEFT + 130 * kinds.length;
  entries.push(
    `<path d="M${x - 4} ${y - 4}h20" stroke="${PEAK}" stroke-dasharray="5 3"/><text x="${x + 22}" y="${y}">arena</text>`,
  );
  return entries.join('\n');
}
