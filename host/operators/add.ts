/** ADD and SIGNED_ADD: element-wise sum and difference of two tensors, each with a scale of its own. */
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
  type ScaleTriple,
  scalesOf,
} from './binary.ts';
import type { LoweringContext } from './lowering.ts';
import type { OperatorRecord, PlainKind } from './operator.ts';
import { NO_FACTOR, type Scales } from './scales.ts';

/** Sum of two tensors; input2 is of input's shape, or [1, 1, C] for every position. */
export interface Add extends Binary {
  kind: 'add';
}

/** Sum of two tensors, of which one may be taken away; input2 is of input's shape, or [1, 1, C] for every position. */
export interface SignedAdd extends Binary {
  kind: 'signedAdd';
  /** which inputs are taken away */
  negated: 'none' | 'first' | 'second' | 'both';
}

declare module '../model/model.ts' {
  interface OperatorKinds {
    add: Add;
    signedAdd: SignedAdd;
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

/**
 * As addFactors; TensorFlow Lite Micro divides SUB's scales in float32, and ADD's in double. `scale1` and the others
 * are float32 in its files.
 */
function subtractFactors(scale1: number, scale2: number, outputScale: number): AddFactors {
  const common = 2 * Math.max(scale1, scale2);
  return {
    input1: quantizeMultiplier(Math.fround(scale1 / common)),
    input2: quantizeMultiplier(Math.fround(scale2 / common)),
    output: quantizeMultiplier(Math.fround(common / (2 ** LEFT_SHIFT * outputScale))),
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

/** Numbers of SignedAdd.negated in an image: a bit for each input. */
const NEGATED = ['none', 'first', 'second', 'both'] as const satisfies SignedAdd['negated'][];

/** input2 is as long as input1, or one position of it, which then serves all of them. */
export interface SignedAddArguments extends AddArguments {
  negated: SignedAdd['negated'];
}

/** Element-wise sum of two INT8 tensors with signs; throws RangeError for other lengths. */
function signedAdd(operator: SignedAddArguments): Int8Array {
  const { input1, zeroPoint1, input2, zeroPoint2, factors, negated, outputZeroPoint, activation } = operator;
  if (!(input2.length > 0 && input1.length % input2.length === 0))
    throw new RangeError(
      `signed add: expected ${input1.length} values or one position of them in the second tensor, got ${input2.length}`,
    );
  const [sign1, sign2] = ['first', 'second'].map((name) => (negated === name || negated === 'both' ? -1 : 1));
  return input1.map((value, i) => {
    const scaled1 = multiplyByQuantizedMultiplier((value - zeroPoint1) << LEFT_SHIFT, factors.input1);
    const other = (input2[i % input2.length] - zeroPoint2) << LEFT_SHIFT;
    const scaled2 = multiplyByQuantizedMultiplier(other, factors.input2);
    const sum = multiplyByQuantizedMultiplier(sign1 * scaled1 + sign2 * scaled2, factors.output);
    return clamp(sum + outputZeroPoint, activation[0], activation[1]);
  });
}

function factorsOf(negated: SignedAdd['negated'], scales: ScaleTriple): AddFactors {
  return negated === 'none' ? addFactors(...scales) : subtractFactors(...scales);
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
  note: 'two tensors, or a tensor and a constant; one value per channel as it is, repeated otherwise by a copy',
  optionsType: 11,
  perChannel: true,
  check: checkScales,
  twin: (operands, ...scales) => add({ ...operands, factors: addFactors(...scales) }),
  emit(operator, to, pair, { perChannel }) {
    to.emit(operator, perChannel ? { kind: 'signedAdd', ...pair, negated: 'none' } : { kind: 'add', ...pair });
  },
});

const importSub = binaryRule({
  support: 'limited',
  note: 'as ADD',
  optionsType: 28,
  perChannel: true,
  check: checkScales,
  twin: (operands, ...scales) => signedAdd({ ...operands, factors: subtractFactors(...scales), negated: 'second' }),
  emit(operator, to, pair, { turned }) {
    to.emit(operator, { kind: 'signedAdd', ...pair, negated: turned ? 'first' : 'second' });
  },
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
  size: 'alike',
  reach: 'position',
  overwrites: ({ input, input2 }) => [input, input2],
  tie,
};

export const signedAddOperator: PlainKind<SignedAdd> = {
  code: 15,
  short: 'sum',
  about: {
    does: 'element-wise sum or difference',
    reads: '[H, W, C], and the same or [1, 1, C]',
    writes: '[H, W, C]',
  },
  parameters: { words: 7, are: 'those of `add`; which inputs are taken away: 1 the first, 2 the second, 3 both' },
  imports: { SUB: importSub },
  encode(operator, tensors) {
    const { input1, input2, output } = factorsOf(operator.negated, scalesOf(operator, tensors));
    const factors = [input1, input2, output].flatMap(({ multiplier, shift }) => [multiplier, shift]);
    return [...factors, NEGATED.indexOf(operator.negated)];
  },
  decode: (record) => ({ ...decodeBinary(record), negated: NEGATED[record.parameter(6)] }),
  run(operator, execution) {
    const factors = factorsOf(operator.negated, scalesOf(operator, execution.tensors));
    return signedAdd({ ...binaryArguments(operator, execution), factors, negated: operator.negated });
  },
  ranges(operator, bounding) {
    const factors = factorsOf(operator.negated, scalesOf(operator, bounding.program.tensors));
    return binaryRanges(operator, bounding, (operands) =>
      signedAdd({ ...operands, factors, negated: operator.negated }),
    );
  },
  channelwise: true,
  size: 'alike',
  reach: 'position',
  overwrites: ({ input, input2 }) => [input, input2],
  tie,
};
