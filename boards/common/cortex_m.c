/*
 * Reset, vectors, faults and the stack's high-water mark of every Cortex-M board.
 * The linker script places the vectors at the start of flash and the stack at the start of RAM: a stack that grows
 * too far then leaves RAM and faults, instead of silently eating into the arena.
 */
#include "board.h"
#include "reply.h"

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

__attribute__((noreturn)) void reset(void) {
#if defined(__ARM_FP)
  volatile uint32_t *coprocessor_access = (uint32_t *)0xe000ed88; /* CPACR */
  *coprocessor_access |= 0xfu << 20;
  __asm__ volatile("dsb\n isb" ::: "memory");
#endif
  for (uint32_t *to = data_start, *from = data_load; to < data_end;) *to++ = *from++;
  for (uint32_t *to = bss_start; to < bss_end;) *to++ = 0;
  paint_stack();
  main();
  for (;;) {
  }
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
