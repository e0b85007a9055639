/*
 * Gives the frames behind the image to its first program, one after another, resets it and gives them again:
 *
 *   before load: <status of htpw_reset>
 *   <outputs of all frames>
 *   reset: <status>
 *   <outputs of all frames>
 *
 * state.test.ts compares the lines. Behind the image, from the next 16 bytes on, the file holds u32 frames, then their bytes.
 * The arena holds garbage before the load.
 */
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

enum { TOTAL_AT = 8 };

#if defined(__SANITIZE_ADDRESS__)
#include "../../boards/host/guarded.h"
static uint8_t *take(uint32_t bytes) { return guarded_take(bytes); }
static const void *reached(const void *data, uint32_t bytes) { return memcpy(take(bytes), data, bytes); }
#else
static uint8_t block[HTPW_ARENA_BYTES + HTPW_INPUT_BYTES + HTPW_OUTPUT_BYTES + 3 * 16] __attribute__((aligned(16)));
static uint8_t *take(uint32_t bytes) {
  static uint32_t used;
  uint8_t *piece = block + used;
  used += (bytes + 15) & ~15u;
  return piece;
}
static const void *reached(const void *data, uint32_t bytes) { return (void)bytes, data; }
#endif

static void print_status(const char *what, int32_t status) {
  reply_text(what);
  reply_text(htpw_status_name(status));
  reply_end();
}

int main(void) {
  board_init();
  uart_init();
  uint32_t bytes = *(const uint32_t *)(const void *)(htpw_image + TOTAL_AT);
  const uint8_t *behind = htpw_image + ((bytes + 15) & ~15u);
  uint32_t frames = *(const uint32_t *)(const void *)behind;
#if defined(__SANITIZE_ADDRESS__)
  guarded_poison_all();
#endif
  const void *image = reached(htpw_image, bytes);
  uint8_t *arena = take(HTPW_ARENA_BYTES);
  uint8_t *input = take(HTPW_INPUT_BYTES);
  uint8_t *output = take(HTPW_OUTPUT_BYTES);
  memset(arena, 0xa5, HTPW_ARENA_BYTES);
  print_status("open: ", htpw_open(image, bytes, NULL));
  print_status("before load: ", htpw_reset(arena));
  print_status("load: ", htpw_load(image, 0, arena, HTPW_ARENA_BYTES, NULL, NULL));
  uint32_t input_bytes = (uint32_t)htpw_input_bytes(image, 0), output_bytes = (uint32_t)htpw_output_bytes(image, 0);
  for (int pass = 0; pass < 2; pass++) {
    for (uint32_t frame = 0; frame < frames; frame++) {
      memcpy(input, behind + 4 + frame * input_bytes, input_bytes);
      int32_t status = htpw_invoke(arena, input, output, NULL, NULL);
      if (status < 0) print_status("invoke: ", status);
      reply_hex(output, output_bytes);
    }
    reply_end();
    print_status("reset: ", htpw_reset(arena));
  }
  reply_text("end\n");
  return 0;
}
