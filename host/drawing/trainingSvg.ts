/** A training as a drawing that needs nothing else: loss over the epochs, and below it macro-F1 on validation windows. */

import { type Axis, axisOf, place } from './axis.ts';
import { escaped, GRID, gridLine, INK, panels, round } from './svg.ts';

const WIDTH = 760;
const HEIGHT = 350;
const LEFT = 84;
const RIGHT = 28;
const TOP = 56;
const BOTTOM = 94;
const TICKS = 8;
const PER_LETTER = 7.5; // pixels of a legend

/** Told apart by people who see few colours, too (Okabe & Ito 2008). */
const COLORS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9'];

/** What was seen of an epoch, from 1. */
export interface TrainedEpoch {
  epoch: number;
  loss: number;
  /** of each network; null where nobody looked, or where it has no such windows */
  validation: readonly (number | null)[] | null;
}

interface Line {
  name: string;
  points: [epoch: number, value: number][];
}

/** A whole SVG document. `names`: of the networks; `kept`: epoch whose parameters were kept. */
export function trainingSvg(
  title: string,
  names: readonly string[],
  history: readonly TrainedEpoch[],
  kept: number,
): string {
  const loss: Line = { name: 'training loss', points: history.map(({ epoch, loss }) => [epoch, loss]) };
  const looks = names.map((name, i): Line => {
    const points = history.flatMap(({ epoch, validation }): [number, number][] => {
      const value = validation?.[i];
      return value === undefined || value === null ? [] : [[epoch, value]];
    });
    return { name: names.length > 1 ? name : 'validation', points };
  });
  const last = Math.max(...history.map(({ epoch }) => epoch));
  const mean = names.length > 1 ? ', mean of the networks' : '';
  return panels(WIDTH, HEIGHT, [
    panel(`${title}: loss`, `of training windows in each epoch${mean}`, 'loss, nats', [loss], last, kept),
    panel(`${title}: macro-F1`, 'of validation windows, float simulation', 'macro-F1', looks, last, kept, [0, 1]),
  ]);
}

function panel(
  title: string,
  subtitle: string,
  unit: string,
  lines: readonly Line[],
  last: number,
  kept: number,
  range: number[] = [0],
): string {
  const x = axisOf([0, last], TICKS);
  const y = axisOf([...range, ...lines.flatMap(({ points }) => points.map(([, value]) => value))], 5);
  const column = (epoch: number): number => round(LEFT + (WIDTH - LEFT - RIGHT) * place(x, epoch));
  const row = (value: number): number => round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * place(y, value));
  return [
    `<text x="${LEFT}" y="24" font-size="16" font-weight="600">${escaped(title)}</text>`,
    `<text x="${LEFT}" y="43" fill="#555">${escaped(subtitle)}</text>`,
    axes(x, y, unit, column, row),
    `<path d="M${column(kept)} ${TOP}V${HEIGHT - BOTTOM}" stroke="${INK}" stroke-dasharray="3 4"/>`,
    ...lines.map(({ points }, i) => curve(points, COLORS[i % COLORS.length]!, column, row)),
    legend(lines, kept),
  ].join('\n');
}

/** A point for every value where they are few; a line through all of them. */
function curve(
  points: Line['points'],
  color: string,
  column: (epoch: number) => number,
  row: (value: number) => number,
): string {
  const path = points.map(([epoch, value], i) => `${i === 0 ? 'M' : 'L'}${column(epoch)} ${row(value)}`).join('');
  const dots = points.length > 40 ? [] : points;
  return [
    `<path d="${path}" fill="none" stroke="${color}" stroke-width="2" stroke-linejoin="round"/>`,
    ...dots.map(([epoch, value]) => `<circle cx="${column(epoch)}" cy="${row(value)}" r="3" fill="${color}"/>`),
  ].join('\n');
}

function axes(
  x: Axis,
  y: Axis,
  unit: string,
  column: (epoch: number) => number,
  row: (value: number) => number,
): string {
  const bottom = HEIGHT - BOTTOM;
  const whole = x.ticks.filter((tick) => Number.isInteger(tick));
  return [
    ...whole.map(
      (tick) =>
        `<path d="M${column(tick)} ${TOP}V${bottom + 5}" stroke="${GRID}"/><text x="${column(tick)}" y="${bottom + 20}" text-anchor="middle">${tick}</text>`,
    ),
    ...y.ticks.map((tick) => gridLine(LEFT, WIDTH - RIGHT, row(tick), tick)),
    `<path d="M${LEFT} ${TOP}V${bottom}H${WIDTH - RIGHT}" fill="none" stroke="${INK}" shape-rendering="crispEdges"/>`,
    `<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${bottom + 40}" text-anchor="middle">epoch</text>`,
    `<text transform="translate(24 ${(TOP + bottom) / 2}) rotate(-90)" text-anchor="middle">${unit}</text>`,
  ].join('\n');
}

/** Below everything, in as many lines as it takes. */
function legend(lines: readonly Line[], kept: number): string {
  let [x, y] = [LEFT, HEIGHT - BOTTOM + 62];
  const entry = (sample: string, words: string): string => {
    const width = 52 + PER_LETTER * words.length;
    if (x > LEFT && x + width > WIDTH) [x, y] = [LEFT, y + 18];
    const drawn = `<path d="M${round(x)} ${y}h22" ${sample}/><text x="${round(x + 29)}" y="${y + 4}">${escaped(words)}</text>`;
    x += width;
    return drawn;
  };
  return [
    ...lines.map(({ name, points }, i) => {
      const words = points.length > 0 ? name : `${name}: none`;
      return entry(`stroke="${COLORS[i % COLORS.length]}" stroke-width="2"`, words);
    }),
    entry(`stroke="${INK}" stroke-dasharray="3 4"`, `kept: epoch ${kept}`),
  ].join('\n');
}
