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
 */
import * as F from '../../assembly/format.ts';
import { generatorScratch, rowScratch, tableScratch, workScratch } from '../../assembly/scratch.ts';
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
    if (operator.residency !== F.RESIDENCY_BOOT && operator.residency !== F.RESIDENCY_LAZY) return 0;
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

/** Scratch of one operator, in bytes; the same sum as in assembly/openOperator.ts. */
export function scratchBytes(image: ImageView, program: ProgramView, operator: OperatorView): number {
  if (operator.source === F.NONE) return 0;
  const source = image.sources[operator.source];
  const { height, width, channels } = program.tensors[operator.output];
  let bytes =
    tableScratch(operator.kind, operator.residency, channels, source.rowLength) +
    workScratch(operator.kind, source.rowLength, height, width, ...operator.kernel, ...operator.stride) +
    rowScratch(operator.kind, operator.residency, source.rows, source.rowLength);
  if (source.kind !== F.SOURCE_STORED) {
    const { codeLength, hidden, outputs } = image.generators[source.generator];
    bytes += generatorScratch(codeLength, hidden, outputs, source.kind === F.SOURCE_BASIS ? source.rowLength : 0);
  }
  return bytes;
}

/** Where tensors lie, header included, and what room that leaves. */
export interface Placing {
  at: number[];
  /** behind the last tensor */
  end: number;
  /** behind tensors and the least scratch of every operator */
  peak: number;
  /** no placing has a lower peak: tensors and least scratch of the operator that needs most, side by side */
  bound: number;
  /** lowest place for `size` units that no tensor has while operator `o` runs */
  gap(o: number, size: number): number;
}

/** Places all tensors of a program; the same for every choice of residencies. */
export function placeTensors(image: ImageView, program: ProgramView): Placing {
  const blocks = blocksOf(image, program);
  const scratches = program.operators.map((operator) => units(leastScratch(image, program, operator)));
  const live = program.operators.map((_, o) => blocks.filter(({ first, last }) => first <= o && o <= last));
  const total = (some: Block[]) => some.reduce((sum, { size }) => sum + size, 0);
  const bound = HEADER + Math.max(0, ...live.map((some, o) => total(some) + scratches[o]));
  let order = blocks.toSorted((a, b) => b.size - a.size);
  let placed = place(order);
  let best = placed;
  for (let tried = 0; tried < 2 * blocks.length && peakOf(best).peak > bound; tried++) {
    const { top } = peakOf(placed);
    order = [top, ...order.filter((block) => block !== top)];
    placed = place(order);
    if (peakOf(placed).peak < peakOf(best).peak) best = placed;
  }
  const at = program.tensors.map((_, t) => {
    const block = blocks.find(({ tensors }) => tensors.has(t))!;
    return best.get(block)! + block.tensors.get(t)!;
  });
  const { end, peak } = peakOf(best);
  return { at, end, peak, bound, gap: (o, size) => lowest(live[o], size, best) };

  /** The peak of a placing, and the block that lies highest where it is. */
  function peakOf(placed: Map<Block, number>): { end: number; peak: number; top: Block } {
    const height = (block: Block) => placed.get(block)! + block.size;
    const highest = (some: Block[]) => some.reduce((a, b) => (height(b) > height(a) ? b : a));
    const top = highest(blocks);
    const worst = { end: height(top), peak: height(top), top };
    for (const [o, size] of scratches.entries()) {
      const reach = size === 0 ? 0 : lowest(live[o], size, placed) + size;
      if (reach > worst.peak) [worst.peak, worst.top] = [reach, highest(live[o])];
    }
    return worst;
  }
}

/** Tensors that share memory, each at an offset, and the operators during which that keeps their values. */
interface Block {
  tensors: Map<number, number>;
  size: number;
  first: number;
  last: number;
}

/**
 * What an operator writes over an input that nothing reads later shares its place, and what a copy would only move lies
 * where the copy would put it, so that the runtime has nothing to do. Every other tensor has a place of its own.
 */
