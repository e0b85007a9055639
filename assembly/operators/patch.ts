/** Gathers the inputs under a kernel at one output position. */
import * as F from '../format.ts';
import { tensorChannels, tensorHeight, tensorWidth, tensorZeroPoint } from '../image.ts';
import { HAS_VECTORS } from '../intrinsics/instructions.ts';
import { loadFirst, storeFirst } from '../intrinsics/mve.ts';
import { copy, fill } from '../memory.ts';

/** Top input row under the kernel at output row y; negative inside the padding. */
export function windowTop(operator: usize, y: u32): i32 {
  return (
    <i32>(y * <u32>load<u8>(operator, F.OPERATOR_STRIDE_HEIGHT_AT)) - <i32>load<u8>(operator, F.OPERATOR_PAD_TOP_AT)
  );
}

/** Left input column under the kernel at output column x; negative inside the padding. */
export function windowLeft(operator: usize, x: u32): i32 {
  return (
    <i32>(x * <u32>load<u8>(operator, F.OPERATOR_STRIDE_WIDTH_AT)) - <i32>load<u8>(operator, F.OPERATOR_PAD_LEFT_AT)
  );
}

/** patch [kH, kW, K] i8 <- input [inH, inW, K] at output position (y, x); outside the input: its zero point. */
export function gatherPatch(operator: usize, inputTensor: usize, input: usize, y: u32, x: u32, patch: usize): void {
  const channels = tensorChannels(inputTensor);
  const height = <i32>tensorHeight(inputTensor);
  const width = <i32>tensorWidth(inputTensor);
  const zeroPoint = <u32>tensorZeroPoint(inputTensor);
  const top = windowTop(operator, y);
  const left = windowLeft(operator, x);
  const bottom = top + <i32>load<u16>(operator, F.OPERATOR_KERNEL_HEIGHT_AT);
  const right = left + <i32>load<u16>(operator, F.OPERATOR_KERNEL_WIDTH_AT);
  if (HAS_VECTORS) {
    if (top >= 0 && left >= 0 && bottom <= height && right <= width) {
      const rowBytes = <u32>(right - left) * channels;
      copyRows(input + <u32>(top * width + left) * channels, bottom - top, rowBytes, <u32>width * channels, patch);
      return;
    }
  }
  // the window overlaps the input, so there is at least one column inside
  const inside = max(left, 0);
  const before = <u32>(inside - left) * channels;
  const within = <u32>(min(right, width) - inside) * channels;
  const after = <u32>max(right - width, 0) * channels;
  for (let row = top; row < bottom; row++) {
    if (row < 0 || row >= height) {
      fill(patch, zeroPoint, before + within + after);
    } else {
      fill(patch, zeroPoint, before);
      copy(patch + before, input + <u32>(row * width + inside) * channels, within);
      fill(patch + before + within, zeroPoint, after);
    }
    patch += before + within + after;
  }
}

/** `rows` of `bytes`, from `step` to `step`, one behind another. */
function copyRows(from: usize, rows: i32, bytes: u32, step: u32, to: usize): void {
  for (; rows > 0; rows--, from += step, to += bytes) {
    for (let at: u32 = 0; at < bytes; at += 16) storeFirst(to + at, loadFirst(from + at, bytes - at), bytes - at);
  }
}
