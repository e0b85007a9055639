/** ADD: element-wise sum of two tensors, each with a scale of its own. */
import {
  clamp,
  multiplyByQuantizedMultiplier,
  type QuantizedMultiplier,
  quantizeMultiplier,
  realOf,
} from '../arithmetic/fixed.ts';
import { ImageError } from '../records/view.ts';
import {
  type Binary,
  type BinaryArguments,
  binaryArguments,
  binaryRanges,
  binaryRule,
  decodeBinary,
  scalesOf,
} from './binary.ts';
import type { LoweringContext } from './lowering.ts';
import type { OperatorRecord, PlainKind } from './operator.ts';
import { NO_FACTOR, type Scales } from './scales.ts';

export interface Add extends Binary {
  kind: 'add';
}

declare module '../model/model.ts' {
  interface OperatorKinds {
    add: Add;
  }
}

const LEFT_SHIFT = 20; // headroom for the input rescales: 9 bits of difference + 20 stay within i32

export interface AddFactors {
  input1: QuantizedMultiplier;
  input2: QuantizedMultiplier;
  output: QuantizedMultiplier;
}

/** Brings both inputs to the scale 2 max(s1, s2) / 2^20, in which their sum cannot overflow. */
export function addFactors(scale1: number, scale2: number, outputScale: number): AddFactors {
  const common = 2 * Math.max(scale1, scale2);
  return {
    input1: quantizeMultiplier(scale1 / common),
    input2: quantizeMultiplier(scale2 / common),
    output: quantizeMultiplier(common / (2 ** LEFT_SHIFT * outputScale)),
  };
}

export interface AddArguments extends BinaryArguments {
  factors: AddFactors;
}

/** Element-wise sum of two INT8 tensors, each with a scale of its own; throws RangeError unless they have one shape. */
export function add(operator: AddArguments): Int8Array {
  const { input1, zeroPoint1, input2, zeroPoint2, factors, outputZeroPoint, activation } = operator;
  if (input2.length !== input1.length)
    throw new RangeError(`add: expected two tensors of ${input1.length} values, got ${input2.length} in the second`);
  return input1.map((value, i) => {
    const scaled1 = multiplyByQuantizedMultiplier((value - zeroPoint1) << LEFT_SHIFT, factors.input1);
    const scaled2 = multiplyByQuantizedMultiplier((input2[i] - zeroPoint2) << LEFT_SHIFT, factors.input2);
    const sum = multiplyByQuantizedMultiplier(scaled1 + scaled2, factors.output);
    return clamp(sum + outputZeroPoint, activation[0], activation[1]);
  });
}

/** Scales of an addition from one that is known; with `start`, from 1 when none is. */
function tie({ view, parameter }: OperatorRecord, scales: Scales, start: boolean): void {
  const [factor1, factor2, factorOut] = [0, 2, 4].map((i) =>
    realOf({ multiplier: parameter(i), shift: parameter(i + 1) }),
  );
  // of the common scale 2 max(scale1, scale2)
  const ratios: [tensor: number, ratio: number][] = [
    [view.input, factor1],
    [view.input2, factor2],
    [view.output, 2 ** -LEFT_SHIFT / Math.max(factorOut, NO_FACTOR)],
  ];
  const known = ratios.find(([tensor]) => scales[tensor] !== undefined);
  if (!known && !start) return;
  const common = known ? scales[known[0]]! / known[1] : 1;
  for (const [tensor, ratio] of ratios) {
    scales[tensor] ??= common * ratio;
    const off = Math.abs(scales[tensor]! / (common * ratio) - 1) > 2 ** -22;
    if (off && ratio < 2 ** -LEFT_SHIFT / NO_FACTOR)
      throw new ImageError(`operator at offset ${view.at}: addition contradicts the scale of tensor ${tensor}`);
  }
}

const importAdd = binaryRule({
  support: 'limited',
  note: 'two tensors, or a tensor and a constant; one that is repeated along a dimension of size 1 is copied',
  optionsType: 11,
  perChannel: false,
  check: checkScales,
  twin: (operands, ...scales) => add({ ...operands, factors: addFactors(...scales) }),
  emit: (operator, to, pair) => to.emit(operator, { kind: 'add', ...pair }),
});

function checkScales(to: LoweringContext, scale1: number, scale2: number, outputScale: number): void {
  const factor = (2 * Math.max(scale1, scale2)) / (2 ** LEFT_SHIFT * outputScale);
  to.checkFactor(factor, 0, '2 * largest input scale / (2^20 * output scale)');
}

export const addOperator: PlainKind<Add> = {
  code: 7,
  short: 'add',
  about: {
    does: 'element-wise sum',
    reads: 'two of [H, W, C]',
    writes: '[H, W, C]',
  },
  parameters: { words: 6, are: 'multiplier and shift of the first input, of the second, of the output' },
  imports: { ADD: importAdd },
  encode(operator, tensors) {
    const { input1, input2, output } = addFactors(...scalesOf(operator, tensors));
    return [input1, input2, output].flatMap(({ multiplier, shift }) => [multiplier, shift]);
  },
  decode: decodeBinary,
  run: (operator, execution) =>
    add({ ...binaryArguments(operator, execution), factors: addFactors(...scalesOf(operator, execution.tensors)) }),
  ranges(operator, bounding) {
    const factors = addFactors(...scalesOf(operator, bounding.program.tensors));
    return binaryRanges(operator, bounding, (operands) => add({ ...operands, factors }));
  },
  channelwise: true,
  overwrites: ({ input, input2 }) => [input, input2],
  tie,
};
