/** Places that many tests go to, and folders that are theirs alone. */
import { mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../host/system/root.ts';

export const root = projectRoot();
export const ECG = join(root, 'models', 'ecg-beats.htpw');

/** The Zephyr module. */
export const MODULE = join(root, 'zephyr');

/** An empty folder under build/test/, of this test run alone. */
export function emptyFolder(name: string): string {
  const folder = join(root, 'build', 'test');
  mkdirSync(folder, { recursive: true });
  return mkdtempSync(join(folder, `${name}-`));
}
