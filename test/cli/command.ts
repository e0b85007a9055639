/** A command line run in this process, and folders as they were before it. */
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { vi } from 'vitest';
import { main } from '../../host/cli.ts';

export interface Said {
  code: number;
  out: string;
  error: string;
}

/** Exit code, and what would have been printed. */
export async function htpw(...words: string[]): Promise<Said> {
  const said = { log: '', error: '' };
  for (const stream of ['log', 'error'] as const)
    vi.spyOn(console, stream).mockImplementation((text) => {
      said[stream] += `${text}\n`;
    });
  try {
    return { code: await main(words), out: said.log, error: said.error };
  } finally {
    vi.restoreAllMocks();
  }
}

/** One line of ours, without the words of a lower layer. */
export const ONE_LINE = /^htpw: (?!unexpected)(?!.*(?:undefined|\[object|E[A-Z]+: | at position ))[^\n]{10,1000}\n$/;

/** Everything below a folder: kind, mode and content by path. */
export function snapshot(folder: string): Record<string, string> {
  const entries = readdirSync(folder, { recursive: true }) as string[];
  return Object.fromEntries(entries.sort().map((name) => [name, shown(join(folder, name))]));
}

function shown(path: string): string {
  const found = lstatSync(path);
  const mode = (found.mode & 0o7777).toString(8);
  if (found.isSymbolicLink()) return `link to ${readlinkSync(path)}`;
  if (found.isDirectory()) return `folder ${mode}`;
  if (!found.isFile()) return `special ${mode}`;
  return `${mode} ${readFileSync(path).toString('latin1')}`;
}
