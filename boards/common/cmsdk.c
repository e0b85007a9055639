/*
 * UART and timer of the Cortex-M System Design Kit, as on Arm's MPS2 boards and in their emulation.
 * Under `-icount shift=10` an instruction takes 1024 ns, 25.6 steps of a 25 MHz timer: instructions are counted exactly.
 * A board that has them elsewhere says where, and includes this.
 */
#include "board.h"

struct uart {
  volatile uint32_t data, state, control, interrupt, divider;
};
struct timer {
  volatile uint32_t control, value, reload;
};
#ifndef CMSDK_UART0
#define CMSDK_UART0 0x40004000
#define CMSDK_TIMER0 0x40000000
#endif
#define UART0 ((struct uart *)CMSDK_UART0)
#define TIMER0 ((struct timer *)CMSDK_TIMER0)

enum { STATE_TX_FULL = 1, STATE_RX_FULL = 2, CONTROL_TX = 1, CONTROL_RX = 2, TIMER_ENABLE = 1 };

void board_init(void) {}

void uart_init(void) {
  UART0->divider = BOARD_CLOCK_HZ / 115200;
  UART0->control = CONTROL_TX | CONTROL_RX;
}

void uart_put(char byte) {
  while (UART0->state & STATE_TX_FULL) {
  }
  UART0->data = (uint8_t)byte;
}

int uart_get(void) {
  while (!(UART0->state & STATE_RX_FULL)) {
  }
  return (int)(UART0->data & 0xff);
}

void ticks_init(void) {
  TIMER0->reload = 0xffffffff;
  TIMER0->value = 0xffffffff;
  TIMER0->control = TIMER_ENABLE;
}

/* The timer counts down. */
uint32_t ticks_now(void) { return ~TIMER0->value; }
