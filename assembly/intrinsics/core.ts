/**
 * What every variant imports: what only the C compiler can know, and a saturation that most cores have in one
 * instruction (boards/common/intrinsics.h). asc names the import module after this file; core.polyfill.ts is the same
 * in Node.
 */

/** a clamped to -128..127 */
export declare function ssat8(a: i32): i32;

/**
 * Whether this build of the runtime keeps a feature (a bit of features.ts). A constant in C, where a firmware's build
 * leaves out what its image does not need; true in Node.
 */
export declare function uses(feature: u32): bool;

/** The condition as it is, for the compiler to keep what it guards out of the way. */
export declare function rarely(condition: bool): bool;
