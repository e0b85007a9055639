/**
 * Labels and groups of the windows of a split, once for all runs that answer them, and the answers of a run: from these
 * any figure can be computed later, of one run or of two on the same resamples.
 *
 * Windows are JSON: classes, groups as [name, windows in a row], labels as base64 of a byte each. Answers are bytes, one
 * a window, of all programs and splits of a run behind each other, in one file that is compressed.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { type Part, SPLITS, type Split } from '../data/part.ts';
import { named, UsageError } from '../system/errors.ts';
import { readInput, writeWhole } from '../system/files.ts';
import * as json from '../system/json.ts';
import { sha256Hex } from '../system/sha256Hex.ts';
import { shownPath } from '../system/shownPath.ts';
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
  const sum = sha256Hex(text).slice(0, 8);
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

/** A group, and how many windows in a row are of it. */
const ROW = json.pair(json.text, json.wholeNumber(1, 100_000_000), 'a name and a number of windows');

const WINDOWS = json.fields({
  task: json.text,
  data: json.text,
  split: json.oneOf(SPLITS),
  classes: json.texts,
  unit: json.text,
  group: json.text,
  groups: json.list(ROW, 'a list of groups'),
  labels: json.text,
});

/** Throws UsageError, one line, for a file that is none of them. */
export function readWindows(folder: string, name: string): LabelledWindows {
  const path = join(folder, name);
  const { groups, labels, ...rest } = json.readJson(path, WINDOWS);
  const windows = {
    ...rest,
    labels: Uint8Array.from(Buffer.from(labels, 'base64')),
    groups: groups.flatMap(([group, count]) => Array<string>(count).fill(group)),
  };
  const { length } = windows.labels;
  if (windows.groups.length !== length || windows.labels.some((label) => label >= rest.classes.length))
    throw new UsageError(
      `${shownPath(path)}: expected a group and one of ${rest.classes.length} classes for each of ${length} windows, ` +
        'got others; take the file of the sweep',
    );
  return windows;
}

export const keepAnswers = (folder: string, run: string, answers: readonly Uint8Array[]): void =>
  writeWhole(answersPath(folder, run), gzipSync(Buffer.concat(answers), { level: 9 }));

/** Throws UsageError for a file that is not compressed, or cut short. */
export function readAnswers(folder: string, run: string): Uint8Array {
  const path = answersPath(folder, run);
  const bytes = readInput(path);
  return named(shownPath(path), () => new Uint8Array(gunzipSync(bytes, { maxOutputLength: MOST_ANSWERS })));
}

/** More than any run gives. */
const MOST_ANSWERS = 1 << 28;

function inRows(groups: readonly string[]): [string, number][] {
  const rows: [string, number][] = [];
  for (const group of groups) {
    const last = rows.at(-1);
    if (last?.[0] === group) last[1]++;
    else rows.push([group, 1]);
  }
  return rows;
}
