/**
 * Lowering of operators that take positions of dimensions in any order, and again: GATHER, TILE, BROADCAST_TO,
 * MIRROR_PAD, REVERSE_V2, steps backwards. A resize takes any rows and columns of its input, so one after the other
 * dimension becomes those.
 */
import type { Shape } from '../model/model.ts';
import { Unsupported } from '../model/unsupported.ts';
import type { Activation } from '../operators/lowering.ts';
import type { Origin } from '../operators/resize.ts';
import { axisOf, checkSameNumbers, flat, move, reshaped } from './copies.ts';
import type { GraphOperator, OperatorOf } from './graph.ts';
import type { Lowering } from './lowering.ts';
import { elements, MAX_DIMENSION } from './shape.ts';

/** Of every dimension of an input, which of its positions the output has; null where it has all as they are. */
export type Selection = readonly (readonly number[] | null)[];

/** Positions that a constant names. */
export function gather(operator: OperatorOf<'GATHER'>, to: Lowering): void {
  const own = to.shape(operator.inputs, 0);
  const axis = axisOf(operator.options.axis, own);
  if (operator.options.batchDimensions !== 0) throw new Unsupported('batch dimensions');
  const positions = to.allIntegers(operator, 1).map((index) => (index < 0 ? index + own[axis] : index));
  select(operator, to, only(own, axis, positions));
}

export function tile(operator: OperatorOf<'TILE'>, to: Lowering): void {
  const own = to.shape(operator.inputs, 0);
  const times = to.integers(operator, 1, own.length);
  select(
    operator,
    to,
    own.map((size, d) => (times[d] === 1 ? null : range(size * times[d], (i) => i % size))),
  );
}

export function broadcastTo(operator: OperatorOf<'BROADCAST_TO'>, to: Lowering): void {
  const shape = to.shape(operator.outputs, 0);
  const said = to.shape(operator.inputs, 0);
  const own = [...new Array<number>(Math.max(0, shape.length - said.length)).fill(1), ...said];
  if (own.length !== shape.length || own.some((size, d) => size !== 1 && size !== shape[d]))
    throw new Unsupported(`[${said}] cannot be repeated to [${shape}]`);
  const selection = own.map((size, d) => (size === shape[d] ? null : range(shape[d], () => 0)));
  select(operator, to, selection, own);
}

/** With the values next to a border turned round behind it: REFLECT leaves out those at the border, SYMMETRIC does not. */
export function mirrorPad(operator: OperatorOf<'MIRROR_PAD'>, to: Lowering): void {
  const own = to.shape(operator.inputs, 0);
  const pads = to.integers(operator, 1, 2 * own.length);
  const { offset } = operator.options;
  const selection = own.map((size, d) => {
    const [before, behind] = [pads[2 * d], pads[2 * d + 1]];
    if (Math.min(before, behind) < 0 || Math.max(before, behind) > size - offset)
      throw new Unsupported(`padding ${pads} of [${own}]`);
    if (before + behind === 0) return null;
    const last = size - 1;
    return range(before + size + behind, (i) => {
      const from = i - before;
      if (from < 0) return offset - 1 - from;
      return from > last ? 2 * last + 1 - offset - from : from;
    });
  });
  select(operator, to, selection);
}

export function reverse(operator: OperatorOf<'REVERSE_V2'>, to: Lowering): void {
  const own = to.shape(operator.inputs, 0);
  const axes = to.axes(operator, 1, own.length);
  select(
    operator,
    to,
    own.map((size, d) => (axes.has(d) && size > 1 ? range(size, (i) => size - 1 - i) : null)),
  );
}

/** Positions of one dimension; throws Unsupported for more than a tensor can have. */
export function range(count: number, of: (i: number) => number): number[] {
  if (!(count >= 0 && count <= MAX_DIMENSION)) throw new Unsupported(`${count} positions; at most ${MAX_DIMENSION}`);
  return Array.from({ length: count }, (_, i) => of(i));
}

