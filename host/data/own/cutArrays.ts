/** Windows of arrays, which are cut already, in the integers of a signal. */
import { fault } from '../formats/fault.ts';
import { lengthOf, type Signal, samplesOf } from '../signal.ts';
import { type OwnArrays, readArrays } from './arrays.ts';
import { inOrder } from './classes.ts';
import type { OwnFolder } from './files.ts';
import { Converter, type Piece, type Pieces } from './pieces.ts';

export function arrayPieces(folder: OwnFolder, signal: Signal): Pieces {
  const arrays = readArrays(folder);
  const expected = shapeOfArrays(arrays.shape);
  if (expected.some((extent, axis) => extent !== signal.shape[axis]))
    throw fault(
      arrays.path,
      `x: expected windows of ${signal.shape.join(' x ')} as input.shape says, got ${arrays.shape.join(' x ')}; ` +
        `set input.shape to [${expected.join(', ')}]`,
    );
  const classNames = inOrder(arrays.labels, arrays.path);
  const length = lengthOf(signal);
  const pieces = arrays.labels.map((_, i) => arrayPiece(arrays, i, length, signal));
  const assumed = arrays.hasGroups
    ? []
    : ['no "groups" in the arrays: runs of windows that follow one another are split as groups'];
  return { pieces, classNames, assumed };
}

/** Height, width, channels of a window of an array: [width], [width, channels] or all three. */
export function shapeOfArrays(shape: readonly number[]): [number, number, number] {
  if (shape.length === 1) return [1, shape[0]!, 1];
  if (shape.length === 2) return [1, shape[0]!, shape[1]!];
  return [shape[0]!, shape[1]!, shape[2]!];
}

function arrayPiece({ x, groups, labels }: OwnArrays, i: number, length: number, signal: Signal): Piece {
  const convert = new Converter(signal);
  const samples = samplesOf(signal, length);
  for (let j = 0; j < length; j++) samples[j] = convert.limited(convert.integer(x[i * length + j]!));
  return {
    record: groups[i]!, // which recording, nobody knows
    group: groups[i]!,
    samples,
    labels: [labels[i]!],
    times: [i], // that there is an order is all that is known of time
    short: 0,
    saturated: convert.saturated,
    assumed: [],
  };
}
