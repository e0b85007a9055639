/*
 * The public API over the translated runtime, in one translation unit, so that what is not used is dropped and what is
 * small is inlined. HTPW_RUNTIME names the translation: "htpw_scalar.c", "htpw_dsp.c" or "htpw_mve.c".
 *
 * The wasm_... names are #defined by the translation, one per WebAssembly export.
 */
#include "htpw.h"

#include <stddef.h>

/*
 * What keeps GCC from spilling registers in the kernels, for builds without the flags of the build files, also at -Os. A
 * pragma takes no --param, so some more is inlined: as fast, and some 5 % larger (htpw bench --plain).
 */
#if defined(__GNUC__) && !defined(__clang__) && !defined(HTPW_KERNEL_FLAGS)
#pragma GCC optimize("O2", "no-inline-functions-called-once", "no-ivopts", "no-tree-reassoc")
#pragma GCC optimize("no-tree-pre", "no-tree-loop-im")
#endif

#include "w2c_prelude.h"
/* the prelude comes first: both use its types */
#include "intrinsics.h"
#include HTPW_RUNTIME

/*
 * What open, check and CRC work in: the caller's stack, or on a 64-bit host a part of the block that is reserved for
 * it, where one thread at a time has its turn.
 */
#define WORKSPACE_WORDS 18u
#define REFUSED_AT 16u /* the word that takes the offset of a refusal */

/* Of assembly/format.ts; a test holds these and those below to it. */
enum { HEADER_TOTAL_AT = 8, HEADER_BYTES = 32, SECTION_BYTES = 12, SECTION_OFFSET_AT = 4, ARENA_HEADER_BYTES = 128 };

#if UINTPTR_MAX > 0xffffffffu

enum { HOST_TURN_AT = 12, HOST_WORKSPACE_AT = 16 };
_Static_assert(HOST_WORKSPACE_AT + 4 * WORKSPACE_WORDS <= HTPW_HOST_RESERVED, "the workspace is reserved");

uint8_t *htpw_host_memory(void) { return host_memory; }

#define WORKSPACE(name) u32 *name = take_turn()
static u32 *take_turn(void) {
  while (__atomic_test_and_set(host_memory + HOST_TURN_AT, __ATOMIC_ACQUIRE)) {
  }
  return (u32 *)(void *)(host_memory + HOST_WORKSPACE_AT);
}
static void give_back(u32 *workspace) {
  (void)workspace;
  __atomic_clear(host_memory + HOST_TURN_AT, __ATOMIC_RELEASE);
}

static u32 address_of(const void *pointer) { return (u32)((uintptr_t)pointer - (uintptr_t)host_memory); }
static void *pointer_to(u32 address) { return host_memory + address; }

/* HTPW_OK where all of `bytes` bytes lie in the block, behind what is the runtime's, and begin on the alignment. */
static s32 reachable(const void *pointer, u64 bytes, u32 alignment) {
  u64 at = (u64)((uintptr_t)pointer - (uintptr_t)host_memory);
  if (at < HTPW_HOST_RESERVED || at > HTPW_HOST_BYTES || bytes > HTPW_HOST_BYTES - at) return HTPW_OUTSIDE_HOST_MEMORY;
  return at % alignment ? HTPW_BAD_ALIGNMENT : HTPW_OK;
}

/* Of assembly/arena.ts. */
enum { ARENA_IMAGE_AT = 4, ARENA_PROGRAM_AT = 8 };

static u32 word_at(u32 address) { return i32_load_default32(address); }

static s32 image_reachable(const void *image) {
  s32 status = reachable(image, HEADER_BYTES, 16);
  return status < 0 ? status : reachable(image, word_at(address_of(image) + HEADER_TOTAL_AT), 16);
}

static s32 arena_reachable(const void *arena) { return reachable(arena, ARENA_HEADER_BYTES, 16); }

