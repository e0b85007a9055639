/** Where the project lies: the folder with asconfig.json above this file, in the sources and in dist alike. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export function projectRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'asconfig.json'))) {
    const above = dirname(folder);
    if (above === folder) throw new Error('project root: no asconfig.json in any folder above this file; reinstall');
    folder = above;
  }
  return folder;
}

/** True in an installed package, which has what was built and not what it was built from. */
export const isInstalled = (root = projectRoot()): boolean => !existsSync(join(root, 'host'));

/** Where commands put what they make: build/ of a clone; with an installed package, of where they are called. */
export const buildFolder = (root = projectRoot()): string => join(isInstalled(root) ? process.cwd() : root, 'build');
