/** ARGMAX: which channel is the largest. */
import { ARGMAX } from '../../assembly/format.ts';
import type { OperatorBase } from '../model/model.ts';
import type { PlainKind } from './operator.ts';
import { anything } from './ranges.ts';

/** Index of the largest channel, the first of equals. */
export interface Argmax extends OperatorBase {
  kind: 'argmax';
}

declare module '../model/model.ts' {
  interface OperatorKinds {
    argmax: Argmax;
  }
}

/**
 * Index of the largest channel at every position, the first of equals.
 *
 *   input   [P, C]   i8   C at most 128, so that an index is an i8
 *   output  [P]      i8
 */
export function argmax(input: Int8Array, channels: number): Int8Array {
  const positions = input.length / channels;
  return Int8Array.from({ length: positions }, (_, p) => {
    const row = input.subarray(p * channels, (p + 1) * channels);
    return row.indexOf(row.reduce((largest, value) => Math.max(largest, value)));
  });
}

export const argmaxOperator: PlainKind<Argmax> = {
  code: ARGMAX,
  short: 'argmax',
  about: {
    does: 'which channel is the largest',
    reads: '[H, W, C], C at most 128',
    writes: '[H, W, 1], index of the first largest',
  },
  encode: () => [],
  decode: () => ({}),
  run: ({ input }, { tensors, values }) => argmax(values(input), tensors[input].shape[2]),
  ranges: ({ output }, { program }) => anything(program.tensors[output].shape[2]),
  channelwise: false,
  size: 'alike',
  overwrites: ({ input }) => [input], // a row is read before its one value is written
};
