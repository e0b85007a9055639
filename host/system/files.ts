/**
 * Files that commands read and write. An input is read once, so it may be a pipe. What may stand where an output goes
 * is decided by `planOutput`, before any work begins; what is written appears whole or not at all.
 */
import { randomUUID } from 'node:crypto';
import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmdirSync,
  rmSync,
  type Stats,
  statSync,
} from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { errnoOf, fileError } from './errno.ts';
import { UsageError } from './errors.ts';
import { undoOnInterrupt } from './interrupt.ts';
import { shownPath } from './shownPath.ts';
import { descriptorOf, readStream, writeStream } from './streams.ts';
import { isInput, isSame, type Target, targetOf } from './target.ts';

/** All bytes of a file, a device or a pipe; "-" is stdin. Throws UsageError. Once per input: a pipe has no more. */
export function readInput(path: string): Uint8Array<ArrayBuffer> {
  if (path === '' || path.includes('\0')) throw new UsageError(`${shownPath(path)}: expected the path of a file`);
  try {
    const descriptor = descriptorOf(path, 0);
    if (descriptor !== null) return readDescriptor(path, descriptor);
    const found = statSync(path);
    if (found.isDirectory()) throw new UsageError(`${shownPath(path)} is a folder; give the path of a file`);
    return found.isFile() ? new Uint8Array(readFileSync(path)) : readOpened(path);
  } catch (error) {
    throw fileError(path, 'read', error);
  }
}

/** Descriptors that have been read to their end. */
const exhausted = new Set<number>();

function readDescriptor(path: string, descriptor: number): Uint8Array<ArrayBuffer> {
  const bytes = readStream(path, descriptor);
  if (bytes.length === 0 && exhausted.has(descriptor))
    throw new UsageError(`${shownPath(path)}: has been read for another input; only one can come this way`);
  exhausted.add(descriptor);
  return bytes;
}

