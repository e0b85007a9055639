/**
 * Runs of a grid, several at a time, each when what it needs is there. Who performs one is for the caller to say: a child
 * process on this machine, or whoever takes it from a queue.
 */

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
  onStart?(job: J): void;
  onEnd?(job: J, error: Error | null): void;
}

/** Performs all jobs, in their order as far as they need not wait. Returns what failed, and why. */
export async function sweep<J extends Job>(jobs: readonly J[], options: SweepOptions<J>): Promise<Map<string, Error>> {
  const { workers, perform, onStart, onEnd } = options;
  const waiting = [...jobs];
  const open = new Set(jobs.map(({ id }) => id));
  const failed = new Map<string, Error>();
  const running = new Set<Promise<void>>();
  const end = (job: J, error: Error | null): void => {
    open.delete(job.id);
    if (error) failed.set(job.id, error);
    onEnd?.(job, error);
  };
  const start = (job: J): void => {
    onStart?.(job);
    const done = perform(job)
      .then(
        () => end(job, null),
        (error: Error) => end(job, error),
      )
      .finally(() => running.delete(done));
    running.add(done);
  };
  for (;;) {
    const lost = waiting.find(({ needs }) => needs.some((id) => failed.has(id)));
    const ready = waiting.find(({ needs }) => !needs.some((id) => open.has(id)));
    if (lost) {
      waiting.splice(waiting.indexOf(lost), 1);
      end(lost, new Error(`needs ${lost.needs.find((id) => failed.has(id))}, which failed`));
    } else if (ready && running.size < workers) {
      waiting.splice(waiting.indexOf(ready), 1);
      start(ready);
    } else if (running.size > 0) await Promise.race(running);
    else return failed; // those that wait for each other have been refused with the grid
  }
}
