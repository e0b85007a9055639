/**
 * dsp.ts in plain arithmetic: entry of a module of its own that is merged into the variants which import it, for Node.
 * Overflow wraps where the instruction wraps.
 */

export function smlad(a: i32, b: i32, acc: i32): i32 {
  return acc + i32(<i16>a) * i32(<i16>b) + (a >> 16) * (b >> 16);
}

export function sxtb16(a: i32): i32 {
  return (i32(<i8>a) & 0xffff) | (i32(<i8>(a >> 16)) << 16);
}

export function sxtb16r8(a: i32): i32 {
  return (i32(<i8>(a >> 8)) & 0xffff) | ((a >> 24) << 16);
}

export function smmlar(a: i32, b: i32, acc: i32): i32 {
  return acc + i32((<i64>a * <i64>b + 0x80000000) >> 32);
}

export function pkhbt(a: i32, b: i32): i32 {
  return (a & 0xffff) | (b << 16);
}

export function pkhtb(a: i32, b: i32): i32 {
  return (a & 0xffff0000) | (b >>> 16);
}
