/**
 * The memory plan: where tensors, scratch and weight caches lie in the arena.
 *
 *   0        128
 *   | header | tensors that live at the same time side by side; scratch of the operator that runs, between or behind |
 *   | caches of boot and lazy layers |
 *
 * Tensors are placed greedily, in some order, each at the lowest place where nothing lies that lives while it does.
 * Largest first (as the planner of TensorFlow Lite Micro does) is tried before all; then whatever stands at the peak goes
 * to the front, again and again, and the best is kept. Where the result is the least that any placing could need, it says
 * so: `bound`. Scratch takes the lowest gap that its operator leaves. Tensors lie the same whatever the residencies.
 *
 * Some tensors may share memory, and then lie at a fixed distance from each other: an operator that writes over its input,
 * a copy whose input lies in its output already, or whose output lies in its input.
 */
import * as F from '../../assembly/format.ts';
import { rowScratch, tableScratch, workScratch } from '../../assembly/scratch.ts';
import type { Piece } from '../operators/operator.ts';
import { kindOf } from '../operators/registry.ts';
import { sourceKind } from '../sources/registry.ts';
import { ImageError, type ImageView, type OperatorView, type ProgramView, RESIDENCY_NAMES } from './view.ts';

/** Everything in ARENA_UNITs. */
export interface Plan {
  arena: number;
  tensors: number[];
  /** per operator; 0 where it needs none */
  scratches: number[];
  /** per operator; 0 without a cache */
  caches: number[];
}

/** The largest arena that a plan can describe. */
export const MAX_UNITS = 0xffff;

const HEADER = units(F.ARENA_HEADER_BYTES);

/** Plans a program of an image for the residency that its operators ask for. */
export function plan(image: ImageView, program: ProgramView): Plan {
  const placing = placeTensors(image, program);
  const sizes = program.operators.map((operator) => units(scratchBytes(image, program, operator)));
  const scratches = sizes.map((size, o) => (size === 0 ? 0 : placing.gap(o, size)));
  let end = Math.max(placing.end, ...scratches.map((at, o) => at + sizes[o]));
  const caches = program.operators.map((operator) => {
    if (!isCached(operator)) return 0;
    const at = end;
    end += cacheUnits(image, operator);
    return at;
  });
  if (end > MAX_UNITS)
    throw new ImageError(`program needs ${end * F.ARENA_UNIT} bytes of RAM, a plan holds ${MAX_UNITS * F.ARENA_UNIT}`);
  return { arena: end, tensors: placing.at, scratches, caches };
}

/** ARENA_UNITs of a layer's weights as INT8. */
export function cacheUnits(image: ImageView, { source }: OperatorView): number {
  const { rows, rowLength } = image.sources[source];
  return units(rows * rowLength);
}

/** Scratch of one operator, in bytes; the same sum as in assembly/weights/residency.ts. */
export function scratchBytes(image: ImageView, program: ProgramView, operator: OperatorView): number {
  if (operator.source === F.NONE) return 0;
  const source = image.sources[operator.source];
  const { height, width, channels } = program.tensors[operator.output];
  return (
    tableScratch(operator.kind, operator.residency, channels, source.rowLength) +
    workScratch(operator.kind, source.rowLength, height, width, ...operator.kernel, ...operator.stride) +
    rowScratch(operator.kind, operator.residency, source.rows, source.rowLength) +
    sourceKind(source).scratchBytes(image, source)
  );
}

/**
 * The smallest arena, in ARENA_UNITs, that any placing of a program could need with the residencies that its operators
 * ask for: header, what must be there at the same time, and all caches.
 */
export function leastArena(image: ImageView, program: ProgramView): number {
  const lives = lifetimes(program);
  const scratches = program.operators.map((operator) => units(scratchBytes(image, program, operator)));
  const caches = program.operators.filter(isCached).map((operator) => cacheUnits(image, operator));
  return leastPeak(lives, scratches, sharingsOf(image, program, lives)) + total(caches);
}

/** Whether the weights of an operator are kept as INT8. */
export function isCached({ source, residency }: OperatorView): boolean {
  return source !== F.NONE && (residency === F.RESIDENCY_BOOT || residency === F.RESIDENCY_LAZY);
}

/** Where tensors lie, header included, and what room that leaves. */
export interface Placing {
  at: number[];
  /** behind the last tensor */
  end: number;
  /** behind tensors and the least scratch of every operator */
  peak: number;
  /** no placing has a lower peak: what must be there at the same time, whatever of it may share memory */
  bound: number;
  /** lowest place for `size` units that no tensor has while operator `o` runs */
  gap(o: number, size: number): number;
}

