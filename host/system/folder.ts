/**
 * Folders that a command fills with files, and those that it works in. A list of the files lies beside them, so that a
 * second run replaces and removes what the first has written, and nothing else.
 */
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { fileError } from './errno.ts';
import { UsageError } from './errors.ts';
import { type Output, temporaryName } from './files.ts';
import { undoOnInterrupt } from './interrupt.ts';
import { parseJson } from './json.ts';
import { sha256Hex } from './sha256Hex.ts';
import { shownPath } from './shownPath.ts';
import { type Target, targetOf } from './target.ts';

/** Lies in the folder: the files that were written there, each with the SHA-256 of its content. */
export const LIST = '.htpw-files.json';

interface FolderPlan {
  /** everything in the folder is the program's own, so what is not written again goes */
  owned?: boolean;
  /** other outputs of the same command: none of them may be the folder or lie in it */
  besides?: readonly (Output | undefined)[];
}

/**
 * Decides whether a command can fill the folder `name`: a new one, an empty one, or one that it has filled before and
 * in which those files are as it left them. Other files may have been added there since. Throws UsageError, one line.
 */
export function planFolder(name: string, { owned = false, besides = [] }: FolderPlan = {}): OutputFolder {
  if (name === '') throw new UsageError('"": expected the name of a folder to write to');
  const where = shownPath(name);
  try {
    const list = targetOf(join(name, LIST)); // it can be written there, in the folder or instead of nothing
    for (const other of besides) if (other) assertOutside(other, list, where);
    const found = existsSync(name) ? readdirSync(name) : [];
    if (owned || found.length === 0) return new OutputFolder(name, owned ? filesBelow(name) : new Map());
    if (!found.includes(LIST))
      throw new UsageError(
        `${where}: has files that htpw did not write (${shownPath(found[0])}); ` +
          `name a new or empty folder, such as ${join(where, 'htpw')}`,
      );
    const written = readList(name);
    const changed = [...written].find(([path, sum]) => !isAs(join(name, path), sum));
    if (changed)
      throw new UsageError(
        `${where}: ${shownPath(changed[0])} is not as htpw wrote it; ` +
          'keep your changes elsewhere and remove the folder, or name another',
      );
    return new OutputFolder(name, written);
  } catch (error) {
    throw fileError(name, 'written', error);
  }
}

/** `list` is where the list of the folder lies. */
function assertOutside({ name }: Output, list: Target, where: string): void {
  const target = targetOf(name);
  if (target.kind !== 'file' || list.kind !== 'file') return;
  const folder = dirname(list.path);
  if (target.path === folder || target.path.startsWith(join(folder, sep)))
    throw new UsageError(`${shownPath(name)}: is also in the folder ${where}, which is filled; write to another place`);
}

/**
 * Decides whether files can be put into the folder `name`, beside whatever else is there. It may be missing yet. Throws
 * UsageError, one line, also for an empty name, which would stand for the current folder.
 */
export function assertFolder(name: string): void {
  if (name === '') throw new UsageError('"": expected the name of a folder to write to; for this one: .');
  targetOf(join(name, LIST));
}

/** What `planFolder` has allowed. */
export class OutputFolder {
  constructor(
    readonly name: string,
    /** what an earlier run has left: path and SHA-256 */
    private readonly before: ReadonlyMap<string, string>,
  ) {}

  /** All files by their path in the folder, with "/". Throws UsageError; then the folder is as it was. */
  write(files: ReadonlyMap<string, string | Uint8Array>): void {
    const { name, before } = this;
    const own = new Map([...files].map(([path, content]) => [path, sha256Hex(content)]));
    const isThere = (path: string) => lstatSync(join(name, path), { throwIfNoEntry: false }) !== undefined;
    const list = `${JSON.stringify({ about: LIST_SAYS, files: Object.fromEntries([...own].sort()) }, null, 2)}\n`;
    try {
      const foreign = [...own].find(
        ([path, sum]) => !before.has(path) && isThere(path) && !isAs(join(name, path), sum),
      );
      if (foreign)
        throw new UsageError(
          `${shownPath(name)}: ${foreign[0]} is there and not htpw's; remove it or name another folder`,
        );
      place(name, new Map([...files, [LIST, list]]), before);
    } catch (error) {
      throw fileError(name, 'written', error);
    }
    removeFiles(
      name,
      [...before.keys()].filter((path) => !own.has(path) && path !== LIST),
    );
  }
}

