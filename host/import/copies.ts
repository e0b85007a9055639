/** Copies out of nested loops: what every operator that moves values becomes. */
import type { Shape } from '../model/model.ts';
import { Unsupported } from '../model/unsupported.ts';
import type { Copy } from '../operators/copy.ts';
import { type Activation, type Scaled, sameShape } from '../operators/lowering.ts';
import type { GraphOperator } from './graph.ts';
import type { Lowering } from './lowering.ts';
import { elements } from './shape.ts';

/** One of the loops of a move: how often, and how far each time; from: 0 takes the same values again. */
export interface Loop {
  count: number;
  from: number;
  to: number;
}

type Steps = [number, number, number];
const LOOPS = 3;
/** Copies that loops may become. */
const MAX_UNROLLED = 64;

/** Emits one copy: loops that can be are made one, the innermost becomes the run where it is in one piece. */
export function move(
  operator: GraphOperator,
  to: Lowering,
  input: Activation,
  output: Activation,
  loops: Loop[],
  more: Partial<Pick<Copy, 'inputOffset' | 'outputOffset' | 'fill'>> = {},
): void {
  const merged: Loop[] = [];
  for (const loop of loops.filter(({ count }) => count > 1)) {
    const outer = merged.at(-1);
    if (outer?.from === loop.count * loop.from && outer.to === loop.count * loop.to)
      merged[merged.length - 1] = { ...loop, count: outer.count * loop.count };
    else merged.push(loop);
  }
  const last = merged.at(-1);
  const run = last?.from === 1 && last.to === 1 ? merged.pop()!.count : 1;
  if (merged.length > LOOPS) {
    const byCount = merged.toSorted((a, b) => a.count - b.count);
    const copies = elements(byCount.slice(0, merged.length - LOOPS).map(({ count }) => count));
    if (copies > MAX_UNROLLED) throw new Unsupported(`values in ${merged.length} nested loops; at most ${LOOPS}`);
    const others = [...merged.filter((loop) => loop !== byCount[0]), ...flat(run)];
    unrolled(operator, to, input, output, byCount[0], others, more);
    return;
  }
  const padded = [...new Array<Loop>(LOOPS - merged.length).fill({ count: 1, from: 0, to: 0 }), ...merged];
  const steps = (of: keyof Loop) => padded.map((loop) => loop[of]) as Steps;
  to.emit(operator, {
    kind: 'copy',
    name: `operator ${operator.index}`,
    input: input.tensor,
    output: output.tensor,
    count: steps('count'),
    inputStep: steps('from'),
    outputStep: steps('to'),
    run,
    inputOffset: 0,
    outputOffset: 0,
    fill: false,
    ...more,
  });
}

/** One copy for each turn of a loop: all loops may be in any order. */
function unrolled(
  operator: GraphOperator,
  to: Lowering,
  input: Activation,
  output: Activation,
  loop: Loop,
  others: Loop[],
  { inputOffset = 0, outputOffset = 0, fill = false }: Parameters<typeof move>[5] = {},
): void {
  for (let i = 0; i < loop.count; i++)
    move(operator, to, input, output, others, {
      inputOffset: inputOffset + i * loop.from,
      outputOffset: outputOffset + i * loop.to,
      fill: fill && i === 0,
    });
}

export function flat(count: number): Loop[] {
  return [{ count, from: 1, to: 1 }];
}

/** How far apart neighbours along each dimension lie. */
export function stepsOf(shape: readonly number[]): number[] {
  return shape.map((_, d) => elements(shape.slice(d + 1)));
}

/** The tensor with its values in another shape: itself where that is its own already. */
export function reshaped(operator: GraphOperator, to: Lowering, input: Activation, shape: Shape): Activation {
  if (sameShape(input.shape, shape)) return input;
  const output = to.temporary(shape, input);
  move(operator, to, input, output, flat(elements(shape)));
  return output;
}

/**
 * The tensor with its values, which have the shape `own`, repeated along every dimension where that is 1 and `shape` is
 * not: itself where nothing is to be repeated and its own shape is that one already.
 */
export function repeated(
  operator: GraphOperator,
  to: Lowering,
  input: Activation,
  own: Shape,
  shape: Shape,
): Activation {
  if (sameShape(own, shape) && sameShape(input.shape, shape)) return input;
  const output = to.temporary(shape, input);
  const [from, steps] = [stepsOf(own), stepsOf(shape)];
  const loops = shape.map((count, d) => ({ count, from: own[d] === 1 ? 0 : from[d], to: steps[d] }));
  move(operator, to, input, output, loops);
  return output;
}

/** A dimension of a shape, counted from 0. */
export function axisOf(axis: number, shape: readonly number[]): number {
  const place = axis < 0 ? axis + shape.length : axis;
  if (place < 0 || place >= shape.length) throw new Unsupported(`axis ${axis} of [${shape}]`);
  return place;
}

export function checkSameNumbers(input: Scaled, output: Scaled): void {
  if (input.scale !== output.scale || input.zeroPoint !== output.zeroPoint)
    throw new Unsupported('input and output differ in scale or zero point');
}
