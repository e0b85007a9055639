/**
 * What a build of the runtime may leave out, one bit each. `uses` (dsp/intrinsics.ts) is a constant in C, made from the
 * image that a firmware carries, so that operators and encodings which the image lacks cost no flash; everywhere else
 * every feature is there. Imported by the host, which makes the mask.
 */
export const FEATURE_OPERATOR: u32 = 0; // + operator kind
// Kernels for shapes that have faster ones than the general path
export const FEATURE_DEPTHWISE_3X3: u32 = 11;
export const FEATURE_DEPTHWISE_FLAT: u32 = 12; // 1 high, 3 to 5 wide
export const FEATURE_MIX: u32 = 14; //          a basis other than one or two INT2 matrices with codes
export const FEATURE_SOURCE: u32 = 16; //  + source kind
export const FEATURE_ENCODING: u32 = 20; // + encoding, from 1 on, of stored values, codes or basis
export const FEATURE_TABLE: u32 = 25; //   + table encoding
// What the core has; the C says, whatever the image uses
export const FEATURE_LONG_MULTIPLY: u32 = 30; // 32 by 32 bits to 64 in one instruction
export const FEATURE_OFFSET_LOADS: u32 = 31; //  signed bytes at a constant distance from a register