/** Places all tensors of a program; the same for every choice of residencies. */
export function placeTensors(image: ImageView, program: ProgramView): Placing {
  const lives = lifetimes(program);
  const scratches = program.operators.map((operator) => units(leastScratch(image, program, operator)));
  const sharings = sharingsOf(image, program, lives);
  const bound = leastPeak(lives, scratches, sharings);
  const placed = (some: Sharing[]) => bestPlacing(blocksOf(lives, some), scratches, bound);
  let best = placed(sharings);
  // Tensors that share memory fit into fewer gaps, so less of it can be more.
  for (const fewer of [sharings.filter(({ moves }) => !moves), []]) {
    if (best.peak === bound) break;
    const other = placed(fewer);
    if (other.peak < best.peak) best = other;
  }
  const spans = best.blocks.flatMap((block) => spansOf(block, best.placed));
  const at = lives.map((_, t) => spans.find(({ tensor }) => tensor === t)!.offset);
  const { end, peak } = best;
  return { at, end, peak, bound, gap: (o, size) => lowest(liveAt(spans, o), size) };
}

/** Units that a tensor has, from `offset` in its block or in the arena, and the operators during which it keeps its values. */
export interface Span {
  tensor: number;
  offset: number;
  size: number;
  first: number;
  last: number;
}

/** Tensors that lie at fixed distances from each other, as they share memory; mostly a tensor alone. */
interface Block {
  spans: Span[];
  size: number;
}

/** Two tensors that may have the same memory while operator `operator` runs, and perhaps before. */
interface Sharing {
  operator: number;
  /** the larger one, or either */
  whole: number;
  /** lies in `whole`, `offset` units behind its beginning */
  part: number;
  offset: number;
  /** a copy has nothing to do then */
  moves: boolean;
}

/**
 * What may share memory: an operator may write over an input that nothing reads later, if its kernel has read a place
 * for the last time before it writes there; and what a copy would only move may lie where the copy would put it.
 */
function sharingsOf(image: ImageView, program: ProgramView, lives: Span[]): Sharing[] {
  return program.operators.flatMap((operator, o) => {
    const { input, output } = operator;
    const begins = lives[output].first === o;
    const found: Sharing[] = [];
    const into = movedInto(image, program, operator);
    if (into !== null && input !== output && lives[input].last === o)
      found.push({ operator: o, whole: output, part: input, offset: into, moves: true });
    const from = begins && lives[input].last === o ? movedFrom(image, program, operator) : null;
    if (from !== null) found.push({ operator: o, whole: input, part: output, offset: from, moves: true });
    for (const whole of overwritable(program, operator)) {
      if (begins && lives[whole].last === o && program.tensors[output].bytes <= program.tensors[whole].bytes)
        found.push({ operator: o, whole, part: output, offset: 0, moves: false });
    }
    return found;
  });
}

/** Inputs that an operator reads at a place for the last time before it writes there. */
function overwritable(program: ProgramView, operator: OperatorView): number[] {
  const kind = kindOf(operator);
  return 'overwrites' in kind ? kind.overwrites(operator, program.tensors) : [];
}

/**
 * Where in its output, in ARENA_UNITs, a copy puts its whole input in one piece; null if it does not, or not at a unit, or
 * if something else is there too: another piece, or what the program was given.
 */
function movedInto(image: ImageView, program: ProgramView, operator: OperatorView): number | null {
  const own = pieceOf(image, operator);
  if (own?.from !== 0 || own.bytes !== program.tensors[operator.input].bytes) return null;
  if (own.to % F.ARENA_UNIT !== 0 || program.inputs.some(({ tensor }) => tensor === operator.output)) return null;
  const pieces = program.operators.filter(({ output }) => output === operator.output).map((o) => pieceOf(image, o));
  const meets = pieces.filter((piece) => !piece || (piece.to < own.to + own.bytes && own.to < piece.to + piece.bytes));
  return meets.length === 1 ? own.to / F.ARENA_UNIT : null; // itself
}

/** Where in its input, in ARENA_UNITs, a copy finds its whole output in one piece; null if it does not, or not at a unit. */
function movedFrom(image: ImageView, program: ProgramView, operator: OperatorView): number | null {
  const own = pieceOf(image, operator);
  if (own?.to !== 0 || own.bytes !== program.tensors[operator.output].bytes) return null;
  return own.from % F.ARENA_UNIT === 0 ? own.from / F.ARENA_UNIT : null;
}

/** The one piece that a copy takes from its input and all that it writes; null for any other operator. */
function pieceOf(image: ImageView, operator: OperatorView): Piece | null {
  const kind = kindOf(operator);
  return 'moves' in kind && kind.moves ? kind.moves(image, operator) : null;
}

