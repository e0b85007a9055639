/** Mixes rows, and multiplies codes, with Helium; basis.ts, mix.ts and mlp.ts say what for. */
import {
  gatherBytes,
  joinFields,
  loadFirst,
  mladava,
  narrowBytes,
  narrowEven,
  narrowOdd,
  qrdmulh,
  storeBytes,
  storeFirst,
  widenEven,
  widenOdd,
} from '../intrinsics/mve.ts';
import { spreadFields } from './packed.mve.ts';

/** mixTabled of basis.ts: sixteen indices at once. */
export function mixTabledMve(first: usize, second: usize, count: u32, sums: usize, destination: usize): void {
  for (let n = (count + 15) >> 4; n > 0; n--, count -= 16, first += 4, second += 4, destination += 16) {
    const indices = i8x16.shr_u(joinFields(spreadFields(second, count), spreadFields(first, count)), 4);
    storeFirst(destination, gatherBytes(sums, indices), count);
  }
}

/** mixRow of mix.ts for as many of `count` as there are eights. */
export function mixEights(
  coefficients: usize,
  rows: usize,
  matrices: u32,
  count: u32,
  multiplier: i32,
  shift: i32,
  destination: usize,
): u32 {
  const eights = count & ~7;
  const left = max(shift, 0);
  const right = left - shift;
  const multipliers = i32x4.splat(multiplier);
  const roundings = i32x4.splat(right > 0 ? 1 << (right - 1) : 0);
  const ties = i32x4.splat(right > 0 ? -1 : 0);
  const last = coefficients + matrices;
  for (const end = rows + eights; rows < end; rows += 8, destination += 8) {
    let even = i32x4.splat(0);
    let odd = i32x4.splat(0);
    let from = rows;
    for (let at = coefficients; at < last; at++, from += count) {
      const products = i16x8.mul(v128.load_ext<i8>(from), i16x8.splat(<i16>load<i8>(at)));
      even = i32x4.add(even, widenEven(products));
      odd = i32x4.add(odd, widenOdd(products));
    }
    even = narrowEven(requantizeFour(i32x4.shl(even, left), multipliers, roundings, ties, right));
    const mixed = narrowOdd(even, requantizeFour(i32x4.shl(odd, left), multipliers, roundings, ties, right));
    storeBytes(destination, narrowBytes(i16x8.max_s(mixed, i16x8.splat(-127))));
  }
  return eights;
}

/**
 * requantize of fixed.ts for sums that have been shifted left, if at all; rounding: of a shift to the right. Half away
 * from zero: where `ties` are -1, negative values lose 1 before that shift.
 */
function requantizeFour(sum: v128, multiplier: v128, rounding: v128, ties: v128, right: i32): v128 {
  const product = qrdmulh(sum, multiplier);
  return i32x4.shr_s(i32x4.add(i32x4.add(product, rounding), v128.and(i32x4.shr_s(product, 31), ties)), right);
}

/** sum and the products of a i8[count] and b i8[count] */
export function addProducts(a: usize, b: usize, count: u32, sum: i32): i32 {
  for (let n = (count + 15) >> 4; n > 0; n--, count -= 16, a += 16, b += 16)
    sum = mladava(loadFirst(a, count), loadFirst(b, count), sum);
  return sum;
}
