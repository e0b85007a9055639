/** The command line in a process of its own, which says how far it is. */
import { fork } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import { undoOnInterrupt } from './interrupt.ts';
import { projectRoot } from './root.ts';

/** Runs `htpw` with these words behind all else on the machine; rejects with the one line that it ends with. */
export function runVerb(words: readonly string[], onMessage: (message: unknown) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = fork(join(projectRoot(), 'scripts', 'htpw.js'), words, {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      execArgv: [],
    });
    let said = '';
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-MOST_KEPT);
    });
    child.on('message', onMessage);
    // it computes without a pause, in which no other signal would reach it
    const settled = undoOnInterrupt(() => child.kill('SIGKILL'));
    child.on('error', (error) => {
      settled();
      reject(error);
    });
    child.on('close', (code, signal) => {
      settled();
      if (code === 0) resolve();
      else reject(new Error(lastLine(said) ?? `ended with ${signal ?? `exit code ${code}`}`));
    });
  });
}

/** Characters of what a child says on stderr. */
const MOST_KEPT = 10_000;

/** The line of an error of htpw, else the last that there is. */
function lastLine(said: string): string | undefined {
  const lines = said.split('\n').filter((line) => line.trim() !== '');
  return lines.findLast((line) => line.startsWith('htpw: '))?.slice('htpw: '.length) ?? lines.at(-1);
}

/** Whether this process is such a child. */
export const isChild = (): boolean => process.send !== undefined;

/**
 * What such a child says of its progress. Throws when nobody is there any more to hear it: its parent has been killed, and
 * another may have begun the same.
 */
export function toParent(): (message: unknown) => void {
  const parent = process.ppid;
  setPriority(constants.priority.PRIORITY_LOW);
  return (message) => {
    if (process.ppid !== parent) throw new Error('the process that started this one has ended; start it again');
    process.send!(message);
  };
}
