/*
 * Reset, vectors and faults of every Cortex-M board. The linker script places the vectors at the start of flash.
 */
#include "reply.h"
#include "start.h"

#ifndef BOARD_INTERRUPTS
#error "board.json: interrupts: expected the number of vectors behind the sixteen of the core, got none"
#endif

__attribute__((noreturn)) void reset(void) {
#if defined(__ARM_FP)
  volatile uint32_t *coprocessor_access = (uint32_t *)0xe000ed88; /* CPACR */
  *coprocessor_access |= 0xfu << 20;
  __asm__ volatile("dsb\n isb" ::: "memory");
#endif
  start();
}

/* Any exception or interrupt: none is expected. Says which, in the manner of a failed command, and stops. */
__attribute__((noreturn)) static void unexpected(void) {
  uint32_t exception;
  __asm__ volatile("mrs %0, ipsr" : "=r"(exception));
  reply_text("\nerror FAULT");
  reply_field("exception", exception);
  reply_end();
  for (;;) {
  }
}

union vector {
  uint32_t *stack;
  void (*handler)(void);
};

__attribute__((section(".vectors"), used)) static const union vector vectors[16 + BOARD_INTERRUPTS] = {
    [0] = {.stack = stack_top},
    [1] = {.handler = reset},
    [2 ... 15 + BOARD_INTERRUPTS] = {.handler = unexpected},
};
