/** mve.ts with WebAssembly's SIMD: entry of a module of its own that is merged into the variants which import it, for Node. */

export function mladava(a: v128, b: v128, acc: i32): i32 {
  return acc + mladav(a, b);
}

export function mladav(a: v128, b: v128): i32 {
  const products = i32x4.add(
    i32x4.extadd_pairwise_i16x8_s(i16x8.extmul_low_i8x16_s(a, b)),
    i32x4.extadd_pairwise_i16x8_s(i16x8.extmul_high_i8x16_s(a, b)),
  );
  const halves = i32x4.add(products, v128.shuffle<i32>(products, products, 2, 3, 0, 1));
  return i32x4.extract_lane(halves, 0) + i32x4.extract_lane(halves, 1);
}

export function minv(a: v128, low: i32): i32 {
  a = i32x4.min_s(widenEven(a), widenOdd(a));
  a = i32x4.min_s(a, v128.shuffle<i32>(a, a, 2, 3, 0, 1));
  return min(low, min(i32x4.extract_lane(a, 0), i32x4.extract_lane(a, 1)));
}

export function qrdmulh(a: v128, b: v128): v128 {
  return i32x4(
    highProduct(i32x4.extract_lane(a, 0), i32x4.extract_lane(b, 0)),
    highProduct(i32x4.extract_lane(a, 1), i32x4.extract_lane(b, 1)),
    highProduct(i32x4.extract_lane(a, 2), i32x4.extract_lane(b, 2)),
    highProduct(i32x4.extract_lane(a, 3), i32x4.extract_lane(b, 3)),
  );
}

function highProduct(a: i32, b: i32): i32 {
  return <i32>min((<i64>a * <i64>b + 0x40000000) >> 31, 0x7fffffff);
}

export function shlv(a: v128, by: v128): v128 {
  return i32x4(
    shifted(i32x4.extract_lane(a, 0), i32x4.extract_lane(by, 0)),
    shifted(i32x4.extract_lane(a, 1), i32x4.extract_lane(by, 1)),
    shifted(i32x4.extract_lane(a, 2), i32x4.extract_lane(by, 2)),
    shifted(i32x4.extract_lane(a, 3), i32x4.extract_lane(by, 3)),
  );
}

function shifted(a: i32, by: i32): i32 {
  const left = <i32>(<i8>by);
  if (left < 0) return a >> min(-left, 31);
  return left > 31 ? 0 : a << left;
}

export function widenEven(a: v128): v128 {
  return i32x4.shr_s(i32x4.shl(a, 16), 16);
}

export function widenOdd(a: v128): v128 {
  return i32x4.shr_s(a, 16);
}

export function narrowEven(a: v128): v128 {
  return v128.bitselect(saturated(a), a, i32x4.splat(0xffff));
}

export function narrowOdd(into: v128, a: v128): v128 {
  return v128.bitselect(into, i32x4.shl(saturated(a), 16), i32x4.splat(0xffff));
}

function saturated(a: v128): v128 {
  return i32x4.min_s(i32x4.max_s(a, i32x4.splat(-32768)), i32x4.splat(32767));
}

export function narrowBytes(a: v128): v128 {
  const values = i16x8.min_s(i16x8.max_s(a, i16x8.splat(-128)), i16x8.splat(127));
  return v128.bitselect(values, a, i16x8.splat(0xff));
}

export function storeBytes(address: usize, a: v128): void {
  const low = v128.and(a, i16x8.splat(0xff));
  v128.store_lane<i64>(address, i8x16.narrow_i16x8_u(low, low), 0);
}

export function gatherWords(base: usize, offsets: v128): v128 {
  return i32x4(
    load<i32>(base + i32x4.extract_lane(offsets, 0)),
    load<i32>(base + i32x4.extract_lane(offsets, 1)),
    load<i32>(base + i32x4.extract_lane(offsets, 2)),
    load<i32>(base + i32x4.extract_lane(offsets, 3)),
  );
}

export function gatherWiden(base: usize, offsets: v128): v128 {
  return i16x8(
    load<i8>(base + i16x8.extract_lane_u(offsets, 0)),
    load<i8>(base + i16x8.extract_lane_u(offsets, 1)),
    load<i8>(base + i16x8.extract_lane_u(offsets, 2)),
    load<i8>(base + i16x8.extract_lane_u(offsets, 3)),
    load<i8>(base + i16x8.extract_lane_u(offsets, 4)),
    load<i8>(base + i16x8.extract_lane_u(offsets, 5)),
    load<i8>(base + i16x8.extract_lane_u(offsets, 6)),
    load<i8>(base + i16x8.extract_lane_u(offsets, 7)),
  );
}

