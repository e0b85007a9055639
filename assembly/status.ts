/**
 * Status codes of the runtime, shared with the host, which prints them by name (host/runtime/status.ts).
 *
 * 0 or a positive value is success; every error is negative. `open` also reports the byte offset of what it refused.
 */
export const OK: i32 = 0;

// open: the image as a whole
export const BAD_ALIGNMENT: i32 = -1; // image or arena is not 16-byte aligned
export const TRUNCATED: i32 = -2; // fewer bytes than the header, or than the header's total size
export const BAD_MAGIC: i32 = -3; // does not begin with "HTPW"
export const BAD_VERSION: i32 = -4; // format version this runtime does not read
export const BAD_HEADER: i32 = -5; // header size, total size or reserved field out of range
export const BAD_CRC: i32 = -6; // CRC-32 of everything after the header differs
export const BAD_SECTION: i32 = -7; // section table: kind, order, alignment, offset + bytes
export const BAD_TRAILER: i32 = -8; // trailer TLVs do not tile their section

// open: one program
export const BAD_PROGRAM: i32 = -16; // counts or offsets inside a program block
export const BAD_TENSOR: i32 = -17; // zero dimension, unknown type, too large
export const BAD_PLAN: i32 = -18; // arena offset unaligned, or outside the arena
export const BAD_OPERATOR: i32 = -19; // unknown kind, stride 0, pad >= kernel, reserved field set
export const BAD_SHAPE: i32 = -20; // operator and tensor shapes disagree
export const BAD_REFERENCE: i32 = -21; // index of a tensor, source or generator past its table
export const BAD_TABLE: i32 = -22; // quantisation table outside its section, or a value out of range
export const BAD_DEPTH: i32 = -23; // accumulation so deep that an i32 could overflow
export const BAD_SOURCE: i32 = -24; // weight source: kind, bits, size, data range
export const BAD_GENERATOR: i32 = -25; // generator: kind, sizes, data range
export const BAD_RESIDENCY: i32 = -26; // residency impossible for this source, or its cache does not fit the plan
export const BAD_SCRATCH: i32 = -27; // plan gives an operator less scratch than it needs
export const NOT_BUILT_IN: i32 = -28; // operator, source or encoding that this build of the runtime leaves out
export const BAD_WORK: i32 = -29; // more work per inference than image and arena pay for, or data that is proved too often
export const BAD_ROUTE: i32 = -30; // branches that go on behind the last operator, or have a route of their own
export const UNWRITTEN: i32 = -31; // tensor that is read though some way through the branches has not written it

// calls
export const NO_SUCH_PROGRAM: i32 = -40; // program index past the count
export const ARENA_TOO_SMALL: i32 = -41; // arena bytes below arenaBytes(image, program)
export const NOT_LOADED: i32 = -42; // arena was not prepared by load
export const NO_SUCH_OPERATOR: i32 = -43; // operator index past the count
export const WEIGHTS_DIFFER: i32 = -44; // generated weights do not have the CRC that the image carries
export const NOT_STREAMED: i32 = -45; // program that cannot be streamed, or a state that was not reset for it

// calls, on 64-bit hosts only
export const OUTSIDE_HOST_MEMORY: i32 = -48; // a pointer, or what it points to, is not inside htpw_host_memory()
