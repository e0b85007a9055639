/**
 * Instructions of Arm's Helium (MVE), one each in C (boards/common/helium.h), for variants to which variants.ts gives
 * `mve`; what WebAssembly's SIMD has itself needs no import. asc names the import module after this file;
 * mve.polyfill.ts is the same in Node.
 *
 * Halves of a vector are its even and its odd lanes, as Helium has it: what is widened or narrowed moves inside a lane.
 */

/** The sum of all sixteen products of two i8x16 */
export declare function mladav(a: v128, b: v128): i32;

/** acc and all sixteen products of two i8x16 */
export declare function mladava(a: v128, b: v128, acc: i32): i32;

/** The least of `low` and all lanes of an i16x8 */
export declare function minv(a: v128, low: i32): i32;

/** i32x4: the high words of 2 * a * b, rounded; saturates only -2^31 times itself */
export declare function qrdmulh(a: v128, b: v128): v128;

/** i32x4: each lane of a, shifted left by the lowest byte of that of `by`, or right where it is negative */
export declare function shlv(a: v128, by: v128): v128;

/** i32x4 of the even lanes of an i16x8 */
export declare function widenEven(a: v128): v128;

/** i32x4 of the odd lanes of an i16x8 */
export declare function widenOdd(a: v128): v128;

/** i16x8: the even lanes those of an i32x4, saturated; the odd ones are left as they are */
export declare function narrowEven(a: v128): v128;

/** i16x8: the odd lanes those of an i32x4, saturated; the even ones those of `into` */
export declare function narrowOdd(into: v128, a: v128): v128;

/** i8x16: the even lanes those of an i16x8, saturated; the odd ones are left as they are */
export declare function narrowBytes(a: v128): v128;

/** Stores the low byte of each lane of an i16x8. */
export declare function storeBytes(address: usize, a: v128): void;

/** i32x4: the words at `base` plus each lane of `offsets`, in bytes */
export declare function gatherWords(base: usize, offsets: v128): v128;

/** i16x8: the bytes at `base` plus each lane of `offsets`, u16x8, widened */
export declare function gatherWiden(base: usize, offsets: v128): v128;

/** i8x16: the bytes at `base` plus each lane of `offsets`, u8x16 */
export declare function gatherBytes(base: usize, offsets: v128): v128;

/** The first `count` bytes of gatherBytes, and zeros; the others are not read. */
export declare function gatherFirst(base: usize, offsets: v128, count: u32): v128;

/** i32x4: the four bytes at `address`, unsigned */
export declare function loadFour(address: usize): v128;

/** u8x16: each lane of a, shifted left by that of `by`, i8x16, or right where it is negative */
export declare function shiftBytes(a: v128, by: v128): v128;

/** u8x16: the upper two bits of each lane of a, and behind them the upper six of that of b */
export declare function joinFields(a: v128, b: v128): v128;

/** The first `count` bytes of sixteen, and zeros; the others are not read. */
export declare function loadFirst(address: usize, count: u32): v128;

/** Stores the first `count` bytes of sixteen. */
export declare function storeFirst(address: usize, a: v128, count: u32): void;
