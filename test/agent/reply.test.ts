/** Replies that are damaged on the wire are named by line. */
import { describe, expect, it } from 'vitest';
import { readProfile } from '../../host/agent/reply.ts';

const LINES = [
  'prepare 0 ticks=1',
  'prepare 1 ticks=2',
  'first 0 ticks=30',
  'first 1 ticks=40',
  'next 0 ticks=5',
  'next 1 ticks=6',
];
const reply = (lines: string[]) => ({ lines, fields: { operators: '2', ticks: '11' } });

describe('a profile', () => {
  it('is read pass by pass, operator by operator', () => {
    expect(readProfile(reply(LINES), 2)).toEqual({ prepare: [1, 2], first: [30, 40], next: [5, 6], ticks: 11 });
  });

  it.each([
    ['a line that is lost', LINES.filter((_, i) => i !== 3), 'expected first 1 ticks=<number>, got "next 0 ticks=5"'],
    ['the last line lost', LINES.slice(0, 5), 'expected next 1 ticks=<number>, got "ok"'],
    ['no lines', [], 'expected prepare 0 ticks=<number>, got "ok"'],
    ['a line twice', [...LINES, LINES[5]], 'expected ok operators=, got "next 1 ticks=6"'],
    [
      'a damaged number',
      LINES.with(1, 'prepare 1 ticks=2x'),
      'expected prepare 1 ticks=<number>, got "prepare 1 ticks=2x"',
    ],
  ])('with %s is refused', (_, lines, message) => {
    expect(() => readProfile(reply(lines), 2)).toThrow(message);
  });
});
