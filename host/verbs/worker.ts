/** htpw worker: performs runs that sweeps have put into a queue, in child processes. */
import { availableParallelism } from 'node:os';
import { type Command, Option } from 'commander';
import { type Delivery, folderOfOrder, foldersBelow, type Order, readOrder, unpackOrder } from '../sweep/delivery.ts';
import { perform, type Report } from '../sweep/perform.ts';
import { type ProgressMessage, work } from '../sweep/queue.ts';
import { isChild, toParent } from '../system/child.ts';
import { counted } from '../system/counted.ts';
import { removeAbandoned } from '../system/workFolder.ts';
import { performInChild, WORK } from './hands.ts';
import { REDIS, valued, wholeNumber } from './options.ts';
import { harmless, print, UsageError } from './verb.ts';

interface WorkerFlags {
  redis?: string;
  jobs: number;
  lease: number;
  idle?: number;
  order?: string;
  json?: boolean;
}

export function workerVerb(program: Command): void {
  program
    .command('worker')
    .summary('performs runs of sweeps that are started with --redis')
    .description(
      'Take runs from the queue on a Redis server that htpw sweep --redis fills, on this machine or another, train them in child processes, and give back image and record. Needs the recordings (HTPW_DATA) and the same version of the project as the sweep. Killed at any moment, what it was at goes to another worker.',
    )
    .addOption(valued('--redis <url>', 'of the server, as redis://localhost:6379', REDIS))
    .addOption(
      valued(
        '--jobs <count>',
        'runs at the same time; default: one for each core',
        wholeNumber(1, 1024),
        String(availableParallelism()),
      ),
    )
    .addOption(
      valued(
        '--lease <seconds>',
        'how long what a dead worker had waits for another; default 30',
        wholeNumber(2, 3600),
        '30',
      ),
    )
    .addOption(
      valued('--idle <seconds>', 'ends after so long without a run; default: never', wholeNumber(1, 1_000_000)),
    )
    .option('--json', 'machine-readable account of the runs, at the end')
    .addOption(new Option('--order <file>', 'what a child of a worker performs').hideHelp())
    .addHelpText(
      'after',
      '\nExamples:\n  htpw worker --redis redis://localhost:6379\n  htpw worker --redis redis://10.0.0.7:6379 --jobs 4 --idle 600',
    )
    .action(async ({ redis, jobs, lease, idle, order, json }: WorkerFlags) => {
      if (order !== undefined) return performOrder(order);
      if (redis === undefined) throw new UsageError('worker: --redis is missing; as --redis redis://localhost:6379');
      removeAbandoned(WORK);
      const account: Account = { done: [], failed: [] };
      const perform: typeof performAloud = async (order, onProgress) => {
        const { id } = order.run;
        try {
          const delivery = await performAloud(order, onProgress);
          account.done.push(id);
          return delivery;
        } catch (error) {
          account.failed.push(id);
          throw error;
        }
      };
      await work(redis, { jobs, lease, idle: idle ?? null, perform });
      print(json, account, () => `${counted(account.done.length, 'run')} done, ${account.failed.length} failed`);
    });
}

/** What a worker has performed, by the names of the runs. */
interface Account {
  done: string[];
  failed: string[];
}

/** As `performInChild`, with a line for whoever looks. */
async function performAloud(order: Order, onProgress: (message: ProgressMessage) => void): Promise<Delivery> {
  const { id } = order.run;
  try {
    const delivery = await performInChild(order, onProgress, () => say(`${id}: begins`));
    say(`${id}: done`);
    return delivery;
  } catch (error) {
    say(`${id}: failed: ${(error as Error).message}`);
    throw error;
  }
}

const say = (line: string): void => console.error(harmless(line));

/** In the child: records and images go beside the order. */
async function performOrder(path: string): Promise<void> {
  const order = readOrder(path);
  const folders = foldersBelow(folderOfOrder(path));
  const tell = isChild() ? toParent() : null;
  const report: Report = (done, total, note) => tell?.({ done, total, note });
  await perform({ path: order.grid }, unpackOrder(order, folders), folders, report);
}
