/** Which code a record is of. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../system/process.ts';
import { isInstalled, projectRoot } from '../system/root.ts';
import type { RunRecord } from './record.ts';

let known: Promise<RunRecord['code']> | undefined;

/**
 * The version of the package and, in a clone, its commit; "+" behind it where files were changed since. It is that of
 * the first call: a process goes on with the code that it has begun with, whatever is committed meanwhile.
 */
export function codeVersion(): Promise<RunRecord['code']> {
  known ??= readVersion();
  return known;
}

async function readVersion(): Promise<RunRecord['code']> {
  const root = projectRoot();
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  return { version, commit: isInstalled(root) ? null : await commitOf(root), node: process.version };
}

/** Null where the clone is none of git's, as an archive of the sources is not. */
async function commitOf(root: string): Promise<string | null> {
  const git = (...words: string[]) => run('git', words, { cwd: root });
  try {
    const commit = (await git('rev-parse', 'HEAD')).trim();
    const changed = await git('status', '--porcelain', '--untracked-files=no');
    return changed.trim() === '' ? commit : `${commit}+`;
  } catch {
    return null;
  }
}