function readOpened(path: string): Uint8Array<ArrayBuffer> {
  const descriptor = openSync(path, 'r');
  try {
    return readStream(path, descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Of a regular file; null for what comes through a pipe, and for what is not there. */
export function fileBytes(path: string): number | null {
  const found = descriptorOf(path, 0) === null ? statSync(path, { throwIfNoEntry: false }) : undefined;
  return found?.isFile() ? found.size : null;
}

/** The first `most` bytes of a regular file, or all that it has. Throws UsageError. */
export function readStart(path: string, most: number): Uint8Array<ArrayBuffer> {
  try {
    const descriptor = openSync(path, 'r');
    try {
      const bytes = new Uint8Array(most);
      return bytes.subarray(0, readSync(descriptor, bytes, 0, most, 0));
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw fileError(path, 'read', error);
  }
}

/** Whether an input can be read a second time. */
export const isRegularFile = (path: string): boolean =>
  descriptorOf(path, 0) === null && statSync(path, { throwIfNoEntry: false })?.isFile() === true;

/** What to call what is in a file: its name without folder and extension; "model" for what comes through a pipe. */
export function titleOf(path: string): string {
  return descriptorOf(path, 0) === null ? basename(path, extname(path)) : 'model';
}

/** The same for a path that compilers and linkers take without quoting. Different names may come out the same. */
export const safeName = (title: string): string =>
  title
    .replace(/[^\p{L}\p{N}_.-]+/gu, '_')
    .replace(/^[.-]+/, '')
    .slice(0, 60) || 'image';

interface OutputPlan {
  /** paths that the same command reads: the output must be none of them */
  inputs?: readonly (string | undefined)[];
  /** other outputs of the same command: each must be a file of its own */
  besides?: readonly (Output | undefined)[];
}

/**
 * Decides whether a command can write to `name`. Throws UsageError, one line.
 *
 *   nothing                  made at the end, with the folders that are missing; below a file: refused
 *   a file                   replaced by a new one under its name, with its mode and owner; read-only: refused
 *   a link                   what it leads to is what is meant, also where that does not exist yet
 *   a device or named pipe   written to, and stays
 *   "-", /dev/stdout         written to
 *   a folder, a socket       refused, as are an empty name and one that ends in a slash
 *   an input, another output refused, under whatever name; so is what lies in a folder that is an input
 *
 * Read-only is what nobody may write: then root is refused, too. So is any file in a folder that is read-only, because
 * the new file is made beside the old one. Another name of the same file (a hard link) keeps the old content.
 */
export function planOutput(name: string, { inputs = [], besides = [] }: OutputPlan = {}): Output {
  const target = targetOf(name);
  const refuse = (what: string): never => {
    throw new UsageError(`${shownPath(name)}: is also ${what}; write to another file`);
  };
  for (const input of inputs)
    if (input !== undefined && isInput(target, input))
      refuse(`${isFolder(input) ? 'in ' : ''}the input ${shownPath(input)}`);
  for (const other of besides)
    if (other !== undefined && isSame(target, targetOf(other.name))) refuse(`the output ${shownPath(other.name)}`);
  return new Output(name);
}

const isFolder = (path: string): boolean => statSync(path).isDirectory();

/** What `planOutput` has allowed. */
export class Output {
  /** `name` as the user gave it */
  constructor(readonly name: string) {}

  /** Then what is printed for people must go elsewhere. */
  get isStdout(): boolean {
    return descriptorOf(this.name, 1) === 1;
  }

  /** All of it at once. Throws UsageError; then a file is as it was. */
  write(content: Uint8Array | string): void {
    const writing = new Writing(this.name);
    writing.append(content);
    writing.finish();
  }
}

/** Replaces or makes a file whole or not at all, with the folders that are missing. Throws UsageError. */
export function writeWhole(path: string, content: Uint8Array | string): void {
  planOutput(path).write(content);
}

/** A name beside `path` that nobody else uses, as long as any other whatever `path` is called. */
export const temporaryName = (path: string): string => join(dirname(path), `.htpw-${randomUUID()}.tmp`);

/**
 * An output while it is written, piece by piece. A file appears under its name with `finish`; until then the old one is
 * there. A signal that ends the process discards what was written, or with `keep` finishes it.
 */
export class Writing {
  /** looked at again, because much may have happened since it was planned */
  private readonly target: Target;
  private readonly temporary: string | null = null;
  /** null when it is closed */
  private descriptor: number | null = null;
  /** the topmost folder that was missing */
  private readonly created: string | undefined;
  private readonly settled: () => void;

  constructor(
    private readonly name: string,
    { keep = false } = {},
  ) {
    const target = targetOf(name);
    this.target = target;
    // what blocks on a pipe must stay interruptible, and has nothing to undo
    this.settled = target.kind === 'file' ? undoOnInterrupt(() => (keep ? this.finish() : this.discard())) : () => {};
    try {
      if (target.kind === 'file') {
        this.created = mkdirSync(dirname(target.path), { recursive: true });
        this.temporary = temporaryName(target.path);
        this.descriptor = openSync(this.temporary, 'wx', 0o666);
      } else this.descriptor = target.kind === 'stream' ? openSync(target.path, constants.O_WRONLY) : target.descriptor;
    } catch (error) {
      throw this.failed(error);
    }
  }

  append(content: Uint8Array | string): void {
    try {
      writeStream(this.descriptor!, typeof content === 'string' ? Buffer.from(content) : content);
    } catch (error) {
      throw this.failed(error);
    }
  }

  finish(): void {
    const { target, temporary } = this;
    try {
      if (target.kind !== 'file') this.close();
      else {
        if (target.found) inherit(this.descriptor!, target.found);
        fsyncSync(this.descriptor!);
        this.close();
        renameSync(temporary!, target.path);
        syncFolder(dirname(target.path));
      }
    } catch (error) {
      throw this.failed(error);
    }
    this.settled();
  }

  /** As if nothing had been written; what a device or a pipe has taken, it keeps. */
  discard(): void {
    this.settled();
    unlessImpossible(() => this.close());
    if (this.temporary !== null) rmSync(this.temporary, { force: true });
    if (this.target.kind === 'file') removeEmpty(dirname(this.target.path), this.created);
  }

  private close(): void {
    if (this.target.kind !== 'descriptor' && this.descriptor !== null) closeSync(this.descriptor);
    this.descriptor = null;
  }

  private failed(error: unknown): unknown {
    this.discard();
    return fileError(this.name, 'written', error);
  }
}

/** Mode, and owner where that is permitted, of the file that is replaced. */
function inherit(descriptor: number, { mode, uid, gid }: Stats): void {
  unlessImpossible(() => fchownSync(descriptor, uid, gid));
  fchmodSync(descriptor, mode & 0o7777);
}

/** So that the new name survives a loss of power; not every system can. */
function syncFolder(folder: string): void {
  unlessImpossible(() => {
    const descriptor = openSync(folder, 'r');
    try {
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  });
}

/** Folders from `folder` up to `topmost` that are empty. */
function removeEmpty(folder: string, topmost: string | undefined): void {
  if (topmost === undefined) return;
  unlessImpossible(() => {
    rmdirSync(folder);
    if (folder !== topmost) removeEmpty(dirname(folder), topmost);
  });
}

/** What the operating system refuses here is not needed. */
function unlessImpossible(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (errnoOf(error) === null) throw error;
  }
}
