/**
 * Labels and groups of the windows of a split, once for all runs that answer them, and the answers of a run: from these
 * any figure can be computed later, of one run or of two on the same resamples.
 *
 * Windows are JSON: classes, groups as [name, windows in a row], labels as base64 of a byte each. Answers are bytes, one
 * a window, of all programs and splits of a run behind each other, in one file that is compressed.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Part, Split } from '../data/part.ts';
import { readInput, writeWhole } from '../system/files.ts';
import { parseJson } from '../system/json.ts';
import { answersPath, formatted } from './record.ts';

export interface LabelledWindows {
  task: string;
  data: string;
  split: Split;
  classes: string[];
  unit: string;
  group: string;
  labels: Uint8Array;
  /** [n] */
  groups: string[];
}

/** Writes them where they are missing. Returns the name of their file in the folder, which says their content. */
export function keepWindows(folder: string, windows: LabelledWindows): string {
  const { labels, groups, ...rest } = windows;
  const content = { ...rest, groups: inRows(groups), labels: Buffer.from(labels).toString('base64') };
  const text = `${formatted(content)}\n`;
  const sum = createHash('sha256').update(text).digest('hex').slice(0, 8);
  const name = join('windows', `${windows.task}.${windows.data}.${windows.split}.${sum}.json`);
  const path = join(folder, name);
  if (!existsSync(path)) writeWhole(path, text);
  return name;
}

export const windowsOf = (
  part: Part,
  said: Pick<LabelledWindows, 'task' | 'data' | 'split' | 'unit' | 'group'>,
): LabelledWindows => ({
  ...said,
  classes: [...part.classNames],
  labels: Uint8Array.from(part.labels),
  groups: Array.from(part.groups),
});

export function readWindows(folder: string, name: string): LabelledWindows {
  const path = join(folder, name);
  const { groups, labels, ...rest } = parseJson(path, readInput(path)) as Omit<LabelledWindows, 'labels' | 'groups'> & {
    groups: [string, number][];
    labels: string;
  };
  const bytes = Uint8Array.from(Buffer.from(labels, 'base64'));
  return { ...rest, labels: bytes, groups: groups.flatMap(([name, count]) => Array<string>(count).fill(name)) };
}

export const keepAnswers = (folder: string, run: string, answers: readonly Uint8Array[]): void =>
  writeWhole(answersPath(folder, run), gzipSync(Buffer.concat(answers), { level: 9 }));

export const readAnswers = (folder: string, run: string): Uint8Array =>
  new Uint8Array(gunzipSync(readInput(answersPath(folder, run))));

function inRows(groups: readonly string[]): [string, number][] {
  const rows: [string, number][] = [];
  for (const group of groups) {
    const last = rows.at(-1);
    if (last?.[0] === group) last[1]++;
    else rows.push([group, 1]);
  }
  return rows;
}