/* An arena's image. The program that it is bound to is that which begins at the same place of the image. */
static s32 bound(const void *arena, u32 *image, u32 *index) {
  s32 status = arena_reachable(arena);
  if (status >= 0) status = (s32)wasm_operators(address_of(arena));
  if (status < 0) return status;
  u32 program = word_at(address_of(arena) + ARENA_PROGRAM_AT);
  *image = word_at(address_of(arena) + ARENA_IMAGE_AT);
  *index = 0;
  while (*image + word_at(*image + HEADER_BYTES + SECTION_BYTES * *index + SECTION_OFFSET_AT) != program) (*index)++;
  return HTPW_OK;
}

static s32 ports_reachable(const void *arena, const void *input, const void *output) {
  u32 image, index;
  s32 status = bound(arena, &image, &index);
  if (status >= 0) status = reachable(input, wasm_inputBytes(image, index), 4);
  return status < 0 ? status : reachable(output, wasm_outputBytes(image, index), 4);
}

/* Of a program without a stream, any state will do: the call is refused before it looks at it. */
static s32 stream_reachable(const void *arena, const void *state) {
  u32 image, index;
  s32 status = bound(arena, &image, &index);
  u32 bytes = status < 0 ? 0 : wasm_streamBytes(image, index);
  return bytes == 0 ? (status < 0 ? status : HTPW_NOT_STREAMED) : reachable(state, bytes, 4);
}

static s32 output_reachable(const void *arena, const void *output) {
  u32 image, index;
  s32 status = bound(arena, &image, &index);
  return status < 0 ? status : reachable(output, wasm_outputBytes(image, index), 4);
}

/* As wasm_crc32, of memory that it cannot reach. */
static u32 crc32_elsewhere(const u8 *data, u32 bytes) {
  u32 crc = 0xffffffffu;
  for (u32 i = 0; i < bytes; i++) {
    crc ^= data[i];
    for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0u);
  }
  return ~crc;
}

#else

static u32 address_of(const void *pointer) { return (u32)(uintptr_t)pointer; }
static void *pointer_to(u32 address) { return (void *)(uintptr_t)address; }

/* Here every pointer is an address. */
#define reachable(pointer, bytes, alignment) HTPW_OK
#define image_reachable(image) HTPW_OK
#define arena_reachable(arena) HTPW_OK
#define ports_reachable(arena, input, output) HTPW_OK
#define stream_reachable(arena, state) HTPW_OK
#define output_reachable(arena, output) HTPW_OK

#define WORKSPACE(name) u32 name[WORKSPACE_WORDS]
W2C_INLINE void give_back(u32 *workspace) { (void)workspace; }

#endif

#ifdef HTPW_PROVED_IMAGES

/* Each was proved when this library was made for it, by the same code: all that is left is that it is one of them. */
static const struct {
  u32 bytes, crc;
} PROVED[] = {HTPW_PROVED_IMAGES};
enum { PROVED_COUNT = sizeof PROVED / sizeof *PROVED };

/* Of the first bytes; `progress` may be NULL. */
W2C_INLINE u32 crc_of(u32 image, u32 bytes, u32 *workspace, htpw_progress progress, void *context) {
  const u32 slice = progress ? 4096 : bytes;
  u32 at = address_of(workspace);
  u32 crc = wasm_beginCrc(at);
  for (u32 done = 0; done < bytes; done += slice) {
    u32 left = bytes - done;
    if (progress) progress(context, (s32)done, (s32)bytes);
    crc = wasm_continueCrc(crc, image + done, left < slice ? left : slice, at);
  }
  return ~crc;
}

W2C_INLINE s32 check_image(u32 image, u32 bytes, u32 *workspace, htpw_progress progress, void *context) {
  s32 status = HTPW_TRUNCATED;
  if (image % 16) return HTPW_BAD_ALIGNMENT;
  for (u32 i = 0; i < PROVED_COUNT; i++) {
    if (bytes < PROVED[i].bytes) continue;
    status = HTPW_BAD_CRC;
    /* of several, only that which the image says it is as long as: its CRC takes long */
    if (PROVED_COUNT > 1 && i32_load_default32((u64)image + HEADER_TOTAL_AT) != PROVED[i].bytes) continue;
    if (crc_of(image, PROVED[i].bytes, workspace, progress, context) == PROVED[i].crc) return HTPW_OK;
  }
  return status;
}

