/** Files of bench/: what was measured, for pages and budgets. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readInput, writeWhole } from '../system/files.ts';
import { parseJson } from '../system/json.ts';
import { run } from '../system/process.ts';
import { projectRoot } from '../system/root.ts';

export const recordPath = (name: string): string => join(projectRoot(), 'bench', `${name}.json`);

/** What a file of bench/ holds. Throws UsageError when it is missing or no JSON. */
export const readRecord = <T>(name: string): T => parseJson(recordPath(name), readInput(recordPath(name))) as T;

/** Whether there is a folder for records: an installed package has none. */
export const keepsRecords = (): boolean => existsSync(join(projectRoot(), 'bench'));

export const writeRecord = (name: string, record: object): void =>
  writeWhole(recordPath(name), `${JSON.stringify(record, null, 2)}\n`);

/** The commit that figures are of, abbreviated. */
export const currentCommit = async (): Promise<string> =>
  (await run('git', ['rev-parse', '--short', 'HEAD'], { cwd: projectRoot() })).trim();
