/**
 * What the runtime imports, from a module that asc names after this file: Arm DSP instructions, one each in C
 * (boards/common/dsp_intrinsics.h), and what only the C compiler can know. For Node, polyfill.ts is merged into the module.
 * Under `isDefined(HTPW_DSP)` only, but for ssat8, uses and rarely, which every variant may call.
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

/** a clamped to -128..127 */
export declare function ssat8(a: i32): i32;

/**
 * Whether this build of the runtime keeps a feature (a bit of features.ts). A constant in C, where a firmware's build
 * leaves out what its image does not need; true in Node.
 */
export declare function uses(feature: u32): bool;

/** The condition as it is, for the compiler to keep what it guards out of the way. */
export declare function rarely(condition: bool): bool;
