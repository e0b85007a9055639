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
}

/** Performs all jobs, in their order as far as they need not wait. Returns what failed, and why. */
export async function sweep<J extends Job>(jobs: readonly J[], options: SweepOptions<J>): Promise<Map<string, Error>> {
  const { workers, perform, claim = () => () => {}, onStart, onEnd } = options;
  const waiting = [...jobs];
  const open = new Set(jobs.map(({ id }) => id));
  const failed = new Map<string, Error>();
  const running = new Set<Promise<void>>();
  const end = (job: J, error: Error | null): void => {
    open.delete(job.id);
    if (error) failed.set(job.id, error);
    onEnd?.(job, error);
  };
  const start = (job: J, release: () => void): void => {
    waiting.splice(waiting.indexOf(job), 1);
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
  /** The first that may begin and that nobody else is at. */
  const startNext = (): boolean => {
    for (const job of waiting) {
      if (job.needs.some((id) => open.has(id))) continue;
      const release = claim(job);
      if (!release) continue;
      start(job, release);
      return true;
    }
    return false;
  };
  const pause = (): Promise<unknown> => setTimeout(POLL_MS, null, { ref: running.size === 0 });
  for (;;) {
    const lost = waiting.find(({ needs }) => needs.some((id) => failed.has(id)));
    if (lost) {
      waiting.splice(waiting.indexOf(lost), 1);
      end(lost, new Error(`needs ${lost.needs.find((id) => failed.has(id))}, which failed`));
    } else if (running.size < workers && startNext()) continue;
    else if (waiting.length === 0 && running.size === 0) return failed;
    // those that wait for each other have been refused with the grid: somebody else is at what is left
    else await Promise.race(waiting.length > 0 && running.size < workers ? [...running, pause()] : running);
  }
}
