/** What is kept of a run: one small file of JSON, and beside it its answer to every window. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Split } from '../data/part.ts';
import type { Interval } from '../evaluate/bootstrap.ts';
import type { ProgramBytes } from '../image/regions.ts';
import { readInput } from '../system/files.ts';
import * as json from '../system/json.ts';
import type { Taught } from './grid.ts';
import type { RawConfig } from './variation.ts';

export interface RunRecord {
  run: string;
  method: string;
  seed: number;
  programs: string[];
  data: string | null;
  basis: { run: string; sha256: string } | null;
  lesson: Taught | null;
  configuration: RawConfig;
  /** that made it; the commit is null in an installed package */
  code: { version: string; commit: string | null; node: string };
  training: { seconds: number; cpuSeconds: number; windowsPerSecond: number };
  image: {
    sha256: string;
    bytes: number;
    categories: Record<string, number>;
    programs: ({ name: string; arenaBytes: number; multiplyAccumulates: number } & ProgramBytes)[];
  };
  /** of a run on the basis of another: the new programs alone */
  addOn: { sha256: string; bytes: number } | null;
  results: ProgramResult[];
}

/** Of a program that was trained in the run. */
export interface ProgramResult {
  program: string;
  task: string;
  data: string;
  splits: Partial<Record<Split, SplitResult>>;
}

/** Of the packed image in the integer runtime, intervals of 95 % by resampling groups. */
export interface SplitResult {
  n: number;
  groups: number;
  /** file of labels and groups, from the folder of the records on */
  windows: string;
  /** where its answers begin in the file of the run */
  answersAt: number;
  macroF1: Interval;
  balancedAccuracy: Interval;
  auc: Interval;
  accuracy: Interval;
  among: { classes: string[]; macroF1: Interval } | null;
  versusRest: { class: string; threshold: number; macroF1: Interval } | null;
  f1: Record<string, number | null>;
}

/** Of groups, that intervals are made of. */
export const RESAMPLES = 2000;

export const recordPath = (folder: string, run: string): string => join(folder, `${run}.json`);
export const answersPath = (folder: string, run: string): string => join(folder, `${run}.answers.gz`);
/** Of a run that failed; gone once it has succeeded. */
export const failurePath = (folder: string, run: string): string => join(folder, `${run}.failed.json`);
/** Of a sweep that is at the run. */
export const claimPath = (folder: string, run: string): string => join(folder, `${run}.sweep.lock`);

export const hasRecord = (folder: string, run: string): boolean => existsSync(recordPath(folder, run));

const size = json.wholeNumber(0, Number.MAX_SAFE_INTEGER);

/** What is asked of every record before its figures are used. */
const RECORD = json.fields(
  {
    run: json.text,
    method: json.text,
    seed: size,
    programs: json.texts,
    image: json.fields(
      {
        sha256: json.text,
        bytes: size,
        programs: json.list(json.fields({ name: json.text, own: size }, { loose: true }), 'a list of programs'),
      },
      { loose: true },
    ),
    addOn: json.nullable(json.fields({ sha256: json.text, bytes: size })),
    results: json.list(
      json.fields(
        {
          program: json.text,
          splits: json.record(json.fields({ windows: json.text, answersAt: size }, { loose: true })),
        },
        { loose: true },
      ),
      'a list of results',
    ),
  },
  { loose: true },
);

/** Throws UsageError, one line, for a file that is none. */
export function readRecord(folder: string, run: string): RunRecord {
  const path = recordPath(folder, run);
  const parsed = json.parseJson(path, readInput(path));
  json.checkJson(parsed, path, RECORD);
  return parsed as RunRecord;
}

/** Characters of a line. */
const WIDTH = 120;

/** JSON of one form for one value: what fits on a line stands on one. */
export function formatted(value: unknown, indent = ''): string {
  const flat = JSON.stringify(value);
  if (typeof value !== 'object' || value === null) return flat;
  const spaced = oneLine(value);
  if (indent.length + spaced.length <= WIDTH) return spaced;
  const inner = `${indent}  `;
  const entries = Array.isArray(value)
    ? value.map((item) => formatted(item, inner))
    : defined(value).map(([name, item]) => `${JSON.stringify(name)}: ${formatted(item, inner)}`);
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  return `${open}\n${entries.map((entry) => inner + entry).join(',\n')}\n${indent}${close}`;
}

const defined = (value: object): [string, unknown][] => Object.entries(value).filter(([, item]) => item !== undefined);

function oneLine(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(oneLine).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = defined(value).map(([name, item]) => `${JSON.stringify(name)}: ${oneLine(item)}`);
  return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
}