function blocksOf(image: ImageView, program: ProgramView): Block[] {
  const lives = lifetimes(program);
  const blocks = program.tensors.map(
    ({ bytes }, t): Block => ({ tensors: new Map([[t, 0]]), size: units(bytes), ...lives[t] }),
  );
  const blockOf = (t: number) => blocks.find(({ tensors }) => tensors.has(t))!;
  for (const [o, operator] of program.operators.entries()) {
    const output = blockOf(operator.output);
    const over = overwritable(operator)
      .filter((t) => t !== F.NONE && program.tensors[t].bytes === program.tensors[operator.output].bytes)
      .map(blockOf)
      .find((input) => input !== output && input.size === output.size && input.last === o && output.first === o);
    if (over) join(over, output, 0);
    const offset = moved(image, program, operator);
    const input = blockOf(operator.input);
    // an input that had company is already where something else wants it
    if (offset !== null && input !== output && input.tensors.size === 1 && input.last === o) {
      join(output, input, offset + output.tensors.get(operator.output)!);
    }
  }
  return blocks;

  function join(whole: Block, part: Block, offset: number): void {
    for (const [t, own] of part.tensors) whole.tensors.set(t, own + offset);
    whole.first = Math.min(whole.first, part.first);
    whole.last = Math.max(whole.last, part.last);
    blocks.splice(blocks.indexOf(part), 1);
  }
}

/** Inputs that an operator reads at a place for the last time before it writes there. */
function overwritable({ kind, input, input2 }: OperatorView): number[] {
  return [F.ADD, F.MULTIPLY, F.LOOKUP].includes(kind) ? [input, input2] : [];
}

/**
 * Where in its output, in ARENA_UNITs, a copy puts its whole input in one piece; null if it does not, or not at a unit, or
 * if another operator writes there too.
 */
function moved(image: ImageView, program: ProgramView, operator: OperatorView): number | null {
  const pieces = program.operators.filter(({ output }) => output === operator.output).map((o) => pieceOf(image, o));
  const own = pieceOf(image, operator);
  if (!own || own.bytes !== program.tensors[operator.input].bytes || own.at % F.ARENA_UNIT !== 0) return null;
  const meets = pieces.filter((piece) => !piece || (piece.at < own.at + own.bytes && own.at < piece.at + piece.bytes));
  return meets.length === 1 ? own.at / F.ARENA_UNIT : null; // itself
}

/** The one piece of its output that a copy writes, from the start of its input; null for any other operator. */
function pieceOf(image: ImageView, { kind, table }: OperatorView): { at: number; bytes: number } | null {
  if (kind !== F.COPY) return null;
  const parameter = (at: number) => image.u32(image.section(F.SECTION_TABLES).offset + table + at);
  const counts = [0, 4, 8].map((i) => parameter(F.COPY_COUNT_AT + i));
  const onePiece = counts.every((count) => count === 1) && parameter(F.COPY_INPUT_OFFSET_AT) === 0;
  if (!onePiece || parameter(F.COPY_FILL_AT) !== 0) return null;
  return { at: parameter(F.COPY_OUTPUT_OFFSET_AT), bytes: parameter(F.COPY_RUN_AT) };
}

function place(order: readonly Block[]): Map<Block, number> {
  const placed = new Map<Block, number>();
  for (const block of order) {
    const neighbours = [...placed.keys()].filter((o) => o.first <= block.last && block.first <= o.last);
    placed.set(block, lowest(neighbours, block.size, placed));
  }
  return placed;
}

/** The lowest place behind the header where `size` units miss all of `taken`. */
function lowest(taken: readonly Block[], size: number, placed: Map<Block, number>): number {
  let candidate = HEADER;
  for (const block of taken.toSorted((a, b) => placed.get(a)! - placed.get(b)!)) {
    if (candidate + size <= placed.get(block)!) break;
    candidate = Math.max(candidate, placed.get(block)! + block.size);
  }
  return candidate;
}

/** Scratch that an operator needs in any residency that its weights allow. */
function leastScratch(image: ImageView, program: ProgramView, operator: OperatorView): number {
  return Math.min(...RESIDENCY_NAMES.map((_, residency) => scratchBytes(image, program, { ...operator, residency })));
}

/** First and last operator during which a tensor must keep its values; inputs live from before, outputs till after. */
function lifetimes(program: ProgramView): { first: number; last: number }[] {
  const after = program.operators.length;
  const lives = program.tensors.map(() => ({ first: after, last: -1 }));
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
