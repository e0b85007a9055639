/*
 * Streams the sound behind the image through its first program, in parts of several lengths, and prints for each:
 *
 *   parts of <samples>: <frames> <output of htpw_invoke_stream>
 *
 * with what is refused before, and the ticks of a push that completes one frame behind; stream.test.ts compares the
 * lines. Behind the image, from the next 16 bytes on, the file holds u32 samples of the sound, u32 hop, then the sound
 * as i16. A whole window is run in the middle. Behind the state lies a guard.
 */
#include <stdbool.h>
#include <stddef.h>
#if __STDC_HOSTED__
#include <string.h>
#else /* boards/common/libc.c has them */
void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memset(void *to, int value, size_t bytes);
#endif

#include "board.h"
#include "htpw.h"
#include "reply.h"

extern const uint8_t htpw_image[];

enum { TOTAL_AT = 8, MOST_STATE = 4096, GUARD_BYTES_OF_STATE = 16, GUARD = 0xc3 };

#if defined(__SANITIZE_ADDRESS__)
#include "../../boards/host/guarded.h"
static uint8_t *take(uint32_t bytes) { return guarded_take(bytes); }
static const void *reached(const void *data, uint32_t bytes) { return memcpy(take(bytes), data, bytes); }
#else
static uint8_t block[HTPW_ARENA_BYTES + HTPW_INPUT_BYTES + HTPW_OUTPUT_BYTES + MOST_STATE + 4 * 16]
    __attribute__((aligned(16)));
static uint8_t *take(uint32_t bytes) {
  static uint32_t used;
  uint8_t *piece = block + used;
  used += (bytes + 15) & ~15u;
  return piece;
}
static const void *reached(const void *data, uint32_t bytes) { return (void)bytes, data; }
#endif

static const uint32_t PARTS[] = {1, 7, 61, 251, 1999};

static const void *image;
static const int16_t *sound, *window;
static uint8_t *arena, *state, *output;
static uint32_t output_bytes;

static void print_status(const char *what, int32_t status) {
  reply_text(what);
  reply_text(htpw_status_name(status));
}

static void count_layer(void *context, int32_t index, const void *result, uint32_t bytes) {
  (void)result, (void)bytes;
  *(uint32_t *)context += 100 + (uint32_t)index;
}

static void print_refusals(void) {
  print_status("before load: ", htpw_push(arena, state, sound, 5));
  print_status(" ", htpw_invoke_stream(arena, state, output, NULL, NULL));
  print_status(" ", htpw_stream_reset(arena, state));
  print_status(", load: ", htpw_load(image, 0, arena, HTPW_ARENA_BYTES, NULL, NULL));
  print_status(", before reset: ", htpw_push(arena, state, sound, 5));
  print_status(" ", htpw_invoke_stream(arena, state, output, NULL, NULL));
  print_status(", then: ", htpw_stream_reset(arena, state));
  reply_end();
#if UINTPTR_MAX > 0xffffffffu
  print_status("elsewhere: ", htpw_stream_reset(arena, NULL));
  print_status(" ", htpw_push(arena, NULL, sound, 5));
  print_status(" ", htpw_push(arena, state, NULL, 5));
  print_status(" ", htpw_push(arena, state, sound, HTPW_HOST_BYTES));
  print_status(" ", htpw_invoke_stream(arena, NULL, output, NULL, NULL));
  print_status(" ", htpw_invoke_stream(arena, state, NULL, NULL, NULL));
  print_status(" ", htpw_stream_bytes(NULL, 0));
  print_status(", misaligned: ", htpw_stream_reset(arena, state + 2));
  print_status(" ", htpw_push(arena, state, (const int16_t *)(const void *)((const uint8_t *)sound + 1), 5));
  reply_end();
#endif
}

/* The sound in parts, and a whole window run in the middle. */
static int32_t push_all(uint32_t samples, uint32_t part) {
  int32_t frames = 0;
  for (uint32_t at = 0; at < samples; at += part) {
    int32_t more = htpw_push(arena, state, sound + at, samples - at < part ? samples - at : part);
    if (more < 0) return more;
    frames += more;
    if (at <= samples / 2 && at + part > samples / 2) htpw_invoke(arena, window, output, NULL, NULL);
  }
  return frames;
}

int main(void) {
  board_init();
  uart_init();
  ticks_init();
  uint32_t bytes = *(const uint32_t *)(const void *)(htpw_image + TOTAL_AT);
  const uint32_t *words = (const uint32_t *)(const void *)(htpw_image + ((bytes + 15) & ~15u));
  uint32_t samples = words[0], hop = words[1];
#if defined(__SANITIZE_ADDRESS__)
  guarded_poison_all();
#endif
  image = reached(htpw_image, bytes);
  sound = reached(words + 2, 2 * samples);
  print_status("open: ", htpw_open(image, bytes, NULL));
  uint32_t stream_bytes = (uint32_t)htpw_stream_bytes(image, 0);
  reply_field("stream", stream_bytes);
  reply_end();
  arena = take(HTPW_ARENA_BYTES);
  uint8_t *input = take(HTPW_INPUT_BYTES);
  output_bytes = (uint32_t)htpw_output_bytes(image, 0);
  output = take(HTPW_OUTPUT_BYTES);
  state = take(stream_bytes + GUARD_BYTES_OF_STATE);
  memset(arena, 0xa5, HTPW_ARENA_BYTES);
  memset(state, GUARD, stream_bytes + GUARD_BYTES_OF_STATE);
  memcpy(input, sound, HTPW_INPUT_BYTES);
  window = (const int16_t *)(const void *)input;
  print_refusals();
  for (uint32_t i = 0; i < sizeof PARTS / sizeof *PARTS; i++) {
    reply_text("parts of ");
    reply_unsigned(PARTS[i]);
    print_status(": ", htpw_stream_reset(arena, state));
    reply_text(" ");
    reply_signed(push_all(samples, PARTS[i]));
    print_status(" ", htpw_invoke_stream(arena, state, output, NULL, NULL));
    reply_text(" ");
    reply_hex(output, output_bytes);
    reply_end();
  }
  uint32_t layers = 0;
  print_status("traced: ", htpw_invoke_stream(arena, state, output, count_layer, &layers));
  reply_field("layers", layers);
  reply_text(" ");
  reply_hex(output, output_bytes);
  bool guarded = true;
  for (uint32_t i = 0; i < GUARD_BYTES_OF_STATE; i++) guarded &= state[stream_bytes + i] == GUARD;
  reply_text(guarded ? ", guards whole" : ", wrote behind the state");
  reply_end();
  uint64_t begin = ticks_now();
  int32_t frames = htpw_push(arena, state, sound, hop);
  reply_field("ticks", ticks_now() - begin);
  reply_field("frames", (uint64_t)frames);
  reply_end();
  reply_text("end\n");
  return 0;
}
