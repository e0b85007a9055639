/*
 * Reset and traps of every 32-bit RISC-V board whose one hart starts in machine mode at the start of flash, where the
 * linker script places .vectors: the first instructions.
 */
#include "reply.h"
#include "start.h"

__attribute__((noreturn, used)) static void begin(void) { start(); }

/* Any trap: none is expected. Says which, in the manner of a failed command, and stops. */
__attribute__((noreturn, used)) static void unexpected(void) {
  uint32_t cause;
  __asm__ volatile("csrr %0, mcause" : "=r"(cause));
  reply_text("\nerror FAULT");
  reply_field("exception", cause);
  reply_end();
  for (;;) {
  }
}

/* On a stack of its own choice: what is on the old one is not needed, and it may be what has overflowed. */
__attribute__((naked, aligned(4))) static void trapped(void) {
  __asm__ volatile("la sp, stack_top\n tail %0" ::"i"(unexpected));
}

__attribute__((section(".vectors"), naked, noreturn, used)) void reset(void) {
  __asm__ volatile("la sp, stack_top\n la t0, %0\n csrw mtvec, t0\n tail %1" ::"i"(trapped), "i"(begin));
}
