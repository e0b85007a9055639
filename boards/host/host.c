/*
 * The board that is a 64-bit computer: stdin and stdout as the UART, the clock as the counter, and the one static block
 * that the runtime can reach as memory. Whatever lies between image, arena, input and output is poisoned: the address
 * sanitizer stops the runtime at the first byte that it touches outside them.
 */
#include <sanitizer/asan_interface.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "board.h"
#include "htpw.h"

extern const uint8_t htpw_image[], htpw_image_end[];

void board_init(void) {}
void uart_init(void) {}
void ticks_init(void) {}

void uart_put(char byte) {
  putchar(byte);
  if (byte == '\n') fflush(stdout);
}

int uart_get(void) {
  int byte = getchar();
  return byte == EOF ? END_OF_INPUT : byte;
}

uint32_t ticks_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint32_t)((uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec);
}

uint32_t stack_bytes(void) { return 0; }
uint32_t stack_used(void) { return 0; }

/* The next `bytes` of the block, 16-byte aligned, at least a poisoned gap behind the one before. */
static uint8_t *take(uint32_t *used, uint32_t bytes) {
  enum { GAP = 64 };
  uint8_t *start = htpw_host_memory() + *used + GAP;
  *used += GAP + (bytes + 15) / 16 * 16;
  if (*used + GAP > HTPW_HOST_BYTES) {
    fprintf(stderr, "host memory: image and arena need more than HTPW_HOST_BYTES = %u bytes\n", HTPW_HOST_BYTES);
    __builtin_trap();
  }
  ASAN_UNPOISON_MEMORY_REGION(start, bytes);
  return start;
}

struct board_memory board_memory(void) {
  struct board_memory memory = {
      .image_bytes = (uint32_t)(htpw_image_end - htpw_image),
      .arena_bytes = HTPW_ARENA_BYTES,
      .input_bytes = HTPW_INPUT_BYTES,
      .output_bytes = HTPW_OUTPUT_BYTES,
  };
  uint32_t used = HTPW_HOST_RESERVED;
  ASAN_POISON_MEMORY_REGION(htpw_host_memory() + used, HTPW_HOST_BYTES - used);
  uint8_t *image = take(&used, memory.image_bytes);
  memcpy(image, htpw_image, memory.image_bytes);
  memory.image = image;
  memory.arena = take(&used, memory.arena_bytes);
  memory.input = take(&used, memory.input_bytes);
  memory.output = take(&used, memory.output_bytes);
  return memory;
}
