/** Gathers the inputs under a kernel at one output position. */
import * as F from '../format.ts';
import { tensorChannels, tensorHeight, tensorWidth, tensorZeroPoint } from '../image.ts';

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
  const zeroPoint = tensorZeroPoint(inputTensor);
  const top = windowTop(operator, y);
  const left = windowLeft(operator, x);
  const bottom = top + <i32>load<u16>(operator, F.OPERATOR_KERNEL_HEIGHT_AT);
  const right = left + <i32>load<u16>(operator, F.OPERATOR_KERNEL_WIDTH_AT);
  for (let row = top; row < bottom; row++) {
    for (let column = left; column < right; column++) {
      const inside = row >= 0 && row < height && column >= 0 && column < width;
      const from = input + <u32>(inside ? row * width + column : 0) * channels;
      for (let k: u32 = 0; k < channels; k++) store<i8>(patch + k, inside ? load<i8>(from + k) : <i8>zeroPoint);
      patch += channels;
    }
  }
}
