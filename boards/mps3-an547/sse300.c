/*
 * UART and system counter of the SSE-300 subsystem, at their Secure addresses. Under `-icount shift=10` an instruction
 * takes 1024 ns, 32.768 steps of the counter's 32 MHz.
 */
#define CMSDK_UART0 0x59303000
#include "cmsdk_uart.h"

struct counter_control {
  volatile uint32_t control;
};
struct counter {
  volatile uint32_t low, high;
};
#define CONTROL ((struct counter_control *)0x58100000)
#define COUNTER ((struct counter *)0x58101000)

enum { COUNTER_ENABLE = 1 };

void board_init(void) {}

void ticks_init(void) { CONTROL->control = COUNTER_ENABLE; }

uint64_t ticks_now(void) {
  uint32_t high, low;
  do {
    high = COUNTER->high;
    low = COUNTER->low;
  } while (high != COUNTER->high);
  return (uint64_t)high << 32 | low;
}
