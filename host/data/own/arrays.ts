/** Windows that are cut already: x, y and perhaps groups, in one .npz or as .npy files of these names. */
import { basename, join } from 'node:path';
import { readInput } from '../../system/files.ts';
import { fault, quoted } from '../formats/fault.ts';
import { type NpyArray, readNpy, readNpz } from '../formats/npy.ts';
import type { OwnFolder } from './files.ts';

export interface OwnArrays {
  /** of the file with x, for errors */
  path: string;
  /** [n][...shape], last dimension fastest */
  x: ArrayLike<number>;
  /** of one window: 1 to 3 extents */
  shape: number[];
  /** [n] */
  labels: string[];
  /** [n] */
  groups: string[];
  /** whether the file says whose each window is; else runs of windows that follow one another are groups */
  hasGroups: boolean;
}

/** Runs of windows that are taken for groups where nothing says whose they are. */
const RUNS = 60;

/** Throws UsageError, one line, for what is missing or does not agree. */
export function readArrays(folder: OwnFolder): OwnArrays {
  const { arrays, path } = findArrays(folder);
  const x = arrayOf(arrays, 'x', path);
  const y = arrayOf(arrays, 'y', path);
  const [n = 0, ...shape] = x.shape;
  if (shape.length < 1 || shape.length > 3)
    throw fault(path, `x: expected windows of 1 to 3 dimensions, got an array of ${x.shape.join(' x ')}; reshape it`);
  if (n === 0) throw fault(path, 'x: expected windows, got none; save some');
  if (Array.isArray(x.values)) throw fault(path, `x: expected numbers, got text (${x.descr}); save numbers`);
  const bad = (x.values as Float64Array).findIndex((value) => !Number.isFinite(value));
  if (bad >= 0)
    throw fault(
      path,
      `x: window ${Math.floor(bad / (x.values.length / n))}: expected numbers, got ${x.values[bad]}; ` +
        'mend it or leave that window out',
    );
  const labels = perWindow(y, 'y', n, path);
  const given = arrays.get('groups');
  const groups = given ? perWindow(given, 'groups', n, path) : labels.map((_, i) => `run ${runOf(i, n)}`);
  return { path, x: x.values, shape, labels, groups, hasGroups: given !== undefined };
}

const runOf = (window: number, count: number): number => Math.floor((window * Math.min(RUNS, count)) / count) + 1;

function findArrays({ path, files }: OwnFolder): { arrays: Map<string, NpyArray>; path: string } {
  const packed = files.filter(({ name }) => name.toLowerCase().endsWith('.npz'));
  if (packed.length === 0) {
    const arrays = files.map((file) => [
      basename(file.name, '.npy').toLowerCase(),
      readNpy(readInput(file.path), file.path),
    ]);
    return { arrays: new Map(arrays as [string, NpyArray][]), path: join(path, 'x.npy') };
  }
  const [first] = packed as [(typeof packed)[number]];
  if (files.length > 1)
    throw fault(
      path,
      `expected one .npz and no other arrays, got ${files.length} files; keep ${quoted(first.name)} alone`,
    );
  return { arrays: readNpz(readInput(first.path), first.path), path: first.path };
}

function arrayOf(arrays: ReadonlyMap<string, NpyArray>, name: string, path: string): NpyArray {
  const array = arrays.get(name);
  if (array) return array;
  const names = [...arrays.keys()].map((one) => quoted(one)).join(', ') || 'none';
  throw fault(path, `expected arrays x (windows), y (labels) and, if known, groups, got ${names}; name them so`);
}

/** One label or group a window, as text. */
function perWindow({ shape, values, descr }: NpyArray, name: string, count: number, path: string): string[] {
  if (values.length !== count || shape[0] !== count)
    throw fault(
      path,
      `${name}: expected ${count}, one a window of x, got an array of ${shape.join(' x ')}; save it again`,
    );
  const texts = Array.from<number | string>(values as ArrayLike<number | string>);
  const odd = texts.find((value) => typeof value === 'number' && !Number.isInteger(value));
  if (odd !== undefined)
    throw fault(path, `${name}: expected whole numbers or text, got ${odd} (${descr}); save class numbers or names`);
  return texts.map(String);
}
