/** The files of a folder of recordings, and what the folder says of them: class, group, kind. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileError } from '../../system/errno.ts';
import { UsageError } from '../../system/errors.ts';
import { shownPath } from '../../system/shownPath.ts';
import { fault, quoted } from '../formats/fault.ts';

/** wav: sound; table: CSV and its relatives; arrays: windows that are cut already, as NumPy has them */
export type Kind = 'wav' | 'table' | 'arrays';

export interface OwnFile {
  /** from the folder on, with "/" */
  name: string;
  path: string;
  /** the folder in the folder that it lies in; null for one that lies in the folder itself */
  folder: string | null;
}

export interface OwnFolder<K extends string = Kind> {
  path: string;
  kind: K;
  /** by name */
  files: OwnFile[];
  /** the folders in the folder, by name */
  folders: string[];
}

/** Kinds by extension, and what they are called in a message. */
export interface Kinds<K extends string> {
  of: Readonly<Record<string, K>>;
  called: string;
}

const KINDS: Record<string, Kind> = {
  '.wav': 'wav',
  '.csv': 'table',
  '.tsv': 'table',
  '.txt': 'table',
  '.npz': 'arrays',
  '.npy': 'arrays',
};
const RECORDINGS: Kinds<Kind> = { of: KINDS, called: 'WAV, CSV or NumPy' };

/** Recordings that are none of these. */
const FOREIGN = /\.(mp3|m4a|aac|ogg|opus|flac|aiff?|wma|mat|h5|hdf5|parquet|xlsx?|edf|pkl)$/i;
/** What lies beside recordings. */
const NOT_DATA = /^(\.|~\$|readme|licen[cs]e|copying|changelog|sha256sums|index\.|metadata\.)/i;

/** All recordings below a folder. Throws UsageError where there are none, or of several kinds. */
export const findFiles = (path: string): OwnFolder => findKinds(path, RECORDINGS);

/** The same of any kinds. */
export function findKinds<K extends string>(path: string, kindsOf: Kinds<K>): OwnFolder<K> {
  if (!existsSync(path)) throw fault(path, 'no such folder; give the one with your recordings, or mend "path"');
  if (!statSync(path).isDirectory()) throw fault(path, 'is a file; give the folder with your recordings');
  const kindOf = (name: string): K | undefined => kindsOf.of[extname(name).toLowerCase()];
  const found = listBelow(path, kindsOf.called).filter(({ name }) => kindOf(name) !== undefined);
  const kinds = [...new Set(found.map(({ name }) => kindOf(name)))];
  const [kind] = kinds;
  if (kind === undefined) throw fault(path, `expected ${kindsOf.called} files below this folder, got none; add some`);
  if (kinds.length > 1) {
    const other = found.find(({ name }) => kindOf(name) !== kind)!;
    throw fault(
      path,
      `expected files of one kind, got ${quoted(found[0]!.name)} and ${quoted(other.name)}; keep one kind`,
    );
  }
  const folders = readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !NOT_DATA.test(entry.name))
    .map(({ name }) => name)
    .sort();
  return { path, kind, files: found, folders };
}

function listBelow(path: string, called: string): OwnFile[] {
  const names = entriesBelow(path);
  const foreign = names.find((name) => FOREIGN.test(name));
  if (foreign !== undefined)
    throw fault(join(path, foreign), `expected ${called}, got another kind; convert it or take it away`);
  return names.map((name) => ({
    name,
    path: join(path, name),
    folder: name.includes('/') ? name.slice(0, name.indexOf('/')) : null,
  }));
}

/** Files by name, in one order everywhere; what begins with a dot, and what tells about recordings, is left. */
function entriesBelow(path: string, below = ''): string[] {
  try {
    return readdirSync(join(path, below), { withFileTypes: true })
      .filter(({ name }) => !NOT_DATA.test(name))
      .flatMap((entry) => {
        const name = `${below}${entry.name}`;
        if (entry.isDirectory()) return entriesBelow(path, `${name}/`);
        return entry.isFile() || statSync(join(path, name), { throwIfNoEntry: false })?.isFile() ? [name] : [];
      })
      .sort();
  } catch (error) {
    throw fileError(join(path, below), 'read', error);
  }
}

/** Whose each file is: by the capture group of a pattern in its name, else its own. */
export function groupsOf({ path, files }: Pick<OwnFolder, 'path' | 'files'>, pattern: string | null): string[] {
  if (pattern === null) return files.map(({ name }) => name);
  const form = new RegExp(pattern, 'u');
  return files.map(({ name }) => {
    const group = form.exec(name)?.[1];
    if (group === undefined || group === '')
      throw new UsageError(
        `${shownPath(join(path, name))}: expected a name that "group" fits (${pattern}), got another; ` +
          'mend the pattern or rename the file',
      );
    return group;
  });
}
