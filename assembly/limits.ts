/**
 * What `open` refuses to go beyond, each with its reason. Imported by the host, which stays within it when it imports and
 * packs; docs/format.md has the table, which a test compares with this file.
 */

// Image and program
export const MAX_BYTES: u32 = 0x10000000; // far above any flash, low enough that no sum of two offsets wraps
export const MAX_OPERATORS: u32 = 1024; // so that a proof and a plan end in good time
export const FEW_OPERATORS: u32 = 256; // a bit for each in the header of the arena: of more none is cached, or a ROUTE
export const MAX_TENSOR_VALUES: u32 = 0x800000; // what a plan can hold; 2^7 times as much fits an i32
export const MAX_PLAN_UNIT: u32 = 128; // the header of the arena, which is whole units

// Requantisation: a factor is a Q31 multiplier, 0 or normalised, and a shift, positive to the left
export const MIN_MULTIPLIER: i32 = 0x40000000;
export const MAX_SHIFT: i32 = 30;
export const MAX_RIGHT_SHIFT: i32 = 31;

// Operators with weights: what is summed up stays below 2^30, and doubled in an i32
export const MAX_ACCUMULATION: u32 = 32767; // products in one accumulator: their sum stays below 2^29
export const MAX_BIAS: i32 = 0x20000000; // with the input zero point folded in
export const MAX_BIAS_SHIFT: u32 = 14; // an i16 shifted by it is at most MAX_BIAS
export const MAX_SHORT_BIAS_SHIFT: u32 = 17; // so are the 13 bits of a short table, octave included

// Operators without
export const MAX_PRODUCT_SHIFT: i32 = 14; // MULTIPLY: a product below 2^16 stays below 2^30
export const MAX_SUM: u32 = 0x40000000; // MEAN: of differences, after a shift to the left
export const MAX_SOFTMAX_CHANNELS: u32 = 4095; // the sum of their exponentials stays in Q12.19
export const FEW_SOFTMAX_CHANNELS: u32 = 511; // so many shift by at most 31; more take FEATURE_MANY_CHANNELS
export const MAX_ARGMAX_CHANNELS: u32 = 128; // an i8 holds the index
export const MAX_WINDOW: u32 = 4096; // STANDARDIZE: sums of its positions stay in an i32
export const MAX_GAIN: i32 = 0x10000; // STANDARDIZE: Q8, 256 output steps per unit of z