/**
 * The least that any placing could need: at every step what lives, less what may share. An operator has one output, so
 * one sharing of it counts.
 */
function leastPeak(lives: Span[], scratches: number[], sharings: Sharing[]): number {
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

/** Joins the tensors that share memory, as far as nothing else would lose its values. */
function blocksOf(lives: Span[], sharings: Sharing[]): Block[] {
  const blocks = lives.map((span): Block => ({ spans: [span], size: span.size }));
  for (const sharing of sharings) {
    const [whole, part] = [sharing.whole, sharing.part].map(
      (tensor) => blocks.find(({ spans }) => spans.some((span) => span.tensor === tensor))!,
    );
    const joined = whole === part ? null : join(whole, part, sharing);
    if (!joined) continue;
    blocks.splice(blocks.indexOf(part), 1);
    blocks[blocks.indexOf(whole)] = joined;
  }
  return blocks;
}

/** Null where tensors would meet that may not. */
function join(whole: Block, part: Block, sharing: Sharing): Block | null {
  const around = whole.spans.find(({ tensor }) => tensor === sharing.whole)!;
  const inside = part.spans.find(({ tensor }) => tensor === sharing.part)!;
  const shift = around.offset + sharing.offset - inside.offset;
  const moved = part.spans.map((span) => ({ ...span, offset: span.offset + shift }));
  const within = { ...inside, offset: inside.offset + shift };
  // What lies where a copy would put its input has no other use until then, nor had it for what lay there before.
  const mayLie = (span: Span) =>
    span.tensor === sharing.part ||
    (sharing.moves &&
      span.last <= sharing.operator &&
      within.offset <= span.offset &&
      span.offset + span.size <= within.offset + within.size);
  const meet = whole.spans.some((a) =>
    moved.some((b) => together(a, b) && overlap(a, b) && !(a === around && mayLie(b))),
  );
  if (meet) return null;
  const spans = [...whole.spans, ...moved];
  const start = Math.min(...spans.map(({ offset }) => offset));
  const shifted = spans.map((span) => ({ ...span, offset: span.offset - start }));
  return { spans: shifted, size: Math.max(...shifted.map(endOf)) };
}

const endOf = ({ offset, size }: Span) => offset + size;
const together = (a: Span, b: Span) => a.first <= b.last && b.first <= a.last;
const overlap = (a: Span, b: Span) => a.offset < endOf(b) && b.offset < endOf(a);
const liveAt = (spans: readonly Span[], step: number) =>
  spans.filter(({ first, last }) => first <= step && step <= last);
const total = (counts: number[]) => counts.reduce((sum, count) => sum + count, 0);

interface Placed {
  blocks: Block[];
  placed: Map<Block, number>;
  end: number;
  peak: number;
}

/** Largest first, then what stands at the peak first, until `bound` is reached or nothing more is to be expected. */
function bestPlacing(blocks: Block[], scratches: number[], bound: number): Placed {
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

/** The peak of a placing, and the block that lies highest where it is. */
function peakOf(placed: Map<Block, number>, scratches: number[]): { end: number; peak: number; top: Block } {
  const spans = [...placed.keys()].flatMap((block) => spansOf(block, placed).map((span) => ({ block, ...span })));
  const highest = (some: typeof spans) => some.reduce((a, b) => (endOf(b) > endOf(a) ? b : a));
  const top = highest(spans);
  const worst = { end: endOf(top), peak: endOf(top), top: top.block };
  for (const [o, size] of scratches.entries()) {
    if (size === 0) continue;
    const live = spans.filter(({ first, last }) => first <= o && o <= last);
    const reach = lowest(live, size) + size;
    if (reach > worst.peak) [worst.peak, worst.top] = [reach, highest(live).block];
  }
  return worst;
}

/** The tensors of a block where they lie in the arena. */
function spansOf(block: Block, placed: Map<Block, number>): Span[] {
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
function lowest(taken: readonly Span[], size: number): number {
  let candidate = HEADER;
  for (const span of taken.toSorted((a, b) => a.offset - b.offset)) {
    if (candidate + size <= span.offset) break;
    candidate = Math.max(candidate, endOf(span));
  }
  return candidate;
}

/** Scratch that an operator needs in any residency that its weights allow. */
function leastScratch(image: ImageView, program: ProgramView, operator: OperatorView): number {
  return Math.min(...RESIDENCY_NAMES.map((_, residency) => scratchBytes(image, program, { ...operator, residency })));
}

/**
 * Every tensor with the first and last operator during which it must keep its values; inputs from before (-1) on, outputs
 * till after the last. What nothing touches lives never: last < first.
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
