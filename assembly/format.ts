/**
 * Constants of the flash image, and nothing else. Imported by the runtime and, unchanged, by the host:
 * one source for both sides. docs/format.md is the specification in prose; a test holds the two together.
 *
 * All numbers little-endian. Offsets named *_AT are byte offsets inside the record they are named after.
 *
 *   0        32        32 + 12 n                                                     totalBytes
 *   | header | sections | PROGRAM... | SOURCES | GENERATORS | TABLES | WEIGHTS | METADATA | TRAILER |
 *                        each section 16-byte aligned, zero padded, in this order, tiling the file
 */

export const MAGIC: u32 = 0x57505448; // "HTPW" in a hex dump
export const FORMAT_VERSION: u32 = 2;
export const SECTION_ALIGNMENT: u32 = 16;

// Header, 32 bytes
export const HEADER_BYTES: u32 = 32;
export const HEADER_MAGIC_AT: u32 = 0; //          u32
export const HEADER_VERSION_AT: u32 = 4; //        u16
export const HEADER_BYTES_AT: u32 = 6; //          u16, size of this header
export const HEADER_TOTAL_AT: u32 = 8; //          u32, size of the whole image
export const HEADER_CRC_AT: u32 = 12; //           u32, CRC-32 (IEEE) of [headerBytes, totalBytes)
export const HEADER_SECTIONS_AT: u32 = 16; //      u16, section table entries
export const HEADER_PROGRAMS_AT: u32 = 18; //      u16, of which the first so many are programs
export const HEADER_SOURCES_AT: u32 = 20; //       u16, records in SOURCES
export const HEADER_GENERATORS_AT: u32 = 22; //    u16, records in GENERATORS
export const HEADER_RESERVED_AT: u32 = 24; //      u32 x 2, zero

// Section table entry, 12 bytes
export const SECTION_BYTES: u32 = 12;
export const SECTION_KIND_AT: u32 = 0; //          u16
export const SECTION_ID_AT: u32 = 2; //            u16, program index; 0 for other kinds
export const SECTION_OFFSET_AT: u32 = 4; //        u32, from the start of the image
export const SECTION_SIZE_AT: u32 = 8; //          u32, without the padding behind it

export const SECTION_PROGRAM: u32 = 1;
export const SECTION_SOURCES: u32 = 2;
export const SECTION_GENERATORS: u32 = 3;
export const SECTION_TABLES: u32 = 4;
export const SECTION_WEIGHTS: u32 = 5;
export const SECTION_METADATA: u32 = 6; // JSON for the host; the device never reads it
export const SECTION_TRAILER: u32 = 7;

// Program: header, tensors, input and output descriptors, operators, plan; each follows the one before
export const PROGRAM_HEADER_BYTES: u32 = 8;
export const PROGRAM_TENSORS_AT: u32 = 0; //       u16, count
export const PROGRAM_OPERATORS_AT: u32 = 2; //     u16: ss oooooooooooo, count o, at most MAX_OPERATORS; plan in units of ARENA_UNIT << s
export const PROGRAM_INPUTS_AT: u32 = 4; //        u8, count
export const PROGRAM_OUTPUTS_AT: u32 = 5; //       u8, count
export const PROGRAM_ARENA_AT: u32 = 6; //         u16, arena size in units of the plan
export const PROGRAM_UNIT_BITS: u32 = 12; //       bits of the count, in front of those of the unit

// Tensor, 8 bytes; NHWC with N = 1, one-dimensional signals have height 1
export const TENSOR_BYTES: u32 = 8;
export const TENSOR_HEIGHT_AT: u32 = 0; //         u16
export const TENSOR_WIDTH_AT: u32 = 2; //          u16
export const TENSOR_CHANNELS_AT: u32 = 4; //       u16
export const TENSOR_TYPE_AT: u32 = 6; //           u8
export const TENSOR_ZERO_POINT_AT: u32 = 7; //     i8

export const TYPE_I8: u32 = 1;
export const TYPE_I16: u32 = 2; // raw samples, only as the input of STANDARDIZE