const LIST_SAYS = 'What htpw wrote here: it will replace and remove these files and no others.';

/** Writes all files in a folder beside the others, then moves them; none is left where one cannot be written. */
function place(name: string, files: ReadonlyMap<string, string | Uint8Array>, before: ReadonlyMap<string, string>) {
  const folder = resolve(name); // of "new/../library", mkdir would make both
  const created = mkdirSync(folder, { recursive: true });
  const temporary = temporaryName(join(folder, LIST));
  const moved: string[] = [];
  const undo = () => {
    rmSync(temporary, { recursive: true, force: true });
    removeFiles(
      folder,
      moved.filter((path) => !before.has(path)),
    );
    if (created !== undefined) rmSync(created, { recursive: true, force: true });
  };
  const settled = undoOnInterrupt(undo);
  try {
    for (const [path, content] of files) writeSynced(join(temporary, path), content);
    for (const path of files.keys()) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      renameSync(join(temporary, path), join(folder, path));
      moved.push(path);
    }
    rmSync(temporary, { recursive: true });
  } catch (error) {
    undo();
    throw error;
  } finally {
    settled();
  }
}

/** A file that nobody else knows yet. What goes wrong is said of the folder that it is for. */
function writeSynced(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content, { flush: true });
}

/** And the folders that are empty then. */
function removeFiles(folder: string, paths: readonly string[]): void {
  for (const path of paths) {
    rmSync(join(folder, path), { force: true });
    for (let above = dirname(path); above !== '.' && isEmpty(join(folder, above)); above = dirname(above))
      rmdirSync(join(folder, above));
  }
}

const isEmpty = (folder: string): boolean => existsSync(folder) && readdirSync(folder).length === 0;

/** Whether a file is there and has this SHA-256. */
function isAs(path: string, sum: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isFile() === true && sha256Hex(readFileSync(path)) === sum;
}

/** Paths and sums, of which the paths do not lead out of the folder. What is gone since is none of ours any more. */
function readList(folder: string): Map<string, string> {
  const where = join(folder, LIST);
  const list = parseJson(where, readFileSync(where)) as { files?: Record<string, string> } | null;
  const entries = Object.entries(list?.files ?? {});
  const inside = (path: string) => path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
  if (!list?.files || !entries.every(([path, sum]) => inside(path) && /^[0-9a-f]{64}$/.test(sum)))
    throw new UsageError(`${shownPath(where)}: is not the list that htpw wrote; remove the folder or name another`);
  return new Map(entries.filter(([path]) => lstatSync(join(folder, path), { throwIfNoEntry: false })));
}

/** Everything below a folder, with "/", but the list. */
function filesBelow(folder: string): Map<string, string> {
  if (!existsSync(folder)) return new Map();
  return new Map(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath ?? entry.path, entry.name)) // renamed in Node 20.12
      .map((path) => [path.slice(join(folder, '/').length).replaceAll('\\', '/'), sha256Hex(readFileSync(path))]),
  );
}

/** Runs `use` on a new folder whose path begins with `prefix`, and which is gone afterwards, also after a signal. */
export async function inTemporaryFolder<T>(prefix: string, use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(prefix);
  const remove = () => rmSync(folder, { recursive: true, force: true });
  const settled = undoOnInterrupt(remove);
  try {
    return await use(folder);
  } finally {
    settled();
    remove();
  }
}
