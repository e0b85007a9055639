/** Depthwise convolution over a plane; a signal is a plane of one row. Taps beyond an edge see zero. */
import { accumulate, addProduct, bytes, VECTOR } from './vector';

/** Channels that are worked on at once. */
const GROUP: usize = 4 * VECTOR;

/** x [batch][height][width][channels] * w [taps][channels] -> y [batch][outHeight][outWidth][channels] */
export function depthwise(
  x: usize,
  w: usize,
  y: usize,
  batch: i32,
  height: i32,
  width: i32,
  outHeight: i32,
  outWidth: i32,
  kernelHeight: i32,
  kernelWidth: i32,
  strideDown: i32,
  strideAlong: i32,
  padTop: i32,
  padLeft: i32,
  channels: i32,
): void {
  const row = bytes(channels);
  for (let n = 0; n < batch; n++, x += height * width * row)
    for (let outRow = 0; outRow < outHeight; outRow++)
      for (let outColumn = 0; outColumn < outWidth; outColumn++, y += row) {
        const top = outRow * strideDown - padTop;
        const left = outColumn * strideAlong - padLeft;
        const firstDown = max(0, -top);
        const endDown = min(kernelHeight, height - top);
        const firstAlong = max(0, -left);
        const endAlong = min(kernelWidth, width - left);
        let c: usize = 0;
        for (; c + GROUP <= row; c += GROUP) {
          let s0 = f32x4.splat(0);
          let s1 = s0;
          let s2 = s0;
          let s3 = s0;
          for (let down = firstDown; down < endDown; down++) {
            let from = x + ((top + down) * width + left + firstAlong) * row + c;
            let tap = w + (down * kernelWidth + firstAlong) * row + c;
            for (let along = firstAlong; along < endAlong; along++, from += row, tap += row) {
              s0 = addProduct(s0, v128.load(from), v128.load(tap));
              s1 = addProduct(s1, v128.load(from, VECTOR), v128.load(tap, VECTOR));
              s2 = addProduct(s2, v128.load(from, 2 * VECTOR), v128.load(tap, 2 * VECTOR));
              s3 = addProduct(s3, v128.load(from, 3 * VECTOR), v128.load(tap, 3 * VECTOR));
            }
          }
          v128.store(y + c, s0);
          v128.store(y + c, s1, VECTOR);
          v128.store(y + c, s2, 2 * VECTOR);
          v128.store(y + c, s3, 3 * VECTOR);
        }
        for (; c < row; c += VECTOR) {
          let s = f32x4.splat(0);
          for (let down = firstDown; down < endDown; down++)
            for (let along = firstAlong; along < endAlong; along++) {
              const from = x + ((top + down) * width + left + along) * row + c;
              s = addProduct(s, v128.load(from), v128.load(w + (down * kernelWidth + along) * row + c));
            }
          v128.store(y + c, s);
        }
      }
}

/** By the gradient of y, dy: what it adds to the gradients of x, dx, and of w, dw; shapes as above. */
export function depthwiseGradient(
  x: usize,
  w: usize,
  dy: usize,
  dx: usize,
  dw: usize,
  batch: i32,
  height: i32,
  width: i32,
  outHeight: i32,
  outWidth: i32,
  kernelHeight: i32,
  kernelWidth: i32,
  strideDown: i32,
  strideAlong: i32,
  padTop: i32,
  padLeft: i32,
  channels: i32,
): void {
  const row = bytes(channels);
  const plane = height * width * row;
  for (let n = 0; n < batch; n++, x += plane, dx += plane)
    for (let outRow = 0; outRow < outHeight; outRow++)
      for (let outColumn = 0; outColumn < outWidth; outColumn++, dy += row) {
        const top = outRow * strideDown - padTop;
        const left = outColumn * strideAlong - padLeft;
        const endDown = min(kernelHeight, height - top);
        const firstAlong = max(0, -left);
        const endAlong = min(kernelWidth, width - left);
        for (let down = max(0, -top); down < endDown; down++) {
          const at = ((top + down) * width + left) * row;
          for (let along = firstAlong; along < endAlong; along++) {
            const position = at + along * row;
            const tap = (down * kernelWidth + along) * row;
            for (let c: usize = 0; c < row; c += VECTOR) {
              const slope = v128.load(dy + c);
              accumulate(dx + position + c, f32x4.mul(slope, v128.load(w + tap + c)));
              accumulate(dw + tap + c, f32x4.mul(slope, v128.load(x + position + c)));
            }
          }
        }
      }
}
