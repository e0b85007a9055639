/** MINIMUM and MAXIMUM: element-wise, of the values of two tensors as they are. */
import { clamp } from '../arithmetic/fixed.ts';
import {
  type Binary,
  type BinaryArguments,
  binaryArguments,
  binaryRanges,
  binaryRule,
  decodeBinary,
} from './binary.ts';
import type { PlainKind } from './operator.ts';

/** Smaller or larger of two values; input2 is of input's shape, or [1, 1, C] for every position. */
export interface Extremum extends Binary {
  kind: 'minimum' | 'maximum';
}

declare module '../model/model.ts' {
  interface OperatorKinds {
    minimum: Extremum;
    maximum: Extremum;
  }
}

type Choice = (a: number, b: number) => number;
type ExtremumArguments = Pick<BinaryArguments, 'input1' | 'input2' | 'activation'>;

/**
 * What `choose` takes of each value of input1 and input2, whatever their scales. input2 is as long as input1, or one
 * position of it, which then serves all of them; throws RangeError for other lengths.
 */
function extremum({ input1, input2, activation }: ExtremumArguments, choose: Choice): Int8Array {
  if (!(input2.length > 0 && input1.length % input2.length === 0))
    throw new RangeError(
      `extremum: expected ${input1.length} values or one position of them in the second tensor, got ${input2.length}`,
    );
  return input1.map((value, i) => clamp(choose(value, input2[i % input2.length]), ...activation));
}

/** A kind with its code, its choice and the name of the operator of .tflite files that it is. */
function extremumOperator(code: number, kind: Extremum['kind'], choose: Choice): PlainKind<Extremum> {
  const rule = binaryRule({
    support: 'limited',
    note: 'as ADD; values are compared as they are, whatever the scales, as TensorFlow Lite Micro does',
    perChannel: true,
    check() {},
    twin: (operands) => extremum(operands, choose),
    emit: (operator, to, pair) => to.emit(operator, { kind, ...pair }),
  });
  return {
    code,
    short: kind.slice(0, 3),
    about: {
      does: `element-wise ${kind}`,
      reads: '[H, W, C], and the same or [1, 1, C]',
      writes: '[H, W, C]',
    },
    imports: { [kind.toUpperCase()]: { ...rule, options: () => ({ activation: 'NONE' }) } }, // it has nothing fused
    encode: () => [],
    decode: decodeBinary,
    run: (operator, execution) => extremum(binaryArguments(operator, execution), choose),
    ranges: (operator, bounding) => binaryRanges(operator, bounding, (operands) => extremum(operands, choose)),
    channelwise: true,
    size: 'alike',
    reach: 'position',
    overwrites: ({ input, input2 }) => [input, input2],
    // any three scales are possible: one is usual, and only where nothing else says what they are
    tie({ view: { input, input2, output } }, scales, start) {
      if (!start) return;
      const usual = scales[input] ?? scales[input2] ?? scales[output] ?? 1;
      for (const tensor of [input, input2, output]) scales[tensor] ??= usual;
    },
  };
}

export const minimumOperator = extremumOperator(16, 'minimum', Math.min);
export const maximumOperator = extremumOperator(17, 'maximum', Math.max);
