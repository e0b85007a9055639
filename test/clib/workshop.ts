/** The library as tests use it: one copy for all, one cut to the ECG image, and the compilers of this computer. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { tailoring, writeLibrary } from '../../host/build/library.ts';
import { projectRoot } from '../../host/system/root.ts';

export const root = projectRoot();
export const ECG = join(root, 'models', 'ecg-beats.htpw');

export const onPath = (tool: string) =>
  (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, tool)));

/** An empty folder under build/test/, of this test run alone. */
export function emptyFolder(name: string): string {
  const folder = join(root, 'build', 'test');
  mkdirSync(folder, { recursive: true });
  return mkdtempSync(join(folder, `${name}-`));
}

/** Writes the library into a new folder; tailored to an image file when one is given. */
export async function library(image?: string): Promise<string> {
  const folder = emptyFolder('clib');
  await writeLibrary(folder, image ? tailoring('ecg-beats.htpw', new Uint8Array(readFileSync(image))) : null);
  return folder;
}

/** What a program prints; throws with what it said when it fails. */
export function output(program: string, words: string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}) {
  try {
    return execFileSync(program, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], ...options });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${program} ${words.join(' ')}\n${stdout}${stderr}`);
  }
}
