/**
 * Where blocks of tensors lie in the arena: best fit by greedy placing, largest first, then what stands at the peak
 * first (offset calculation by size, as in TensorFlow Lite Micro's planner; Pisarchyk and Lee 2020), with a bound that
 * tells when no order could do better. A placing is quadratic in the number of tensors, the search of an order cubic.
 */
import * as F from '../../assembly/format.ts';
import type { Branches } from '../records/branches.ts';
import { endOf, isLiveAt, liveAt, type Span, together, total, units } from './lifetimes.ts';
import type { Block, Sharing } from './sharing.ts';

const HEADER = units(F.ARENA_HEADER_BYTES);

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
  for (let tried = 0; tried < 2 * blocks.length && best.peak > bound; tried++) {
    const { top } = reached;
    order = [top, ...order.filter((block) => block !== top)];
    placed = place(order);
    reached = peakOf(placed, scratches);
    if (reached.peak < best.peak) best = { blocks, placed, ...reached };
  }
  return best;
}

/** Moves of a group of blocks to another place of the order that are tried. */
const MOST_MOVES = 400;

/**
 * A placing with scratch as blocks among the others, so that tensors may also lie above it, and with an order that is
 * changed wherever the peak does not rise (hill climbing on a plateau). Blocks that are alike in exclusive branches go
 * together, since what helps in one branch does in all.
 */
export function searchedPlacing(blocks: Block[], scratches: number[], bound: number, branches: Branches): Placed {
  const all = [...blocks, ...scratches.flatMap((size, o) => (size === 0 ? [] : [scratchBlock(size, o)]))];
  const placing = (order: readonly Block[][]): Placed => {
    const placed = place(order.flat());
    for (const block of placed.keys()) if (block.spans[0].tensor < 0) placed.delete(block);
    return { blocks, placed, ...peakOf(placed, scratches) };
  };
  const groups = new Map<string, Block[]>();
  for (const block of all) {
    const key = lifeIn(branches, block);
    groups.set(key, [...(groups.get(key) ?? []), block]);
  }
  let order = [...groups.values()].toSorted((a, b) => b[0].size - a[0].size);
  let current = placing(order);
  let state = 1;
  const below = (count: number): number => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0; // any fixed sequence will do
    return (state >>> 8) % count;
  };
  for (let left = MOST_MOVES; left > 0 && current.peak > bound; left--) {
    const [from, to] = [below(order.length), below(order.length)];
    const changed = order.toSpliced(from, 1).toSpliced(to, 0, order[from]);
    const next = placing(changed);
    if (next.peak > current.peak) continue;
    order = changed;
    current = next;
  }
  return current;
}

/** The same for blocks of the same sizes that live at the same operators of different branches. */
function lifeIn(branches: Branches, { spans }: Block): string {
  const at = (step: number): string => {
    const own = branches[step];
    if (!own) return `${step}`;
    const first = branches.findIndex((place) => place?.route === own.route && place.branch === own.branch);
    return `${own.route} + ${step - first}`;
  };
  return spans
    .map(({ offset, size, intervals }) => [offset, size, ...intervals.flatMap(({ first, last }) => [at(first), at(last)])])
    .join(';');
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
