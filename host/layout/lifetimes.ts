/**
 * When tensors live: from the operators that write one first to the last that read it, in units of the arena (liveness
 * of register allocation). Operators run in a straight line but for the branches of a ROUTE, of which only one does.
 */
import * as F from '../../assembly/format.ts';
import { keptBy } from '../operators/registry.ts';
import { areExclusive } from '../records/branches.ts';
import type { ProgramView } from '../records/view.ts';

/** Operators [first, last]; -1 is before the first of a program, their count behind the last. */
export interface Interval {
  first: number;
  last: number;
}

/** When a tensor keeps its values. */
interface Life {
  /** without gaps on a straight line; with them where it lives in some branches only; none if nothing touches it */
  intervals: Interval[];
  /** operators that no other one has touched it before, or will behind */
  begins: ReadonlySet<number>;
  ends: ReadonlySet<number>;
}

/** Units that a tensor has, from `offset` in its block or in the arena, and when it lives. */
export interface Span extends Life {
  tensor: number;
  offset: number;
  size: number;
}

/** Every tensor with when it must keep its values; inputs from before (-1) on, outputs till after the last, states always. */
export function lifetimes(program: ProgramView): Span[] {
  const after = program.operators.length;
  const touches = program.tensors.map((): number[] => []);
  for (const { tensor } of program.inputs) touches[tensor].push(-1);
  program.operators.forEach(({ input, input2, output }, step) => {
    for (const tensor of [input, input2, output]) if (tensor !== F.NONE) touches[tensor].push(step);
  });
  for (const { tensor } of program.outputs) touches[tensor].push(after);
  for (const operator of program.operators) {
    const kept = keptBy(operator);
    if (kept !== null) touches[kept].push(-1, after); // it outlives the inference
  }
  return program.tensors.map(({ bytes }, tensor) => ({
    tensor,
    offset: 0,
    size: units(bytes, program.grain),
    ...lifeOf(program, touches[tensor]),
  }));
}

/** A tensor lives wherever something has touched it before, or does, and something will, or does. */
function lifeOf({ branches, operators }: ProgramView, touches: readonly number[]): Life {
  const isBefore = (a: number, b: number) => a < b && !areExclusive(branches, a, b);
  const begins = touches.filter((step) => !touches.some((other) => isBefore(other, step)));
  const ends = touches.filter((step) => !touches.some((other) => isBefore(step, other)));
  const isLive = (step: number) =>
    begins.some((begin) => begin === step || isBefore(begin, step)) &&
    ends.some((end) => end === step || isBefore(step, end));
  const intervals: Interval[] = [];
  for (let step = -1; step <= operators.length; step++) {
    if (!isLive(step)) continue;
    const current = intervals.at(-1);
    if (current?.last === step - 1) current.last = step;
    else intervals.push({ first: step, last: step });
  }
  return { intervals, begins: new Set(begins), ends: new Set(ends) };
}

/** Bytes in ARENA_UNITs, rounded up to whole units of the plan, which are `grain` of them. */
export function units(bytes: number, grain: number): number {
  return Math.ceil(bytes / (F.ARENA_UNIT * grain)) * grain;
}

export const endOf = ({ offset, size }: Span) => offset + size;
export const overlap = (a: Span, b: Span) => a.offset < endOf(b) && b.offset < endOf(a);

export const together = (a: Span, b: Span) =>
  a.intervals.some((one) => b.intervals.some((other) => one.first <= other.last && other.first <= one.last));

/** Whether two tensors live at the same time during one operator and no other. */
export const meetOnlyAt = (a: Span, b: Span, step: number) =>
  a.intervals.every((one) =>
    b.intervals.every((other) => {
      const [first, last] = [Math.max(one.first, other.first), Math.min(one.last, other.last)];
      return last < first || (first === step && last === step);
    }),
  );

export const isLiveAt = ({ intervals }: Span, step: number) =>
  intervals.some(({ first, last }) => first <= step && step <= last);
export const liveAt = (spans: readonly Span[], step: number) => spans.filter((span) => isLiveAt(span, step));
export const total = (counts: number[]) => counts.reduce((sum, count) => sum + count, 0);
