/**
 * Lowering of PRELU, which multiplies what is below 0 by a slope, as the larger of two tensors: a table's answer to what
 * is not below 0, and the lowest value elsewhere; the product of slope and what is below 0, and 0 elsewhere.
 */
import { MAX_PRODUCT_SHIFT } from '../../assembly/limits.ts';
import { Unsupported } from '../model/unsupported.ts';
import { type Binary, type BinaryArguments, binaryRule, type ScaleTriple } from '../operators/binary.ts';
import { emitTable } from '../operators/lookup.ts';
import type { FileOperator, LoweringContext, Scaled } from '../operators/lowering.ts';
import { multiply, multiplyFactor } from '../operators/multiply.ts';
import type { Context } from './context.ts';
import { rescaleTable } from './functions.ts';
import type { OperatorOf } from './graph.ts';

const RULE = binaryRule({
  support: 'limited',
  note: 'two tables, a product and a maximum; of one slope, a table; the slope is repeated as an operand of ADD',
  perChannel: true,
  check: (to, scale, slope, output) => {
    to.checkFactor((scale * slope) / output, MAX_PRODUCT_SHIFT, 'product of input scales / output scale');
  },
  twin: ofOneSlope,
  emit: emitLarger,
});

export const PRELU = {
  support: RULE.support,
  note: RULE.note,
  lower(operator: OperatorOf<'PRELU'>, to: Context): void {
    to.input(operator); // is no constant
    RULE.lower({ ...operator, options: { activation: 'NONE' } }, to);
  },
};

/** What is not below the zero point, rescaled; the lowest value for all else. */
function upperTable(input: Scaled, output: Scaled): Int8Array {
  return rescaleTable(input, output).map((value, i) => (i - 128 >= input.zeroPoint ? value : -128));
}

/** Both parts of one slope at once. */
function ofOneSlope(operands: BinaryArguments, ...scales: ScaleTriple): Int8Array {
  const { input1, zeroPoint1, outputZeroPoint } = operands;
  const upper = upperTable(
    { scale: scales[0], zeroPoint: zeroPoint1 },
    { scale: scales[2], zeroPoint: outputZeroPoint },
  );
  const lower = multiply({ ...operands, factor: multiplyFactor(...scales) });
  return input1.map((value, i) => (value >= zeroPoint1 ? upper[value + 128] : lower[i]));
}

function emitLarger(operator: FileOperator, to: LoweringContext, pair: Binary, { turned }: { turned: boolean }): void {
  if (turned) throw new Unsupported('the slope is larger than the input');
  const [input, output] = [to.input(operator), to.output(operator)];
  const whole = { ...input, tensor: pair.input, shape: output.shape };
  const [upper, below, lower] = [
    to.temporary(output.shape, output),
    to.temporary(output.shape, input),
    to.temporary(output.shape, output),
  ];
  emitTable(operator, to, whole, upper, () => upperTable(input, output));
  emitTable(operator, to, whole, below, (all) => all.map((value) => Math.min(value, input.zeroPoint)));
  to.emit(operator, { kind: 'multiply', ...pair, input: below.tensor, output: lower.tensor });
  to.emit(operator, { kind: 'maximum', ...pair, input: upper.tensor, input2: lower.tensor });
}
