/**
 * When tensors live: from the operator that writes one first to the last that reads it, in units of the arena
 * (liveness of register allocation, on a straight line of operators).
 */
import * as F from '../../assembly/format.ts';
import type { ProgramView } from '../records/view.ts';

/**
 * Units that a tensor has, from `offset` in its block or in the arena, and the operators during which it keeps its
 * values.
 */
export interface Span {
  tensor: number;
  offset: number;
  size: number;
  first: number;
  last: number;
}

/**
 * Every tensor with the first and last operator during which it must keep its values; inputs from before (-1) on,
 * outputs till after the last. What nothing touches lives never: last < first.
 */
export function lifetimes(program: ProgramView): Span[] {
  const after = program.operators.length;
  const lives = program.tensors.map(
    ({ bytes }, tensor): Span => ({ tensor, offset: 0, size: units(bytes), first: after + 1, last: -2 }),
  );
  const touch = (tensor: number, step: number) => {
    lives[tensor].first = Math.min(lives[tensor].first, step);
    lives[tensor].last = Math.max(lives[tensor].last, step);
  };
  for (const { tensor } of program.inputs) touch(tensor, -1);
  program.operators.forEach((operator, step) => {
    touch(operator.input, step);
    if (operator.input2 !== F.NONE) touch(operator.input2, step);
    touch(operator.output, step);
  });
  for (const { tensor } of program.outputs) touch(tensor, after);
  return lives;
}

/** Bytes in ARENA_UNITs, rounded up. */
export function units(bytes: number): number {
  return Math.ceil(bytes / F.ARENA_UNIT);
}

export const endOf = ({ offset, size }: Span) => offset + size;
export const together = (a: Span, b: Span) => a.first <= b.last && b.first <= a.last;
export const overlap = (a: Span, b: Span) => a.offset < endOf(b) && b.offset < endOf(a);

export const liveAt = (spans: readonly Span[], step: number) =>
  spans.filter(({ first, last }) => first <= step && step <= last);
export const total = (counts: number[]) => counts.reduce((sum, count) => sum + count, 0);
