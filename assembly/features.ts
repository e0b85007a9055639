/**
 * What a build of the runtime may leave out, one bit of 64 each. `uses` (intrinsics/core.ts) is a constant in C, made from
 * the image that a firmware carries, so that operators and encodings which the image lacks cost no flash; everywhere else
 * every feature is there. Imported by the host, which makes the mask.
 *
 * Operators have the low word for themselves: a device asks only one word for a kind that it reads from an image.
 */
export const FEATURE_OPERATOR: u32 = 0; // + operator kind, below 32
// Kernels for shapes that have faster ones than the general path
export const FEATURE_DEPTHWISE_3X3: u32 = 32;
export const FEATURE_DEPTHWISE_FLAT: u32 = 33; // 1 high, 3 to 5 wide
export const FEATURE_MIX: u32 = 34; //            a basis other than one or two INT2 matrices with codes
export const FEATURE_DEPTHWISE_ANY: u32 = 35; //  any other kernel or stride, 4 wide included
export const FEATURE_MANY_CHANNELS: u32 = 39; // SOFTMAX of over FEW_SOFTMAX_CHANNELS
// Weights that are not simply read where they lie
export const FEATURE_CACHE: u32 = 36; //          residency boot or lazy
export const FEATURE_STREAM: u32 = 37; //         residency stream
export const FEATURE_PADDED_ROWS: u32 = 38; //    rows of other than a multiple of 4, to be padded
export const FEATURE_SOURCE: u32 = 40; //         + source kind, below 8
export const FEATURE_ENCODING: u32 = 48; //       + encoding of stored values, codes or basis, below 7
// Programs of over FEW_OPERATORS, or with an arena of over 65,535 ARENA_UNITs
export const FEATURE_LARGE_PROGRAM: u32 = 55;
export const FEATURE_TABLE: u32 = 56; //          + table encoding, below 6
// What the core has; the C says, whatever the image uses
export const FEATURE_LONG_MULTIPLY: u32 = 62; // 32 by 32 bits to 64 in one instruction
export const FEATURE_OFFSET_LOADS: u32 = 63; //  signed bytes at a constant distance from a register
