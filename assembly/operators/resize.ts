/**
 * Another height and width: every output position is one of the input, or mixed of neighbouring rows and columns, as a
 * table says; TFLite's int8 RESIZE_NEAREST_NEIGHBOR and RESIZE_BILINEAR. Values are as they are, whatever the scales.
 *
 *   input   [H, W, C]    i8
 *   output  [H', W', C]  i8
 *
 * parameters: u32[H'], u32[W'], where each row and column comes from: u16 share of the next one in 1,024ths, u16 which
 */
import { roundingShiftRight } from '../fixed.ts';
import { tensorChannels, tensorHeight, tensorWidth } from '../image.ts';
import { copy } from '../memory.ts';
import { BAD_SHAPE, BAD_TABLE, OK } from '../status.ts';

export const RESIZE: u32 = 20;
export const RESIZE_PARAMETERS: u32 = 1; // where the first row comes from; behind it the others, then the columns

const SHARE_BITS: i32 = 10;
const ALL: i32 = 1 << SHARE_BITS;

/** bytes: of TABLES from the parameters on. Returns how many of them were read, or a refusal. */
export function proveResize(parameters: usize, bytes: u32, input: usize, output: usize): i32 {
  if (tensorChannels(input) != tensorChannels(output)) return BAD_SHAPE;
  const rows = tensorHeight(output) * 4;
  const columns = tensorWidth(output) * 4;
  return rows + columns <= bytes &&
    areInside(parameters, rows, tensorHeight(input)) &&
    areInside(parameters + rows, columns, tensorWidth(input))
    ? <i32>(rows + columns)
    : BAD_TABLE;
}

/** Whether all are rows, or columns, of `size`, and the next one is too where it has a share. */
function areInside(origin: usize, bytes: u32, size: u32): bool {
  for (const end = origin + bytes; origin < end; origin += 4) {
    const share = <i32>load<u16>(origin);
    if (share >= ALL || <u32>load<u16>(origin, 2) + u32(share != 0) >= size) return false;
  }
  return true;
}

/** parameters: of the image. */
export function resize(parameters: usize, inputTensor: usize, input: usize, outputTensor: usize, output: usize): void {
  const channels = tensorChannels(inputTensor);
  const rowBytes = tensorWidth(inputTensor) * channels;
  const columns = parameters + 4 * tensorHeight(outputTensor);
  const end = columns + 4 * tensorWidth(outputTensor);
  for (let row = parameters; row < columns; row += 4) {
    const line = input + <u32>load<u16>(row, 2) * rowBytes;
    const lower = <i32>load<u16>(row);
    for (let column = columns; column < end; column += 4, output += channels) {
      const from = line + <u32>load<u16>(column, 2) * channels;
      const right = <i32>load<u16>(column);
      if ((lower | right) == 0) copy(output, from, channels);
      else mix(from, lower != 0 ? rowBytes : 0, lower, right != 0 ? channels : 0, right, output, channels);
    }
  }
}

/** All channels of one position, from four of the input, of which two or three may be the same. */
function mix(from: usize, below: u32, lower: i32, beside: u32, right: i32, output: usize, channels: u32): void {
  const upper = ALL - lower;
  const share0 = upper * (ALL - right);
  const share1 = upper * right;
  const share2 = lower * (ALL - right);
  const share3 = lower * right;
  for (const end = output + channels; output < end; output++, from++) {
    // shares make 2^20, so a sum is at most 2^27
    const sum =
      share0 * <i32>load<i8>(from) +
      share1 * <i32>load<i8>(from + beside) +
      share2 * <i32>load<i8>(from + below) +
      share3 * <i32>load<i8>(from + below + beside);
    store<i8>(output, <i8>roundingShiftRight(sum, 2 * SHARE_BITS));
  }
}
