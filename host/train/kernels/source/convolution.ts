/** A convolution as a product: what each output position sees, as a row of taps * channels values. */
import { accumulate, bytes, VECTOR } from './vector';

/** One window x [height][width][channels] -> [outHeight * outWidth][taps * channels], zero beyond an edge. */
export function patches(
  x: usize,
  y: usize,
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
  const zero = f32x4.splat(0);
  for (let outRow = 0; outRow < outHeight; outRow++)
    for (let outColumn = 0; outColumn < outWidth; outColumn++)
      for (let down = 0; down < kernelHeight; down++)
        for (let along = 0; along < kernelWidth; along++) {
          const row = outRow * strideDown + down - padTop;
          const column = outColumn * strideAlong + along - padLeft;
          const isInside = row >= 0 && row < height && column >= 0 && column < width;
          const from = x + bytes((row * width + column) * channels);
          const end = y + bytes(channels);
          for (let c: usize = 0; y < end; y += VECTOR, c += VECTOR)
            v128.store(y, isInside ? v128.load(from + c) : zero);
        }
}

/** By the gradient of patches, what it adds to that of the window, dx; shapes as above. */
export function patchesGradient(
  dy: usize,
  dx: usize,
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
  for (let outRow = 0; outRow < outHeight; outRow++)
    for (let outColumn = 0; outColumn < outWidth; outColumn++)
      for (let down = 0; down < kernelHeight; down++)
        for (let along = 0; along < kernelWidth; along++, dy += bytes(channels)) {
          const row = outRow * strideDown + down - padTop;
          const column = outColumn * strideAlong + along - padLeft;
          if (row < 0 || row >= height || column < 0 || column >= width) continue;
          const to = dx + bytes((row * width + column) * channels);
          for (let c: usize = 0; c < bytes(channels); c += VECTOR) accumulate(to + c, v128.load(dy + c));
        }
}
