/**
 * Runs of a sweep through a queue on Redis (BullMQ): a sweep puts orders into it and keeps what comes back; workers, on
 * any number of machines, take one at a time. A worker holds a lease on what it performs and renews it; one that dies
 * holds it no longer, and the order goes to another. A run is recorded by the sweep alone, once.
 */
import type { Job, JobProgress, QueueEvents } from 'bullmq';
import type { Redis, RedisOptions } from 'ioredis';
import { UsageError } from '../system/errors.ts';
import { sha256Hex } from '../system/sha256Hex.ts';
import type { Delivery, Order } from './delivery.ts';

/** All sweeps and workers of a Redis share it. */
const QUEUE = 'htpw-sweep';
/** Pinned in package.json. */
const PACKAGES = 'bullmq@6.7.0 ioredis@6.0.0';
/** How often a worker may die of an order before nobody takes it any more. */
const MOST_DEATHS = 20;

export type ProgressMessage = { done: number; total: number; note: string };

interface Libraries {
  bullmq: typeof import('bullmq');
  Redis: new (url: string, options: RedisOptions) => Redis;
}

async function libraries(): Promise<Libraries> {
  try {
    const [bullmq, { Redis }] = await Promise.all([import('bullmq'), import('ioredis')]);
    return { bullmq, Redis };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new UsageError(`a queue needs packages that are not installed; npm install ${PACKAGES}`);
  }
}

/** Without a password. */
function shown(url: string): string {
  const { host } = new URL(url);
  return `redis://${host}`;
}

/** Connections to one server, which only their maker closes. */
interface Connections {
  open(): Redis;
  close(): void;
}

/** Throws UsageError where nothing answers. */
async function connected({ Redis }: Libraries, url: string): Promise<Connections> {
  const first = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: 0, retryStrategy: () => null });
  let why = '';
  first.on('error', (error: Error & { code?: string }) => {
    why ||= error.code ?? error.message;
  });
  try {
    await first.connect();
    await first.ping();
  } catch (error) {
    throw new UsageError(
      `--redis: ${shown(url)} does not answer (${why || (error as Error).message}); start redis-server, or give another URL`,
    );
  } finally {
    first.disconnect();
  }
  const all: Redis[] = [];
  return {
    open() {
      // it may be away for a while: then both sides wait
      const connection = quiet(new Redis(url, { maxRetriesPerRequest: null }));
      all.push(connection);
      return connection;
    },
    close() {
      for (const connection of all) connection.disconnect();
    },
  };
}

/** An error of a connection is followed by another try; without a listener it would end the process. */
function quiet<E extends { on(name: 'error', listener: () => void): unknown }>(emitter: E): E {
  emitter.on('error', () => {});
  return emitter;
}

/** Where a sweep puts its orders. */
export interface OrderQueue {
  /** Resolves with what a worker made; rejects with the one line that it ended with. */
  perform(order: Order, onProgress: (message: ProgressMessage) => void): Promise<unknown>;
  close(): Promise<void>;
}

export async function openQueue(url: string): Promise<OrderQueue> {
  const found = await libraries();
  const connections = await connected(found, url);
  const { Queue, QueueEvents } = found.bullmq;
  const queue = quiet(new Queue(QUEUE, { connection: connections.open() }));
  const events = quiet(new QueueEvents(QUEUE, { connection: connections.open() }));
  events.setMaxListeners(0);
  await events.waitUntilReady();
  return {
    async perform(order, onProgress) {
      // the same order of a sweep that was cut short is still there, or has been performed
      const job: Job = await queue.add(order.run.id, order, { jobId: nameOf(order) });
      const stop = listen(events, job.id!, onProgress);
      try {
        return await job.waitUntilFinished(events);
      } finally {
        stop();
        await job.remove().catch(() => {}); // another sweep may have done so
      }
    },
    async close() {
      await Promise.all([queue.close(), events.close()]);
      connections.close();
    },
  };
}

/** The same for the same run of the same configuration alone. */
const nameOf = ({ grid, run, configuration }: Order): string =>
  `${run.id}-${sha256Hex(`${grid} ${configuration}`).slice(0, 12)}`;

function listen(events: QueueEvents, id: string, onProgress: (message: ProgressMessage) => void): () => void {
  const hear = ({ jobId, data }: { jobId: string; data: JobProgress }): void => {
    if (jobId === id) onProgress(data as unknown as ProgressMessage);
  };
  events.on('progress', hear);
  return () => events.off('progress', hear);
}

export interface WorkerOptions {
  /** at the same time */
  jobs: number;
  /** seconds that a lease lasts when it is not renewed: after so long another worker takes what a dead one had */
  lease: number;
  /** seconds of nothing to do after which it ends; null: never */
  idle: number | null;
  perform(order: Order, onProgress: (message: ProgressMessage) => void): Promise<Delivery>;
}

/** Takes orders until there are none for as long as `idle` says. */
export async function work(url: string, { jobs, lease, idle, perform }: WorkerOptions): Promise<void> {
  const found = await libraries();
  const connections = await connected(found, url);
  const { Worker } = found.bullmq;
  let busy = 0;
  let since = Date.now();
  const worker = quiet(
    new Worker(
      QUEUE,
      async (job: Job<Order>) => {
        busy++;
        try {
          return await perform(job.data, (message) => {
            void job.updateProgress(message).catch(() => {}); // the lease may be another's by now
          });
        } finally {
          busy--;
          since = Date.now();
        }
      },
      {
        connection: connections.open(),
        concurrency: jobs,
        lockDuration: 1000 * lease,
        stalledInterval: 500 * lease,
        maxStalledCount: MOST_DEATHS,
      },
    ),
  );
  await worker.waitUntilReady();
  await new Promise<void>((ended) => {
    if (idle === null) return;
    const timer = setInterval(() => {
      if (busy > 0 || Date.now() - since < 1000 * idle) return;
      clearInterval(timer);
      ended();
    }, LOOK_MS);
  });
  await worker.close();
  connections.close();
}

const LOOK_MS = 200;
