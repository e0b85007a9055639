/** Stretches of positions: which of its input an operator reads to make some of its output. */
import type { Operator, Shape, Tensor, Window } from '../model/model.ts';
import type { Copy } from '../operators/copy.ts';
import { commonKind } from '../operators/registry.ts';

/** Along rows of a map (0), or along a row (1): a signal has one row. */
export type Axis = 0 | 1;

/** Positions [from, to) along an axis. */
export interface Stretch {
  from: number;
  to: number;
}

export const lengthOf = ({ from, to }: Stretch): number => to - from;
export const areSame = (a: Stretch, b: Stretch): boolean => a.from === b.from && a.to === b.to;
/** The least that holds both. */
export const hull = (a: Stretch | undefined, b: Stretch): Stretch =>
  a === undefined ? b : { from: Math.min(a.from, b.from), to: Math.max(a.to, b.to) };

/** Tensors that an operator reads. */
export const readsOf = (operator: Operator): number[] =>
  'input2' in operator ? [operator.input, operator.input2] : [operator.input];

/** Whether an operator can make some positions of its output alone, its weights being read in place or streamed. */
export function isSliceable(operator: Operator, tensors: readonly Tensor[]): boolean {
  if (operator.kind === 'copy') return channelsOf(operator, tensors) !== null;
  if (commonKind(operator).reach === undefined) return false;
  return !('residency' in operator) || operator.residency === 'flash' || operator.residency === 'stream';
}

/** Channels that a copy takes from each position to the same position of its output. */
export interface Channels {
  from: number;
  to: number;
  run: number;
}

/** The same channels of every position, as concatenation has it; null for a copy that does anything else. */
export function channelsOf(copy: Copy, tensors: readonly Tensor[]): Channels | null {
  const [input, output] = [tensors[copy.input].shape, tensors[copy.output].shape];
  if (input[0] !== output[0] || input[1] !== output[1]) return null;
  // values between two positions that follow each other, and how many do: loops that go on where the inner one ends
  let positions = 1;
  for (const i of [2, 1, 0]) {
    if (copy.count[i] === 1) continue;
    if (copy.inputStep[i] !== positions * input[2] || copy.outputStep[i] !== positions * output[2]) return null;
    positions *= copy.count[i];
  }
  const channels = { from: copy.inputOffset, to: copy.outputOffset, run: copy.run };
  const fits = channels.from + channels.run <= input[2] && channels.to + channels.run <= output[2];
  return positions === input[0] * input[1] && fits ? channels : null;
}

/** Whether a tensor has one position, which an operator of two tensors reads for each of the other one's. */
export const isRepeated = (operator: Operator, tensor: number, tensors: readonly Tensor[]): boolean => {
  if (!('input2' in operator) || operator.input2 !== tensor) return false;
  const [height, width] = tensors[tensor].shape;
  const [outHeight, outWidth] = tensors[operator.output].shape;
  return height * width < outHeight * outWidth;
};

/** What a sliceable operator reads of its input, of `size` positions along an axis, to make a stretch of its output. */
export function stretchRead(operator: Operator, axis: Axis, { from, to }: Stretch, size: number): Stretch {
  if (!('kernel' in operator)) return { from, to };
  const { kernel, stride, pad } = operator;
  const start = from * stride[axis] - pad[axis];
  const end = (to - 1) * stride[axis] - pad[axis] + kernel[axis];
  return { from: Math.max(0, start), to: Math.min(size, end) };
}

/**
 * The window of an operator on a stretch of its input alone: padding stays only where the input itself begins. null
 * where the padding behind it would be more than an image may have.
 */
export function windowOn(
  { kernel, stride, pad }: Window,
  axis: Axis,
  output: Stretch,
  input: Stretch,
): Window['pad'] | null {
  const front = Math.max(0, pad[axis] - output.from * stride[axis]);
  const behind = (lengthOf(output) - 1) * stride[axis] + kernel[axis] - lengthOf(input) - front;
  if (front >= kernel[axis] || behind > Math.max(front, kernel[axis] >> 1)) return null;
  return axis === 0 ? [front, pad[1]] : [pad[0], front];
}

/** A shape with so many positions along an axis. */
export const withLength = ([height, width, channels]: Shape, axis: Axis, length: number): Shape =>
  axis === 0 ? [length, width, channels] : [height, length, channels];

/**
 * The copy of a stretch of positions from one tensor to another; each of them holds the positions from `start` on of
 * one and the same whole.
 */
export function moved(
  name: string,
  axis: Axis,
  stretch: Stretch,
  input: { tensor: number; shape: Shape; start: number },
  output: { tensor: number; shape: Shape; start: number },
): Copy {
  const rows = axis === 0 ? 1 : input.shape[0];
  // values of a position of the axis, and of a row, which is all that lies between two rows of the copy
  const [unit, inputRow, outputRow] =
    axis === 0
      ? [input.shape[1] * input.shape[2], 0, 0]
      : [input.shape[2], input.shape[1] * input.shape[2], output.shape[1] * output.shape[2]];
  return {
    kind: 'copy',
    name,
    input: input.tensor,
    output: output.tensor,
    count: [1, 1, rows],
    inputStep: [0, 0, rows === 1 ? 0 : inputRow],
    outputStep: [0, 0, rows === 1 ? 0 : outputRow],
    run: lengthOf(stretch) * unit,
    inputOffset: (stretch.from - input.start) * unit,
    outputOffset: (stretch.from - output.start) * unit,
    fill: false,
  };
}
