/** Means over windows that do not overlap; what is left at the end of a row or column is not looked at. */
import { accumulate, bytes, VECTOR } from './vector';

/**
 * x [batch][height][width][channels] -> y [batch][height / kernelHeight][width / kernelWidth][channels], rounded to
 * whole steps, which x consists of; ties go up. A step of 0 does not round.
 */
export function pool(
  x: usize,
  y: usize,
  batch: i32,
  height: i32,
  width: i32,
  kernelHeight: i32,
  kernelWidth: i32,
  channels: i32,
  step: f32,
): void {
  const row = bytes(channels);
  const count = f32x4.splat(<f32>(kernelHeight * kernelWidth));
  const perStep = f32x4.splat(1 / step);
  const half = f32x4.splat(0.5);
  const steps = f32x4.splat(step);
  for (let n = 0; n < batch; n++, x += height * width * row)
    for (let top = 0; top + kernelHeight <= height; top += kernelHeight)
      for (let left = 0; left + kernelWidth <= width; left += kernelWidth, y += row)
        for (let c: usize = 0; c < row; c += VECTOR) {
          let total = f32x4.splat(0);
          for (let down = 0; down < kernelHeight; down++) {
            let from = x + ((top + down) * width + left) * row + c;
            for (let along = 0; along < kernelWidth; along++, from += row) total = f32x4.add(total, v128.load(from));
          }
          // of whole numbers, whose ties are exact: they are frequent
          const levels = f32x4.nearest(f32x4.mul(total, perStep));
          const rounded = f32x4.floor(f32x4.add(f32x4.div(levels, count), half));
          v128.store(y + c, step == 0 ? f32x4.div(total, count) : f32x4.mul(rounded, steps));
        }
}

/** By the gradient of y, dy: what it adds to that of x, dx. Rounding lets it through. */
export function poolGradient(
  dy: usize,
  dx: usize,
  batch: i32,
  height: i32,
  width: i32,
  kernelHeight: i32,
  kernelWidth: i32,
  channels: i32,
): void {
  const row = bytes(channels);
  const share = f32x4.splat(1 / <f32>(kernelHeight * kernelWidth));
  for (let n = 0; n < batch; n++, dx += height * width * row)
    for (let top = 0; top + kernelHeight <= height; top += kernelHeight)
      for (let left = 0; left + kernelWidth <= width; left += kernelWidth, dy += row)
        for (let down = 0; down < kernelHeight; down++)
          for (let along = 0; along < kernelWidth; along++) {
            const to = dx + ((top + down) * width + left + along) * row;
            for (let c: usize = 0; c < row; c += VECTOR) accumulate(to + c, f32x4.mul(v128.load(dy + c), share));
          }
}
