/**
 * Files of data sets from their publishers, over HTTP: what a connection that broke has left is gone on with, a file is
 * checked before it takes its name, and one line says what is wrong.
 */
import { createHash } from 'node:crypto';
import {
  closeSync,
  createReadStream,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileError } from '../system/errno.ts';
import { UsageError } from '../system/errors.ts';
import { shownPath } from '../system/shownPath.ts';
import type { DataFile, DataSet } from './dataset.ts';

/** What is known of a data set without opening it. */
export type Downloadable = Pick<DataSet, 'name' | 'title' | 'licence' | 'citation' | 'files'>;

/** Bytes of a file that have come, for a progress bar. */
export type Report = (done: number, total: number) => void;

/** Connections for one file; each goes on where the last one broke. */
const MOST_TRIES = 4;

/** Milliseconds without a byte after which a connection counts as broken. */
const PATIENCE = 30_000;

/** What came of a file that was asked for, or stands on disk. */
export type State = 'good' | 'missing' | 'wrong size' | 'wrong checksum' | 'unchecked';

/** Whether the file is on disk as its publisher made it; `unchecked`: of the right size, and no checksum is known. */
export async function stateOf({ path, bytes, sha256 }: DataFile, folder: string): Promise<State> {
  const found = statSync(join(folder, path), { throwIfNoEntry: false });
  if (!found?.isFile()) return 'missing';
  if (bytes !== null && found.size !== bytes) return 'wrong size';
  if (sha256 === null) return 'unchecked';
  return (await sumOf(join(folder, path))) === sha256 ? 'good' : 'wrong checksum';
}

/**
 * Brings a file into the folder, unless it is there and good. What has come lies in NAME.part until it is whole and
 * checked. Throws UsageError, one line.
 */
export async function download(
  file: DataFile,
  folder: string,
  report: Report = () => {},
): Promise<'there' | 'fetched'> {
  const target = join(folder, file.path);
  const state = await stateOf(file, folder);
  if (state === 'good' || state === 'unchecked') return 'there';
  if (state !== 'missing')
    throw new UsageError(
      `${shownPath(target)}: is there with a ${state}; check what it is, then remove it and fetch it again`,
    );
  const part = `${target}.part`;
  try {
    mkdirSync(dirname(target), { recursive: true });
    await fetchWhole(file, part, target, report);
    await assertSum(file, part);
    renameSync(part, target);
  } catch (error) {
    throw fileError(target, 'written', error);
  }
  return 'fetched';
}

async function fetchWhole(file: DataFile, part: string, target: string, report: Report): Promise<void> {
  const { bytes } = file;
  for (let tries = 1; bytes === null || sizeOf(part) < bytes; tries++) {
    const before = sizeOf(part);
    const broken = await fetchMore(file, part, report);
    if (broken === null || sizeOf(part) === bytes) break; // it may have broken at the last byte
    const came = sizeOf(part) - before;
    if (tries >= MOST_TRIES || came <= 0) throw unreachable(file, target, sizeOf(part), broken);
  }
  if (bytes === null || sizeOf(part) === bytes) return;
  rmSync(part, { force: true });
  throw wrongSize(file, 'more');
}

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

const wrongSize = ({ url, bytes }: DataFile, got: number | string): UsageError =>
  new UsageError(
    `${url}: expected ${bytes} bytes, got ${got}; the publisher may have changed the file: compare it with its page`,
  );

function unreachable({ url, bytes, sha256 }: DataFile, target: string, have: number, why: string): UsageError {
  const rest = have > 0 ? `run it again, it goes on at byte ${have}` : 'connect and run it again';
  const known = [...(bytes === null ? [] : [`${bytes} bytes`]), ...(sha256 === null ? [] : [`SHA-256 ${sha256}`])];
  const marks = known.length > 0 ? ` (${known.join(', ')})` : '';
  return new UsageError(
    `${url}: cannot be fetched, ${why}; ${rest}, or bring the file${marks} to ${shownPath(target)}`,
  );
}

