/**
 * Where blocks of tensors lie in the arena: best fit by greedy placing, largest first, then what stands at the peak
 * first (offset calculation by size, as in TensorFlow Lite Micro's planner; Pisarchyk and Lee 2020), with a bound that
 * tells when no order could do better. A placing is quadratic in the number of tensors, the search of an order cubic.
 */
import * as F from '../../assembly/format.ts';
import type { Branches } from '../records/branches.ts';
import { endOf, isLiveAt, liveAt, overlap, type Span, together, total } from './lifetimes.ts';
import type { Block, Sharing } from './sharing.ts';

const HEADER = F.ARENA_HEADER_BYTES / F.ARENA_UNIT; // whole units of any plan

/** Pairs of blocks that are looked at while orders are tried: so many that only above 300 blocks fewer are. */
const MOST_PAIRS = 2 ** 26;

export interface Placed {
  blocks: Block[];
  placed: Map<Block, number>;
  end: number;
  peak: number;
}

/** Largest first, then what stands at the peak first, until `bound` is reached or nothing more is to be expected. */
export function bestPlacing(blocks: Block[], scratches: number[], bound: number): Placed {
  let order = blocks.toSorted((a, b) => b.size - a.size);
  let placed = place(order);
  let reached = peakOf(placed, scratches);
  let best = { blocks, placed, ...reached };
  const most = Math.min(2 * blocks.length, Math.ceil(MOST_PAIRS / blocks.length ** 2));
  for (let tried = 0; tried < most && best.peak > bound; tried++) {
    const { top } = reached;
    order = [top, ...order.filter((block) => block !== top)];
    placed = place(order);
    reached = peakOf(placed, scratches);
    if (reached.peak < best.peak) best = { blocks, placed, ...reached };
  }
  return best;
}

/** Moves of one block to another place of the order that are tried. */
const MOST_MOVES = 1000;

/**
 * A placing with scratch as blocks among the others, so that tensors may also lie above it, and with an order that is
 * changed wherever the peak does not rise (hill climbing on a plateau). Branches that are alike are placed alike, so one
 * of them is all that has to be looked at. Null where that fails.
 */
export function searchedPlacing(
  blocks: Block[],
  scratches: number[],
  bound: number,
  branches: Branches,
): Placed | null {
  const groups = alikeIn(branches, [
    ...blocks,
    ...scratches.flatMap((size, o) => (size ? [scratchBlock(size, o)] : [])),
  ]);
  const placing = (order: readonly Block[]) => {
    const placed = place(order);
    for (const block of placed.keys()) if (isScratch(block)) placed.delete(block);
    return { order, placed, ...peakOf(placed, scratches) };
  };
  let current = placing([...groups.keys()].toSorted((a, b) => b.size - a.size));
  let state = 1;
  const below = (count: number): number => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0; // any fixed sequence will do
    return (state >>> 8) % count;
  };
  for (let left = MOST_MOVES; left > 0 && current.peak > bound; left--) {
    const { order } = current;
    const from = below(order.length);
    const next = placing(order.toSpliced(from, 1).toSpliced(below(order.length), 0, order[from]));
    if (next.peak <= current.peak) current = next;
  }
  const placed = new Map<Block, number>();
  for (const [block, at] of current.placed) for (const like of groups.get(block)!) placed.set(like, at);
  return meet(placed) ? null : { blocks, placed, ...peakOf(placed, scratches) };
}

const isScratch = ({ spans }: Block): boolean => spans[0].tensor < 0;

/** Whether two blocks have the same memory at the same time. */
function meet(placed: Map<Block, number>): boolean {
  const spans = [...placed.keys()].map((block) => spansOf(block, placed));
  return spans.some((one, i) =>
    spans.slice(i + 1).some((other) => one.some((a) => other.some((b) => overlap(a, b) && together(a, b)))),
  );
}

/**
 * One block of each kind with all that are like it: of the same sizes, alive at the same operators of other branches.
 * Every block by itself unless all branches have the same ones.
 */
function alikeIn(branches: Branches, blocks: readonly Block[]): Map<Block, Block[]> {
  const groups = new Map<string, Block[]>();
  const seen = new Map<string, number>();
  const start = ({ spans: [{ intervals }] }: Block) => intervals[0]?.first ?? -1;
  for (const block of blocks.toSorted((a, b) => start(a) - start(b))) {
    const { branch, life } = lifeIn(branches, block);
    const number = seen.get(`${branch} ${life}`) ?? 0;
    seen.set(`${branch} ${life}`, number + 1);
    const key = branch === null ? `${groups.size}` : `${life} ${number}`;
    groups.set(key, [...(groups.get(key) ?? []), block]);
  }
  const most = Math.max(...[...groups.values()].map((group) => group.length));
  const isOf = (block: Block) => lifeIn(branches, block).branch !== null;
  const areAll = [...groups.values()].every((group) => group.length === most || !isOf(group[0]));
  return areAll
    ? new Map([...groups.values()].map((group) => [group[0], group]))
    : new Map(blocks.map((block) => [block, [block]]));
}

