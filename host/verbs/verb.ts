/** What every verb of the CLI shares. */
import { SingleBar } from 'cli-progress';
import type { Output } from '../system/files.ts';
import { printable } from '../system/printable.ts';
import { painted } from './color.ts';
import { StageLines } from './stageLines.ts';

export { CheckFailed, UsageError } from '../system/errors.ts';

/**
 * JSON for programs on request, else text for people; on stderr when one of the outputs has taken stdout. Names that
 * come from files are made harmless for the terminal in both.
 */
export function print(
  json: boolean | undefined,
  result: unknown,
  text: () => string,
  ...outputs: (Output | undefined)[]
): void {
  const isTaken = outputs.some((output) => output?.isStdout);
  const stream = isTaken ? process.stderr : process.stdout;
  const said = json ? harmlessJson(JSON.stringify(result, null, 2)) : painted(text(), stream, printable);
  if (isTaken) console.error(said);
  else console.log(said);
}

/** Each line printable. */
export const harmless = (text: string): string =>
  text
    .split('\n')
    .map((line) => printable(line))
    .join('\n');

/** JSON escapes control characters below 32 only; those from 127 on and directions of text move a terminal, too. */
const harmlessJson = (json: string): string =>
  json.replace(/[\u007f-\u009f\u2028\u2029]|\p{Cf}/gu, (character) =>
    Array.from(
      { length: character.length },
      (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`,
    ).join(''),
  );

/**
 * A progress bar on stderr while `work` runs; silent when stderr is no terminal. `say` writes a line that stays, above
 * the bar, in either case.
 */
export async function withProgress<T>(
  label: string,
  work: (report: (done: number, total: number, note?: string) => void, say: (line: string) => void) => Promise<T> | T,
): Promise<T> {
  if (!process.stderr.isTTY) return withLines(label, work);
  const bar = new SingleBar({
    format: `${printable(label)} {bar} {value}/{total} {eta_formatted} {note}`,
    hideCursor: true,
    stream: process.stderr,
  });
  let started = false;
  try {
    return await work(
      (done, total, note = '') => {
        const shown = { note: printable(note) };
        if (started) bar.update(done, shown);
        else bar.start(total, done, shown);
        started = true;
      },
      (line) => process.stderr.write(`\r${CLEAR_LINE}${harmless(line)}\n`), // the bar is drawn again below it
    );
  } finally {
    if (started) bar.stop();
  }
}

/** The same where stderr is no terminal: lines, and none for what is soon done. */
async function withLines<T>(label: string, work: Parameters<typeof withProgress<T>>[1]): Promise<T> {
  const say = (line: string) => console.error(harmless(line));
  const lines = new StageLines(label, say);
  const result = await work((done, total, note) => lines.report(done, total, note), say);
  lines.end();
  return result;
}

/** From the cursor on. */
const CLEAR_LINE = '\u001b[K';
