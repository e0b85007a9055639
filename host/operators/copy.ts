/** COPY: runs of values as they are, from anywhere in one tensor to anywhere in another. */
import * as F from '../../assembly/format.ts';
import type { OperatorBase } from '../model/model.ts';
import type { ImageView, OperatorView } from '../records/view.ts';
import type { Piece, PlainKind } from './operator.ts';
import { anything } from './ranges.ts';

/**
 * Values as they are, from anywhere in one tensor to anywhere in another; all numbers count values, none is negative:
 * for i0, i1, i2 below count: `run` values from inputOffset + i . inputStep to outputOffset + i . outputStep.
 */
export interface Copy extends OperatorBase {
  kind: 'copy';
  count: [number, number, number];
  inputStep: [number, number, number];
  outputStep: [number, number, number];
  run: number;
  inputOffset: number;
  outputOffset: number;
  /** the whole output is filled with its zero point first; otherwise what the copy does not write stays */
  fill: boolean;
}

declare module '../model/model.ts' {
  interface OperatorKinds {
    copy: Copy;
  }
}

/** What a copy needs to know beside its tensors. */
export type CopyArguments = Pick<
  Copy,
  'count' | 'inputStep' | 'outputStep' | 'run' | 'inputOffset' | 'outputOffset' | 'fill'
>;

/**
 * The output after a copy; before: what it held. Throws RangeError where a run begins or ends outside of a tensor.
 */
export function copy(operator: CopyArguments, input: Int8Array, before: Int8Array, zeroPoint: number): Int8Array {
  const { count, inputStep, outputStep, run, inputOffset, outputOffset, fill } = operator;
  const output = fill ? new Int8Array(before.length).fill(zeroPoint) : before.slice();
  for (let i0 = 0; i0 < count[0]; i0++) {
    for (let i1 = 0; i1 < count[1]; i1++) {
      for (let i2 = 0; i2 < count[2]; i2++) {
        const from = inputOffset + i0 * inputStep[0] + i1 * inputStep[1] + i2 * inputStep[2];
        const to = outputOffset + i0 * outputStep[0] + i1 * outputStep[1] + i2 * outputStep[2];
        if (from + run > input.length || to + run > output.length)
          throw new RangeError(
            `run (${i0}, ${i1}, ${i2}) of ${run} values: ` +
              `expected inside ${input.length} and ${output.length} values, got from ${from} to ${to}`,
          );
        output.set(input.subarray(from, from + run), to);
      }
    }
  }
  return output;
}

/** The step of a loop that runs once is 0, so that equal steps are equal words. */
function parametersOf(operator: Copy): number[] {
  const { count, inputStep, outputStep, run, inputOffset, outputOffset, fill } = operator;
  const steps = [inputStep, outputStep].flatMap((step) => step.map((size, i) => (count[i] === 1 ? 0 : size)));
  const parameters = [...count, ...steps, run, inputOffset, outputOffset];
  if (!parameters.every((value) => value >= 0 && value === (value | 0)) || [...count, run].includes(0)) {
    const got = parameters.join(' ');
    throw new Error(`counts, steps, run and offsets: expected i32, counts and run from 1, all else from 0, got ${got}`);
  }
  return [...parameters, fill ? 1 : 0];
}

/** The one piece that a copy takes from its input and all that it writes. */
function pieceOf(image: ImageView, { table }: OperatorView): Piece | null {
  const parameter = (at: number) => image.u32(image.section(F.SECTION_TABLES).offset + table + at);
  const counts = [0, 4, 8].map((i) => parameter(F.COPY_COUNT_AT + i));
  if (!counts.every((count) => count === 1) || parameter(F.COPY_FILL_AT) !== 0) return null;
  return {
    from: parameter(F.COPY_INPUT_OFFSET_AT),
    to: parameter(F.COPY_OUTPUT_OFFSET_AT),
    bytes: parameter(F.COPY_RUN_AT),
  };
}

export const copyOperator: PlainKind<Copy> = {
  code: 14,
  short: 'copy',
  about: {
    does: 'runs of values as they are, from anywhere to anywhere',
    reads: 'any',
    writes: 'any',
  },
  parameters: { words: 13, are: '[three loops around a run](format.md#copies)' },
  encode: parametersOf,
  decode({ parameter }) {
    const three = (at: number) => [0, 1, 2].map((i) => parameter(at / 4 + i)) as [number, number, number];
    return {
      count: three(F.COPY_COUNT_AT),
      inputStep: three(F.COPY_INPUT_STEP_AT),
      outputStep: three(F.COPY_OUTPUT_STEP_AT),
      run: parameter(F.COPY_RUN_AT / 4),
      inputOffset: parameter(F.COPY_INPUT_OFFSET_AT / 4),
      outputOffset: parameter(F.COPY_OUTPUT_OFFSET_AT / 4),
      fill: parameter(F.COPY_FILL_AT / 4) !== 0,
    };
  },
  run: (operator, { tensors, values, before }) =>
    copy(operator, values(operator.input), before(operator.output), tensors[operator.output].zeroPoint),
  ranges: ({ output }, { program }) => anything(program.tensors[output].shape[2]),
  channelwise: false,
  size: 'counted',
  overwrites: () => [],
  moves: pieceOf,
};
