/** What every verb of the CLI shares. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { SingleBar } from 'cli-progress';

/** The check that the verb makes came out negative: exit code 1. Everything else that is thrown: 2. */
export class CheckFailed extends Error {}

/** Wrong use or bad input: exit code 2, one line, no stack. */
export class UsageError extends Error {}

/** The whole file; a missing one is wrong use. */
export function readBytes(path: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(path));
  } catch (error) {
    throw new UsageError(
      `${path}: cannot be read (${(error as NodeJS.ErrnoException).code ?? error}); give the path of a file`,
    );
  }
}

/** Writes a file whole or not at all: to a temporary one beside it, then renamed. */
export function writeBytes(path: string, bytes: Uint8Array | string): void {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, bytes);
  renameSync(temporary, path);
}

/** JSON for programs on request, else text for people. */
export function print(json: boolean | undefined, result: unknown, text: () => string): void {
  console.log(json ? JSON.stringify(result, null, 2) : text());
}

/** A progress bar on stderr while `work` runs; silent when stderr is no terminal. */
export async function withProgress<T>(
  label: string,
  work: (report: (done: number, total: number, note?: string) => void) => Promise<T> | T,
): Promise<T> {
  if (!process.stderr.isTTY) return work(() => {});
  const bar = new SingleBar({
    format: `${label} {bar} {value}/{total} {note}`,
    hideCursor: true,
    stream: process.stderr,
  });
  let started = false;
  try {
    return await work((done, total, note = '') => {
      if (started) bar.update(done, { note });
      else bar.start(total, done, { note });
      started = true;
    });
  } finally {
    if (started) bar.stop();
  }
}

/** Columns aligned: those with a number in them, formatted or not, to the right, text to the left. */
export function columns(rows: (string | number)[][]): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => format(row[i]).length)));
  const numeric = widths.map((_, i) => rows.some((row) => isNumeric(row[i])));
  const cell = (value: string | number, i: number) =>
    numeric[i] ? format(value).padStart(widths[i]) : format(value).padEnd(widths[i]);
  return rows.map((row) => row.map(cell).join('  ').trimEnd()).join('\n');
}

const isNumeric = (value: string | number): boolean => typeof value === 'number' || /^-?\d[\d,]*(\.\d+)?$/.test(value);

function format(value: string | number): string {
  return typeof value === 'number' ? value.toLocaleString('en-US') : value;
}

export function positiveInteger(name: string, value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1)
    throw new UsageError(`${name} must be a positive whole number, got "${value}"`);
  return number;
}
