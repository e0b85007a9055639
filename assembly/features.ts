/**
 * What a build of the runtime may leave out, one bit each. `uses` (dsp/intrinsics.ts) is a constant in C, made from the
 * image that a firmware carries, so that operators and encodings which the image lacks cost no flash; everywhere else
 * every feature is there. Imported by the host, which makes the mask.
 */
export const FEATURE_OPERATOR: u32 = 0; // + operator kind
export const FEATURE_SOURCE: u32 = 16; //  + source kind
export const FEATURE_ENCODING: u32 = 20; // + encoding of stored values, codes or basis
export const FEATURE_TABLE: u32 = 25; //   + table encoding
