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
