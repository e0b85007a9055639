/** Amounts and what they are made of, as stacked bars: for pages, light or dark as the reader's screen. */
import { escaped, round } from './svg.ts';

export interface StackedChart {
  title: string;
  /** the same in words, for who cannot see it */
  description: string;
  parts: readonly string[];
  /** amounts in the order of `parts`, and what stands behind the bar */
  bars: readonly { label: string; amounts: readonly number[]; text: string }[];
}

const WIDTH = 760;
const LEFT = 150;
const RIGHT = 90;
const TOP = 44;
const ROW = 24;
const BAR = 14;
const PER_LINE = 4;
const LEGEND = 22;

/** On light and on dark paper. */
const COLORS = [
  ['#0550ae', '#79c0ff'],
  ['#cf222e', '#ff7b72'],
  ['#bf3989', '#ff9bce'],
  ['#9a6700', '#e3b341'],
  ['#1b7c83', '#56d4dd'],
  ['#8250df', '#d2a8ff'],
  ['#8c959f', '#6e7681'],
];

/** A whole SVG document. */
export function stackedChart({ title, description, parts, bars }: StackedChart): string {
  const most = Math.max(1, ...bars.map(({ amounts }) => amounts.reduce((sum, amount) => sum + amount, 0)));
  const length = (amount: number): number => ((WIDTH - LEFT - RIGHT) * amount) / most;
  const bottom = TOP + ROW * bars.length + 18;
  const height = bottom + LEGEND * Math.ceil(parts.length / PER_LINE);
  const css = (shade: 0 | 1): string => COLORS.map((color, i) => `.p${i}{fill:${color[shade]}}`).join('');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" font-family="system-ui, sans-serif" font-size="13">
<title>${escaped(title)}</title>
<desc>${escaped(description)}</desc>
<style>text{fill:#1f2328}.paper{fill:#fff}${css(0)}@media(prefers-color-scheme:dark){text{fill:#f0f6fc}.paper{fill:#0d1117}${css(1)}}</style>
<rect class="paper" width="100%" height="100%"/>
<text x="14" y="27" font-size="16" font-weight="600">${escaped(title)}</text>
${bars.map(({ label, amounts, text }, i) => barAt(TOP + ROW * i, label, amounts, parts, text, length)).join('\n')}
${parts.map((part, i) => keyAt(i, part, bottom)).join('\n')}
</svg>
`;
}

function barAt(
  y: number,
  label: string,
  amounts: readonly number[],
  parts: readonly string[],
  text: string,
  length: (amount: number) => number,
): string {
  let x = LEFT;
  const pieces = amounts.map((amount, i) => {
    const from = x;
    x += length(amount);
    if (amount === 0) return '';
    return `<rect class="p${i}" x="${round(from)}" y="${y}" width="${round(length(amount))}" height="${BAR}"><title>${escaped(`${parts[i]}: ${amount}`)}</title></rect>`;
  });
  return `<text x="${LEFT - 8}" y="${y + 12}" text-anchor="end">${escaped(label)}</text>${pieces.join('')}<text x="${round(x) + 8}" y="${y + 12}">${escaped(text)}</text>`;
}

function keyAt(i: number, part: string, top: number): string {
  const [x, y] = [14 + (i % PER_LINE) * 184, top + LEGEND * Math.floor(i / PER_LINE)];
  return `<rect class="p${i}" x="${x}" y="${y - 10}" width="12" height="12"/><text x="${x + 18}" y="${y}">${escaped(part)}</text>`;
}
