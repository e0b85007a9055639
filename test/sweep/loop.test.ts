/** The order in which jobs are performed, and what becomes of those that fail. */
import { describe, expect, it } from 'vitest';
import { type Job, sweep } from '../../host/sweep/sweep.ts';

const job = (id: string, ...needs: string[]): Job => ({ id, needs });

/** Performs jobs that take so many turns each, and notes what happens. */
async function performed(jobs: Job[], workers: number, failing: string[] = [], turns: Record<string, number> = {}) {
  const log: string[] = [];
  let running = 0;
  let most = 0;
  const failed = await sweep(jobs, {
    workers,
    async perform({ id }) {
      most = Math.max(most, ++running);
      for (let i = 0; i < (turns[id] ?? 1); i++) await new Promise(setImmediate);
      running--;
      if (failing.includes(id)) throw new Error(`${id} broke`);
    },
    onStart: ({ id }) => log.push(`+${id}`),
    onEnd: ({ id }, error) => log.push(error ? `!${id}` : `-${id}`),
  });
  return {
    log: log.join(' '),
    most,
    failed: Object.fromEntries(Array.from(failed, ([id, { message }]) => [id, message])),
  };
}

describe('jobs', () => {
  it('are performed in their order, one after another', async () => {
    expect(await performed([job('a'), job('b'), job('c')], 1)).toMatchObject({ log: '+a -a +b -b +c -c', most: 1 });
  });

  it('are never more at a time than there are workers, and never fewer while others wait', async () => {
    const jobs = ['a', 'b', 'c', 'd', 'e'].map((id) => job(id));
    const { log, most } = await performed(jobs, 2, [], { a: 5 });
    expect({ log, most }).toEqual({ log: '+a +b -b +c -c +d -d +e -e -a', most: 2 });
  });

  it('wait for what they need, and let others go before', async () => {
    const { log } = await performed([job('a'), job('b', 'a'), job('c')], 2, [], { a: 3 });
    expect(log).toBe('+a +c -c -a +b -b');
  });

  it('that fail take those that need them along, and no others', async () => {
    const jobs = [job('a'), job('b', 'a'), job('c', 'b'), job('d')];
    expect(await performed(jobs, 1, ['a'])).toMatchObject({
      log: '+a !a !b !c +d -d',
      failed: { a: 'a broke', b: 'needs a, which failed', c: 'needs b, which failed' },
    });
  });

  it('that somebody else is at come last, and when that one has gone', async () => {
    const log: string[] = [];
    let asked = 0;
    await sweep([job('a'), job('b', 'a'), job('c'), job('d')], {
      workers: 1,
      perform: async () => {},
      claim({ id }) {
        if (id === 'a' && ++asked < 4) return null;
        log.push(`+${id}`);
        return () => log.push(`-${id}`);
      },
    });
    expect(log.join(' ')).toBe('+c -c +d -d +a -a +b -b');
  });

  it('that cannot be claimed fail alone', async () => {
    const log: string[] = [];
    const failed = await sweep([job('a'), job('b', 'a'), job('c')], {
      workers: 1,
      perform: async ({ id }) => void log.push(id),
      claim({ id }) {
        if (id === 'a') throw new Error('no room');
        return () => {};
      },
    });
    expect([log, [...failed.keys()], failed.get('a')!.message]).toEqual([['c'], ['a', 'b'], 'no room']);
  });

  it('that there are none of end at once', async () => {
    expect(await performed([], 3)).toMatchObject({ log: '', failed: {} });
  });
});