/** The branch that a block lives in, if it does in one alone, and when it does there. */
function lifeIn(branches: Branches, { spans }: Block): { branch: string | null; life: string } {
  const steps = spans.flatMap(({ intervals }) => intervals.flatMap(({ first, last }) => [first, last]));
  const [own] = steps.map((step) => branches[step] ?? null);
  const inside = (step: number) => branches[step]?.route === own?.route && branches[step]?.branch === own?.branch;
  if (!own || !steps.every(inside)) return { branch: null, life: '' };
  const start = branches.findIndex((_, step) => inside(step));
  const life = spans.map(({ offset, size, intervals }) => [
    offset,
    size,
    ...intervals.flatMap(({ first, last }) => [first - start, last - start]),
  ]);
  return { branch: `${own.route} ${own.branch}`, life: `${own.route} ${life.join(';')}` };
}

/** Scratch of an operator, as if it were a tensor that lives while it runs. */
function scratchBlock(size: number, o: number): Block {
  const life = { intervals: [{ first: o, last: o }], begins: new Set([o]), ends: new Set([o]) };
  return { size, spans: [{ tensor: -1, offset: 0, size, ...life }] };
}

/** The peak of a placing, and the block that lies highest where it is. */
function peakOf(placed: Map<Block, number>, scratches: number[]): { end: number; peak: number; top: Block } {
  const spans = [...placed.keys()].flatMap((block) => spansOf(block, placed).map((span) => ({ block, ...span })));
  const highest = (some: typeof spans) => some.reduce((a, b) => (endOf(b) > endOf(a) ? b : a));
  const top = highest(spans);
  const worst = { end: endOf(top), peak: endOf(top), top: top.block };
  for (const [o, size] of scratches.entries()) {
    if (size === 0) continue;
    const live = spans.filter((span) => isLiveAt(span, o));
    const reach = lowest(live, size) + size;
    if (reach > worst.peak) [worst.peak, worst.top] = [reach, highest(live).block];
  }
  return worst;
}

/** The tensors of a block where they lie in the arena. */
export function spansOf(block: Block, placed: Map<Block, number>): Span[] {
  return block.spans.map((span) => ({ ...span, offset: span.offset + placed.get(block)! }));
}

/** Each block at the lowest place where nothing lies that lives while it does. */
function place(order: readonly Block[]): Map<Block, number> {
  const placed = new Map<Block, number>();
  const there: Span[] = [];
  for (const block of order) {
    // where the block may not begin: too near to what another tensor has, for one of its own
    const taken = block.spans.flatMap((own) =>
      there
        .filter((other) => together(own, other))
        .map((other) => ({ from: other.offset - endOf(own), to: endOf(other) - own.offset })),
    );
    let candidate = HEADER;
    for (const { from, to } of taken.toSorted((a, b) => a.from - b.from)) {
      if (candidate <= from) break;
      candidate = Math.max(candidate, to);
    }
    placed.set(block, candidate);
    there.push(...spansOf(block, placed));
  }
  return placed;
}

/** The lowest place behind the header where `size` units miss all of `taken`. */
export function lowest(taken: readonly Span[], size: number): number {
  let candidate = HEADER;
  for (const span of taken.toSorted((a, b) => a.offset - b.offset)) {
    if (candidate + size <= span.offset) break;
    candidate = Math.max(candidate, endOf(span));
  }
  return candidate;
}

/**
 * The least that any placing could need: at every step what lives, less what may share. An operator has one output, so
 * one sharing of it counts.
 */
export function leastPeak(lives: Span[], scratches: number[], sharings: Sharing[]): number {
  const largest = Math.max(...lives.map(({ size }) => size));
  const steps = Array.from({ length: scratches.length + 2 }, (_, i) => i - 1);
  const needed = steps.map((step) => {
    const live = liveAt(lives, step);
    const saved = new Map<number, number>();
    for (const { operator, whole, part } of sharings) {
      if (live.includes(lives[whole]) && live.includes(lives[part]))
        saved.set(operator, Math.max(saved.get(operator) ?? 0, lives[part].size));
    }
    return total(live.map(({ size }) => size)) - total([...saved.values()]) + (scratches[step] ?? 0);
  });
  return HEADER + Math.max(largest, ...needed);
}
