/**
 * A run that another process, on this machine or elsewhere, is asked for: what it is given, and what it gives back. Both
 * are JSON that stands by itself; whoever performs it needs the same code and the recordings, and no grid.
 */
import { existsSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { UsageError } from '../system/errors.ts';
import { readInput, writeWhole } from '../system/files.ts';
import * as json from '../system/json.ts';
import { projectRoot } from '../system/root.ts';
import { sha256Hex } from '../system/sha256Hex.ts';
import { shownPath } from '../system/shownPath.ts';
import { configOf, type Grid, needsOf, type Run } from './grid.ts';
import { type Folders, imagePath, isOf } from './perform.ts';
import { answersPath, hasRecord, type RunRecord, readRecord, recordPath } from './record.ts';

/** What a worker is given. */
export interface Order {
  /** of the grid, for errors */
  grid: string;
  run: Run;
  /** SHA-256 of what is to be trained, tasks included, as the one who asks reads it */
  configuration: string;
  /** images that it needs, by the names of their runs; compressed, in base64 */
  images: Record<string, string>;
}

/** What comes back, by where it lies among the records: compressed, in base64. */
export interface Delivery {
  image: string;
  record: string;
  answers: string;
  windows: Record<string, string>;
}

const ORDER = json.fields({
  grid: json.text,
  run: json.anyObject,
  configuration: json.text,
  images: json.record(json.text),
}) as unknown as json.Schema<Order>;

const DELIVERY = json.fields({
  image: json.text,
  record: json.text,
  answers: json.text,
  windows: json.record(json.text),
});

const MOST_BYTES = 1 << 28;
const packed = (path: string): string => gzipSync(readInput(path)).toString('base64');
const unpacked = (text: string): Uint8Array =>
  new Uint8Array(gunzipSync(Buffer.from(text, 'base64'), { maxOutputLength: MOST_BYTES }));

const digestOf = (run: Run, where: string): string => sha256Hex(JSON.stringify(configOf(run, where)));

/** Of a run whose needs are all there. Its configuration lies where it does in every clone. */
export function orderOf({ path }: Pick<Grid, 'path'>, run: Run, folders: Folders): Order {
  const grid = shownPath(path);
  const images = Object.fromEntries(needsOf(run).map((need) => [need, packed(imagePath(folders, need))]));
  const from = relative(projectRoot(), resolve(run.from));
  return { grid, run: { ...run, from }, configuration: digestOf(run, grid), images };
}

/** Of the file that a worker leaves for its child. */
export const readOrder = (path: string): Order => json.readJson(path, ORDER);

/** Puts the needed images in place. Throws UsageError where the same configuration reads otherwise here. */
export function unpackOrder(order: Order, folders: Folders): Run {
  const run = { ...order.run, from: relative('', join(projectRoot(), order.run.from)) };
  if (digestOf(run, order.grid) !== order.configuration)
    throw new UsageError(
      `run ${run.id}: expected tasks and defaults as those of the sweep that asks for it, got others; ` +
        'take the same version of the project for workers and sweep',
    );
  for (const [name, image] of Object.entries(order.images)) {
    const path = imagePath(folders, basename(name));
    if (!existsSync(path)) writeWhole(path, unpacked(image));
  }
  return run;
}

/** Of a run that has been performed. */
export function deliveryOf(id: string, folders: Folders): Delivery {
  const { results } = readRecord(folders.records, id);
  const names = results.flatMap(({ splits }) => Object.values(splits).map(({ windows }) => windows));
  return {
    image: packed(imagePath(folders, id)),
    record: packed(recordPath(folders.records, id)),
    answers: packed(answersPath(folders.records, id)),
    windows: Object.fromEntries([...new Set(names)].map((name) => [name, packed(join(folders.records, name))])),
  };
}

/** Names that windows have among records, and no others. */
const WINDOWS_NAME = /^windows\/[\w.-]+\.json$/;

/**
 * Keeps what came back, the record last, so that a run is recorded whole or not at all; of a run that is recorded already
 * the image alone. Throws UsageError for what is none of this run, and writes nothing then.
 */
export function accept(value: unknown, run: Run, folders: Folders): void {
  const where = `what a worker gave for ${run.id}`;
  const delivery = json.checkJson(value, where, DELIVERY);
  const [record, image] = [unpacked(delivery.record), unpacked(delivery.image)];
  const parsed = json.parseJson(where, record);
  const recorded = json.checkJson(parsed, where, RECORDED);
  const refuse = (expected: string, got: string): never => {
    throw new UsageError(`${where}: expected ${expected}, got ${got}; take the same version for workers and sweep`);
  };
  if (recorded.run !== run.id) refuse(`the record of ${run.id}`, `that of ${recorded.run}`);
  if (!isOf(run, parsed as RunRecord)) refuse('the record of what the grid says', 'one of another configuration');
  const isThere = hasRecord(folders.records, run.id);
  const expected = isThere ? readRecord(folders.records, run.id).image.sha256 : recorded.image.sha256;
  if (expected !== sha256Hex(image)) refuse(`an image of SHA-256 ${expected}`, sha256Hex(image));
  const odd = Object.keys(delivery.windows).find((name) => !WINDOWS_NAME.test(name));
  if (odd !== undefined) refuse('files of windows', `"${odd}"`);
  writeWhole(imagePath(folders, run.id), image);
  if (isThere) return;
  for (const [name, content] of Object.entries(delivery.windows)) {
    const path = join(folders.records, name);
    if (!existsSync(path)) writeWhole(path, unpacked(content));
  }
  writeWhole(answersPath(folders.records, run.id), unpacked(delivery.answers));
  writeWhole(recordPath(folders.records, run.id), record);
}

const RECORDED = json.fields(
  { run: json.text, image: json.fields({ sha256: json.text }, { loose: true }) },
  { loose: true },
);

/** Folders of one order, below that of a worker. */
export const foldersBelow = (path: string): Folders => ({
  records: join(path, 'records'),
  images: join(path, 'images'),
});

/** Where a child finds its order, and leaves what it has made. */
export const orderPath = (folder: string): string => join(folder, 'order.json');
export const folderOfOrder = (path: string): string => dirname(path);
