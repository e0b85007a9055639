/** The command line in processes of their own, which say how far they are. */
import { type ChildProcess, fork } from 'node:child_process';
import type { Socket } from 'node:net';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import { undoOnInterrupt } from './interrupt.ts';
import { projectRoot } from './root.ts';

/** Children with nothing to do. */
const idle: ChildProcess[] = [];

/** What each child has run. A training leaves some MB behind, in what libraries remember of it. */
const served = new WeakMap<ChildProcess, number>();
const MOST_SERVED = 50;
const IDLE_MS = 60_000;

/** What a child is started with, and what it says when a command line has ended well. */
const SERVE = '--serve';
const ENDED = 'ended';

/**
 * Runs `htpw` with these words behind all else on the machine, in a child that may have run others before: what it has
 * read and compiled, it has still. Rejects with the one line that it ends with; such a child is not used again.
 */
export function runVerb(words: readonly string[], onMessage: (message: unknown) => void): Promise<void> {
  const child = takeIdle() ?? start();
  return new Promise((resolve, reject) => {
    let said = '';
    const hear = (text: string): void => {
      said = (said + text).slice(-MOST_KEPT);
    };
    const end = (): void => {
      leave();
      served.set(child, (served.get(child) ?? 0) + 1);
      if (served.get(child)! < MOST_SERVED) leaveIdle(child);
      else child.disconnect(); // with which it ends
      setWaited(child, false);
      resolve();
    };
    const receive = (message: unknown): void => (message === ENDED ? end() : onMessage(message));
    const fail = (error: Error): void => {
      leave();
      reject(error);
    };
    const close = (code: number | null, signal: NodeJS.Signals | null): void =>
      fail(new Error((signal === null && lastLine(said)) || `ended with ${signal ?? `exit code ${code}`}`));
    // it computes without a pause, in which no other signal would reach it
    const settled = undoOnInterrupt(() => child.kill('SIGKILL'));
    const leave = (): void => {
      settled();
      child.off('message', receive).off('close', close).off('error', fail).stderr!.off('data', hear);
    };
    setWaited(child, true);
    child.on('message', receive).on('close', close).on('error', fail).stderr!.on('data', hear);
    child.send(words);
  });
}

/** One that has not ended meanwhile, of which this process may not have heard yet. */
function takeIdle(): ChildProcess | undefined {
  for (;;) {
    const child = idle.pop();
    if (!child || (child.connected && child.exitCode === null && child.signalCode === null)) return child;
  }
}

/** For a while: what it has read grows old, and takes memory. */
function leaveIdle(child: ChildProcess): void {
  idle.push(child);
  const runs = served.get(child);
  setTimeout(() => {
    if (idle.includes(child) && served.get(child) === runs && child.connected) child.disconnect();
  }, IDLE_MS).unref();
}

function start(): ChildProcess {
  const child = fork(join(projectRoot(), 'scripts', 'htpw.js'), [SERVE], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    execArgv: [],
  });
  child.stderr!.setEncoding('utf8');
  child.on('error', () => {}); // whoever waits for it hears of it
  child.on('exit', () => {
    if (idle.includes(child)) idle.splice(idle.indexOf(child), 1);
  });
  return child;
}

/** Whether this process goes on as long as the child has not ended. */
function setWaited(child: ChildProcess, isWaited: boolean): void {
  for (const handle of [child, child.channel, child.stderr as Socket | null])
    if (isWaited) handle?.ref();
    else handle?.unref();
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

/** Whether this process was started to serve another. */
export const serves = (words: readonly string[]): boolean => isChild() && words[0] === SERVE;

/** Runs one command line after another for the process that started this one, until one fails or nobody asks any more. */
export function serve(main: (words: string[]) => Promise<number>): void {
  // as a signal: what is half done is undone
  process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  process.on('message', async (words: string[]) => {
    const code = await main(words);
    if (code !== 0) process.exit(code);
    process.send!(ENDED);
  });
}

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
