/** A step of AdamW (Loshchilov & Hutter 2019) on one array, and what its gradient adds to the norm of all. */
import { accumulate, bytes, FLOAT, VECTOR } from './vector';

// how much of a moment stays, and what the new one weighs, each rounded once
const BETA1: f32 = 0.9;
const BETA2: f32 = 0.999;
const WEIGHT1: f32 = 0.1;
const WEIGHT2: f32 = 0.001;
const EPSILON: f32 = 1e-8;

/**
 * Moves value[length] by its gradient, both moments of which are kept in `first` and `second`. The gradient is scaled
 * by `shrink`; corrections undo the start at zero of the moments; `decay` pulls values to zero; the learning rate is
 * `rate` times `boost`.
 */
export function adamw(
  value: usize,
  gradient: usize,
  first: usize,
  second: usize,
  length: i32,
  shrink: f32,
  correction1: f32,
  correction2: f32,
  decay: f32,
  rate: f32,
  boost: f32,
): void {
  for (let i: usize = 0; i < bytes(length); i += VECTOR) {
    const slope = f32x4.mul(v128.load(gradient + i), f32x4.splat(shrink));
    const mean = mix(v128.load(first + i), BETA1, slope, WEIGHT1);
    const square = mix(v128.load(second + i), BETA2, f32x4.mul(slope, slope), WEIGHT2);
    v128.store(first + i, mean);
    v128.store(second + i, square);
    const deviation = f32x4.sqrt(f32x4.mul(square, f32x4.splat(correction2)));
    const precision = f32x4.div(f32x4.splat(1), f32x4.add(deviation, f32x4.splat(EPSILON)));
    const direction = f32x4.mul(f32x4.mul(mean, f32x4.splat(correction1)), precision);
    const decayed = f32x4.add(direction, f32x4.mul(v128.load(value + i), f32x4.splat(decay)));
    const step = f32x4.mul(f32x4.mul(decayed, f32x4.splat(rate)), f32x4.splat(boost));
    accumulate(value + i, f32x4.neg(step));
  }
}

function mix(a: v128, weightA: f32, b: v128, weightB: f32): v128 {
  return f32x4.add(f32x4.mul(a, f32x4.splat(weightA)), f32x4.mul(b, f32x4.splat(weightB)));
}

/** Sum of the squares of gradient[length], added in order. */
export function squares(gradient: usize, length: i32): f32 {
  let sum: f32 = 0;
  for (const end = gradient + bytes(length); gradient < end; gradient += FLOAT) {
    const slope = load<f32>(gradient);
    sum += slope * slope;
  }
  return sum;
}
