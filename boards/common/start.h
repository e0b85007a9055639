/*
 * What start-up code does on every core, once it has a stack: initial values, zeros, paint, main. Included by the one C
 * file of a firmware that holds the reset code; the linker script (host/build/link.ts) defines the symbols.
 * The script places the stack at the start of RAM: one that grows too far then leaves RAM and faults, instead of
 * silently eating into the arena. The reset code sees to the fault where accesses below RAM have none.
 */
#ifndef START_H
#define START_H

#include "board.h"

extern uint32_t stack_bottom[], stack_top[], data_start[], data_end[], data_load[], bss_start[], bss_end[];
int main(void);

static const uint32_t PAINT = 0xc5c5c5c5;

static void paint_stack(void) {
  uint32_t *here = __builtin_frame_address(0);
  for (uint32_t *word = stack_bottom; word < here - 8; word++) *word = PAINT;
}

uint32_t stack_bytes(void) { return (uint32_t)(stack_top - stack_bottom) * 4; }

uint32_t stack_used(void) {
  const uint32_t *word = stack_bottom;
  while (word < stack_top && *word == PAINT) word++;
  return (uint32_t)(stack_top - word) * 4;
}

__attribute__((noreturn)) static inline void start(void) {
  for (uint32_t *to = data_start, *from = data_load; to < data_end;) *to++ = *from++;
  for (uint32_t *to = bss_start; to < bss_end;) *to++ = 0;
  paint_stack();
  main();
  for (;;) {
  }
}

#endif
