/** What all drawings share: the document around them, text in it, and a labelled grid line. */
import { printable } from '../system/printable.ts';

export const INK = '#222';
export const GRID = '#dde1e6';

/** A whole SVG document of one panel below another, all of one height, on white. */
export function panels(width: number, height: number, contents: readonly string[]): string {
  const whole = height * contents.length;
  const placed = contents.map((panel, i) => `<g transform="translate(0 ${i * height})">\n${panel}\n</g>`);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${whole}" viewBox="0 0 ${width} ${whole}" font-family="system-ui, sans-serif" font-size="13" fill="${INK}">
<rect width="100%" height="100%" fill="#fff"/>
${placed.join('\n')}
</svg>
`;
}

/** A line of the grid from left to right, with its number in front of it. */
export function gridLine(left: number, right: number, y: number, tick: number): string {
  return `<path d="M${left - 5} ${y}H${right}" stroke="${GRID}"/><text x="${left - 10}" y="${y + 4}" text-anchor="end">${tick}</text>`;
}

/** Coordinates with one digit behind the point. */
export function round(value: number): number {
  return Math.round(10 * value) / 10;
}

/** Text as it can stand in a document, control characters made visible. */
export function escaped(text: string): string {
  return printable(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
