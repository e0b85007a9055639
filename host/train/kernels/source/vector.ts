/** Words that all kernels share. */

/** Bytes of a float, and of a vector of four. */
export const FLOAT: usize = 4;
export const VECTOR: usize = 16;

export const LANES: i32 = 4;

export function bytes(floats: i32): usize {
  return <usize>floats * FLOAT;
}

/** target += a * b */
export function addProduct(target: v128, a: v128, b: v128): v128 {
  return f32x4.add(target, f32x4.mul(a, b));
}

export function accumulate(address: usize, value: v128): void {
  v128.store(address, f32x4.add(v128.load(address), value));
}

export function sumOfLanes(value: v128): f32 {
  return (
    f32x4.extract_lane(value, 0) +
    f32x4.extract_lane(value, 1) +
    (f32x4.extract_lane(value, 2) + f32x4.extract_lane(value, 3))
  );
}
