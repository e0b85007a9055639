/** What several processes want to do at the same time is done by one of them; the others wait, or do something else. */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { uptime } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { errnoOf } from './errno.ts';
import { temporaryName } from './files.ts';
import { undoOnInterrupt } from './interrupt.ts';
import { isRunning } from './process.ts';

const POLL_MS = 20;
/** Who holds a lock for longer is taken for dead, whatever runs under its number; `longestMs` of what takes its time. */
const LONGEST_MS = 600_000;

/** Locks of this process: in a container the next one often has the same number. */
const held = new Set<string>();

/**
 * Makes the file `path` where it is missing: `make` writes it under a name of its own, from which it is renamed. While
 * another process, or another call in this one, is making it, waits. Where that fails, or dies, makes it itself.
 */
export async function makeOnce(
  path: string,
  make: (temporary: string) => Promise<unknown>,
  longestMs = LONGEST_MS,
): Promise<void> {
  const lock = `${path}.lock`;
  mkdirSync(dirname(path), { recursive: true });
  while (!existsSync(path)) {
    if (!take(lock, longestMs)) {
      await setTimeout(POLL_MS);
      continue;
    }
    const temporary = temporaryName(path);
    const undo = () => {
      rmSync(temporary, { force: true });
      give(lock);
    };
    const settled = undoOnInterrupt(undo);
    try {
      if (existsSync(path)) return; // made between the look and the lock
      await make(temporary);
      renameSync(temporary, path);
    } finally {
      settled();
      undo();
    }
  }
}

/**
 * Takes what one process alone should be at; null while another one is. The result gives it back. Of two that find it
 * abandoned at the same moment both may get it.
 */
export function claim(lock: string): (() => void) | null {
  // the first try may have removed one that was abandoned
  if (!take(lock, Number.POSITIVE_INFINITY) && !take(lock, Number.POSITIVE_INFINITY)) return null;
  const undo = () => give(lock);
  const settled = undoOnInterrupt(undo);
  return () => {
    settled();
    undo();
  };
}

/** Makes the lock with this process's number in it; false while somebody else holds it. */
function take(lock: string, longestMs: number): boolean {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
    held.add(lock);
    return true;
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
  }
  // two that find the same lock abandoned may both take it: then the file is made twice, and is still whole
  if (isAbandoned(lock, longestMs)) rmSync(lock, { force: true });
  return false;
}

function give(lock: string): void {
  held.delete(lock);
  rmSync(lock, { force: true });
}

function isAbandoned(lock: string, longestMs: number): boolean {
  const found = statSync(lock, { throwIfNoEntry: false });
  if (!found) return false;
  const age = Date.now() - found.mtimeMs;
  if (age > longestMs || age > 1000 * uptime()) return true; // numbers begin again with the machine
  const holder = Number(readIfThere(lock));
  if (holder === 0) return age > LONGEST_MS; // until its number is written, which a loss of power prevents
  return holder === process.pid ? !held.has(lock) : !isRunning(holder);
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
    return '';
  }
}
