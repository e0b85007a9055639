/*
 * The public API over the translated runtime, in one translation unit, so that what is not used is dropped and what is
 * small is inlined. HTPW_RUNTIME names the translation: "htpw_scalar.c" or "htpw_dsp.c".
 *
 * The wasm_... names are #defined by the translation, one per WebAssembly export.
 */
#include "htpw.h"

#include <stddef.h>

#include "w2c_prelude.h"
/* the prelude comes first: both use its types */
#include "dsp_intrinsics.h"
#include HTPW_RUNTIME

#if UINTPTR_MAX > 0xffffffffu

uint8_t *htpw_host_memory(void) { return host_memory; }

/* Where open leaves its offset before it is handed to the caller, whose variable the runtime cannot reach; a turn each. */
enum { HOST_OFFSET_AT = 8, HOST_TURN_AT = 12 };

static u32 address_of(const void *pointer) { return (u32)((uintptr_t)pointer - (uintptr_t)host_memory); }
static void *pointer_to(u32 address) { return host_memory + address; }

/* HTPW_OK where all of `bytes` bytes lie in the block, behind what is the runtime's, and begin on the alignment. */
static s32 reachable(const void *pointer, u64 bytes, u32 alignment) {
  u64 at = (u64)((uintptr_t)pointer - (uintptr_t)host_memory);
  if (at < HTPW_HOST_RESERVED || at > HTPW_HOST_BYTES || bytes > HTPW_HOST_BYTES - at) return HTPW_OUTSIDE_HOST_MEMORY;
  return at % alignment ? HTPW_BAD_ALIGNMENT : HTPW_OK;
}

/* Of docs/format.md and assembly/executor.ts. */
enum { TOTAL_AT = 8, HEADER_BYTES = 32, SECTION_BYTES = 12, OFFSET_AT = 4, BOUND_IMAGE_AT = 4, BOUND_PROGRAM_AT = 8 };
enum { ARENA_HEADER_BYTES = 128 };

static u32 word_at(u32 address) { return i32_load_default32(address); }

static s32 image_reachable(const void *image) {
  s32 status = reachable(image, HEADER_BYTES, 16);
  return status < 0 ? status : reachable(image, word_at(address_of(image) + TOTAL_AT), 16);
}

static s32 arena_reachable(const void *arena) { return reachable(arena, ARENA_HEADER_BYTES, 16); }

/* The program that an arena is bound to is that which begins at the same place of the image. */
static s32 ports_reachable(const void *arena, const void *input, const void *output) {
  s32 status = arena_reachable(arena);
  if (status >= 0) status = (s32)wasm_operators(address_of(arena));
  if (status < 0) return status;
  u32 image = word_at(address_of(arena) + BOUND_IMAGE_AT), program = word_at(address_of(arena) + BOUND_PROGRAM_AT);
  u32 index = 0;
  while (image + word_at(image + HEADER_BYTES + SECTION_BYTES * index + OFFSET_AT) != program) index++;
  status = reachable(input, wasm_inputBytes(image, index), 4);
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

__attribute__((unused)) static s32 prove(u32 image, u32 bytes, u32 *offset) {
  u8 *turn = host_memory + HOST_TURN_AT;
  while (__atomic_test_and_set(turn, __ATOMIC_ACQUIRE)) {
  }
  s32 status = (s32)wasm_open(image, bytes, HOST_OFFSET_AT);
  if (offset && status < 0) *offset = *(u32 *)(void *)(host_memory + HOST_OFFSET_AT);
  __atomic_clear(turn, __ATOMIC_RELEASE);
  return status;
}

#else

static u32 address_of(const void *pointer) { return (u32)(uintptr_t)pointer; }
static void *pointer_to(u32 address) { return (void *)(uintptr_t)address; }

/* Here every pointer is an address. */
#define reachable(pointer, bytes, alignment) HTPW_OK
#define image_reachable(image) HTPW_OK
#define arena_reachable(arena) HTPW_OK
#define ports_reachable(arena, input, output) HTPW_OK

__attribute__((unused)) static s32 prove(u32 image, u32 bytes, u32 *offset) {
  return (s32)wasm_open(image, bytes, address_of(offset));
}

#endif

#ifdef HTPW_PROVED_IMAGES

/* Each was proved when this library was made for it, by the same code: all that is left is that it is one of them. */
static const struct {
  u32 bytes, crc;
} PROVED[] = {HTPW_PROVED_IMAGES};
enum { PROVED_COUNT = sizeof PROVED / sizeof *PROVED, TOTAL_BYTES_AT = 8 };

static s32 open_image(u32 image, u32 bytes, u32 *offset) {
  (void)offset;
  s32 status = HTPW_TRUNCATED;
  if (image % 16) return HTPW_BAD_ALIGNMENT;
  for (u32 i = 0; i < PROVED_COUNT; i++) {
    if (bytes < PROVED[i].bytes) continue;
    status = HTPW_BAD_CRC;
    /* of several, only that which the image says it is as long as: its CRC takes long */
    if (PROVED_COUNT > 1 && i32_load_default32((u64)image + TOTAL_BYTES_AT) != PROVED[i].bytes) continue;
    if (wasm_crc32(image, PROVED[i].bytes) == PROVED[i].crc) return HTPW_OK;
  }
  return status;
}

#else

static s32 open_image(u32 image, u32 bytes, u32 *offset) { return prove(image, bytes, offset); }

#endif

int32_t htpw_version(void) { return (s32)wasm_version(); }

__attribute__((cold)) int32_t htpw_open(const void *image, uint32_t bytes, uint32_t *offset) {
  if (offset) *offset = 0;
  s32 status = reachable(image, bytes, 1);
  return status < 0 ? status : open_image(address_of(image), bytes, offset);
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

int32_t htpw_invoke(void *arena, const void *input, void *output, htpw_trace trace, void *context) {
  u32 at = address_of(arena);
  s32 status = ports_reachable(arena, input, output);
  if (status < 0) return status;
  if (!trace) return (s32)wasm_invoke(at, address_of(input), address_of(output));
  status = (s32)wasm_begin(at, address_of(input));
  s32 total = status < 0 ? 0 : htpw_operators(arena);
  for (s32 l = 0; l < total && status >= 0; l++) {
    status = (s32)wasm_step(at, (u32)l);
    if (status >= 0) trace(context, l, pointer_to(wasm_outputAddress(at, (u32)l)), wasm_outputSize(at, (u32)l));
  }
  return status < 0 ? status : (s32)wasm_finish(at, address_of(output));
}

__attribute__((cold)) int32_t htpw_check_weights(void *arena, int32_t index) {
  s32 status = arena_reachable(arena);
  return status < 0 ? status : (s32)wasm_checkWeights(address_of(arena), (u32)index);
}

uint32_t htpw_crc32(const void *data, uint32_t bytes) {
#if UINTPTR_MAX > 0xffffffffu
  if (reachable(data, bytes, 1) < 0) return crc32_elsewhere(data, bytes);
#endif
  return wasm_crc32(address_of(data), bytes);
}
