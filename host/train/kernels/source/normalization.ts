/** Batch normalisation and the rounding of activations to int8, forwards and backwards in one pass each. */
import { accumulate, addProduct, bytes, sumOfLanes, VECTOR } from './vector';

/** Mean and variance per channel of x [rows][channels], each [channels]. */
export function moments(x: usize, rows: i32, channels: i32, mean: usize, variance: usize): void {
  const row = bytes(channels);
  const end = x + rows * row;
  const share = f32x4.splat(1 / <f32>rows);
  memory.fill(mean, 0, row);
  memory.fill(variance, 0, row);
  for (let from = x; from < end; from += row)
    for (let c: usize = 0; c < row; c += VECTOR) accumulate(mean + c, v128.load(from + c));
  for (let c: usize = 0; c < row; c += VECTOR) v128.store(mean + c, f32x4.mul(v128.load(mean + c), share));
  for (let from = x; from < end; from += row)
    for (let c: usize = 0; c < row; c += VECTOR) {
      const distance = f32x4.sub(v128.load(from + c), v128.load(mean + c));
      accumulate(variance + c, f32x4.mul(distance, distance));
    }
  for (let c: usize = 0; c < row; c += VECTOR) v128.store(variance + c, f32x4.mul(v128.load(variance + c), share));
}

/** factor * x + offset per channel, clipped to [low, high], rounded to whole steps; y may be x. */
export function quantize(
  x: usize,
  rows: i32,
  channels: i32,
  factor: usize,
  offset: usize,
  low: f32,
  high: f32,
  step: f32,
  y: usize,
): void {
  const row = bytes(channels);
  const lows = f32x4.splat(low);
  const highs = f32x4.splat(high);
  const steps = f32x4.splat(step);
  const perStep = f32x4.splat(1 / step);
  const half = f32x4.splat(0.5);
  for (const end = x + rows * row; x < end; x += row, y += row)
    for (let c: usize = 0; c < row; c += VECTOR) {
      const value = addProduct(v128.load(offset + c), v128.load(x + c), v128.load(factor + c));
      const clipped = f32x4.pmin(f32x4.pmax(value, lows), highs);
      v128.store(y + c, f32x4.mul(f32x4.floor(addProduct(half, clipped, perStep)), steps));
    }
}

/**
 * Backwards through the clipping of quantize(): the gradient, in place, is kept where the value lay within the limits,
 * these included.
 * Adds per channel the sum of what is kept to `sums`, and that of its product with (x - mean) to `products`. Returns
 * what was clipped at `high`, less what was clipped at `low` if that is not zero: the gradient of the range.
 */
export function clipGradient(
  x: usize,
  rows: i32,
  channels: i32,
  factor: usize,
  offset: usize,
  low: f32,
  high: f32,
  mean: usize,
  gradient: usize,
  sums: usize,
  products: usize,
): f32 {
  const row = bytes(channels);
  const lows = f32x4.splat(low);
  const highs = f32x4.splat(high);
  const isSigned = f32x4.ne(lows, f32x4.splat(0));
  let above = f32x4.splat(0);
  let below = f32x4.splat(0);
  for (const end = x + rows * row; x < end; x += row, gradient += row)
    for (let c: usize = 0; c < row; c += VECTOR) {
      const at = v128.load(x + c);
      const slope = v128.load(gradient + c);
      const value = addProduct(v128.load(offset + c), at, v128.load(factor + c));
      const isAbove = f32x4.gt(value, highs);
      const isBelow = f32x4.lt(value, lows);
      const kept = v128.andnot(slope, v128.or(isAbove, isBelow));
      above = f32x4.add(above, v128.and(slope, isAbove));
      below = f32x4.add(below, v128.and(slope, v128.and(isBelow, isSigned)));
      v128.store(gradient + c, kept);
      accumulate(sums + c, kept);
      accumulate(products + c, f32x4.mul(kept, f32x4.sub(at, v128.load(mean + c))));
    }
  return sumOfLanes(f32x4.sub(above, below));
}

/** gradient = a * gradient + b * x + c per channel, in place. */
export function normalizeGradient(
  x: usize,
  rows: i32,
  channels: i32,
  a: usize,
  b: usize,
  c: usize,
  gradient: usize,
): void {
  const row = bytes(channels);
  for (const end = x + rows * row; x < end; x += row, gradient += row)
    for (let i: usize = 0; i < row; i += VECTOR) {
      const fromInput = addProduct(v128.load(c + i), v128.load(x + i), v128.load(b + i));
      v128.store(gradient + i, addProduct(fromInput, v128.load(gradient + i), v128.load(a + i)));
    }
}
