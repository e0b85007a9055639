/** Files that appear whole: a reader sees the old one or the new one, never half of it, however many builds run. */
import { randomUUID } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** A name beside `path`, on the same file system, that no other build uses, in this process or another. */
export const temporaryName = (path: string): string => `${path}.${randomUUID()}.tmp`;

export async function place(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = temporaryName(path);
  await writeFile(temporary, content);
  await rename(temporary, path);
}
