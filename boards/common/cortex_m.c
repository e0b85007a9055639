/*
 * Reset, vectors and faults of every Cortex-M board. The linker script places the vectors at the start of flash.
 * A stack that leaves RAM stops the program, also where nothing answers below RAM: the core itself guards that border,
 * with a limit for the stack pointer or a memory protection unit. A Cortex-M0 has neither and relies on a bus fault.
 */
#include "reply.h"
#include "start.h"

#ifndef BOARD_INTERRUPTS
#error "board.json: interrupts: expected the number of vectors behind the sixteen of the core, got none"
#endif

#if __ARM_ARCH >= 8

static void guard_stack(void) { __asm__ volatile("msr msplim, %0" ::"r"(stack_bottom)); }

#else

struct memory_protection {
  volatile uint32_t type, control, number, base, attributes;
};
#define MPU ((struct memory_protection *)0xe000ed90)
enum { MPU_REGIONS = 0xff << 8, MPU_ENABLE = 1, MPU_ELSE_AS_EVER = 1 << 2, REGION_VALID = 1 << 4, REGION_ENABLE = 1 };
enum { NEVER_RUN = 1 << 28, LOG2_GUARD_BYTES = 12, GUARD_BYTES = 1 << LOG2_GUARD_BYTES }; /* with no right of access */

/* The linker script sees to it that the stack begins at a multiple of GUARD_BYTES. */
static void guard_stack(void) {
  if (!(MPU->type & MPU_REGIONS)) return;
  MPU->base = ((uint32_t)stack_bottom - GUARD_BYTES) | REGION_VALID;
  MPU->attributes = NEVER_RUN | (LOG2_GUARD_BYTES - 1) << 1 | REGION_ENABLE;
  MPU->control = MPU_ENABLE | MPU_ELSE_AS_EVER;
  __asm__ volatile("dsb\n isb" ::: "memory");
}

#endif

/*
 * Each kind of fault has its own exception. Of a stack that has no room for an exception's frame that leaves a hard
 * fault, which does not need one; were it a hard fault to begin with, the core would lock up.
 */
static void tell_faults_apart(void) {
#if __ARM_ARCH >= 7
  volatile uint32_t *handlers = (uint32_t *)0xe000ed24; /* SHCSR */
  *handlers |= 7u << 16;
#endif
}

__attribute__((noreturn)) void reset(void) {
  guard_stack();
  tell_faults_apart();
#if defined(__ARM_FP)
  volatile uint32_t *coprocessor_access = (uint32_t *)0xe000ed88; /* CPACR */
  *coprocessor_access |= 0xfu << 20;
  __asm__ volatile("dsb\n isb" ::: "memory");
#endif
#if defined(__ARM_FEATURE_MVE)
  volatile uint32_t *configuration = (uint32_t *)0xe000ed14; /* CCR */
  *configuration |= 1u << 19;                                /* LOB: the core remembers where loops end */
#endif
  start();
}

/* Any exception or interrupt: none is expected. Says which, in the manner of a failed command, and stops. */
__attribute__((noreturn, used)) static void unexpected(uint32_t exception) {
  reply_text("\nerror FAULT");
  reply_field("exception", exception);
  reply_end();
  for (;;) {
  }
}

/* On a stack of its own choice: what is on the old one is not needed, and it may be what has overflowed. */
__attribute__((naked)) static void interrupted(void) {
  __asm__ volatile("mrs r0, ipsr\n ldr r1, =stack_top\n msr msp, r1\n ldr r1, =%c0\n bx r1\n .ltorg" ::"i"(unexpected));
}

union vector {
  uint32_t *stack;
  void (*handler)(void);
};

__attribute__((section(".vectors"), used)) static const union vector vectors[16 + BOARD_INTERRUPTS] = {
    [0] = {.stack = stack_top},
    [1] = {.handler = reset},
    [2 ... 15 + BOARD_INTERRUPTS] = {.handler = interrupted},
};