/** Appends what one connection gives. Null when that is the rest, else why it ended, in words. */
async function fetchMore(file: DataFile, part: string, report: Report): Promise<string | null> {
  const have = sizeOf(part);
  const watch = new Watch();
  let descriptor: number | null = null;
  try {
    const headers = have > 0 ? { Range: `bytes=${have}-` } : undefined;
    const response = await fetch(file.url, { headers, signal: watch.signal });
    const start = startOf(file, response, have, part);
    if (start === null) return null;
    const total = file.bytes ?? totalOf(response, start);
    descriptor = openSync(part, start === 0 ? 'w' : 'a');
    let done = start;
    const body = response.body as AsyncIterable<Uint8Array> | null; // so it is in Node; the types are those of browsers
    for await (const chunk of body ?? []) {
      watch.restart();
      done += chunk.length;
      if (total !== null && done > total) throw wrongSize(file, 'more');
      writeAll(descriptor, chunk);
      report(done, total ?? done);
    }
    fsyncSync(descriptor);
    return total === null || done === total ? null : `the connection ended at byte ${done} of ${total}`;
  } catch (error) {
    if (error instanceof UsageError || isOfDisk(error)) throw error;
    return reasonOf(error, watch);
  } finally {
    watch.stop();
    if (descriptor !== null) closeSync(descriptor);
  }
}

/** Bytes of the whole file, as the answer has it; null where it does not say, or packs what it sends. */
function totalOf({ headers }: Response, start: number): number | null {
  const length = headers.get('content-length');
  return length === null || headers.has('content-encoding') ? null : start + Number(length);
}

/** At which byte the answer begins; null where all has come already. Throws for a status that means no file. */
function startOf({ url, bytes }: DataFile, response: Response, have: number, part: string): number | null {
  if (response.status === 200) return 0; // the server knows no ranges: all of it again
  if (response.status === 206) {
    const [, from, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.headers.get('content-range') ?? '') ?? [];
    if (Number(from) === have && (total === '*' || bytes === null || Number(total) === bytes)) return have;
  }
  if (response.status === 416 && response.headers.get('content-range') === `bytes */${have}`) return null;
  if (have > 0 && [206, 416].includes(response.status)) {
    rmSync(part, { force: true }); // what came before was of another file
    throw new UsageError(
      `${url}: expected to go on at byte ${have}, got another part; run it again from the beginning`,
    );
  }
  const reason = response.status === 404 || response.status === 410 ? 'no such file there' : 'the server refuses it';
  throw new UsageError(
    `${url}: expected ${bytes === null ? 'a file' : `a file of ${bytes} bytes`}, got HTTP ${response.status}, ${reason}; ` +
      'look at the page of the data set whether it has moved',
  );
}

function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
}

/** Ends a connection on which nothing comes. */
class Watch {
  private readonly controller = new AbortController();
  private timer: NodeJS.Timeout | undefined;

  constructor() {
    this.restart();
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  get hasEnded(): boolean {
    return this.signal.aborted;
  }

  restart(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.controller.abort(), PATIENCE);
  }

  stop(): void {
    clearTimeout(this.timer);
  }
}

/** Not of the network, whose errors have codes, too. */
const isOfDisk = (error: unknown): boolean =>
  (error as NodeJS.ErrnoException).syscall !== undefined &&
  /^(open|write|fsync|mkdir|rename|close)$/.test((error as NodeJS.ErrnoException).syscall!);

const REASONS: Record<string, string> = {
  ENOTFOUND: 'its host is not known; is this machine offline?',
  EAI_AGAIN: 'its host is not known; is this machine offline?',
  ENETUNREACH: 'there is no network; is this machine offline?',
  EHOSTUNREACH: 'its host cannot be reached',
  ECONNREFUSED: 'its host refuses the connection',
  ECONNRESET: 'the connection broke',
  UND_ERR_SOCKET: 'the connection broke',
  UND_ERR_CONNECT_TIMEOUT: 'its host does not answer',
};

function reasonOf(error: unknown, watch: Watch): string {
  if (watch.hasEnded) return `nothing came for ${PATIENCE / 1000} s`;
  const cause = (error as { cause?: NodeJS.ErrnoException }).cause ?? (error as NodeJS.ErrnoException);
  const { code = cause.message } = cause;
  return REASONS[code] ?? `the connection broke (${code})`;
}

async function assertSum({ url, sha256 }: DataFile, part: string): Promise<void> {
  if (sha256 === null) return;
  const got = await sumOf(part);
  if (got === sha256) return;
  rmSync(part, { force: true });
  throw new UsageError(
    `${url}: expected the SHA-256 ${sha256}, got ${got}; it was damaged on its way or has changed, fetch it again`,
  );
}

/** SHA-256 of a file, without holding it. */
async function sumOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** Whether any file of a data set is on disk, whole or not. */
export const hasAny = ({ files }: Downloadable, folder: string): boolean =>
  files.some(({ path }) => existsSync(join(folder, path)));
