/** Command lines in children: one child for many of them, until one fails. */
import { execFileSync } from 'node:child_process';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { runVerb } from '../../host/system/child.ts';

/** Process ids of the children that this process has. */
const children = (): string[] =>
  execFileSync('ps', ['-o', 'pid=,args=', '--ppid', String(process.pid)], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes('--serve'))
    .map((line) => line.trim().split(' ')[0]!);

const boards = (onMessage: (message: unknown) => void = () => {}) => runVerb(['boards'], onMessage);

describe('a command line in a child', { timeout: 60_000 }, () => {
  it('is followed by the next in the same child', async () => {
    await boards();
    const first = children();
    expect(first).toHaveLength(1);
    await boards();
    expect(children()).toEqual(first);
  });

  it('is in one of its own while another is at it', async () => {
    await Promise.all([boards(), boards()]);
    expect(children()).toHaveLength(2);
  });

  it('that fails gives its one line, and its child is not used again', async () => {
    const before = children();
    await expect(runVerb(['inspect', 'nothing.htpw'], () => {})).rejects.toThrow(/^nothing\.htpw: /);
    expect(children()).toHaveLength(before.length - 1);
    await boards();
  });

  it('is one of fifty at most in one child', { timeout: 120_000 }, async () => {
    await boards();
    const [first] = children();
    for (let i = 0; i < 50; i++) await boards();
    expect(children()).not.toContain(first);
  });

  it('goes to another child where one was killed that had nothing to do', async () => {
    await boards();
    for (const pid of children()) process.kill(Number(pid), 'SIGKILL');
    await expect.poll(() => children().length, { timeout: 10_000 }).toBe(0);
    await setTimeout(200); // this process hears of it later
    await boards();
    expect(children()).toHaveLength(1);
  });
});
