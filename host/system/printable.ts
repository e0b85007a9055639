/** Text out of files, such as the names of tensors, made fit for a terminal and for an error of one line. */

/** Whatever moves the cursor, changes colours or the direction of text, breaks the line, or has no picture at all. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu;

/**
 * The text with every unprintable character as its number, `\u{1b}` for an escape. What is longer than `most`
 * characters is cut there and ends in "...": converters join the names of ten fused layers.
 */
export function printable(text: string, most = Number.POSITIVE_INFINITY): string {
  const characters = Array.from(most < text.length ? text.slice(0, 2 * most + 2) : text);
  const shown = characters.slice(0, most).join('').replace(UNPRINTABLE, escaped);
  return characters.length > most ? `${shown}...` : shown;
}

function escaped(character: string): string {
  return `\\u{${character.codePointAt(0)!.toString(16)}}`;
}