W2C_INLINE s32 prove_image(u32 image, u32 *workspace) {
  (void)image;
  (void)workspace;
  return HTPW_OK;
}

#else

W2C_INLINE s32 check_image(u32 image, u32 bytes, u32 *workspace, htpw_progress progress, void *context) {
  s32 left;
  do {
    left = (s32)wasm_checkSlice(image, bytes, address_of(workspace));
    if (progress && left > 0) progress(context, (s32)workspace[REFUSED_AT], (s32)workspace[REFUSED_AT] + left);
  } while (left > 0);
  return left;
}

W2C_INLINE s32 prove_image(u32 image, u32 *workspace) { return (s32)wasm_prove(image, address_of(workspace)); }

#endif

W2C_INLINE s32 open_image(const void *image, u32 bytes, u32 *offset, htpw_progress progress, void *context) {
  s32 status = reachable(image, bytes, 1);
  if (offset) *offset = 0;
  if (status < 0) return status;
  WORKSPACE(workspace);
  workspace[REFUSED_AT] = 0;
  status = check_image(address_of(image), bytes, workspace, progress, context);
  if (status == HTPW_OK) status = prove_image(address_of(image), workspace);
  if (offset && status < 0) *offset = workspace[REFUSED_AT];
  give_back(workspace);
  return status;
}

int32_t htpw_version(void) { return (s32)wasm_version(); }

__attribute__((cold)) int32_t htpw_open(const void *image, uint32_t bytes, uint32_t *offset) {
  return open_image(image, bytes, offset, NULL, NULL);
}

__attribute__((cold)) int32_t htpw_open_watched(const void *image, uint32_t bytes, uint32_t *offset,
                                                htpw_progress progress, void *context) {
  return open_image(image, bytes, offset, progress, context);
}

__attribute__((cold)) int32_t htpw_check(const void *image, uint32_t bytes, htpw_progress progress, void *context) {
  s32 status = reachable(image, bytes, 1);
  if (status < 0) return status;
  WORKSPACE(workspace);
  workspace[REFUSED_AT] = 0;
  status = check_image(address_of(image), bytes, workspace, progress, context);
  give_back(workspace);
  return status;
}

uint32_t htpw_work(const void *image, int32_t program) {
  return image_reachable(image) < 0 ? 0 : wasm_work(address_of(image), (u32)program);
}

int32_t htpw_programs(const void *image) {
  s32 status = image_reachable(image);
  return status < 0 ? status : (s32)wasm_programs(address_of(image));
}

int32_t htpw_arena_bytes(const void *image, int32_t program) {
  s32 status = image_reachable(image);
  return status < 0 ? status : (s32)wasm_arenaBytes(address_of(image), (u32)program);
}

int32_t htpw_input_bytes(const void *image, int32_t program) {
  s32 status = image_reachable(image);
  return status < 0 ? status : (s32)wasm_inputBytes(address_of(image), (u32)program);
}

int32_t htpw_output_bytes(const void *image, int32_t program) {
  s32 status = image_reachable(image);
  return status < 0 ? status : (s32)wasm_outputBytes(address_of(image), (u32)program);
}

__attribute__((cold)) int32_t htpw_load(const void *image, int32_t program, void *arena, uint32_t arena_bytes,
                                        htpw_progress progress, void *context) {
  s32 status = image_reachable(image);
  if (status >= 0) status = reachable(arena, arena_bytes, 16);
  if (status < 0) return status;
  status = (s32)wasm_bind(address_of(image), (u32)program, address_of(arena), arena_bytes);
  if (status < 0) return status;
  s32 total = htpw_operators(arena);
  for (s32 l = 0; l < total; l++) {
    if (progress) progress(context, l, total);
    status = (s32)wasm_prepare(address_of(arena), (u32)l);
    if (status < 0) return status;
  }
  if (progress) progress(context, total, total);
  return HTPW_OK;
}

int32_t htpw_operators(const void *arena) {
  s32 status = arena_reachable(arena);
  return status < 0 ? status : (s32)wasm_operators(address_of(arena));
}