// Input or output descriptor, 8 bytes; inputs first
export const PORT_BYTES: u32 = 8;
export const PORT_TENSOR_AT: u32 = 0; //           u16
export const PORT_RESERVED_AT: u32 = 2; //         u16, zero
export const PORT_SCALE_AT: u32 = 4; //            f32, real = scale * (q - zeroPoint); the device only hands it on

// Operator, 28 bytes
export const OPERATOR_BYTES: u32 = 28;
export const OPERATOR_KIND_AT: u32 = 0; //         u8
export const OPERATOR_RESIDENCY_AT: u32 = 1; //    u8
export const OPERATOR_INPUT_AT: u32 = 2; //        u16, tensor
export const OPERATOR_INPUT2_AT: u32 = 4; //       u16, without weights: tensor, for kinds that read two, or NONE
export const OPERATOR_SCRATCH_AT: u32 = OPERATOR_INPUT2_AT; // with weights: arena offset of its scratch in units of the plan
export const OPERATOR_OUTPUT_AT: u32 = 6; //       u16, tensor
export const OPERATOR_SOURCE_AT: u32 = 8; //       u16, weight source or NONE
export const OPERATOR_STRIDE_HEIGHT_AT: u32 = 10; // u8
export const OPERATOR_STRIDE_WIDTH_AT: u32 = 11; //  u8
export const OPERATOR_KERNEL_HEIGHT_AT: u32 = 12; // u16
export const OPERATOR_KERNEL_WIDTH_AT: u32 = 14; //  u16
export const OPERATOR_PAD_TOP_AT: u32 = 16; //     u8, below kernel height; the bottom follows from the shapes
export const OPERATOR_PAD_LEFT_AT: u32 = 17; //    u8, below kernel width
export const OPERATOR_MIN_AT: u32 = 18; //         i8, fused activation: lowest output
export const OPERATOR_MAX_AT: u32 = 19; //         i8, highest output
export const OPERATOR_TABLE_AT: u32 = 20; //       u32, offset in TABLES, 4-byte aligned, or NO_TABLE
export const OPERATOR_ENCODING_AT: u32 = 24; //    u8, TABLE_*
export const OPERATOR_BIAS_SHIFT_AT: u32 = 25; //  u8, of TABLE_COMPACT and TABLE_SHORT
export const OPERATOR_EXPONENT_AT: u32 = 26; //    i8, of TABLE_COMPACT and TABLE_SHORT: shift of exponent field or octave 0
export const OPERATOR_MULTIPLIER_AT: u32 = 27; //  u8, DEPTHWISE: output channels per input channel; else 0

export const NONE: u32 = 0xffff;
export const NO_TABLE: u32 = 0xffffffff;

// Kinds that others know apart: those with weights, for their memory and work, one for its output, and one for what it
// leaves out. Every other kind has
// its code beside its kernel (operators/), with the number of its parameters, and in its record on the host
// (host/operators/); docs/operators.md lists all of them.
export const CONVOLUTION: u32 = 1;
export const DEPTHWISE: u32 = 2;
export const POINTWISE: u32 = 3; // 1x1 convolution, stride 1, no padding
export const FULLY_CONNECTED: u32 = 4;
export const ARGMAX: u32 = 9; // whose output whoever runs an image takes for a class
export const ROUTE: u32 = 19; // behind which only one of several branches runs

// When the weights of an operator are materialised as INT8
export const RESIDENCY_FLASH: u32 = 0; // never: stored INT8, read in place (also operators without weights)
export const RESIDENCY_BOOT: u32 = 1; //  by load, into the operator's cache
export const RESIDENCY_LAZY: u32 = 2; //  by the first invoke that meets the operator, into its cache
export const RESIDENCY_STREAM: u32 = 3; // by every invoke, some rows at a time, in scratch

