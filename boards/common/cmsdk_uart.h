/*
 * UART of the Cortex-M System Design Kit, as on Arm's MPS boards and in their emulation. Included by a driver, which
 * may say where it lies.
 */
#include "board.h"

struct uart {
  volatile uint32_t data, state, control, interrupt, divider;
};
#ifndef CMSDK_UART0
#define CMSDK_UART0 0x40004000
#endif
#define UART0 ((struct uart *)CMSDK_UART0)

enum { STATE_TX_FULL = 1, STATE_RX_FULL = 2, CONTROL_TX = 1, CONTROL_RX = 2 };

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

bool uart_waiting(void) { return UART0->state & STATE_RX_FULL; }
