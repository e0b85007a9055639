/**
 * The memory plan: where tensors, scratch and weight caches lie in the arena.
 *
 *   0        128
 *   | header | scratch | tensors, those that live at the same time side by side | caches of boot and lazy layers |
 *
 * Tensors are placed greedily, the largest first, each at the lowest place where nothing lies that lives while it does
 * (the planner of TensorFlow Lite Micro does the same). Not always optimal; `htpw inspect` prints the peak.
 */
import * as F from '../../assembly/format.ts';
import { generatorScratch, rowScratch, tableScratch, workScratch } from '../../assembly/scratch.ts';
import { ImageError, type ImageView, type OperatorView, type ProgramView } from './view.ts';

/** Everything in ARENA_UNITs. */
export interface Plan {
  arena: number;
  scratch: number;
  scratchSize: number;
  tensors: number[];
  /** per operator; 0 without a cache */
  caches: number[];
}

/** The largest arena that a plan can describe. */
export const MAX_UNITS = 0xffff;

/** Plans a program of an image for the residency that its operators ask for. */
export function plan(image: ImageView, program: ProgramView): Plan {
  const scratchSize = units(
    Math.max(0, ...program.operators.map((operator) => scratchBytes(image, program, operator))),
  );
  const scratch = units(F.ARENA_HEADER_BYTES);
  const floor = scratch + scratchSize;
  const tensors = placeTensors(program, floor);
  let end = floor + tensorUnits(program);
  const caches = program.operators.map((operator) => {
    if (operator.residency !== F.RESIDENCY_BOOT && operator.residency !== F.RESIDENCY_LAZY) return 0;
    const at = end;
    end += cacheUnits(image, operator);
    return at;
  });
  if (end > MAX_UNITS)
    throw new ImageError(`program needs ${end * F.ARENA_UNIT} bytes of RAM, a plan holds ${MAX_UNITS * F.ARENA_UNIT}`);
  return { arena: end, scratch, scratchSize, tensors, caches };
}

/** ARENA_UNITs that all tensors take together, which lie behind scratch wherever that ends. */
export function tensorUnits(program: ProgramView): number {
  return Math.max(0, ...placeTensors(program, 0).map((at, t) => at + units(program.tensors[t].bytes)));
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

function placeTensors(program: ProgramView, floor: number): number[] {
  const lives = lifetimes(program);
  const sizes = program.tensors.map((tensor) => units(tensor.bytes));
  const order = sizes.map((_, t) => t).sort((a, b) => sizes[b] - sizes[a] || a - b);
  const placed: number[] = [];
  const at = new Array<number>(sizes.length).fill(floor);
  for (const t of order) {
    const neighbours = placed.filter((o) => lives[o].first <= lives[t].last && lives[t].first <= lives[o].last);
    neighbours.sort((a, b) => at[a] - at[b]);
    let candidate = floor;
    for (const o of neighbours) {
      if (candidate + sizes[t] <= at[o]) break;
      candidate = Math.max(candidate, at[o] + sizes[o]);
    }
    at[t] = candidate;
    placed.push(t);
  }
  return at;
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
