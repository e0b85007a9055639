/** Files of a record by name. Copies from other systems have names in capitals: those are found, too. */

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileError } from '../../system/errno.ts';

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
    const found = statSync(path);
    if (!found.isFile())
      throw new Error(
        `${path}: expected a file, got ${found.isDirectory() ? 'a folder' : 'a pipe or a device'}; remove it`,
      );
    return { bytes: new Uint8Array(readFileSync(path)), path };
  } catch (error) {
    throw fileError(path, 'read', error);
  }
}

/** Records that the folder has a header of, without ".hea"; header(5) allows letters, digits and underscores. */
export function recordsIn(folder: string): string[] {
  return namesIn(folder)
    .filter((name) => /^[\w.-]+\.hea$/i.test(name))
    .map((name) => name.slice(0, -4))
    .sort();
}

/** Of everything in the folder; none when there is no such folder. */
export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw fileError(folder, 'read', error);
  }
}

/** Text of a file. Throws for what no text has: UTF-16 has a zero in every other byte. */
export function readText(folder: string, name: string, why: string): { text: string; path: string } {
  const { bytes, path } = readFile(folder, name, why);
  if (bytes.includes(0)) throw new Error(`${path}: expected text, got bytes of 0; save it as UTF-8 or ASCII`);
  return { text: textOf(bytes), path };
}

/** Text in whatever encoding; control characters become visible, so that none reaches a terminal. */
export function textOf(bytes: Uint8Array): string {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    text = Buffer.from(bytes).toString('latin1');
  }
  return text.replace(/[^\P{C}\t\r\n]/gu, (character) => `\\x${character.codePointAt(0)!.toString(16)}`);
}
