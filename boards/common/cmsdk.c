/*
 * UART and timers of the Cortex-M System Design Kit, as on Arm's MPS2 boards and in their emulation.
 * Under `-icount shift=10` an instruction takes 1024 ns, 25.6 steps of a 25 MHz timer: instructions are counted
 * exactly. One timer counts every step and goes round after 2^32; another, every 256th, says how often it did. That
 * this one goes round is noted, by a third in the middle of its round, too: after both notes it may have done so more
 * than once. A board that has them elsewhere says where, and includes this.
 */
#include "cmsdk_uart.h"

struct timer {
  volatile uint32_t control, value, reload;
};
struct slow_timer {
  volatile uint32_t load, value, control, clear, passed, interrupt, reload, reserved;
};
#ifndef CMSDK_TIMER0
#define CMSDK_TIMER0 0x40000000
#define CMSDK_DUAL_TIMER 0x40002000
#endif
#define TIMER0 ((struct timer *)CMSDK_TIMER0)
#define SLOW_TIMERS ((struct slow_timer *)CMSDK_DUAL_TIMER)

enum { TIMER_ENABLE = 1 };
enum { SLOW_32_BITS = 1 << 1, SLOW_256TH = 2 << 2, SLOW_PERIODIC = 1 << 6, SLOW_ENABLE = 1 << 7 };

void board_init(void) {}

static void slow_start(struct slow_timer *timer, uint32_t first) {
  timer->load = first;
  timer->reload = 0xffffffff;
  timer->control = SLOW_ENABLE | SLOW_PERIODIC | SLOW_256TH | SLOW_32_BITS;
}

static bool slow_passed(struct slow_timer *timer) {
  bool passed = timer->passed & 1;
  timer->clear = 1;
  return passed;
}

void ticks_init(void) {
  slow_start(&SLOW_TIMERS[0], 0xffffffff);
  slow_start(&SLOW_TIMERS[1], 0x7fffffff);
  TIMER0->reload = 0xffffffff;
  TIMER0->value = 0xffffffff;
  TIMER0->control = TIMER_ENABLE;
}

/* All count down. Of all steps that have the low bits of the fast timer, the one nearest to what the slow one says. */
uint64_t ticks_now(void) {
  static uint64_t slow, lost;
  uint32_t step = ~TIMER0->value;
  slow = ticks_extended(slow, ~SLOW_TIMERS[0].value);
  if (slow_passed(&SLOW_TIMERS[0]) & slow_passed(&SLOW_TIMERS[1])) lost += TICKS_LOST;
  uint64_t about = slow << 8;
  return lost + about + (uint64_t)(int32_t)(step - (uint32_t)about);
}
