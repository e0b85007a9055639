/**
 * Lowering of operators that move blocks of a picture: between positions and channels, or between positions and the
 * pictures of a batch, as dilated convolutions are written by some converters.
 */
import { Unsupported } from '../model/unsupported.ts';
import { checkSameNumbers, type Loop, move, stepsOf } from './copies.ts';
import type { GraphOperator, OperatorOf } from './graph.ts';
import type { Lowering } from './lowering.ts';
import { elements } from './shape.ts';

/** [N, H b, W b, C] to [N, H, W, b b C]: the rows of a block one behind the other. */
export function spaceToDepth(operator: OperatorOf<'SPACE_TO_DEPTH'>, to: Lowering): void {
  const own = to.shape(operator.inputs, 0);
  const shape = to.shape(operator.outputs, 0);
  moveBlocks(operator, to, own, shape, blockLoops(operator.options.block, own, shape));
}

/** The way back. */
export function depthToSpace(operator: OperatorOf<'DEPTH_TO_SPACE'>, to: Lowering): void {
  const own = to.shape(operator.inputs, 0);
  const shape = to.shape(operator.outputs, 0);
  const turned = blockLoops(operator.options.block, shape, own).map(({ count, from, to: into }) => {
    return { count, from: into, to: from };
  });
  moveBlocks(operator, to, own, shape, turned);
}

/** From [N, H b, W b, C] to [N, H, W, b b C]: pictures, rows, rows of a block, columns, and a row of a block. */
function blockLoops(block: number, large: readonly number[], small: readonly number[]): Loop[] {
  const [batch, height, width, channels] = large;
  const fits =
    large.length === 4 &&
    block >= 1 &&
    [batch, height / block, width / block, channels * block * block].every((size, d) => size === small[d]);
  if (!fits) throw new Unsupported(`blocks of ${block} do not take [${large}] and [${small}] to each other`);
  const run = block * channels;
  return [
    { count: batch, from: height * width * channels, to: height * width * channels },
    { count: height / block, from: block * width * channels, to: (width / block) * block * run },
    { count: block, from: width * channels, to: run },
    { count: width / block, from: run, to: block * run },
    { count: run, from: 1, to: 1 },
  ];
}

function moveBlocks(operator: GraphOperator, to: Lowering, own: number[], shape: number[], loops: Loop[]): void {
  const [input, output] = [to.input(operator), to.output(operator)];
  checkSameNumbers(input, output);
  if (elements(own) !== elements(shape)) throw new Unsupported(`[${own}] to [${shape}]`);
  move(operator, to, input, output, loops);
}

/**
 * [N, H, W, C], padded, to [b b N, H / b, W / b, C]: one picture for every place in a block. The padding is the zero
 * point.
 */
export function spaceToBatch(operator: OperatorOf<'SPACE_TO_BATCH_ND'>, to: Lowering): void {
  const [input, output] = [to.input(operator), to.output(operator)];
  checkSameNumbers(input, output);
  const own = to.shape(operator.inputs, 0);
  const { block, pads } = blocksOf(operator, to, own);
  const padded = own.map((size, d) => size + pads[2 * d] + pads[2 * d + 1]);
  checkBatch(padded, block, to.shape(operator.outputs, 0));
  let whole = input;
  if (pads.some((size) => size > 0)) {
    whole = to.temporary([elements(padded.slice(0, -2)), ...lastTwo(padded)], input);
    const steps = stepsOf(padded);
    const outputOffset = steps.reduce((sum, step, d) => sum + step * pads[2 * d], 0);
    const loops = stepsOf(own).map((from, d) => ({ count: own[d], from, to: steps[d] }));
    move(operator, to, input, whole, loops, { outputOffset, fill: true });
  }
  move(operator, to, whole, output, batchLoops(padded, block));
}

/** The way back, cropped. */
export function batchToSpace(operator: OperatorOf<'BATCH_TO_SPACE_ND'>, to: Lowering): void {
  const [input, output] = [to.input(operator), to.output(operator)];
  checkSameNumbers(input, output);
  const shape = to.shape(operator.outputs, 0);
  const { block, pads: crops } = blocksOf(operator, to, shape);
  const whole = shape.map((size, d) => size + crops[2 * d] + crops[2 * d + 1]);
  checkBatch(whole, block, to.shape(operator.inputs, 0));
  const loops = batchLoops(whole, block).map(({ count, from, to: into }) => ({ count, from: into, to: from }));
  if (crops.every((size) => size === 0)) {
    move(operator, to, input, output, loops);
    return;
  }
  const uncropped = to.temporary([elements(whole.slice(0, -2)), ...lastTwo(whole)], input);
  move(operator, to, input, uncropped, loops);
  const steps = stepsOf(whole);
  const inputOffset = steps.reduce((sum, step, d) => sum + step * crops[2 * d], 0);
  const cut = stepsOf(shape).map((into, d) => ({ count: shape[d], from: steps[d], to: into }));
  move(operator, to, uncropped, output, cut, { inputOffset });
}

function lastTwo(shape: readonly number[]): [number, number] {
  return [shape.at(-2)!, shape.at(-1)!];
}

/** Size of a block in every dimension, and what is in front of and behind each: of batch and channels nothing. */
function blocksOf(
  operator: GraphOperator,
  to: Lowering,
  shape: readonly number[],
): { block: number[]; pads: number[] } {
  const inside = shape.length - 2;
  if (inside !== 1 && inside !== 2) throw new Unsupported(`[${shape}]; only of three or four dimensions`);
  const block = to.integers(operator, 1, inside);
  const pads = to.integers(operator, 2, 2 * inside);
  if (block.some((size) => size < 1) || pads.some((size) => size < 0))
    throw new Unsupported(`blocks of ${block.join('x')}, ${pads} beside them`);
  return { block: [1, ...block, 1], pads: [0, 0, ...pads, 0, 0] };
}

function checkBatch(whole: readonly number[], block: readonly number[], pictures: readonly number[]): void {
  const count = elements(block) * whole[0];
  const fits =
    pictures.length === whole.length &&
    [count, ...whole.slice(1).map((size, d) => size / block[d + 1])].every((size, d) => size === pictures[d]);
  if (!fits)
    throw new Unsupported(
      `blocks of ${block.slice(1, -1).join('x')} do not take [${whole}] and [${pictures}] to each other`,
    );
}

/** From [N, H, W, C] to [b b N, H / b, W / b, C], all of three or four dimensions. */
function batchLoops(whole: readonly number[], block: readonly number[]): Loop[] {
  const from = stepsOf(whole);
  const sizes = whole.map((size, d) => size / block[d]);
  const inside = [...sizes.keys()].slice(1, -1);
  const into = stepsOf([...inside.map((d) => block[d]), whole[0], ...sizes.slice(1)]);
  return [
    ...inside.map((d, i) => ({ count: block[d], from: from[d], to: into[i] })),
    { count: whole[0], from: from[0], to: into[inside.length] },
    ...inside.map((d, i) => ({ count: sizes[d], from: block[d] * from[d], to: into[inside.length + 1 + i] })),
    { count: whole.at(-1)!, from: 1, to: 1 },
  ];
}
