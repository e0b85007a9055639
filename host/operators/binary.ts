/** What element-wise operators of two tensors have in common. */
import type { OperatorBase, Shape } from '../model/model.ts';
import { Unsupported } from '../model/unsupported.ts';
import { emitTable } from './lookup.ts';
import {
  type Activation,
  type FileOperator,
  type FusedActivation,
  type ImportRule,
  type LoweringContext,
  type Scaled,
  sameShape,
} from './lowering.ts';
import type { Bounding, Decoding, Execution } from './operator.ts';
import { bounds, type Ranges } from './ranges.ts';

/** An operator of two tensors. */
export interface Binary extends OperatorBase {
  input2: number;
  /** fused, in quantised units */
  activation: [min: number, max: number];
}

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

/** What the rule of an element-wise operator of .tflite files has of its own. */
export interface BinaryRule extends Pick<ImportRule, 'support' | 'note' | 'optionsType'> {
  /** whether the device repeats one value per channel by itself, as the second of two inputs */
  perChannel: boolean;
  /** Throws Unsupported for scales without a factor. */
  check(to: LoweringContext, ...scales: ScaleTriple): void;
  /** The twin, for tables of an operand that is one number; the operands in the file's order. */
  twin(operands: BinaryArguments, ...scales: ScaleTriple): Int8Array;
  /** `turned`: the second operand of the file is the first one here. */
  emit(operator: FileOperator, to: LoweringContext, pair: Binary, how: Emission): void;
}

export interface Emission {
  turned: boolean;
  perChannel: boolean;
}

type BinaryFileOperator = FileOperator<{ activation: FusedActivation }>;

/**
 * The rule for an operator of two tensors, or a tensor and a constant, of which either may be repeated along dimensions
 * where it has size 1.
 */
export function binaryRule(own: BinaryRule): ImportRule<{ activation: FusedActivation }> {
  const { support, note, optionsType } = own;
  return {
    support,
    note,
    optionsType,
    options: (fields) => ({ activation: fields.activation(0) }),
    lower: (operator, to) => lowerBinary(operator, to, own),
  };
}

function lowerBinary(operator: BinaryFileOperator, to: LoweringContext, own: BinaryRule): void {
  const output = to.output(operator);
  const activation = to.fused(operator.options.activation, output);
  const number = constantNumber(operator, to);
  if (number !== null) {
    emitNumber(operator, to, own, number, output, activation);
    return;
  }
  const both = operands(operator, to, output);
  own.check(to, both[0].tensor.scale, both[1].tensor.scale, output.scale);
  const turned = own.perChannel && !sameShape(both[0].own, output.shape);
  const [first, second] = turned ? both.toReversed() : both;
  const onePosition: Shape = [1, 1, output.shape[2]];
  const perChannel =
    own.perChannel && [second.own, second.tensor.shape].every((shape) => sameShape(shape, onePosition));
  const whole = to.repeated(operator, first.tensor, first.own, output.shape);
  const other = perChannel ? second.tensor : to.repeated(operator, second.tensor, second.own, output.shape);
  const name = `operator ${operator.index}`;
  const pair = { name, input: whole.tensor, input2: other.tensor, output: output.tensor, activation };
  own.emit(operator, to, pair, { turned, perChannel: perChannel && !sameShape(onePosition, output.shape) });
}

/** A tensor and a constant of one value: a table. */
function emitNumber(
  operator: BinaryFileOperator,
  to: LoweringContext,
  own: BinaryRule,
  index: number,
  output: Activation,
  activation: [min: number, max: number],
): void {
  const input = to.input(operator, 1 - index);
  const constant = to.constant(operator, index);
  const [first, second]: Scaled[] = index === 0 ? [constant, input] : [input, constant];
  const scales: ScaleTriple = [first.scale, second.scale, output.scale];
  own.check(to, ...scales);
  const zeroPoints = {
    zeroPoint1: first.zeroPoint,
    zeroPoint2: second.zeroPoint,
    outputZeroPoint: output.zeroPoint,
  };
  emitTable(operator, to, input, output, (all) => {
    const repeated = new Int8Array(all.length).fill(constant.values[0]);
    const [input1, input2] = index === 0 ? [repeated, all] : [all, repeated];
    return own.twin({ input1, input2, ...zeroPoints, activation }, ...scales);
  });
}

/** An operand: `own` is its shape as it is repeated from, which for a constant is not the shape of its tensor. */
interface Operand {
  tensor: Activation;
  own: Shape;
}

/** Both operands; throws Unsupported when they do not make the output's shape by repetition. */
function operands(operator: FileOperator, to: LoweringContext, output: Activation): [Operand, Operand] {
  const constant = [0, 1].find((index) => to.isConstant(operator, index));
  const computed = (index: number): Operand => {
    const tensor = to.input(operator, index);
    return { tensor, own: tensor.shape };
  };
  const both: [Operand, Operand] = [computed(constant === 0 ? 1 : 0), computed(constant === 1 ? 0 : 1)];
  if (constant !== undefined) {
    const values = to.constant(operator, constant);
    const tensor = to.computed(operator, values, both[constant].tensor);
    both[constant] = { tensor, own: repeatable(values.shape) };
  }
  const [first, second] = both.map(({ own }) => own);
  const fits = output.shape.every((size, d) => {
    const sizes = [first[d], second[d]];
    return size === Math.max(...sizes) && sizes.every((own) => own === size || own === 1);
  });
  if (!fits) throw new Unsupported(`shapes [${first}] and [${second}] do not make [${output.shape}]`);
  return both;
}

/** A constant's last two dimensions and all in front of them, as tensors have theirs; it is laid over from behind. */
function repeatable(shape: readonly number[]): Shape {
  const [width, channels] = [1, 1, ...shape].slice(-2);
  return [shape.slice(0, -2).reduce((product, size) => product * size, 1), width, channels];
}

/** Which input is a constant of one value; null when none is. */
function constantNumber(operator: FileOperator, to: LoweringContext): number | null {
  const constants = [0, 1].filter((input) => to.isConstant(operator, input));
  if (constants.length === 2) throw new Unsupported('both inputs are constants');
  const [index] = constants;
  return index !== undefined && to.constant(operator, index).values.length === 1 ? index : null;
}