function only(own: readonly number[], axis: number, positions: number[]): Selection {
  return own.map((_, d) => (d === axis ? positions : null));
}

/** Input 0, whose dimensions are `own`, as the output. */
export function select(
  operator: GraphOperator,
  to: Lowering,
  selection: Selection,
  own: readonly number[] = to.shape(operator.inputs, 0),
): void {
  const input = to.input(operator);
  const output = to.output(operator);
  checkSameNumbers(input, output);
  selection.forEach((positions, d) => {
    const outside = positions?.find((position) => !(position >= 0 && position < own[d]));
    if (outside !== undefined || positions?.length === 0) throw new Unsupported(`position ${outside} of ${own[d]}`);
  });
  const counts = own.map((size, d) => selection[d]?.length ?? size);
  if (elements(counts) !== elements(output.shape)) throw new Unsupported(`[${counts}] to [${output.shape}]`);
  let [current, left] = rowsAndColumns(operator, to, { input, output, own, selection });
  let shape = own.map((size, d) => (left[d] === null ? counts[d] : size));
  left.forEach((positions, d) => {
    if (positions === null) return;
    current = along(operator, to, current, shape, d, positions);
    shape = shape.with(d, positions.length);
  });
  if (current.tensor !== output.tensor) move(operator, to, current, output, flat(elements(output.shape)));
}

interface Whole {
  input: Activation;
  output: Activation;
  own: readonly number[];
  selection: Selection;
}

/** What can be done as rows and columns of the tensor as it is, and what is left of the selection. */
function rowsAndColumns(
  operator: GraphOperator,
  to: Lowering,
  { input, output, own, selection }: Whole,
): [Activation, Selection] {
  const [down, across] = [own.length - 3, own.length - 2];
  const isPicture =
    elements(own.slice(0, Math.max(0, down))) === 1 &&
    own.slice(-3).every((n, d, last) => {
      return n === input.shape[d + 3 - last.length];
    });
  const asTheyAre = selection[down] == null && selection[across] == null;
  if (!isPicture || asTheyAre) return [input, selection];
  const [height, width, channels] = input.shape;
  const [rows, columns] = [selection[down] ?? range(height, (i) => i), selection[across] ?? range(width, (i) => i)];
  const left = selection.map((positions, d) => (d === down || d === across ? null : positions));
  const done = left.every((positions) => positions === null);
  const made = taken(operator, to, input, rows, columns, [rows.length, columns.length, channels], done ? output : null);
  return [made, left];
}

/** Positions along one dimension, as columns between the dimensions before it and those behind it. */
function along(
  operator: GraphOperator,
  to: Lowering,
  input: Activation,
  own: readonly number[],
  axis: number,
  positions: readonly number[],
): Activation {
  const [before, behind] = [elements(own.slice(0, axis)), elements(own.slice(axis + 1))];
  const shape: Shape = [before, own[axis], behind];
  if (Math.max(...shape, positions.length) > MAX_DIMENSION)
    throw new Unsupported(`[${own}] along dimension ${axis} as [${shape}]; at most ${MAX_DIMENSION} one way`);
  const pieces = reshaped(operator, to, input, shape);
  return taken(
    operator,
    to,
    pieces,
    range(before, (i) => i),
    positions,
    [before, positions.length, behind],
    null,
  );
}

/** Rows and columns of a tensor; `output` is what they become where it has their shape, else it is a new one. */
function taken(
  operator: GraphOperator,
  to: Lowering,
  input: Activation,
  rows: readonly number[],
  columns: readonly number[],
  shape: Shape,
  output: Activation | null,
): Activation {
  const fits = output?.shape.every((size, d) => size === shape[d]) === true;
  const made = fits ? output! : to.temporary(shape, input);
  const origins = (positions: readonly number[]): Origin[] => positions.map((from) => ({ from, share: 0 }));
  to.emit(operator, {
    kind: 'resize',
    name: `operator ${operator.index}`,
    input: input.tensor,
    output: made.tensor,
    rows: origins(rows),
    columns: origins(columns),
  });
  return made;
}
