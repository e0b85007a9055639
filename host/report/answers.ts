/** Answers of a classifier as drawings: which class was taken for which, and ROC curves with a band (d3-scale, d3-shape). */
import { scaleBand, scaleLinear } from 'd3-scale';
import { area, line } from 'd3-shape';
import { escaped, GRID, gridLine, INK, panels, round } from '../drawing/svg.ts';
import type { Evaluation } from '../evaluate/evaluate.ts';
import { ROC_PLACES, type Roc } from '../evaluate/roc.ts';

const LARGEST = 560; // of a square of classes
const CELL = 44;
const LEFT = 110;
const TOP = 92;
const PER_LETTER = 7;
/** Cells from which on only those with many answers have a number in them. */
const SMALL = 18;

/** Rows are labels, columns are answers; a cell is as strong as its share of the row. A whole SVG document. */
export function confusionSvg({ confusion, perClass }: Pick<Evaluation, 'confusion' | 'perClass'>): string {
  const names = perClass.map(({ name }) => name);
  const size = Math.min(LARGEST, CELL * names.length);
  const left = Math.max(LEFT, PER_LETTER * Math.max(...names.map((name) => name.length)) + 24);
  const cells = scaleBand<number>().domain(names.keys()).range([0, size]).paddingInner(0.04);
  const step = cells.bandwidth();
  const shown = names.map((name) => (name.length > 14 ? `${name.slice(0, 13)}…` : name));
  const body = confusion.flatMap((row, truth) => {
    const sum = row.reduce((total, count) => total + count, 0);
    return row.map((count, answer) => {
      const share = sum === 0 ? 0 : count / sum;
      const [x, y] = [round(left + cells(answer)!), round(TOP + cells(truth)!)];
      const fill = truth === answer ? '#a9c8e8' : '#f5c6cb';
      const words = `${names[truth]} taken for ${names[answer]}: ${count} of ${sum}`;
      const number =
        count > 0 && step >= SMALL
          ? `<text x="${round(x + step / 2)}" y="${round(y + step / 2 + 4)}" text-anchor="middle" font-size="11">${count}</text>`
          : '';
      return (
        `<rect x="${x}" y="${y}" width="${round(step)}" height="${round(step)}" fill="#e3e6ea" fill-opacity="0.35"/>` +
        `<rect x="${x}" y="${y}" width="${round(step)}" height="${round(step)}" fill="${fill}" fill-opacity="${Math.round(100 * Math.sqrt(share)) / 100}"><title>${escaped(words)}</title></rect>${number}`
      );
    });
  });
  const rows = shown.map(
    (name, i) =>
      `<text x="${left - 8}" y="${round(TOP + cells(i)! + step / 2 + 4)}" text-anchor="end" font-size="11">${escaped(name)}</text>`,
  );
  const columns = shown.map(
    (name, i) =>
      `<text transform="translate(${round(left + cells(i)! + step / 2 + 4)} ${TOP - 6}) rotate(-50)" font-size="11">${escaped(name)}</text>`,
  );
  const title = `<text x="0" y="20" font-size="16" font-weight="600">Labels (rows) and answers (columns)</text>`;
  return panels(Math.max(left + size + 70, 420), TOP + size + 16, [[title, ...body, ...rows, ...columns].join('\n')]);
}

const WIDTH = 560;
const HEIGHT = 480;
const PLOT = { left: 64, right: 24, top: 60, bottom: 56 };

/** One class against the rest: thin lines the classes, the thick one their mean, in its band. A whole SVG document. */
export function rocSvg({ classes, mean, low, high }: Roc): string {
  const x = scaleLinear([0, 1], [PLOT.left, WIDTH - PLOT.right]);
  const y = scaleLinear([0, 1], [HEIGHT - PLOT.bottom, PLOT.top]);
  const rate = (place: number): number => place / (ROC_PLACES - 1);
  const drawn = line<number>(
    (_, i) => round(x(rate(i))),
    (value) => round(y(value)),
  );
  const pathOf = (curve: Float64Array): string => `M${round(x(0))} ${round(y(0))}L${drawn([...curve])!.slice(1)}`;
  const band = area<number>()
    .x((_, i) => round(x(rate(i))))
    .y0((_, i) => round(y(low[i]!)))
    .y1((_, i) => round(y(high[i]!)))([...mean])!;
  return panels(WIDTH, HEIGHT, [
    [
      `<text x="0" y="20" font-size="16" font-weight="600">ROC, one class against the rest</text>`,
      `<text x="0" y="40" fill="#555">thick: mean of the classes, in the band of 95 % of resamples; thin: each class</text>`,
      ...y.ticks(5).map((tick) => gridLine(PLOT.left, WIDTH - PLOT.right, round(y(tick)), tick)),
      ...x
        .ticks(5)
        .map(
          (tick) =>
            `<path d="M${round(x(tick))} ${PLOT.top}V${HEIGHT - PLOT.bottom + 5}" stroke="${GRID}"/><text x="${round(x(tick))}" y="${HEIGHT - PLOT.bottom + 20}" text-anchor="middle">${tick}</text>`,
        ),
      `<path d="M${x(0)} ${y(0)}L${x(1)} ${y(1)}" stroke="#555" stroke-dasharray="4 4"/>`,
      `<path d="${band}" fill="#a9c8e8" fill-opacity="0.7"/>`,
      ...classes.map(
        ({ name, curve }) =>
          `<path d="${pathOf(curve)}" fill="none" stroke="#1f5fa8" stroke-opacity="0.45"><title>${escaped(name)}</title></path>`,
      ),
      `<path d="${pathOf(mean)}" fill="none" stroke="#1f5fa8" stroke-width="2.5"/>`,
      `<path d="M${PLOT.left} ${PLOT.top}V${HEIGHT - PLOT.bottom}H${WIDTH - PLOT.right}" fill="none" stroke="${INK}" shape-rendering="crispEdges"/>`,
      `<text x="${(PLOT.left + WIDTH - PLOT.right) / 2}" y="${HEIGHT - 14}" text-anchor="middle">false positive rate</text>`,
      `<text transform="translate(18 ${(PLOT.top + HEIGHT - PLOT.bottom) / 2}) rotate(-90)" text-anchor="middle">true positive rate</text>`,
    ].join('\n'),
  ]);
}