export function gatherBytes(base: usize, offsets: v128): v128 {
  let bytes = offsets;
  bytes = i8x16.replace_lane(bytes, 0, load<i8>(base + i8x16.extract_lane_u(offsets, 0)));
  bytes = i8x16.replace_lane(bytes, 1, load<i8>(base + i8x16.extract_lane_u(offsets, 1)));
  bytes = i8x16.replace_lane(bytes, 2, load<i8>(base + i8x16.extract_lane_u(offsets, 2)));
  bytes = i8x16.replace_lane(bytes, 3, load<i8>(base + i8x16.extract_lane_u(offsets, 3)));
  bytes = i8x16.replace_lane(bytes, 4, load<i8>(base + i8x16.extract_lane_u(offsets, 4)));
  bytes = i8x16.replace_lane(bytes, 5, load<i8>(base + i8x16.extract_lane_u(offsets, 5)));
  bytes = i8x16.replace_lane(bytes, 6, load<i8>(base + i8x16.extract_lane_u(offsets, 6)));
  bytes = i8x16.replace_lane(bytes, 7, load<i8>(base + i8x16.extract_lane_u(offsets, 7)));
  bytes = i8x16.replace_lane(bytes, 8, load<i8>(base + i8x16.extract_lane_u(offsets, 8)));
  bytes = i8x16.replace_lane(bytes, 9, load<i8>(base + i8x16.extract_lane_u(offsets, 9)));
  bytes = i8x16.replace_lane(bytes, 10, load<i8>(base + i8x16.extract_lane_u(offsets, 10)));
  bytes = i8x16.replace_lane(bytes, 11, load<i8>(base + i8x16.extract_lane_u(offsets, 11)));
  bytes = i8x16.replace_lane(bytes, 12, load<i8>(base + i8x16.extract_lane_u(offsets, 12)));
  bytes = i8x16.replace_lane(bytes, 13, load<i8>(base + i8x16.extract_lane_u(offsets, 13)));
  bytes = i8x16.replace_lane(bytes, 14, load<i8>(base + i8x16.extract_lane_u(offsets, 14)));
  return i8x16.replace_lane(bytes, 15, load<i8>(base + i8x16.extract_lane_u(offsets, 15)));
}

export function gatherFirst(base: usize, offsets: v128, count: u32): v128 {
  const index = i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const first = i8x16.lt_s(index, i8x16.splat(<i8>min(count, 16)));
  // what is not to be read becomes another reading of lane 0, and nothing where that is not to be read either
  const read = v128.bitselect(offsets, i8x16.splat(i8x16.extract_lane_s(offsets, 0)), first);
  return count == 0 ? i8x16.splat(0) : v128.and(gatherBytes(base, read), first);
}

export function loadFour(address: usize): v128 {
  return i32x4(load<u8>(address), load<u8>(address, 1), load<u8>(address, 2), load<u8>(address, 3));
}

export function shiftBytes(a: v128, by: v128): v128 {
  let shifted = i8x16.splat(0);
  for (let bit: i32 = -7; bit < 8; bit++) {
    const lanes = bit < 0 ? i8x16.shr_u(a, -bit) : i8x16.shl(a, bit);
    shifted = v128.bitselect(lanes, shifted, i8x16.eq(by, i8x16.splat(<i8>bit)));
  }
  return shifted;
}

export function joinFields(a: v128, b: v128): v128 {
  return v128.bitselect(a, i8x16.shr_u(b, 2), i8x16.splat(<i8>0xc0));
}

export function loadFirst(address: usize, count: u32): v128 {
  let low: u64 = 0;
  let high: u64 = 0;
  count = min(count, 16);
  for (let byte = address + count; byte > address; ) {
    high = (high << 8) | (low >> 56);
    low = (low << 8) | <u64>load<u8>(--byte);
  }
  return i64x2(low, high);
}

export function storeFirst(address: usize, a: v128, count: u32): void {
  let low = <u64>i64x2.extract_lane(a, 0);
  let high = <u64>i64x2.extract_lane(a, 1);
  for (const end = address + min(count, 16); address < end; address++) {
    store<u8>(address, <u8>low);
    low = (low >> 8) | (high << 56);
    high >>= 8;
  }
}
