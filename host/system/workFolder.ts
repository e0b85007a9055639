/**
 * Folders among the temporary ones of the system that a long command works in. Their names say which process on which
 * machine has them, so that what one that was killed has left is removed by the next.
 */
import { readdirSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { safeName } from './files.ts';
import { inTemporaryFolder } from './folder.ts';
import { isRunning } from './process.ts';

/** Several machines, or containers with processes of their own, may share the folder. */
const beginning = (kind: string): string => `htpw-${kind}-${safeName(hostname())}-`;

/** Runs `use` on a new folder of this process, which is gone afterwards, also after a signal. */
export const inWorkFolder = <T>(kind: string, use: (folder: string) => Promise<T>): Promise<T> =>
  inTemporaryFolder(join(tmpdir(), `${beginning(kind)}${process.pid}-`), use);

/** Removes the folders of this kind whose processes, of this machine, run no more. */
export function removeAbandoned(kind: string): void {
  const own = beginning(kind);
  for (const name of readdirSync(tmpdir()).filter((one) => one.startsWith(own))) {
    const owner = /^(\d+)-\w+$/.exec(name.slice(own.length))?.[1];
    if (owner === undefined || isRunning(Number(owner))) continue;
    rmSync(join(tmpdir(), name), { recursive: true, force: true, maxRetries: 3 });
  }
}
