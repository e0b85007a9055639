/**
 * What an import can fail with, and how many reasons become one line. Lowering collects what is Unsupported
 * (model/unsupported.ts), so that one run names all of it.
 */
import { printable } from '../system/printable.ts';

/** With a path of usual length in front, a line has at most 1,000 characters. */
const LONGEST_MESSAGE = 900;
/** Up to which reasons are put together; how many more there are comes behind it. */
const LONGEST_LINE = 850;
const LONGEST_REASON = 300;
const SHOWN_NUMBERS = 5;

/** The file cannot be imported: one line that says what, where, expected, got and what to do next. */
export class ImportError extends Error {
  constructor(message: string) {
    super(printable(message, LONGEST_MESSAGE));
  }
}

/** Why something of the file cannot be imported. */
export interface Refusal {
  what: string;
  /** the operator: its place in the file, and what the converter calls the tensor that it writes */
  layer?: { index: number; name: string };
  reason: string;
}

/** All of them as one error: the same reason once, with how often and where, as many as a line takes. */
export function refused(refusals: readonly Refusal[]): ImportError {
  const groups = new Map<string, Refusal[]>();
  for (const refusal of refusals) {
    const key = `${refusal.what} (${refusal.reason})`;
    const known = groups.get(key);
    if (known) known.push(refusal);
    else groups.set(key, [refusal]);
  }
  const reasons = [...groups.values()].map(describe);
  return inOneLine('cannot be imported, by operator: ', reasons, '; docs/import.md lists what can');
}

function describe(refusals: Refusal[]): string {
  const [{ what, layer, reason }] = refusals;
  const because = `(${printable(reason, LONGEST_REASON)})`;
  if (layer === undefined) return `${what} ${because}`;
  const name = layer.name === '' ? '' : `"${layer.name}" `;
  if (refusals.length === 1) return `${layer.index} ${what} ${name}${because}`;
  return `${refusals.length} x ${what} ${because}: ${listed(refusals.map((refusal) => refusal.layer!.index))}`;
}

/** The first numbers, and how many there are beside them. */
export function listed(numbers: readonly number[]): string {
  const more = numbers.length > SHOWN_NUMBERS ? ` and ${numbers.length - SHOWN_NUMBERS} more` : '';
  return `${numbers.slice(0, SHOWN_NUMBERS).join(', ')}${more}`;
}

/** As many of the reasons as fit, at least the first, and how many there are beside them. */
export function inOneLine(before: string, reasons: readonly string[], after: string): ImportError {
  const room = LONGEST_LINE - before.length - after.length;
  let [line, shown] = [reasons[0] ?? '', Math.min(1, reasons.length)];
  while (shown < reasons.length && line.length + reasons[shown].length <= room) line += `; ${reasons[shown++]}`;
  const more = shown < reasons.length ? `; and ${reasons.length - shown} more` : '';
  return new ImportError(`${before}${line}${more}${after}`);
}
