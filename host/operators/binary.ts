/** What element-wise operators of two tensors have in common. */
import type { Add, Multiply } from '../model/model.ts';
import type { Bounding, Decoding, Execution } from './operator.ts';
import { bounds, type Ranges } from './ranges.ts';

type Binary = Add | Multiply;

/** What the twin of an element-wise operator is given, beside the factors of its own. */
export interface BinaryArguments {
  input1: Int8Array;
  zeroPoint1: number;
  input2: Int8Array;
  zeroPoint2: number;
  outputZeroPoint: number;
  activation: [min: number, max: number];
}

/** The scales that the factors of an operator come from. */
export type ScaleTriple = [scale1: number, scale2: number, output: number];

type Tensors = Execution['tensors'];

export function scalesOf({ input, input2, output }: Binary, tensors: Tensors): ScaleTriple {
  return [tensors[input].scale, tensors[input2].scale, tensors[output].scale];
}

function zeroPointsOf({ input, input2, output, activation }: Binary, tensors: Tensors) {
  return {
    zeroPoint1: tensors[input].zeroPoint,
    zeroPoint2: tensors[input2].zeroPoint,
    outputZeroPoint: tensors[output].zeroPoint,
    activation,
  };
}

export function binaryArguments(operator: Binary, { tensors, values }: Execution): BinaryArguments {
  const { input, input2 } = operator;
  return { input1: values(input), input2: values(input2), ...zeroPointsOf(operator, tensors) };
}

/** Of a twin that keeps or turns the order of each input: from the corners of both ranges. */
export function binaryRanges(
  operator: Binary,
  { program: { tensors }, ranges }: Bounding,
  twin: (operands: BinaryArguments) => Int8Array,
): Ranges {
  const common = zeroPointsOf(operator, tensors);
  const [first, second] = [ranges[operator.input], ranges[operator.input2]];
  const corners = [first.low, first.high].flatMap((input1) =>
    [second.low, second.high].map((input2) => twin({ ...common, input1, input2 })),
  );
  return bounds(corners);
}

export function decodeBinary({ view: { input2, activation } }: Decoding) {
  return { input2, activation };
}