// Quantisation tables: one per operator with weights, or the parameters of another operator
export const TABLE_NONE: u32 = 0;
export const TABLE_Q31: u32 = 1; //        9 B a channel: i32 bias[c], i32 multiplier[c], i8 shift[c], padded to 4
export const TABLE_COMPACT: u32 = 2; //    4 B a channel: { u16 scale, i16 bias }[c]
export const TABLE_PARAMETERS: u32 = 3; // i32 each, as many as the kind has
export const TABLE_UNIFORM: u32 = 4; //    8 B + 4 B a channel: i32 multiplier, i32 shift, of all channels, i32 bias[c]
export const TABLE_SHORT: u32 = 5; //      3 B a channel: u16 { bias, octave }[c], u8 mantissa[c], padded to 4

export const Q31_BYTES_PER_CHANNEL: u32 = 9;
export const COMPACT_BYTES_PER_CHANNEL: u32 = 4;
export const UNIFORM_HEADER_BYTES: u32 = 8;
export const UNIFORM_BYTES_PER_CHANNEL: u32 = 4;
export const SHORT_BYTES_PER_CHANNEL: u32 = 3;
// u16 of TABLE_SHORT: bbbbbbbbbbbbb ooo; bias = b << (biasShift + o), multiplier = (256 + mantissa) << 22, shift = exponent - o
export const SHORT_OCTAVE_BITS: u32 = 3;
// u16 scale of TABLE_COMPACT: eeeee mmmmmmmmmmm; multiplier = (2048 + m) << 19 (Q31), shift = exponent - e
export const COMPACT_MANTISSA_BITS: u32 = 11;

// Parameters of COPY, all in values: where run r of loop i begins is offset + i0 step0 + i1 step1 + i2 step2
export const COPY_COUNT_AT: u32 = 0; //           i32 x 3, at least 1
export const COPY_INPUT_STEP_AT: u32 = 12; //     i32 x 3, at least 0
export const COPY_OUTPUT_STEP_AT: u32 = 24; //    i32 x 3, at least 0
export const COPY_RUN_AT: u32 = 36; //            i32, values that lie together, at least 1
export const COPY_INPUT_OFFSET_AT: u32 = 40; //   i32
export const COPY_OUTPUT_OFFSET_AT: u32 = 44; //  i32
export const COPY_FILL_AT: u32 = 48; //           i32, 1: the output takes its zero point first, 0: it keeps what it has

// Weight source, 24 bytes: gives an operator rows of INT8 weights
export const SOURCE_BYTES: u32 = 24;
export const SOURCE_KIND_AT: u32 = 0; //           u8, the code of a file in weights/
export const SOURCE_ENCODING_AT: u32 = 1; //       u8, ENCODING_* (STORED); else 0
export const SOURCE_GENERATOR_AT: u32 = 2; //      u16 (all but STORED), or NONE
export const SOURCE_ROWS_AT: u32 = 4; //           u16
export const SOURCE_ROW_LENGTH_AT: u32 = 6; //     u16, weights in a row
export const SOURCE_ROWS_PER_CODE_AT: u32 = 8; //  u16 (BASIS), else 0
export const SOURCE_SHIFT_AT: u32 = 10; //         i8 (BASIS): of the mix to INT8
export const SOURCE_RESERVED_AT: u32 = 11; //      u8, zero
export const SOURCE_DATA_AT: u32 = 12; //          u32, offset in WEIGHTS: values, codes or indices
export const SOURCE_MULTIPLIER_AT: u32 = 16; //    i32, Q31 (BASIS): of the mix to INT8
export const SOURCE_CRC_AT: u32 = 20; //           u32, CRC-32 of all rows as INT8; 0 for STORED but RICE

// Encodings of small integers; every row begins on a byte, the first value in the lowest bits
export const ENCODING_INT8: u32 = 1;
export const ENCODING_INT4: u32 = 2; //    two's complement nibbles, -8..7
export const ENCODING_INT2: u32 = 3; //    four to a byte, field f means 2 f - 3: -3, -1, 1, 3
export const ENCODING_TERNARY: u32 = 4; // five to a byte: byte = ceil(v * 256 / 243), v = sum of (t + 1) * 3^(4 - i)

