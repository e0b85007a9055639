/** STATE: a tensor that keeps its values from one inference to the next, which other operators read and write. */
import type { OperatorBase } from '../model/model.ts';
import type { PlainKind } from './operator.ts';
import { anything } from './ranges.ts';

/**
 * Its input and output are one tensor, the state. It stands in front of all that read or write that, and takes it over
 * from the inference before; the first one after a load or a reset has `initial` throughout.
 */
export interface State extends OperatorBase {
  kind: 'state';
  /** INT8 */
  initial: number;
}

declare module '../model/model.ts' {
  interface OperatorKinds {
    state: State;
  }
}

export const stateOperator: PlainKind<State> = {
  code: 21,
  short: 'state',
  about: {
    does: 'keeps its values [from one inference to the next](state.md)',
    reads: 'its output',
    writes: '[H, W, C]',
  },
  parameters: { words: 1, are: 'the value that it begins with' },
  encode({ initial, input, output }) {
    if (!Number.isInteger(initial) || initial < -128 || initial > 127)
      throw new Error(`initial value: expected one of INT8, got ${initial}`);
    if (input !== output) throw new Error(`expected one tensor as input and output, got ${input} and ${output}`);
    return [initial];
  },
  decode: ({ parameter }) => ({ initial: parameter(0) }),
  run({ output, initial }, { tensors, kept }) {
    const [height, width, channels] = tensors[output].shape;
    return kept(output) ?? new Int8Array(height * width * channels).fill(initial);
  },
  keeps: ({ output }) => output,
  ranges: ({ output }, { program }) => anything(program.tensors[output].shape[2]),
  channelwise: false,
  size: 'counted',
  overwrites: () => [],
};
