/** Writes pages, or says which differ from what they should be. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../system/errors.ts';
import { projectRoot } from '../system/root.ts';
import type { Page } from './pages.ts';
import { type Records, readRecords } from './records.ts';

export interface Renewed {
  path: string;
  text: string;
  /** the first line that differs from the file, counted from 1; null when none does */
  differsAt: number | null;
}

/** What each page should be now, beside what it is. Throws, with its name, where a page lacks a mark. */
export async function renewed(pages: readonly Page[], records: Records = readRecords()): Promise<Renewed[]> {
  const all: Renewed[] = [];
  for (const { path, render } of pages) {
    const before = committed(path);
    try {
      const text = await render(records, before);
      all.push({ path, text, differsAt: firstDifference(text, before) });
    } catch (error) {
      throw error instanceof UsageError ? error : new Error(`${path}: ${(error as Error).message}`, { cause: error });
    }
  }
  return all;
}

/** A page as it is in the project; empty when it is not there. */
function committed(path: string): string {
  const place = join(projectRoot(), path);
  return existsSync(place) ? readFileSync(place, 'utf8') : '';
}

function firstDifference(text: string, before: string): number | null {
  if (text === before) return null;
  const [now, then] = [text.split('\n'), before.split('\n')];
  const line = now.findIndex((words, i) => words !== then[i]);
  return (line < 0 ? now.length : line) + 1;
}
