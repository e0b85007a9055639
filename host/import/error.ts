/** What an import can fail with, and how many reasons become one line. */
import { printable } from '../system/printable.ts';

/** With a path of usual length in front, a line has at most 1,000 characters. */
const LONGEST_MESSAGE = 900;
/** Up to which reasons are put together; how many more there are comes behind it. */
const LONGEST_LINE = 850;
const LONGEST_REASON = 300;
const SHOWN_PLACES = 5;

/** The file cannot be imported: one line that says what, where, expected, got and what to do next. */
export class ImportError extends Error {
  constructor(message: string) {
    super(printable(message, LONGEST_MESSAGE));
  }
}

/** One operator cannot be imported. The lowering collects these, so that one run names all of them. */
export class Unsupported extends Error {}

/** Why something of the file cannot be imported. */
export interface Refusal {
  /** place of the operator in the file, or null for what is no operator */
  index: number | null;
  what: string;
  reason: string;
}

/** All of them as one error: the same reason once, with how often and where, as many as a line takes. */
export function refused(refusals: readonly Refusal[]): ImportError {
  const places = new Map<string, number[]>();
  for (const { index, what, reason } of refusals) {
    const text = `${what} (${printable(reason, LONGEST_REASON)})`;
    const known = places.get(text) ?? [];
    if (index !== null) known.push(index);
    places.set(text, known);
  }
  const reasons = [...places].map(([text, at]) => {
    if (at.length < 2) return [...at, text].join(' ');
    const more = at.length > SHOWN_PLACES ? ` and ${at.length - SHOWN_PLACES} more` : '';
    return `${at.length} x ${text}: ${at.slice(0, SHOWN_PLACES).join(', ')}${more}`;
  });
  return inOneLine('cannot be imported, by operator: ', reasons, '; docs/import.md has what can');
}

/** As many of the reasons as fit, at least the first, and how many there are beside them. */
export function inOneLine(before: string, reasons: readonly string[], after: string): ImportError {
  const room = LONGEST_LINE - before.length - after.length;
  let [line, shown] = [reasons[0] ?? '', Math.min(1, reasons.length)];
  while (shown < reasons.length && line.length + reasons[shown].length <= room) line += `; ${reasons[shown++]}`;
  const more = shown < reasons.length ? `; and ${reasons.length - shown} more` : '';
  return new ImportError(`${before}${line}${more}${after}`);
}