// Values as they are, each row with a code of its own, see docs/format.md
export const ENCODING_RICE: u32 = 5;
export const RICE_ROWS: u32 = 16; //       rows of a block, which is decoded from its beginning; a power of two
export const RICE_UNIT: u32 = 2; //        bytes that offsets of blocks count
export const RICE_MODES_BYTES: u32 = 8; // at the start of a block: u4 mode[RICE_ROWS]
export const RICE_ESCAPE: u32 = 8; //      zeros in front of a value as it is

// Generator, 32 bytes
export const GENERATOR_BYTES: u32 = 32;
export const GENERATOR_KIND_AT: u32 = 0; //        u8, that of its sources; STORED has none
export const GENERATOR_CODE_ENCODING_AT: u32 = 1; // u8, ENCODING_INT8 to TERNARY; 0 without MLP; CODEBOOK: width of an index
export const GENERATOR_CODE_LENGTH_AT: u32 = 2; // u8, values in a code; 0: no MLP, and of BASIS one matrix, taken as it is
export const GENERATOR_HIDDEN_AT: u32 = 3; //      u8
export const GENERATOR_OUTPUTS_AT: u32 = 4; //     u8, basis matrices to mix (BASIS), weights in a tile (TILE), in an entry (CODEBOOK)
export const GENERATOR_BASIS_ENCODING_AT: u32 = 5; // u8, ENCODING_INT8 to TERNARY; 0 for TILE and CODEBOOK
export const GENERATOR_BASIS_ROWS_AT: u32 = 6; //  u16; CODEBOOK: entries, at most 16 with INT4 indices, else 256
export const GENERATOR_BASIS_COLUMNS_AT: u32 = 8; // u16; 0 for CODEBOOK
export const GENERATOR_SHIFT1_AT: u32 = 10; //     i8
export const GENERATOR_SHIFT2_AT: u32 = 11; //     i8
export const GENERATOR_BIAS_SHIFT1_AT: u32 = 12; // u8, bias = i16 << biasShift
export const GENERATOR_BIAS_SHIFT2_AT: u32 = 13; // u8
export const GENERATOR_RESERVED_AT: u32 = 14; //   u16, zero
export const GENERATOR_MULTIPLIER1_AT: u32 = 16; // i32, Q31
export const GENERATOR_MULTIPLIER2_AT: u32 = 20; // i32, Q31
// MLP in WEIGHTS, 2-byte aligned: i16 b1[hidden], i16 b2[outputs], i8 w1[hidden][codeLength], i8 w2[outputs][hidden]
export const GENERATOR_MLP_AT: u32 = 24; //        u32, offset in WEIGHTS
export const GENERATOR_BASIS_AT: u32 = 28; //      u32, offset in WEIGHTS: outputs x [rows][columns]; CODEBOOK: INT8 [entries][outputs]

// Trailer: TLVs { u16 type, u16 length, payload padded to 4 } that tile the section
export const TLV_HEADER_BYTES: u32 = 4;
export const TLV_SHA256: u32 = 0x0010; // 32 bytes: SHA-256 of [headerBytes, offset of the trailer)

// Arena
export const ARENA_UNIT: u32 = 16; // the plan counts in these, or in 2, 4 or 8 at once; also the alignment of arena and tensors
export const ARENA_HEADER_BYTES: u32 = 128; // the runtime's own state, at the start of the arena
export const STREAM_ROWS: u32 = 16; // rows materialised at a time with RESIDENCY_STREAM

// Work: how long a call may take, in units of WORK_UNIT multiply-accumulates or what takes as long (work.ts)
export const WORK_UNIT: u32 = 16; //             multiply-accumulates
export const WORK_PER_IMAGE_BYTE: u32 = 1024; // units that a program may ask for, for each byte of the image
export const WORK_PER_ARENA_BYTE: u32 = 32; //    and for each byte of its arena
export const MAX_WORK: u32 = 0x7fffffff; //      but never more
export const PROOF_PER_IMAGE_BYTE: u32 = 4; //   bytes of tables and indices that open reads to prove them, of all records
