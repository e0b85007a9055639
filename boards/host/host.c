/*
 * The board that is a 64-bit computer: stdin and stdout as the UART, the clock as the counter, and as memory a block
 * that is poisoned outside image, arena, input and output.
 */
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "board.h"
#include "guarded.h"
#include "htpw.h"

extern const uint8_t htpw_image[], htpw_image_end[];

void board_init(void) {}
void uart_init(void) { setvbuf(stdin, NULL, _IONBF, 0); /* so that what waits is where uart_waiting looks */ }
void ticks_init(void) {}

void uart_put(char byte) {
  putchar(byte);
  if (byte == '\n') fflush(stdout);
}

int uart_get(void) {
  int byte = getchar();
  return byte == EOF ? END_OF_INPUT : byte;
}

bool uart_waiting(void) {
  int bytes = 0;
  return ioctl(STDIN_FILENO, FIONREAD, &bytes) == 0 && bytes > 0;
}

uint64_t ticks_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint32_t stack_bytes(void) { return 0; }
uint32_t stack_used(void) { return 0; }

struct board_memory board_memory(void) {
  struct board_memory memory = {
      .image_bytes = (uint32_t)(htpw_image_end - htpw_image),
      .arena_bytes = HTPW_ARENA_BYTES,
      .input_bytes = HTPW_INPUT_BYTES,
      .output_bytes = HTPW_OUTPUT_BYTES,
  };
  guarded_poison_all();
  uint8_t *image = guarded_take(memory.image_bytes);
  memcpy(image, htpw_image, memory.image_bytes);
  memory.image = image;
  memory.arena = guarded_take(memory.arena_bytes);
  memory.input = guarded_take(memory.input_bytes);
  memory.output = guarded_take(memory.output_bytes);
  return memory;
}
