/*
 * What a board gives the agent. Everything else in boards/common is the same for all of them.
 */
#ifndef BOARD_H
#define BOARD_H

#include <stdint.h>

/* Clocks, caches, anything that must be right before the first call below. Runs on the real stack, with .data set. */
void board_init(void);

void uart_init(void);
/* Send one byte; waits while the transmitter is busy. */
void uart_put(char byte);
/* The next received byte, 0..255; waits for it. Only the host board returns END_OF_INPUT. */
int uart_get(void);
enum { END_OF_INPUT = -1 };

void ticks_init(void);
/* A 32-bit counter that wraps; board.json says what one tick is. Differences are right for up to 2^32 - 1 ticks. */
uint32_t ticks_now(void);

/* Where the agent finds the image and the buffers; all 16-byte aligned, sized by the build for this very image. */
struct board_memory {
  const uint8_t *image;
  uint32_t image_bytes;
  uint8_t *arena;
  uint32_t arena_bytes;
  uint8_t *input;
  uint32_t input_bytes;
  uint8_t *output;
  uint32_t output_bytes;
};
struct board_memory board_memory(void);

/* Stack that the linker script reserves, and how much of it has ever been touched, in bytes; 0 when unknown. */
uint32_t stack_bytes(void);
uint32_t stack_used(void);

#endif
