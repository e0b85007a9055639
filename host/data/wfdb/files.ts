/** Files of a record by name. Copies from other systems have names in capitals: those are found, too. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** The path of a file, as it is spelled in the folder; null when there is none. */
export function findFile(folder: string, name: string): string | null {
  const path = join(folder, name); // a name in a header may hold folders of its own
  if (existsSync(path)) return path;
  const wanted = basename(path).toLowerCase();
  const spelled = namesIn(dirname(path)).find((other) => other.toLowerCase() === wanted);
  return spelled === undefined ? null : join(dirname(path), spelled);
}

/** Throws when there is none; `why` says who asks for it. */
export function readFile(folder: string, name: string, why: string): { bytes: Uint8Array; path: string } {
  const path = findFile(folder, name);
  if (path === null)
    throw new Error(`${join(folder, name)}: expected the file that ${why}, got none; fetch the record again`);
  try {
    return { bytes: new Uint8Array(readFileSync(path)), path };
  } catch (error) {
    throw new Error(
      `${path}: expected a readable file, got ${(error as NodeJS.ErrnoException).code}; check its permissions`,
    );
  }
}

/** Records that the folder has a header of, without ".hea". */
export function recordsIn(folder: string): string[] {
  return namesIn(folder)
    .filter((name) => /\.hea$/i.test(name))
    .map((name) => name.slice(0, -4))
    .sort();
}

export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // no such folder, so nothing in it
  }
}
