/**
 * The memory plan: where tensors, scratch and weight caches lie in the arena.
 *
 *   0        128
 *   | header | tensors that live at the same time side by side; scratch of the operator that runs, between or behind |
 *   | caches of boot and lazy layers |
 *
 * Tensors are placed greedily, in some order, each at the lowest place where nothing lies that lives while it does.
 * Largest first (as the planner of TensorFlow Lite Micro does) is tried before all; then whatever stands at the peak
 * goes to the front, again and again, and the best is kept. Where the result is the least that any placing could need,
 * it says so: `bound`. Scratch takes the lowest gap that its operator leaves. Tensors lie the same whatever the
 * residencies.
 *
 * Some tensors may share memory, and then lie at a fixed distance from each other: an operator that writes over its
 * input, a copy whose input lies in its output already, or whose output lies in its input.
 */
import * as F from '../../assembly/format.ts';
import { ImageError, type ImageView, type ProgramView } from '../records/view.ts';
import { lifetimes, liveAt, total, units } from './lifetimes.ts';
import { bestPlacing, leastPeak, lowest, searchedPlacing, spansOf } from './placing.ts';
import { cacheUnits, isCached, leastScratch, scratchBytes } from './scratch.ts';
import { blocksOf, type Sharing, sharingsOf } from './sharing.ts';

/** Everything in ARENA_UNITs. */
export interface Plan {
  arena: number;
  tensors: number[];
  /** per operator; 0 where it needs none */
  scratches: number[];
  /** per operator; 0 without a cache */
  caches: number[];
}

/** The largest arena that a plan can describe, in its own units. */
export const MAX_UNITS = 0xffff;

/** A program needs more than a plan in its units can describe. */
export class ArenaTooLarge extends ImageError {}

/** Plans a program of an image for the residency that its operators ask for. */
export function plan(image: ImageView, program: ProgramView): Plan {
  const placing = placeTensors(image, program);
  const sizes = program.operators.map((operator) => units(scratchBytes(image, program, operator), program.grain));
  const scratches = sizes.map((size, o) => (size === 0 ? 0 : placing.gap(o, size)));
  let end = Math.max(placing.end, ...scratches.map((at, o) => at + sizes[o]));
  const caches = program.operators.map((operator) => {
    if (!isCached(operator)) return 0;
    const at = end;
    end += cacheUnits(image, program, operator);
    return at;
  });
  const most = MAX_UNITS * program.grain;
  if (end > most)
    throw new ArenaTooLarge(`program needs ${end * F.ARENA_UNIT} bytes of RAM, a plan holds ${most * F.ARENA_UNIT}`);
  return { arena: end, tensors: placing.at, scratches, caches };
}

/**
 * The smallest arena, in ARENA_UNITs, that any placing of a program could need with the residencies that its operators
 * ask for: header, what must be there at the same time, and all caches.
 */
export function leastArena(image: ImageView, program: ProgramView): number {
  const lives = lifetimes(program);
  const { grain } = program;
  const scratches = program.operators.map((operator) => units(scratchBytes(image, program, operator), grain));
  const caches = program.operators.filter(isCached).map((operator) => cacheUnits(image, program, operator));
  return leastPeak(lives, scratches, sharingsOf(image, program, lives)) + total(caches);
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
  const scratches = program.operators.map((operator) => units(leastScratch(image, program, operator), program.grain));
  const sharings = sharingsOf(image, program, lives);
  const bound = leastPeak(lives, scratches, sharings);
  const placed = (some: Sharing[]) => bestPlacing(blocksOf(lives, some), scratches, bound);
  const usual = sharings.filter(({ stays }) => !stays);
  let best = placed(usual);
  // Tensors that share memory fit into fewer gaps, so less of it can be more.
  const others = [usual.filter(({ moves }) => !moves), []];
  for (const some of usual.length < sharings.length ? [sharings, ...others] : others) {
    if (best.peak === bound) break;
    const other = placed(some);
    if (other.peak < best.peak) best = other;
  }
  for (const some of [sharings, []]) {
    if (best.peak === bound) break;
    const other = searchedPlacing(blocksOf(lives, some), scratches, bound, program.branches);
    if (other && other.peak < best.peak) best = other;
  }
  const spans = best.blocks.flatMap((block) => spansOf(block, best.placed));
  const at = lives.map((_, t) => spans.find(({ tensor }) => tensor === t)!.offset);
  const { end, peak } = best;
  return { at, end, peak, bound, gap: (o, size) => lowest(liveAt(spans, o), size) };
}
