/** Sums of arrays, element by element. */
import { bytes, VECTOR } from './vector';

/** y = a + b, each [length]. */
export function sum(a: usize, b: usize, y: usize, length: i32): void {
  const end = y + bytes(length);
  for (; y < end; y += VECTOR, a += VECTOR, b += VECTOR) v128.store(y, f32x4.add(v128.load(a), v128.load(b)));
}

/** y += a, each [length]. */
export function addTo(y: usize, a: usize, length: i32): void {
  sum(y, a, y, length);
}
