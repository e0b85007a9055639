/** Colour for people: where a terminal is there and NO_COLOR is not set (no-color.org), and nowhere else. */
import pico from 'picocolors';

/** Whether a stream is to get colour. */
export const takesColor = (stream: { isTTY?: boolean }, environment = process.env): boolean =>
  stream.isTTY === true && !environment.NO_COLOR && environment.TERM !== 'dumb';

/** Begins a line that is a heading, until it is printed. */
const HEADING = '\u0001';

/** A line, or the first of several, as a heading. */
export const heading = (text: string): string => HEADING + text;

/** Text without the marks of headings: bold where the stream takes colour. `harmless` makes a line harmless. */
export function painted(text: string, stream: { isTTY?: boolean }, harmless: (line: string) => string): string {
  const { bold } = pico.createColors(takesColor(stream));
  return text
    .split('\n')
    .map((line) => (line.startsWith(HEADING) ? bold(harmless(line.slice(HEADING.length))) : harmless(line)))
    .join('\n');
}

/** "htpw:" before an error, and "note:". */
export const errorMark = (): string => pico.createColors(takesColor(process.stderr)).red('htpw:');
export const noteMark = (): string => pico.createColors(takesColor(process.stderr)).yellow('note:');
