/**
 * How many instructions a program takes on a Cortex-M7, by a formula: enough to compare networks that differ in numbers of
 * channels, without an emulator. It is close for products, which take more for some numbers of channels than for larger
 * ones, and rough for all else, where fewer channels never cost more.
 *
 * The factors are those of the kernels with the DSP extension (assembly/operators/product.dsp.ts), counted on the emulated
 * mps2-an500; test/transform/instructions.test.ts holds the formula to the recorded counts.
 */
import { BLOCK_ROWS, PADDED_ROWS, roundUp4 } from '../../assembly/scratch.ts';
import type { Operator, Program, Shape } from '../model/model.ts';

const PER_FOUR_BY_FOUR = 15.2; // products of four positions and four values of depth
const PER_OUTPUT = 19; //         requantised and stored
const PER_VALUE_OF_ROW = 1.6; //  products of a position by itself
const STAGED = 1.9; //            a value of an input row, split for its block
const GATHERED = 1.6; //          a value under a kernel, copied
const GATHERED_ROW = 85; //       a row of the kernel
const PADDED = 9; //              a weight of a row that is padded
const TABLE_ROW = 14; //          a channel's factor, expanded
const PER_TAP = 3; //             of a depthwise kernel, and what one output takes beside
const DEPTHWISE_OUTPUT = 10;
const PER_PAIR = 20; //           of elements that are added or multiplied
const PER_ELEMENT = 3; //         of pools and all else

/** Instructions of an inference that depend on numbers of channels, weights read in flash. */
export function instructionsOf({ operators, tensors }: Pick<Program, 'operators' | 'tensors'>): number {
  const shapes = tensors.map(({ shape }) => shape);
  return operators.reduce((sum, operator) => sum + operatorInstructions(operator, shapes), 0);
}

function operatorInstructions(operator: Operator, shapes: readonly Shape[]): number {
  const input = shapes[operator.input];
  const [height, width, channels] = shapes[operator.output];
  const positions = height * width;
  const values = input[0] * input[1] * input[2];
  switch (operator.kind) {
    case 'pointwise':
      return product(positions, input[2], channels, null);
    case 'fullyConnected':
      return product(1, values, channels, null);
    case 'convolution':
      return product(positions, operator.kernel[0] * operator.kernel[1] * input[2], channels, operator.kernel[0]);
    case 'depthwise':
      return positions * channels * (operator.kernel[0] * operator.kernel[1] * PER_TAP + DEPTHWISE_OUTPUT);
    default:
      return 'input2' in operator
        ? PER_PAIR * positions * channels
        : PER_ELEMENT * Math.max(values, positions * channels);
  }
}

/** `kernelRows` of a convolution, which gathers what is multiplied; null for rows of inputs as they lie. */
function product(positions: number, depth: number, channels: number, kernelRows: number | null): number {
  const padded = roundUp4(depth);
  // what must be padded is gathered too, anew for every PADDED_ROWS channels
  const passes = padded === depth ? 1 : Math.ceil(channels / PADDED_ROWS);
  const gathers = kernelRows !== null || (padded !== depth && positions > 1);
  const gather = gathers ? GATHERED * padded + GATHERED_ROW * (kernelRows ?? 1) : 0;
  const padding = padded === depth ? 0 : PADDED * padded * channels;
  const blocks = Math.floor(positions / BLOCK_ROWS) + Number(positions % BLOCK_ROWS > 1);
  const alone = positions % BLOCK_ROWS === 1 ? 1 : 0;
  const perChannel =
    blocks * ((PER_FOUR_BY_FOUR * padded) / 4 + BLOCK_ROWS * PER_OUTPUT) +
    alone * (PER_VALUE_OF_ROW * padded + PER_OUTPUT) +
    TABLE_ROW;
  return channels * perChannel + passes * positions * (gather + STAGED * padded) + padding;
}
