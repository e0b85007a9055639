/** What stands where an output is to go, and whether it may be written: decided before any work begins. */
import {
  accessSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  readlinkSync,
  realpathSync,
  type Stats,
  statSync,
} from 'node:fs';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { errnoOf, fileError } from './errno.ts';
import { UsageError } from './errors.ts';
import { shownPath } from './shownPath.ts';
import { descriptorOf } from './streams.ts';

export type Target =
  /** of this process: stdout, or another that was handed to it */
  | { kind: 'descriptor'; descriptor: number }
  /** a device or a named pipe */
  | { kind: 'stream'; path: string; found: Stats }
  /** `path` is what links lead to; `found` is what is there, null when nothing is */
  | { kind: 'file'; path: string; found: Stats | null };

/** Bytes of one name in a path, on every file system in use. */
const MOST_NAME = 255;
const MOST_LINKS = 40;

/** Throws UsageError, one line, for what cannot be written to. The rules are those of `planOutput` in files.ts. */
export function targetOf(name: string): Target {
  if (name === '' || name.includes('\0'))
    throw new UsageError(`${shownPath(name)}: expected the name of a file to write; give one, or - for stdout`);
  try {
    const descriptor = descriptorOf(name, 1);
    if (descriptor !== null) return openDescriptor(name, descriptor);
    if (/[/\\]$/.test(name)) throw isFolder(name, existsSync(name) ? 'a folder' : "a folder's name");
    const path = linkTarget(name);
    const found = lstatSync(path, { throwIfNoEntry: false }) ?? null;
    if (found?.isDirectory()) throw isFolder(name);
    if (found?.isSocket()) throw new UsageError(`${shownPath(name)}: is a socket; give the name of a file`);
    if (found) assertWritable(path, found);
    if (found && !found.isFile()) return { kind: 'stream', path, found };
    assertFolder(name, dirname(path));
    return { kind: 'file', path, found };
  } catch (error) {
    throw fileError(name, 'written', error);
  }
}

const isFolder = (name: string, what = 'a folder') =>
  new UsageError(`${shownPath(name)} is ${what}; give the name of a file`);

function openDescriptor(name: string, descriptor: number): Target {
  if (fstatSync(descriptor).isDirectory()) throw isFolder(name);
  return { kind: 'descriptor', descriptor };
}

/** The path behind all links, also where the last of them leads to nothing yet. Throws ELOOP as the system does. */
function linkTarget(name: string): string {
  let path = resolve(name);
  for (let links = 0; links < MOST_LINKS; links++) {
    const folder = realFolder(dirname(path));
    path = join(folder, basename(path));
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (!found?.isSymbolicLink()) return path;
    path = resolve(folder, readlinkSync(path));
  }
  throw Object.assign(new Error('too many links'), { code: 'ELOOP' });
}

/** Without links as far as it exists. */
function realFolder(folder: string): string {
  try {
    return realpathSync(folder);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT' || dirname(folder) === folder) throw error;
    return join(realFolder(dirname(folder)), basename(folder));
  }
}

/** The folder can take a new file, or can be made. */
function assertFolder(name: string, folder: string): void {
  const found = lstatSync(folder, { throwIfNoEntry: false });
  if (!found) {
    if (Buffer.byteLength(basename(folder)) > MOST_NAME) throw Object.assign(new Error(), { code: 'ENAMETOOLONG' });
    assertFolder(name, dirname(folder));
    return;
  }
  if (found.isSymbolicLink())
    throw new UsageError(`${shownPath(name)}: ${shownPath(folder)} is a link to nothing; give another name`);
  if (!found.isDirectory())
    throw new UsageError(
      `${shownPath(name)}: ${shownPath(folder)} is a file (ENOTDIR), nothing can lie in it; give another name`,
    );
  assertWritable(folder, found);
}

/** Where nobody may write, root does not either: somebody has protected it. */
function assertWritable(path: string, found: Stats): void {
  if (process.platform !== 'win32' && (found.mode & 0o222) === 0)
    throw new UsageError(
      `${shownPath(path)}: is read-only${found.isDirectory() ? ', and a file is made anew in its folder' : ''}; ` +
        'chmod u+w, or write to another place',
    );
  accessSync(path, found.isDirectory() ? constants.W_OK | constants.X_OK : constants.W_OK);
}

/**
 * Whether an output would overwrite a file that is read, under whatever name, or lie in a folder that is: there it may
 * be one of the inputs, or become one the next time. Devices and pipes cannot be.
 */
export function isInput(target: Target, input: string): boolean {
  if (target.kind !== 'file' || descriptorOf(input, 0) !== null) return false;
  const read = statSync(input, { throwIfNoEntry: false });
  if (read?.isDirectory()) return target.path.startsWith(join(realpathSync(input), sep));
  return read !== undefined && target.found !== null && isSameFile(read, target.found);
}

/** Whether two outputs are one. Both may be the same character device, such as the null device. */
export function isSame(a: Target, b: Target): boolean {
  if (a.kind === 'descriptor' && b.kind === 'descriptor') return a.descriptor === b.descriptor;
  if (a.kind === 'descriptor' || b.kind === 'descriptor') return false;
  if (a.path === b.path) return !a.found?.isCharacterDevice();
  return a.found !== null && b.found !== null && !a.found.isCharacterDevice() && isSameFile(a.found, b.found);
}

const isSameFile = (a: Stats, b: Stats): boolean => a.dev === b.dev && a.ino === b.ino;
