/**
 * Instructions of Arm's DSP extension, one each in C (boards/common/intrinsics.h), for variants to which variants.ts
 * gives `dsp`. asc names the import module after this file; dsp.polyfill.ts is the same in Node.
 *
 * A pair is two i16 in one i32, the first in the low half.
 */

/** acc + a.low * b.low + a.high * b.high */
export declare function smlad(a: i32, b: i32, acc: i32): i32;

/** Bytes 0 and 2, sign-extended to a pair. */
export declare function sxtb16(a: i32): i32;

/** Bytes 1 and 3, sign-extended to a pair. */
export declare function sxtb16r8(a: i32): i32;

/** acc and the high word of a * b, rounded: acc + ((a * b + 2^31) >> 32) */
export declare function smmlar(a: i32, b: i32, acc: i32): i32;

/** Pair of a.low and b.low: (a & 0xffff) | (b << 16) */
export declare function pkhbt(a: i32, b: i32): i32;

/** Pair of b.high and a.high: (a & 0xffff0000) | (b >>> 16) */
export declare function pkhtb(a: i32, b: i32): i32;
