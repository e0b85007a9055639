/** Who performs runs of sweeps and searches: children of this process, or whoever takes orders from a queue. */
import { rmSync } from 'node:fs';
import { accept, type Delivery, deliveryOf, foldersBelow, type Order, orderOf, orderPath } from '../sweep/delivery.ts';
import type { Grid, Run } from '../sweep/grid.ts';
import type { Folders } from '../sweep/perform.ts';
import { openQueue, type ProgressMessage } from '../sweep/queue.ts';
import { failurePath } from '../sweep/record.ts';
import { runVerb } from '../system/child.ts';
import { writeWhole } from '../system/files.ts';
import { inWorkFolder } from '../system/workFolder.ts';

export interface Hands {
  /** how many are begun at the same time */
  workers: number;
  /** image, answers and record are in their folders then; rejects with the one line that says why not */
  perform(run: Run, onProgress: (message: ProgressMessage) => void): Promise<void>;
  close(): Promise<void>;
}

/** Orders that wait in a queue at most, so that Redis holds few images. */
const MOST_ORDERS = 256;

/** Workers on any number of machines, through the queue on this server. Throws UsageError where nothing answers. */
export async function handsOfQueue(redis: string, grid: Pick<Grid, 'path'>, folders: Folders): Promise<Hands> {
  const queue = await openQueue(redis);
  return {
    workers: MOST_ORDERS,
    perform: async (run, onProgress) =>
      keep(await queue.perform(orderOf(grid, run, folders), onProgress), run, folders),
    close: () => queue.close(),
  };
}

/** Children of this process, each with an order as a worker's have. */
export const handsHere = (jobs: number, grid: Pick<Grid, 'path'>, folders: Folders): Hands => ({
  workers: jobs,
  perform: async (run, onProgress) => keep(await performInChild(orderOf(grid, run, folders), onProgress), run, folders),
  close: async () => {},
});

function keep(delivery: unknown, run: Run, folders: Folders): void {
  accept(delivery, run, folders);
  rmSync(failurePath(folders.records, run.id), { force: true });
}

/** Of the folders that such children work in. */
export const WORK = 'run';

export const performInChild = (
  order: Order,
  onProgress: (message: ProgressMessage) => void,
  onBegin: () => void = () => {},
): Promise<Delivery> =>
  inWorkFolder(WORK, async (folder) => {
    onBegin();
    writeWhole(orderPath(folder), JSON.stringify(order));
    await runVerb(['worker', '--order', orderPath(folder)], (message) => onProgress(message as ProgressMessage));
    return deliveryOf(order.run.id, foldersBelow(folder));
  });
