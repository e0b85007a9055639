/**
 * Runs of a grid, several at a time, each when what it needs is there. Who performs one is for the caller to say: a child
 * process on this machine, or whoever takes it from a queue.
 */

import { setTimeout } from 'node:timers/promises';

/** How often jobs are asked for that somebody else is at. */
const POLL_MS = 500;

/** Something to be done, behind others. */
export interface Job {
  id: string;
  needs: readonly string[];
}

export interface SweepOptions<J extends Job> {
  /** at the same time */
  workers: number;
  /** rejects where it fails; what needs it fails, too, and all else goes on */
  perform(job: J): Promise<void>;
  /** null while somebody else is at it: then others come first. The result gives it back. */
  claim?(job: J): (() => void) | null;
  onStart?(job: J): void;
  onEnd?(job: J, error: Error | null): void;
  /** somebody else is at all that is left */
  onWait?(): void;
}

/** Performs all jobs, in their order as far as they need not wait. Returns what failed, and why. */
export async function sweep<J extends Job>(jobs: readonly J[], options: SweepOptions<J>): Promise<Map<string, Error>> {
  const { workers, perform, claim = () => () => {}, onStart, onEnd, onWait } = options;
  const waiting = [...jobs];
  const open = new Set(jobs.map(({ id }) => id));
  const failed = new Map<string, Error>();
  const running = new Set<Promise<void>>();
  const end = (job: J, error: Error | null): void => {
    open.delete(job.id);
    if (error) failed.set(job.id, error);
    onEnd?.(job, error);
  };
  const leave = (job: J): void => {
    waiting.splice(waiting.indexOf(job), 1);
  };
  const start = (job: J, release: () => void): void => {
    onStart?.(job);
    const done = perform(job)
      .finally(release)
      .then(
        () => end(job, null),
        (error: Error) => end(job, error),
      )
      .finally(() => running.delete(done));
    running.add(done);
  };
  /** Starts the first that may begin and that nobody else is at, or ends it; else, whether somebody is at one. */
  const startNext = (): 'started' | 'elsewhere' | 'none' => {
    let found: 'elsewhere' | 'none' = 'none';
    for (const job of waiting) {
      if (job.needs.some((id) => open.has(id))) continue;
      let release: (() => void) | null;
      try {
        release = claim(job);
      } catch (error) {
        leave(job);
        end(job, error as Error);
        return 'started';
      }
      found = 'elsewhere';
      if (!release) continue;
      leave(job);
      start(job, release);
      return 'started';
    }
    return found;
  };
  let isWaiting = false;
  for (;;) {
    const lost = waiting.find(({ needs }) => needs.some((id) => failed.has(id)));
    if (lost) {
      leave(lost);
      end(lost, new Error(`needs ${lost.needs.find((id) => failed.has(id))}, which failed`));
      continue;
    }
    const next = running.size < workers ? startNext() : 'none';
    if (next === 'started') continue;
    if (next === 'elsewhere') {
      if (running.size === 0 && !isWaiting) onWait?.();
      isWaiting = running.size === 0;
      await Promise.race([...running, setTimeout(POLL_MS, null, { ref: running.size === 0 })]);
    } else if (running.size > 0) await Promise.race(running);
    else return failed; // those that wait for each other have been refused with the grid
  }
}