__attribute__((cold)) int32_t htpw_reset(void *arena) {
  s32 status = arena_reachable(arena);
  return status < 0 ? status : (s32)wasm_reset(address_of(arena));
}

/* Whether this build has the operator that branches begin with; without, all operators run. */
enum { ROUTE = 19 };
W2C_INLINE const void *result_at(u32 address) {
  return w2c_core_uses(ROUTE) && address == 0 ? NULL : pointer_to(address);
}

/* After a begin: runs the operators from `first` on, shows each result, and finishes. */
W2C_INLINE s32 run_traced(s32 begun, void *arena, s32 first, void *output, htpw_trace trace, void *context) {
  u32 at = address_of(arena);
  s32 total = begun < 0 ? 0 : htpw_operators(arena);
  for (s32 l = first; l < total; l++) {
    wasm_step(at, (u32)l); /* refuses nothing of a program that has begun */
    trace(context, l, result_at(wasm_outputAddress(at, (u32)l)), wasm_outputSize(at, (u32)l));
  }
  return begun < 0 ? begun : (s32)wasm_finish(at, address_of(output));
}

int32_t htpw_invoke(void *arena, const void *input, void *output, htpw_trace trace, void *context) {
  u32 at = address_of(arena);
  s32 status = ports_reachable(arena, input, output);
  if (status < 0) return status;
  if (!trace) return (s32)wasm_invoke(at, address_of(input), address_of(output));
  return run_traced((s32)wasm_begin(at, address_of(input)), arena, 0, output, trace, context);
}

/* Whether this build has the operator that streams begin with; the compiler drops what they need where it has not. */
enum { LOG_MEL = 18 };
W2C_INLINE int has_streams(void) { return (int)w2c_core_uses(LOG_MEL); }

int32_t htpw_stream_bytes(const void *image, int32_t program) {
  if (!has_streams()) return 0;
  s32 status = image_reachable(image);
  return status < 0 ? status : (s32)wasm_streamBytes(address_of(image), (u32)program);
}

__attribute__((cold)) int32_t htpw_stream_reset(const void *arena, void *state) {
  if (!has_streams()) return HTPW_NOT_STREAMED;
  s32 status = stream_reachable(arena, state);
  return status < 0 ? status : (s32)wasm_resetStream(address_of(arena), address_of(state));
}

int32_t htpw_push(void *arena, void *state, const int16_t *samples, uint32_t count) {
  if (!has_streams()) return HTPW_NOT_STREAMED;
  s32 status = stream_reachable(arena, state);
  if (status >= 0) status = reachable(samples, 2 * (u64)count, 2);
  return status < 0 ? status : (s32)wasm_push(address_of(arena), address_of(state), address_of(samples), count);
}

int32_t htpw_invoke_stream(void *arena, const void *state, void *output, htpw_trace trace, void *context) {
  if (!has_streams()) return HTPW_NOT_STREAMED;
  u32 at = address_of(arena);
  s32 status = stream_reachable(arena, state);
  if (status >= 0) status = output_reachable(arena, output);
  if (status < 0) return status;
  if (!trace) return (s32)wasm_invokeStream(at, address_of(state), address_of(output));
  return run_traced((s32)wasm_beginStream(at, address_of(state)), arena, 1, output, trace, context);
}

__attribute__((cold)) int32_t htpw_check_weights(void *arena, int32_t index) {
  s32 status = arena_reachable(arena);
  if (status < 0) return status;
  WORKSPACE(workspace);
  status = (s32)wasm_checkWeights(address_of(arena), (u32)index, address_of(workspace));
  give_back(workspace);
  return status;
}

uint32_t htpw_crc32(const void *data, uint32_t bytes) {
#if UINTPTR_MAX > 0xffffffffu
  if (reachable(data, bytes, 1) < 0) return crc32_elsewhere(data, bytes);
#endif
  WORKSPACE(workspace);
  u32 crc = wasm_crc32(address_of(data), bytes, address_of(workspace));
  give_back(workspace);
  return crc;
}
