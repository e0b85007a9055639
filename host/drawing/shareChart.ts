/** Amounts beside a larger whole as bars: for pages, light or dark as the reader's screen, legible on a phone. */
import { escaped, round } from './svg.ts';

/** One bar: its length is `share` of that of the whole. */
export interface ShareBar {
  label: string;
  share: number;
  /** behind the bar */
  text: string;
}

export interface ShareChart {
  title: string;
  /** the same in words, for who cannot see it */
  description: string;
  /** what the bar and what the whole is */
  legend: [part: string, whole: string];
  groups: { title: string; bars: ShareBar[] }[];
}

const WIDTH = 456;
const MARGIN = 14;
const LEFT = 108; // where bars begin
const RIGHT = 296; // where a whole ends
const TOP = 58; // title and legend
const HEADING = 24;
const ROW = 19;
const BAR = 11;
const GAP = 12;

/** A whole SVG document. A share above 1 makes the scale of all bars smaller. */
export function shareChart({ title, description, legend, groups }: ShareChart): string {
  const most = Math.max(1, ...groups.flatMap(({ bars }) => bars.map(({ share }) => share)));
  const length = (share: number) => round(((RIGHT - LEFT) * share) / most);
  let y = TOP;
  const drawn = groups.map((group) => {
    const top = y;
    y += HEADING + ROW * group.bars.length + GAP;
    return [
      `<text class="heading" x="${MARGIN}" y="${top + 15}">${escaped(group.title)}</text>`,
      ...group.bars.map((bar, i) => barAt(bar, top + HEADING + ROW * i, length)),
    ].join('\n');
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" width="${WIDTH}" height="${y}" role="img" aria-labelledby="title description" font-family="system-ui, sans-serif" font-size="13">
<title id="title">${escaped(title)}</title>
<desc id="description">${escaped(description)}</desc>
<style>
text { fill: #1f2328 } .heading { font-weight: 600 } .quiet { fill: #59636e }
.paper { fill: #fff } .part { fill: #1f5fa8 } .whole { fill: #d1d9e0 }
@media (prefers-color-scheme: dark) {
text { fill: #f0f6fc } .quiet { fill: #9198a1 }
.paper { fill: #0d1117 } .part { fill: #58a6ff } .whole { fill: #3d444d }
}
</style>
<rect class="paper" width="100%" height="100%"/>
<text class="heading" x="${MARGIN}" y="24" font-size="15">${escaped(title)}</text>
${key('part', legend[0], MARGIN)}
${key('whole', legend[1], LEFT + 20)}
${drawn.join('\n')}
</svg>
`;
}

function barAt({ label, share, text }: ShareBar, y: number, length: (share: number) => number): string {
  const bar = (kind: string, of: number) =>
    `<rect class="${kind}" x="${LEFT}" y="${y}" width="${length(of)}" height="${BAR}" rx="2"/>`;
  return [
    `<text class="quiet" x="${LEFT - 8}" y="${y + 10}" text-anchor="end">${escaped(label)}</text>`,
    bar('whole', 1),
    bar('part', share),
    `<text x="${Math.max(RIGHT, LEFT + length(share)) + 8}" y="${y + 10}">${escaped(text)}</text>`,
  ].join('');
}

/** A square in a colour, and what it stands for. */
const key = (kind: string, words: string, x: number): string =>
  `<rect class="${kind}" x="${x}" y="38" width="11" height="11" rx="2"/><text class="quiet" x="${x + 17}" y="48">${escaped(words)}</text>`;
