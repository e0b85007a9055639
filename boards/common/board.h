/*
 * What a board gives the agent. Everything else in boards/common is the same for all of them.
 */
#ifndef BOARD_H
#define BOARD_H

#include <stdbool.h>
#include <stdint.h>

/* Clocks, caches, anything that must be right before the first call below. Runs on the real stack, with .data set. */
void board_init(void);

void uart_init(void);
/* Send one byte; waits while the transmitter is busy. */
void uart_put(char byte);
/* The next received byte, 0..255; waits for it. Only the host board returns END_OF_INPUT. */
int uart_get(void);
enum { END_OF_INPUT = -1 };
/* Whether a byte has been received that uart_get would return at once. */
bool uart_waiting(void);

void ticks_init(void);
/*
 * Ticks in 64 bits, of which only differences mean anything; board.json says what one is, and how long a difference may
 * be (ticks.bits). A counter that notices that it went round unseen goes on by TICKS_LOST: nothing takes that long.
 */
uint64_t ticks_now(void);
#define TICKS_LOST (1ull << 62)

/* The 64 bits of a counter that has 32, where it is read at least once a round: `ticks` is what was returned before. */
static inline uint64_t ticks_extended(uint64_t ticks, uint32_t now) {
  return ticks + (uint32_t)(now - (uint32_t)ticks);
}

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
